//! The binary from the outside: how it starts, what it refuses, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that fails to unwrap has failed")]

mod canaries;
mod haystack;
mod program;
mod secrets;
mod story;

use program::{Program, Running};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use store_sqlite::Temporary;

/// A wallet that exists nowhere.
const NO_WALLET: &str = "wal_00000000000000000000000000";

#[tokio::test]
async fn sandbox_serves_on_an_empty_folder_and_again_on_the_same() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let ready = running.get("/readyz").await;
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["unsafe_switches"], json!(["sandbox", "no_limit_per_address"]));
    let moved = running.post("/sandbox/v1/clock", json!({ "advance_seconds": 86_400 })).await;
    assert_eq!(moved.0, StatusCode::OK, "{}", moved.1);
    let keys = fs::read(program.data().join("keys.toml")).unwrap();
    assert!(running.end().success());
    let running = program.serve();
    assert_eq!(running.get("/readyz").await["clock_offset_s"], 86_400);
    assert_eq!(running.get("/sandbox/v1/inbox").await, json!({ "messages": [] }));
    assert_eq!(fs::read(program.data().join("keys.toml")).unwrap(), keys);
    for (name, mode) in [("keys.toml", 0o600), ("control.sock", 0o600), ("", 0o700)] {
        let rights = fs::metadata(program.data().join(name)).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, mode, "{name}");
    }
    assert!(running.end().success());
    assert!(!program.data().join("control.sock").exists());
}

#[tokio::test]
async fn second_server_on_the_same_data_is_refused() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let refused = program.run(&["serve", "--sandbox", "--listen", "127.0.0.1:0"]);
    assert!(refused.error().contains("another server works on"), "{}", refused.error());
    assert_eq!(running.get("/readyz").await["ready"], true);
}

#[tokio::test]
async fn operator_reaches_the_running_server_or_the_database_alike() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let add = |name| program.run(&["merchant", "add", "--json", "--name", name]).json();
    let first = add("Tea");
    assert_eq!(first["address"], json!(running.merchant), "where it listens, not the default");
    let freeze = program.run(&["user", "freeze", NO_WALLET]);
    assert!(freeze.error().contains("OBJECT_NOT_FOUND"), "{}", freeze.error());
    assert!(running.end().success());
    let second = add("Cake");
    assert_ne!(first["mchid"], second["mchid"]);
    let listed = program.run(&["merchant", "list", "--json"]).json();
    let names: Vec<&Value> = listed.as_array().unwrap().iter().map(|m| &m["name"]).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&&json!("Tea")) && names.contains(&&json!("Cake")), "{names:?}");
    let freeze = program.run(&["user", "freeze", NO_WALLET]);
    assert!(freeze.error().contains("OBJECT_NOT_FOUND"), "{}", freeze.error());
}

/// What a client sends that forgot to sign.
const REQUEST: &str = "GET /v3/certificates HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n\
                       Accept: application/json\r\n\r\n";

#[tokio::test]
async fn merchant_listener_signs_and_writes_headers_in_title_case() {
    let folder = Temporary::empty().unwrap();
    let running = Program::new(folder.folder()).serve();
    let answer = running.raw_merchant(REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    for header in ["\r\nWechatpay-Signature: ", "\r\nWechatpay-Serial: ", "\r\nContent-Type: "] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
}

#[tokio::test]
async fn sandbox_bank_ends_with_the_server_that_was_killed() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let bank = running.connect_to_bank().await;
    running.kill();
    Running::wait_for_close(bank).await;
    let again = program.serve();
    assert_eq!(again.get("/readyz").await["ready"], true);
}

#[test]
fn weak_or_missing_secrets_refuse_to_start() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let missing = program.run(&["serve"]);
    assert!(missing.error().contains("key `payment_password` is missing"), "{}", missing.error());
    drop(program.serve());
    let file = program.data().join("keys.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let readable = program.run(&["serve", "--sandbox"]);
    assert!(readable.error().contains("can be read by others"), "{}", readable.error());
    fs::remove_file(&file).unwrap();
    let lost = program.run(&["serve", "--sandbox"]);
    assert!(lost.error().contains("is missing"), "no new keys for old data: {}", lost.error());
}

#[test]
fn production_needs_to_know_its_bank() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    drop(program.serve());
    let refused = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.error().contains("providers.url"), "{}", refused.error());
}

#[test]
fn configuration_is_listed_with_its_sources_and_unknown_keys_refuse() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let file = folder.folder().join("jiaozi.toml");
    fs::write(&file, "[withdraw]\nfee_bp = 12\n").unwrap();
    let config = file.to_str().unwrap();
    let listed = program.run(&["config", "check", "--config", config]).text();
    let line = listed.lines().find(|line| line.starts_with("withdraw.fee_bp ")).unwrap();
    assert!(line.contains("= 12") && line.contains("jiaozi.toml"), "{line}");
    let line = listed.lines().find(|line| line.starts_with("otp.ttl_s ")).unwrap();
    assert!(line.contains("= 300") && line.contains("default"), "{line}");
    for weaker in ["sync", "durab", "journal"] {
        assert!(!listed.contains(weaker), "durability is no matter of configuration: {weaker}");
    }
    fs::write(&file, "[withdraw]\nfee_pb = 12\n").unwrap();
    let refused = program.run(&["serve", "--config", config]);
    assert!(refused.error().contains("did you mean `withdraw.fee_bp`?"), "{}", refused.error());
}
