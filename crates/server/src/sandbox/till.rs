//! A person at a till: shows a payment code, and does something when it is charged and waits for
//! them. Through the public API, like everybody.

use crate::demo::{Api, Differs, Told, text};
use http_api::sandbox::{Outcome, ShownCode};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long somebody who is slow takes.
pub(super) const SLOW: Duration = Duration::from_secs(3);
/// How often the person looks whether something waits.
const LOOK: Duration = Duration::from_millis(250);
/// How long after showing a code the person goes on looking.
const ATTENTION: Duration = Duration::from_secs(150);

/// A person at the screen.
#[derive(Clone)]
pub(super) struct Hand {
    pub(super) api: Api,
    pub(super) password: String,
}

impl Hand {
    /// Pays from the balance.
    pub(super) async fn pay(&self, order_ref: &str) -> Told<Value> {
        self.pay_from(order_ref, None).await
    }

    /// Looks at an order and pays what it says; gives the answer to whichever of the two failed.
    pub(super) async fn pay_from(&self, order_ref: &str, card: Option<&str>) -> Told<Value> {
        let path = format!("/v1/orders/{order_ref}");
        let (status, order) = self.api.call(Method::GET, &path, None).await?;
        if status != 200 {
            return Ok(order);
        }
        let body = json!({
            "order_ref": order_ref,
            "amount": order["amount"],
            "card": card,
            "payment_password": self.password,
        });
        Ok(self.api.call(Method::POST, "/v1/orders/pay", Some(&body)).await?.1)
    }

    /// Shows a code that leads to this outcome.
    pub(super) async fn show_code(&self, outcome: Outcome) -> Told<ShownCode> {
        if self.api.get("/v1/payment-code").await?["on_this_device"] != true {
            let on = json!({ "payment_password": self.password, "password": "WHEN_NEEDED" });
            self.api.send(Method::PUT, "/v1/payment-code", on).await?;
        }
        // Who sees the digits is asked for the password, so that there is something to do.
        let digits_shown = match outcome {
            Outcome::Success | Outcome::InsufficientBalance => false,
            Outcome::UserCancels | Outcome::WrongPassword | Outcome::Slow => true,
            Outcome::Card
            | Outcome::BankSlow
            | Outcome::PaidAfterClose
            | Outcome::RefundAbnormal => false,
        };
        let asked = json!({ "digits_shown": digits_shown });
        let shown = self.api.post("/v1/payment-code/codes", asked).await?;
        let (code, expires_at) = (text(&shown, "/code")?, text(&shown, "/expires_at")?);
        Ok(ShownCode { code, expires_at, outcome })
    }

    /// Does what the outcome says with everything that waits, until the code is long over.
    pub(super) async fn attend(self, outcome: Outcome) {
        let (began, mut seen) = (Instant::now(), BTreeSet::new());
        let mut is_told = false;
        while began.elapsed() < ATTENTION {
            match self.waiting().await {
                Ok(orders) => {
                    for order_ref in orders {
                        if seen.insert(order_ref.clone()) {
                            // On its own, because the next code ends this watch.
                            tokio::spawn(self.clone().answer(outcome, order_ref));
                            if outcome == Outcome::WrongPassword {
                                return; // The person was made for this one code.
                            }
                        }
                    }
                }
                // A session that ended with a jump of time fails each look: once is enough.
                Err(error) if !std::mem::replace(&mut is_told, true) => {
                    tracing::warn!(%error, "the sandbox's payer cannot look");
                }
                Err(_) => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn waiting(&self) -> Told<Vec<String>> {
        let waiting = self.api.get("/v1/payment-code/orders").await?;
        let items = waiting["items"].as_array();
        let items = items.ok_or_else(|| Differs("no list of what waits".into()))?;
        items.iter().map(|order| text(order, "/order_ref")).collect()
    }

    async fn answer(self, outcome: Outcome, order_ref: String) {
        if outcome == Outcome::Slow {
            tokio::time::sleep(SLOW).await;
        }
        let told = match outcome {
            Outcome::Success
            | Outcome::InsufficientBalance
            | Outcome::WrongPassword
            | Outcome::Slow
            | Outcome::Card
            | Outcome::BankSlow
            | Outcome::PaidAfterClose
            | Outcome::RefundAbnormal => self.pay(&order_ref).await.map(|_| ()),
            Outcome::UserCancels => {
                let path = format!("/v1/orders/{order_ref}/refuse");
                self.api.post(&path, json!({})).await.map(|_| ())
            }
        };
        if let Err(error) = told {
            tracing::warn!(%error, "the sandbox's payer did not answer a payment by code");
        }
    }
}
