//! People who come while the server dies again and again: each of them ends with a wallet, an
//! identity, a payment password and a card, exactly one of each.

use crate::dice::Dice;
use crate::world::{Answer, Caller, World};
use jiaozi_server::demo::random;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A message to the same phone may be sent only so much later, in seconds.
const RESEND_S: i64 = 61;
const DAY_S: i64 = 24 * 3_600;
const PASSWORD: &str = "739204";

/// See the module.
pub(crate) struct Newcomer {
    world: Arc<World>,
    dice: Dice,
    phone: String,
    seen: i64,
}

/// One new person after another, until the story ends; gives how many arrived.
pub(crate) async fn arrive(world: Arc<World>, mut dice: Dice) -> usize {
    let mut arrived = 0;
    while !world.is_finishing() {
        let dice = dice.other();
        let phone = random::phone();
        Newcomer { world: Arc::clone(&world), dice, phone, seen: 0 }.live().await;
        arrived += 1;
    }
    arrived
}

impl Newcomer {
    async fn live(mut self) {
        let token = self.register().await;
        let caller = Caller { world: Arc::clone(&self.world), token: Some(token) };
        let wallet = caller.post("/v1/wallet", json!({}), &mut self.dice).await.done();
        let resident_id = json!({ "name": "李晓明", "number": random::resident_id() });
        let document = json!({ "consent": "identity-1", "resident_id": resident_id });
        let submitted = caller.post("/v1/verifications", document, &mut self.dice).await.done();
        let path = format!("/v1/verifications/{}", submitted.text("/id"));
        caller.until(&path, &["VERIFIED"]).await;
        let set = json!({ "new_password": PASSWORD, "confirmation": PASSWORD });
        caller.send(Method::PUT, "/v1/payment-password", &set, &self.dice.key()).await.done();
        let card = self.bind(&caller).await;
        let shown = caller.get("/v1/wallet").await.done();
        assert_eq!(shown.text("/id"), wallet.text("/id"));
        assert_eq!(shown.text("/state"), "ACTIVE", "{shown:?}");
        let cards = caller.get("/v1/cards").await.done().body["items"].clone();
        let ids: Vec<&Value> = cards.as_array().unwrap().iter().map(|card| &card["id"]).collect();
        assert_eq!(ids, [&json!(card)], "one card was bound");
    }

    /// Whose answer to the right code got lost asks for another code: being registered already is
    /// no hindrance, and nobody is registered twice.
    async fn register(&mut self) -> String {
        let nobody = Caller { world: Arc::clone(&self.world), token: None };
        loop {
            let at = self.world.advanced.load(Relaxed);
            let ask = json!({ "phone": self.phone, "purpose": "REGISTER" });
            let asked = nobody.post("/v1/otp-challenges", ask, &mut self.dice).await;
            assert!(asked.is_done() || asked.status == 429, "{asked:?}");
            if asked.is_done()
                && let Some(token) = self.enter_code(&nobody, asked.text("/id"), at).await
            {
                return token;
            }
            self.world.advance(RESEND_S).await;
        }
    }

    /// Enters the newest code, and the next one if that was of an earlier challenge.
    async fn enter_code(&mut self, nobody: &Caller, challenge: String, at: i64) -> Option<String> {
        loop {
            let (code, seen) = nobody.code(&self.phone, (self.seen, at)).await?;
            self.seen = seen;
            let body = json!({
                "otp_challenge": challenge,
                "phone": self.phone,
                "code": code,
                "device": { "name": "phone" },
            });
            let told = nobody.post("/v1/users", body, &mut self.dice).await;
            if told.is_done() {
                return Some(told.text("/token"));
            }
            if told.body["code"] != "OTP_INVALID" {
                assert!(told.was_unknown || is_too_late(&told), "{told:?}");
                return None;
            }
        }
    }

    /// Binds a card; a binding that ran out of business time is begun anew.
    async fn bind(&mut self, caller: &Caller) -> String {
        let number = random::debit_card();
        loop {
            let at = self.world.advanced.load(Relaxed);
            let body = json!({ "number": number, "phone": self.phone });
            let started = caller.post("/v1/card-bindings", body, &mut self.dice).await;
            if started.status == 429 {
                // Business time ran away too often: there is a limit of failed bindings a day.
                self.world.advance(DAY_S).await;
                continue;
            }
            let started = started.done();
            let path = format!("/v1/card-bindings/{}", started.text("/id"));
            let shown = caller.until(&path, &["OTP_SENT", "FAILED"]).await;
            if shown["state"] == "FAILED" {
                assert!(self.world.may_have_advanced(at), "{shown}");
                continue;
            }
            let Some((code, seen)) = caller.code(&self.phone, (self.seen, at)).await else {
                continue;
            };
            self.seen = seen;
            let body = json!({ "code": code });
            let told = caller.post(&format!("{path}/confirm"), body, &mut self.dice).await;
            let ended = caller.until(&path, &["BOUND", "FAILED", "OTP_SENT"]).await;
            if ended["state"] == "BOUND" {
                return ended["card"].as_str().unwrap().to_owned();
            }
            assert!(self.world.may_have_advanced(at), "{told:?} {ended}");
        }
    }
}

/// Business time was moved on while somebody typed a code.
fn is_too_late(told: &Answer) -> bool {
    let code = told.body["code"].as_str().unwrap_or_default();
    told.status == 410 || code.contains("EXPIRED") || code == "OTP_DELIVERY_FAILED"
}
