//! What an operator does with merchants' relations and keys beside a running server.

use crate::program::Program;
use serde_json::{Value, json};
use store_sqlite::Temporary;

fn told(program: &Program, typed: &[&str]) -> Value {
    serde_json::from_str(&program.run(typed).text()).unwrap()
}

#[test]
fn relations_and_keys_change_beside_a_running_server() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let provider = running.demo.merchant.mchid.clone();
    let made = told(&program, &["merchant", "add", "--json", "--name", "Noodle shop"]);
    let sub = made["mchid"].as_str().unwrap();

    let bound = told(&program, &["merchant", "sub", &provider, sub]);
    assert_eq!(bound, json!({ "mchid": provider, "sub_mchid": sub, "state": "ACTIVE" }));
    let ended = told(&program, &["merchant", "sub", "--end", &provider, sub]);
    assert_eq!(ended["state"], "ENDED");
    let itself = program.run(&["merchant", "sub", sub, sub]).error();
    assert!(itself.contains("PARAM_INVALID"), "{itself}");
    let agrees = |mchid: &str| {
        let listed = told(&program, &["merchant", "list", "--json"]);
        let found = listed.as_array().unwrap().iter().find(|one| one["mchid"] == mchid);
        found.unwrap()["allows_profit_return"].clone()
    };
    assert_eq!((agrees(&provider), agrees(sub)), (json!(true), json!(false)));
    let agreed = told(&program, &["merchant", "profit-return", sub]);
    assert_eq!(agreed, json!({ "mchid": sub, "allows_profit_return": true }));
    assert_eq!(agrees(sub), true);
    told(&program, &["merchant", "profit-return", "--end", sub]);
    assert_eq!(agrees(sub), false);
    let url = "https://tea.example.com/shares";
    let shares = told(&program, &["merchant", "webhook", sub, url]);
    assert_eq!(shares, json!({ "mchid": sub, "of": "profit_sharing", "url": url }));
    let refunds = told(&program, &["merchant", "webhook", "--of", "refunds", sub, url]);
    assert_eq!(refunds["of"], "refunds");
    let nowhere = ["merchant", "webhook", "--of", "refunds", sub];
    assert_eq!(told(&program, &nowhere)["url"], Value::Null);
    assert!(program.run(&nowhere).error().contains("OBJECT_NOT_FOUND"), "none is left to remove");
    let bare = told(&program, &["merchant", "public-key-only", sub]);
    assert_eq!(bare, json!({ "mchid": sub, "public_key_only": true }));
    let back = told(&program, &["merchant", "public-key-only", "--end", sub]);
    assert_eq!(back["public_key_only"], false);
    let late = ["merchant", "add", "--json", "--public-key-only", "--name", "Late shop"];
    let late = told(&program, &late)["mchid"].clone();
    let listed = told(&program, &["merchant", "list", "--json"]);
    let bare = listed.as_array().unwrap().iter().filter(|one| one["public_key_only"] == true);
    assert_eq!(bare.map(|one| &one["mchid"]).collect::<Vec<_>>(), [&late]);
    let appid = "wx0123456789abcdef";
    assert_eq!(told(&program, &["merchant", "appid", sub, appid])["appid"], appid);
    assert!(program.run(&["merchant", "appid", sub, "tea"]).error().contains("app id"));

    let file = folder.folder().join("certificate.pem");
    std::fs::write(&file, made["certificate"].as_str().unwrap()).unwrap();
    let file = file.to_str().unwrap();
    let added = told(&program, &["merchant", "key", "add", &provider, file]);
    assert_eq!(added["serial_no"], made["serial_no"]);
    let keys = told(&program, &["merchant", "key", "list", "--json", &provider]);
    assert_eq!(keys.as_array().unwrap().len(), 2);
    let serial = added["serial_no"].as_str().unwrap();
    let revoked = told(&program, &["merchant", "key", "revoke", &provider, serial]);
    assert_eq!(revoked["state"], "REVOKED");

    let announced = told(&program, &["merchant", "platform-key", "announce", "CERTIFICATE"]);
    let id = announced["id"].as_str().unwrap();
    let early = told(&program, &["merchant", "platform-key", "use", id]);
    assert_eq!(early["state"], "ACTIVE");
    let keys = told(&program, &["merchant", "platform-key", "list", "--json"]);
    let states =
        |state: &str| keys.as_array().unwrap().iter().filter(|key| key["state"] == state).count();
    assert_eq!((keys.as_array().unwrap().len(), states("ACTIVE"), states("RETIRING")), (3, 2, 1));
    assert!(!keys.to_string().contains("PRIVATE"));
    let in_use = program.run(&["merchant", "platform-key", "revoke", id]).error();
    assert!(in_use.contains("PARAM_INVALID"), "{in_use}");
    running.end();
}

#[test]
fn what_a_merchant_may_send_and_its_key_change_beside_a_running_server() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let made = told(&program, &["merchant", "add", "--json", "--name", "Noodle shop"]);
    let sub = made["mchid"].as_str().unwrap();
    let granted =
        |scene: &[&str]| told(&program, &[&["merchant", "transfer", "scene", sub], scene].concat());
    let taken = granted(&["1005", "--end"]);
    assert!(!taken["transfer_scenes"].as_array().unwrap().contains(&json!("1005")), "{taken}");
    assert!(granted(&["1005"])["transfer_scenes"].as_array().unwrap().contains(&json!("1005")));
    let unknown = ["merchant", "transfer", "scene", sub, "1001"];
    assert!(program.run(&unknown).error().contains("PARAM_INVALID"));
    let waits = told(&program, &["merchant", "transfer", "approval", sub]);
    assert_eq!(waits, json!({ "mchid": sub, "approves_batches": true }));
    for verdict in ["approve", "reject"] {
        let missing = program.run(&["merchant", "transfer", verdict, sub, "B404"]).error();
        assert!(missing.contains("OBJECT_NOT_FOUND"), "{missing}");
    }
    let moves = told(&program, &["merchant", "notify-with", "--gradually", sub, "public-key"]);
    assert_eq!(
        (&moves["notified_with"], &moves["gradually"]),
        (&json!("public_key"), &json!(true))
    );
    let few = ["merchant", "add", "--json", "--transfer-scenes", "1000,1005", "--name", "Few"];
    let few = told(&program, &few)["mchid"].clone();
    let listed = told(&program, &["merchant", "list", "--json"]);
    let found = listed.as_array().unwrap().iter().find(|one| one["mchid"] == few).unwrap();
    assert_eq!(found["transfer_scenes"], json!(["1000", "1005"]));
    let waiting = listed.as_array().unwrap().iter().filter(|one| one["approves_batches"] == true);
    assert_eq!(waiting.map(|one| &one["mchid"]).collect::<Vec<_>>(), [sub]);
    running.end();
}
