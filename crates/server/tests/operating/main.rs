//! What an operator does on the command line, before and while people use the wallet.

#![expect(clippy::unwrap_used, reason = "a test that fails to unwrap has failed")]

mod merchants;
mod program;

use jiaozi_server::demo::{Api, DemoFile, Person, Shop, Told};
use program::Program;
use sandbox_bank::{Phase, ScenarioCard};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use store_sqlite::Temporary;

const DAY_S: i64 = 86_400;
/// One more than the waits of the schedule.
const TRIES: usize = 16;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn demo_person_can_still_log_in_after_forty_days() -> Told<()> {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let first = running.demo.payer.clone();
    Api::new(&client(), &running.demo.consumer_api).advance(40 * DAY_S).await?;
    running.end();
    let running = program.serve();
    let again = running.demo.payer.clone();
    assert_eq!(again.phone, first.phone);
    assert_ne!(again.token, first.token, "the first one is too old");
    let api = Api::new(&client(), &running.demo.consumer_api);
    api.with_token(&again.token).get("/v1/wallet").await?;
    running.end();
    let kept = fs::read_to_string(program.data().join("demo-people.json")).unwrap();
    assert!(kept.contains(&again.token));
    Ok(())
}

#[tokio::test]
async fn dead_notification_is_listed_and_sent_again() -> Told<()> {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let DemoFile { consumer_api, merchant_api, merchant, .. } = running.demo.clone();
    let api = Api::new(&client(), &consumer_api);
    let (person, _) = Person::with_money(&api, 10_000).await?;
    let shop = Shop::open(&client(), &merchant_api, merchant).await?;
    shop.fail_next(TRIES as u32);
    let placed = shop.place(100).await?;
    person.scan_and_pay(&placed).await?;
    let list = |more: &[&str]| {
        let typed = [&["merchant", "notifications", "--json"], more].concat();
        let listed: Vec<Value> = serde_json::from_str(&program.run(&typed).text()).unwrap();
        listed
    };
    for tried in 1..=TRIES {
        until(|| list(&[]).first().is_some_and(|one| one["attempts"] == json!(tried))).await;
        api.advance(DAY_S / 4).await?;
    }
    let dead = list(&["--dead", "--mchid", &shop.credentials.mchid]);
    assert_eq!(
        (dead[0]["state"].as_str(), dead[0]["event"].as_str()),
        (Some("DEAD"), Some("PAYMENT_SUCCEEDED"),)
    );
    assert!(list(&["--mchid", "1900000000"]).is_empty());
    let id = dead[0]["notification"].as_str().unwrap();
    program.run(&["merchant", "resend", id]).text();
    until(|| list(&[]).is_empty()).await;
    let gone = program.run(&["merchant", "resend", id]).error();
    assert!(gone.contains("OBJECT_NOT_FOUND"), "{gone}");
    let figures = api.metrics().await?;
    for gauge in ["notifications_waiting", "notifications_dead", "suspense_minor"] {
        assert!(figures.contains(&format!("jiaozi_{gauge} ")), "{gauge}");
    }
    Ok(())
}

async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn person_is_found_by_phone_user_and_wallet_and_shown_without_secrets() -> Told<()> {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let phone = running.demo.payer.phone.clone();
    let text = program.run(&["user", "show", &phone]).text();
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert!(!text.contains(&phone) && !text.contains("李"), "{text}");
    assert_eq!(shown["wallet"]["state"], "ACTIVE");
    assert!(shown["identity"]["class"].is_string(), "{text}");
    let (user, wallet) = (shown["user"].as_str().unwrap(), shown["wallet"]["id"].as_str().unwrap());
    program.run(&["user", "freeze", &phone]).text();
    let frozen: Value = serde_json::from_str(&program.run(&["user", "show", user]).text()).unwrap();
    assert_eq!(frozen["wallet"]["freezes"][0]["kind"], "RISK");
    program.run(&["user", "unfreeze", user]).text();
    let free: Value = serde_json::from_str(&program.run(&["user", "show", wallet]).text()).unwrap();
    assert_eq!(free["wallet"]["freezes"], json!([]));
    for nobody in ["13900000000", "usr_00000000000000000000000000"] {
        let error = program.run(&["user", "show", nobody]).error();
        assert!(error.contains("OBJECT_NOT_FOUND"), "{error}");
    }
    assert!(program.run(&["user", "freeze", "me"]).error().contains("neither an id"));
    Ok(())
}

#[tokio::test]
async fn money_that_the_bank_gave_after_a_no_is_listed() -> Told<()> {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let running = program.serve();
    let cards = sandbox_bank::scenario_cards("").unwrap();
    let says_no_first = |card: &&ScenarioCard| {
        card.scenario == "declined-then-done" && card.phase == Some(Phase::Debit)
    };
    let number = &cards.iter().find(says_no_first).unwrap().card_number;
    let api = Api::new(&client(), &running.demo.consumer_api);
    let (mut person, _) = Person::with_money(&api, 10_000).await?;
    let (card, _) = person.bind_card(number).await?;
    let amount = json!({ "currency": "CNY", "minor": 1_000 });
    let body = json!({
        "card": card, "amount": amount, "payment_password": person.password,
    });
    let top_up = person.api.post("/v1/top-ups", body).await?;
    let id = top_up["id"].as_str().unwrap();
    person.api.until(&format!("/v1/top-ups/{id}"), &["FAILED"]).await?;
    api.advance(DAY_S / 24).await?;
    let list = || -> Vec<Value> {
        serde_json::from_str(&program.run(&["suspense", "list", "--json"]).text()).unwrap()
    };
    until(|| !list().is_empty()).await;
    let case = &list()[0];
    assert_eq!((&case["id"], &case["suspended_minor"]), (&json!(id), &json!(1_000)));
    assert!(case["bank_movements"][0]["bank_ref"].is_string(), "{case}");
    assert!(program.run(&["suspense", "list"]).text().contains(id));
    Ok(())
}

#[test]
fn keys_are_made_once_and_not_beside_data_that_needs_lost_ones() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    program.run(&["migrate"]).text();
    assert!(program.run(&["keys", "make"]).text().contains("blind_index"));
    let file = program.data().join("keys.toml");
    let made = fs::read(&file).unwrap();
    assert_eq!(program.run(&["keys", "make"]).text().trim(), "no key is missing");
    assert_eq!(fs::read(&file).unwrap(), made);
    assert!(program.run(&["keys", "add", "otp"]).text().contains("version 2 of otp"));
    // Whatever asks the engine writes a first batch.
    program.run(&["merchant", "add", "--json", "--name", "Tea"]).text();
    for name in ["keys.toml", "jiaozi.db", "jiaozi.db.lock"] {
        let rights = fs::metadata(program.data().join(name)).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, 0o600, "{name}");
    }
    fs::remove_file(&file).unwrap();
    let refused = program.run(&["keys", "make"]).error();
    assert!(refused.contains("the database has data"), "{refused}");
    assert!(!file.exists());
    program.run(&["keys", "make", "--force-new"]).text();
    assert!(file.exists());
}

#[test]
fn sandbox_starts_on_a_folder_that_was_only_migrated() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    program.run(&["migrate"]).text();
    program.serve().end();
}

#[test]
fn reader_that_closes_early_is_no_failure() {
    let folder = Temporary::empty().unwrap();
    let program = Program::new(folder.folder());
    let (status, errors) = program.run_unread(&["config", "check"]);
    assert!(status.success() && errors.is_empty(), "{errors}");
}
