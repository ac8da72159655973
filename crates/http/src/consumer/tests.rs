//! The resources, through the router, as a caller.

mod bodies;
mod card_paying;
mod cards;
mod codes;
mod complaints;
mod documents;
mod limits;
mod money;
mod password_reset;
mod passwords;
mod pay_sheets;
mod paying;
mod payment_codes;
mod rights;
mod rush;
mod shop;
mod story;

use crate::testing::{Answer, Stage};
use domain::identity::{AuthorityAnswer, RecordVerification};
use domain::ids::IdentityId;
use serde_json::{Value, json};

/// A phone of the mainland.
const PHONE: &str = "13800138000";

/// What a person with a resident ID sends.
fn resident(name: &str, number: &str) -> Value {
    json!({"consent": "identity-1", "resident_id": {"name": name, "number": number}})
}

/// What a person with a passport sends.
fn passport(line_1: &str, line_2: &str) -> Value {
    let lines = json!({"mrz_line_1": format!("{line_1:<<44}"), "mrz_line_2": line_2});
    json!({"consent": "identity-1", "passport": lines})
}

impl Stage {
    /// Opens the caller's wallet, without writing it down.
    async fn open_wallet(&self, token: &str) -> Answer {
        self.post("/v1/wallet", json!({})).by(token).key("open").quietly().send().await
    }

    /// The authority answers about a verification.
    async fn authority_says(&self, verification: &str, answer: AuthorityAnswer) {
        let verification = verification.parse().unwrap();
        let identity = IdentityId::from_bytes(self.app.shell.id());
        let record = RecordVerification { verification, answer, identity };
        self.app.engine.run(record).await.unwrap();
    }

    /// Somebody new with an open wallet: the session's token.
    async fn wallet_of(&self, phone: &str) -> String {
        let token = self.register(phone).await;
        self.open_wallet(&token).await;
        token
    }

    /// Somebody new, verified with a resident ID.
    async fn verified(&self, phone: &str, number: &str) -> String {
        let token = self.wallet_of(phone).await;
        let body = resident("张三", number);
        let call = self.post("/v1/verifications", body).by(&token).key("verify").quietly();
        let id = call.send().await.text("/id");
        self.authority_says(&id, AuthorityAnswer::Match { phone: true }).await;
        token
    }
}
