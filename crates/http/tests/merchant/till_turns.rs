//! Charges that come at the same moment to the till of a sandbox, whose payers show other codes in
//! place of those that are presented.

use crate::sandbox::{ask, charge};
use crate::world::{Answer, BALANCE, NoBank, PAYER, World};
use domain::payment_code::{Digits, PaymentCodeUse, PaymentCodes};
use jiaozi_http::AppState;
use jiaozi_http::sandbox::{
    Complained, ComplaintMove, Grievance, Later, Outcome, Played, SandboxPeople, ShownCode,
};
use kernel::ExposeSecret;
use kernel::time::SECOND;
use serde_json::json;
use std::sync::{Arc, OnceLock};
use store::queries;
use tokio::sync::Barrier;

/// How often each pair of charges meets: neither is always the first.
const ROUNDS: usize = 3;

/// A device of the payer: until what it shows was charged, it shows the same.
#[derive(Default)]
struct Device(OnceLock<AppState>);

impl Device {
    async fn code(&self, digits: Digits) -> ShownCode {
        let app = self.0.get().unwrap();
        let (queries, now) = (app.queries.as_ref(), app.business_now());
        let codes = queries::find::<PaymentCodes>(queries, &PAYER.wallet).await.unwrap().unwrap();
        let used = queries::find::<PaymentCodeUse>(queries, &PAYER.wallet).await.unwrap();
        let content = codes.next_code(used.as_ref(), digits, now).unwrap();
        let code = content.write(&app.keys.payment_code, &app.rules()).expose_secret().to_owned();
        let expires_at = now.plus(90 * SECOND).rfc3339();
        ShownCode { code, expires_at, outcome: Outcome::Success }
    }
}

impl SandboxPeople for Device {
    fn pay(&self, _: String, _: Outcome) -> Later<'_, Played> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn show_code(&self, outcome: Outcome) -> Later<'_, ShownCode> {
        let digits = if outcome == Outcome::Success { Digits::Hidden } else { Digits::Shown };
        Box::pin(async move { Ok(ShownCode { outcome, ..self.code(digits).await }) })
    }

    fn complain(&self, _: Grievance) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn go_on_complaining(&self, _: String, _: ComplaintMove) -> Later<'_, Complained> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }

    fn openid(&self, _: String, _: String) -> Later<'_, String> {
        Box::pin(async { Err("nobody asks".to_owned()) })
    }
}

async fn at_a_till() -> Arc<World> {
    let device = Arc::new(Device::default());
    let world = World::with(|app| {
        app.sandbox = Some(Arc::new(NoBank));
        app.people = Some(device.clone());
        app.inspector = Some(Arc::default());
    });
    let world = world.await;
    assert!(device.0.set(world.app.clone()).is_ok());
    world.turn_on_codes().await;
    Arc::new(world)
}

/// A code that the payer shows and nobody charged. Those that took the place of others are of the
/// seconds ahead.
async fn shown(world: &World) -> String {
    world.wait(5);
    let (status, shown) = ask(world, "codes", json!({})).await;
    assert_eq!(status, 200, "{shown}");
    shown["code"].as_str().unwrap().to_owned()
}

/// Charges two codes of 10.00 under two numbers at the same moment, both with this header.
async fn at_once(world: &Arc<World>, both: [(&str, &str); 2], wish: &'static str) -> [Answer; 2] {
    let barrier = Arc::new(Barrier::new(2));
    let start = |(number, code): (&str, &str)| {
        let (world, barrier) = (Arc::clone(world), Arc::clone(&barrier));
        let (number, code) = (number.to_owned(), code.to_owned());
        tokio::spawn(async move {
            barrier.wait().await;
            charge(&world, &number, (&code, 1_000), wish).await
        })
    };
    let [first, second] = both.map(start);
    [first.await.unwrap(), second.await.unwrap()]
}

/// The two statuses, the lower one first, and what the refused one says.
fn met(answers: &[Answer; 2]) -> (u16, u16, String) {
    let mut statuses = answers.each_ref().map(|answer| answer.status);
    statuses.sort_unstable();
    let refused = answers.iter().find(|answer| answer.status >= 400);
    let said = refused.map(|answer| answer.json()["message"].as_str().unwrap().to_owned());
    (statuses[0], statuses[1], said.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_two_charges_at_once_gets_a_code_of_its_own() {
    let world = at_a_till().await;
    for round in 0..ROUNDS {
        let numbers = [format!("A2026-{round}"), format!("B2026-{round}")];
        let codes = [shown(&world).await, shown(&world).await];
        let both = [(&*numbers[0], &*codes[0]), (&*numbers[1], &*codes[1])];
        // Both codes would let pay at once, and both charges want a payer who has to confirm.
        let answers = at_once(&world, both, "slow").await;
        assert_eq!(met(&answers), (202, 202, String::new()), "{answers:?}");
        for number in &numbers {
            world.confirm(number).await;
        }
    }
    let paid = i64::try_from(2 * ROUNDS).unwrap() * 1_000;
    assert_eq!(world.payer_balance().await, BALANCE - paid);
    world.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_charges_of_one_code_or_for_one_order_at_once_one_is_paid() {
    for wish in ["", "slow"] {
        for round in 0..ROUNDS {
            one_is_paid(wish, round).await;
        }
    }
}

async fn one_is_paid(wish: &'static str, round: usize) {
    let (world, paid) = (at_a_till().await, if wish == "slow" { 202 } else { 200 });
    let [code, other] = [shown(&world).await, shown(&world).await];
    let one_code = at_once(&world, [("T2026-1A", &code), ("T2026-1B", &code)], wish).await;
    let used = "101 the payment code was used".to_owned();
    assert_eq!(met(&one_code), (paid, 400, used), "{round}: {one_code:?}");
    let code = shown(&world).await;
    let one_order = at_once(&world, [("T2026-2", &code), ("T2026-2", &other)], wish).await;
    let repeated = "201 out_trade_no was used with other parameters".to_owned();
    assert_eq!(met(&one_order), (paid, 400, repeated), "{round}: {one_order:?}");
    let code = shown(&world).await;
    let twice = at_once(&world, [("T2026-3", &code), ("T2026-3", &code)], wish).await;
    assert_eq!(met(&twice), (paid, paid, String::new()), "{round}: {twice:?}");
    let [first, second] = twice.map(|answer| answer.json());
    assert_eq!(first["transaction_id"], second["transaction_id"], "one payment");
    if wish == "slow" {
        let first = if one_code[0].status == paid { "T2026-1A" } else { "T2026-1B" };
        for number in [first, "T2026-2", "T2026-3"] {
            world.confirm(number).await;
        }
    }
    assert_eq!(world.payer_balance().await, BALANCE - 3_000, "{round}");
    world.assert_books_are_right().await;
}
