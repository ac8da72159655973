//! Several servers on one database, and database servers that lose what was acknowledged.

use crate::program::{Program, Running};
use jiaozi_server::demo::{Api, Person, Shop, Told};
use reqwest::StatusCode;
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Starts a server on the database and with the sandbox bank of another one.
fn serve_beside(program: &Program, first: &Running) -> (Program, Running) {
    let second = program.beside();
    let secret = fs::read(program.data().join("sandbox-bank/secret")).unwrap();
    fs::write(second.data().join("providers.secret"), secret).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(second.data().join("providers.secret"), mode).unwrap();
    let running = second.serve_with(&[("JIAOZI_PROVIDERS_URL", &first.bank())]);
    (second, running)
}

#[tokio::test]
async fn what_one_server_takes_the_other_one_delivers_within_seconds() -> Told<()> {
    let program = Program::on_a_server();
    let first = program.serve();
    let (_second, second) = serve_beside(&program, &first);
    let merchant = program.run(&["merchant", "add", "--json", "--name", "Tea"]).json();
    let key_file = program.folder().join("key.pem");
    fs::write(&key_file, merchant["private_key"].as_str().unwrap()).unwrap();
    let credentials = serde_json::from_value(json!({
        "mchid": merchant["mchid"],
        "appid": merchant["appid"],
        "serial_no": merchant["serial_no"],
        "private_key_file": key_file,
        "apiv3_key": merchant["apiv3_key"],
    }));
    // Everything happens on the second server; the first one holds all work since it started.
    let shop = Shop::open(&http(), &second.merchants(), credentials.unwrap()).await?;
    let began = Instant::now();
    let api = Api::new(&http(), &second.people());
    let (person, _card) = Person::with_money(&api, 50_000).await?;
    let placed = shop.place(1_200).await?;
    person.scan_and_pay(&placed).await?;
    shop.notified("TRANSACTION.SUCCESS", "/out_trade_no", &placed.number, 1).await?;
    let elapsed = began.elapsed();
    assert!(elapsed < Duration::from_secs(30), "a renewal of leases was waited for: {elapsed:?}");
    let balance = |running: &Running| {
        let api = Api::new(&http(), &running.people()).with_token(&person.token);
        async move { api.get("/v1/wallet").await.map(|wallet| wallet["balance"]["minor"].clone()) }
    };
    assert_eq!(balance(&first).await?, json!(48_800));
    assert_eq!(balance(&second).await?, json!(48_800));
    for program in [&program, &_second] {
        assert_eq!(program.run(&["verify", "--json"]).json()["findings"], json!([]));
    }
    Ok(())
}

#[tokio::test]
async fn business_time_is_one_on_all_servers() {
    let program = Program::on_a_server();
    let first = program.serve();
    let (_second, second) = serve_beside(&program, &first);
    let moved = first.post("/sandbox/v1/clock", json!({ "advance_seconds": 86_400 })).await;
    assert_eq!(moved.0, StatusCode::OK, "{}", moved.1);
    let began = Instant::now();
    while second.get("/readyz").await["clock_offset_s"] != 86_400 {
        assert!(began.elapsed() < Duration::from_secs(30), "the other one's clock stands");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_with_other_keys_is_refused() {
    let program = Program::on_a_server();
    let first = program.serve();
    let second = program.beside();
    fs::remove_file(second.data().join("keys.toml")).unwrap();
    let missing = second.run(&["serve", "--sandbox"]);
    assert!(
        missing.error().contains("is missing"),
        "no new keys for old data: {}",
        missing.error()
    );
    second.run(&["keys", "make", "--force-new"]).text();
    let anywhere = "127.0.0.1:0";
    let arguments = ["serve", "--sandbox", "--listen", anywhere, "--merchant-listen", anywhere];
    let refused = second.run(&arguments).error();
    assert!(
        refused.contains("not the secret keys that the database was written with"),
        "{refused}"
    );
    assert_eq!(first.get("/readyz").await["ready"], true);
}

#[tokio::test]
async fn a_database_that_can_lose_payments_is_refused_without_a_switch_that_health_shows() {
    let weak = store_postgres::temporary::Server::start(&[("fsync", "off")]).unwrap();
    let url = weak.url("postgres").revealed();
    let program = Program::on_a_file();
    let refused = program.run(&["serve", "--sandbox", "--database", &url]).error();
    assert!(refused.contains("fsync") && refused.contains("database_unsafe_settings"), "{refused}");
    let running = program.serve_with(&[
        ("JIAOZI_DATABASE", url.as_str()),
        ("JIAOZI_DATABASE_UNSAFE_SETTINGS", "true"),
    ]);
    let switches = running.get("/readyz").await["unsafe_switches"].clone();
    let unlimited = ["no_limit_per_address", "no_limit_per_merchant"];
    let expected = ["sandbox", unlimited[0], unlimited[1], "database_unsafe_settings", "fsync"];
    assert_eq!(switches, json!(expected));
}

/// The role that the schema grants its rights to is enough to serve, and may not rewrite history.
#[tokio::test]
async fn a_server_works_with_the_rights_of_its_role_and_no_more() -> Told<()> {
    let program = Program::on_a_server();
    let owner = program.server.clone().unwrap();
    program.run(&["migrate"]).text();
    owner.run("CREATE ROLE teller LOGIN PASSWORD 'hunter2' IN ROLE jiaozi_app").unwrap();
    let address = owner.url().revealed();
    let (_, place) = address.rsplit_once('@').unwrap();
    let teller = format!("postgres://teller:hunter2@{place}");
    let running = program.serve_with(&[("JIAOZI_DATABASE", &teller)]);
    let api = Api::new(&http(), &running.people());
    let (person, _card) = Person::with_money(&api, 50_000).await?;
    assert_eq!(person.api.get("/v1/wallet").await?["balance"]["minor"], 50_000);
    assert!(running.end().success());
    for statement in ["UPDATE entry SET amount = 1", "DELETE FROM journal", "TRUNCATE batch"] {
        let refused = owner.run(&format!("SET ROLE teller; {statement}")).unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{refused}");
    }
    Ok(())
}

#[test]
fn the_password_of_a_database_is_not_shown() {
    let program = Program::on_a_file();
    let url = "postgres://ann:hunter2@127.0.0.1:1/wallet";
    let listed = program.run(&["config", "check", "--database", url]).text();
    assert!(listed.contains("postgres://ann@127.0.0.1:1/wallet"), "{listed}");
    let refused = program.run(&["migrate", "--database", url]).error();
    assert!(refused.contains("127.0.0.1:1"), "{refused}");
    assert!(!listed.contains("hunter2") && !refused.contains("hunter2"));
    let refused = program.run(&["verify", "--database", "postgres"]).error();
    assert!(refused.contains("`postgres` alone"), "{refused}");
}
