//! The benchmark runs from end to end and tells every figure. What the figures are is no matter of
//! a test.

use serde_json::Value;
use std::process::{Command, Stdio};
use store_sqlite::Temporary;

/// What is told on either database.
const FIGURES: [&str; 16] = [
    "payments_per_s",
    "noop_per_s",
    "ratio_to_noop",
    "p50_ms",
    "p99_ms",
    "p999_ms",
    "longest_silence_ms",
    "cpu_us_per_payment",
    "bytes_per_payment",
    "fsyncs_per_payment",
    "rows_per_payment",
    "payments_per_commit",
    "rss_mb",
    "clients",
    "seconds",
    "cores",
];

/// Runs it in a folder of its own and gives what it told.
fn bench(folder: &Temporary, arguments: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaozi"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("JIAOZI_")) {
        command.env_remove(name);
    }
    command.arg("bench").args(arguments.split(' ')).args(["--seconds", "1", "--warmup", "0"]);
    command.args(["--users", "50", "--merchants", "2", "--json", "--data"]);
    command.arg(folder.folder().join("data")).stdin(Stdio::null());
    let output = command.output().expect("the program runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {complaint}");
    serde_json::from_slice(&output.stdout).expect("it prints one JSON object")
}

fn assert_figures(told: &Value, figures: &[&str]) {
    for figure in figures {
        let number = told.pointer(&format!("/{}", figure.replace('.', "/")));
        let number = number.and_then(Value::as_f64).unwrap_or_else(|| panic!("{figure}: {told}"));
        assert!(number.is_finite() && number >= 0.0, "{figure}: {told}");
    }
}

#[test]
fn payments_on_a_file_are_measured_and_the_people_used_again() {
    let folder = Temporary::empty().unwrap();
    let arguments = "pay --clients 4 --orders-per-second 2000";
    for _ in 0..2 {
        let told = bench(&folder, arguments);
        assert_figures(&told, &FIGURES);
        assert!(told["payments"].as_u64().unwrap() > 0, "{told}");
        assert_eq!((&told["database"], &told["failures"]), (&"sqlite".into(), &0.into()));
    }
}

#[test]
fn one_client_is_told_beside_a_bare_commit() {
    let folder = Temporary::empty().unwrap();
    let told =
        bench(&folder, "pay --clients 1 --orders-per-second 2000 --keys random --entries 20");
    assert_figures(&told, &["single_client_ms", "bare_commit_ms"]);
}

#[test]
fn payments_on_a_server_are_compared_with_what_it_does_by_itself() {
    let folder = Temporary::empty().unwrap();
    let told = bench(
        &folder,
        "pay --database postgres --clients 4 --orders-per-second 2000 --pgbench-scale 1",
    );
    assert_figures(&told, &FIGURES);
    assert_figures(&told, &["pgbench_tps", "pg_transfer_tps.uniform", "pg_transfer_tps.hot"]);
    assert_eq!((&told["database"], &told["failures"]), (&"postgres".into(), &0.into()));
}
