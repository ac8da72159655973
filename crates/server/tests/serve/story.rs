//! People with money around a server that is stopped, killed, and operated from the command line.

use crate::program::Program;
use jiaozi_server::demo::{Api, Person, Told};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Less than a lease on work lasts, so nobody waited for one to run out.
const AT_ONCE: Duration = Duration::from_secs(20);

fn api(address: &str) -> Api {
    Api::new(&reqwest::Client::builder().no_proxy().build().unwrap(), address)
}

pub(crate) async fn money_under_way_arrives_at_once_after_the_server_was_killed(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let (person, card) = Person::with_money(&api(&running.people()), 10_000).await?;
    let body = json!({
        "card": card,
        "amount": { "currency": "CNY", "minor": 20_000 },
        "payment_password": person.password,
    });
    let started = person.api.post("/v1/top-ups", body).await?;
    running.kill();
    let began = Instant::now();
    let running = program.serve();
    let person = api(&running.people()).with_token(&person.token);
    let path = format!("/v1/top-ups/{}", started["id"].as_str().unwrap());
    person.until(&path, &["SUCCESS"]).await?;
    let elapsed = began.elapsed();
    assert!(elapsed < AT_ONCE, "the money waited {elapsed:?}");
    let wallet = person.get("/v1/wallet").await?;
    assert_eq!(wallet["balance"]["minor"], 30_000);
    Ok(())
}

pub(crate) async fn five_wrong_payment_passwords_lock_across_a_restart(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let (person, card) = Person::with_money(&api(&running.people()), 10_000).await?;
    let body = |password: &str| {
        json!({
            "card": card,
            "amount": { "currency": "CNY", "minor": 100 },
            "payment_password": password,
        })
    };
    for tried in 1..=4 {
        let wrong = body(&format!("80264{tried}"));
        person.api.refused(Method::POST, "/v1/top-ups", wrong, "PAY_PASSWORD_WRONG").await?;
    }
    assert!(running.end().success());
    let running = program.serve();
    let people = api(&running.people()).with_token(&person.token);
    let locked = "PAY_PASSWORD_LOCKED";
    people.refused(Method::POST, "/v1/top-ups", body("802645"), locked).await?;
    running.kill();
    let running = program.serve();
    let people = api(&running.people()).with_token(&person.token);
    people.refused(Method::POST, "/v1/top-ups", body(&person.password), locked).await?;
    Ok(())
}

pub(crate) async fn operator_freezes_with_and_without_a_server_and_the_audit_is_clean(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let (person, _) = Person::with_money(&api(&running.people()), 10_000).await?;
    let wallet = person.api.get("/v1/wallet").await?["id"].as_str().unwrap().to_owned();
    program.run(&["user", "freeze", &wallet, "--reason", "asked by phone"]).text();
    assert_eq!(person.api.get("/v1/wallet").await?["state"], "FROZEN");
    assert!(running.end().success());
    program.run(&["user", "unfreeze", &wallet]).text();
    let running = program.serve();
    let people = api(&running.people()).with_token(&person.token);
    assert_eq!(people.get("/v1/wallet").await?["state"], "ACTIVE");
    assert!(running.end().success());
    program.run(&["user", "freeze", &wallet]).text();
    let running = program.serve();
    let people = api(&running.people()).with_token(&person.token);
    assert_eq!(people.get("/v1/wallet").await?["state"], "FROZEN");
    for is_running in [true, false] {
        let audit = program.run(&["verify", "--json"]).json();
        assert_eq!(audit["findings"], json!([]), "running: {is_running}");
        assert_eq!(sum(&audit), 0);
    }
    audits_go_on_where_the_last_one_ended(&program);
    assert!(running.end().success());
    Ok(())
}

fn audits_go_on_where_the_last_one_ended(program: &Program) {
    let whole = program.run(&["verify", "--incremental", "--json"]).json();
    assert_eq!((&whole["findings"], &whole["since"]), (&json!([]), &json!(0)));
    let next = program.run(&["verify", "--incremental", "--json"]).json();
    assert_eq!((&next["findings"], &next["since"]), (&json!([]), &whole["as_of"]["seq"]));
    let head = format!("{}:{}", whole["as_of"]["seq"], whole["as_of"]["hash"].as_str().unwrap());
    let told = program.run(&["verify", "--expect-head", &head]).text();
    assert!(told.contains("all rules hold"), "{told}");
    let other = head.replace(|digit: char| digit.is_ascii_alphabetic(), "0");
    let told = program.run(&["verify", "--expect-head", &other]).error();
    assert!(told.contains("the audit found broken rules"), "{told}");
}

fn sum(audit: &Value) -> i64 {
    let lines = audit["trial_balance"].as_array().unwrap();
    assert!(lines.len() > 1);
    lines.iter().rev().skip(1).map(|line| line["balance"].as_i64().unwrap()).sum()
}

pub(crate) async fn the_bank_ends_with_a_server_that_was_asked_to_end(
    program: Program,
) -> Told<()> {
    let running = program.serve();
    let bank = running.connect_to_bank().await;
    let began = Instant::now();
    assert!(running.end().success());
    assert!(began.elapsed() < AT_ONCE, "it took {:?} to end", began.elapsed());
    crate::program::Running::wait_for_close(bank).await;
    Ok(())
}

pub(crate) async fn migrate_makes_a_database_once(program: Program) -> Told<()> {
    let applied = program.run(&["migrate"]).text();
    assert!(applied.starts_with("applied: "), "{applied}");
    assert_eq!(program.run(&["migrate"]).text(), "the schema is up to date\n");
    let audit = program.run(&["verify", "--json"]).json();
    assert_eq!(audit["findings"], json!([]));
    Ok(())
}
