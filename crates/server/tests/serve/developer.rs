//! What a developer does with a sandbox: the doors for SDKs, a fresh start with a seed, a reset.

use crate::program::Program;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn told(program: &Program, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(program.data().join(file)).unwrap()).unwrap()
}

#[tokio::test]
async fn sandbox_has_an_authority_and_tells_shells_how_to_reach_it() {
    let program = Program::on_a_file();
    let printed = program.run(&["sandbox", "ca"]).text();
    assert!(printed.starts_with("-----BEGIN CERTIFICATE-----"), "{printed}");
    let running = program.serve();
    running.until_developers_are_told(&program).await;
    assert_eq!(program.run(&["sandbox", "ca"]).text(), printed, "made once");
    let key = program.data().join("sandbox-ca-key.pem");
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    let lines = program.run(&["sandbox", "env"]).text();
    let proxy = told(&program, "sandbox.json")["proxy"].as_str().unwrap().to_owned();
    assert!(lines.contains(&format!("export HTTPS_PROXY={proxy} ")), "{lines}");
}

#[tokio::test]
async fn reset_begins_anew_at_the_same_addresses_with_what_the_seed_draws() {
    let program = Program::on_a_file();
    let running = program.serve_people(&["--seed", "7"]);
    running.until_developers_are_told(&program).await;
    let (first, addresses) = (told(&program, "demo.json"), told(&program, "sandbox.json"));
    let tokens = |demo: &Value| demo["payer"]["token"].as_str().unwrap().to_owned();
    program.run(&["sandbox", "reset"]).text();
    let (second, again) = (told(&program, "demo.json"), told(&program, "sandbox.json"));
    for name in ["consumer_api", "merchant_api", "merchant_tls_api", "proxy", "ca_file"] {
        assert_eq!(again[name], addresses[name], "{name}");
    }
    for name in ["mchid", "appid", "apiv3_key"] {
        assert_eq!(second["merchant"][name], first["merchant"][name], "{name}");
    }
    assert_eq!(second["payer"]["phone"], first["payer"]["phone"]);
    assert_ne!(tokens(&second), tokens(&first), "sessions are never drawn from a seed");
    assert_eq!(running.get("/readyz").await["ready"], true);
}

#[tokio::test]
async fn the_payer_shows_codes_and_a_merchant_gets_a_key_for_tills() {
    let program = Program::on_a_file();
    let running = program.serve_people(&[]);
    running.until_developers_are_told(&program).await;
    let codes = ["success", "slow"].map(|outcome| {
        let code = program.run(&["sandbox", "code", "--outcome", outcome]).text();
        code.trim().to_owned()
    });
    assert!(codes.iter().all(|code| code.len() == 18), "{codes:?}");
    assert_ne!(codes[0], codes[1]);
    let merchant = &told(&program, "demo.json")["merchant"];
    let mchid = merchant["mchid"].as_str().unwrap();
    let key = program.run(&["merchant", "apiv2-key", mchid]).text();
    assert_eq!(key.trim().len(), 32);
    assert_ne!(key.trim(), merchant["apiv2_key"], "another one");
    let nobody = program.run(&["merchant", "apiv2-key", "1900000404"]).error();
    assert!(nobody.contains("OBJECT_NOT_FOUND"), "{nobody}");
}
