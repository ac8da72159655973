//! How a server starts and ends, and how an operator reaches it.

use crate::program::Program;
use jiaozi_server::demo::Told;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A wallet that exists nowhere.
const NO_WALLET: &str = "wal_00000000000000000000000000";

pub(crate) async fn sandbox_serves_on_an_empty_folder_and_again_on_the_same(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let ready = running.get("/readyz").await;
    assert_eq!(ready["ready"], true);
    let expected = ["sandbox", "no_limit_per_address", "no_limit_per_merchant"];
    assert_eq!(ready["unsafe_switches"], json!(expected));
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
    Ok(())
}

pub(crate) async fn second_server_on_the_same_data_is_refused(program: Program) -> Told<()> {
    let running = program.serve();
    let refused = program.run(&["serve", "--sandbox", "--listen", "127.0.0.1:0"]);
    assert!(refused.error().contains("another server works on"), "{}", refused.error());
    assert_eq!(running.get("/readyz").await["ready"], true);
    Ok(())
}

pub(crate) async fn operator_reaches_the_running_server_or_the_database_alike(
    program: Program,
) -> Told<()> {
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
    Ok(())
}
