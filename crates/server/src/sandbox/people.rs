//! The people whom the sandbox plays: they register, get money and pay through the public API, as
//! everybody does, so nothing about a played payment differs from a real one.

use super::Whereabouts;
use super::till::{Hand, SLOW};
use crate::demo::{
    Api, Differs, Payer, Told, log_in_again, make_card_payer, make_payer, make_poor_payer, number,
    random, text,
};
use domain::complaint::{PlatformReason, Satisfaction};
use http_api::sandbox::{
    ComplainantAction, Complained, ComplaintMove, Grievance, Later, Outcome, Played, SandboxPeople,
    ShownCode,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

/// What a played payer begins with, in fen.
const MONEY: i64 = 500_000;
/// How often, and how far apart, an order is looked at that waits for a bank.
const BANK_TRIES: usize = 20;
const BANK_PAUSE: Duration = Duration::from_millis(50);
/// With less than that, in fen, somebody else shows codes.
const MONEY_FOR_CODES: i64 = 250_000;
/// Six digits that are nobody's payment password here.
const WRONG_PASSWORD: &str = "802641";
/// What a played payer says who was given no words.
const COMPLAINT: &str = "收到的商品与描述不符";
/// What it says later, also without words.
const MORE: &str = "问题还没有解决";

/// See the module.
pub(crate) struct People {
    consumer_api: String,
    http: reqwest::Client,
    /// Who pays; made at the first payment if there are no demo people.
    payer: Mutex<Option<Payer>>,
    /// Who has nothing.
    poor: Mutex<Option<Payer>>,
    /// Who shows payment codes: those that lead to success, to a refusal, and slowly to success.
    /// Each is a person apart, because a person does the same with everything that waits.
    holders: [Holder; 3],
    /// Who pays by card, by its [`Plastic`].
    cards: [Mutex<Option<(Payer, String)>>; 4],
}

/// Somebody who shows payment codes.
#[derive(Default)]
struct Holder {
    person: Mutex<Option<Payer>>,
    /// Looks for what waits for a person, whose token this is.
    attending: Mutex<Option<(String, AbortHandle)>>,
}

/// Which card pays.
#[derive(Clone, Copy)]
enum Plastic {
    Ordinary,
    /// Of a slow bank.
    Slow,
    /// Of a bank that pays when the order is over.
    Late,
    /// Takes no refunds.
    OneWay,
}

impl People {
    /// Those of a sandbox whose listeners are bound.
    pub(crate) fn try_new(sandbox: Whereabouts) -> reqwest::Result<Self> {
        Ok(Self {
            consumer_api: sandbox.consumer_api,
            http: reqwest::Client::builder().no_proxy().build()?,
            payer: Mutex::default(),
            poor: Mutex::default(),
            cards: Default::default(),
            holders: Default::default(),
        })
    }

    /// Plays this person from now on.
    pub(crate) async fn play(&self, payer: Payer) {
        *self.payer.lock().await = Some(payer);
    }

    /// The person who pays, with a session.
    async fn payer(&self) -> Told<Payer> {
        let mut kept = self.payer.lock().await;
        let payer = match kept.as_mut() {
            None => kept.insert(make_payer(&self.consumer_api, MONEY).await?),
            Some(payer) => {
                log_in_again(&self.consumer_api, payer).await?;
                payer
            }
        };
        Ok(payer.clone())
    }

    async fn poor(&self) -> Told<Payer> {
        let mut kept = self.poor.lock().await;
        let payer = match kept.as_mut() {
            None => kept.insert(make_poor_payer(&self.consumer_api).await?),
            Some(payer) => {
                log_in_again(&self.consumer_api, payer).await?;
                payer
            }
        };
        Ok(payer.clone())
    }

    /// Somebody with such a card, and the card.
    async fn card_holder(&self, plastic: Plastic) -> Told<(Payer, String)> {
        let mut kept = self.cards[plastic as usize].lock().await;
        if let Some((payer, card)) = kept.as_mut() {
            log_in_again(&self.consumer_api, payer).await?;
            return Ok((payer.clone(), card.clone()));
        }
        let number = match plastic {
            Plastic::Ordinary => random::debit_card(),
            Plastic::Slow => random::slow_card(),
            Plastic::Late => random::late_card(),
            Plastic::OneWay => random::one_way_card(),
        };
        Ok(kept.insert(make_card_payer(&self.consumer_api, &number).await?).clone())
    }

    /// Pays from a card, and waits a moment for its bank, which a slow one outlasts.
    async fn pay_by_card(&self, order_ref: &str, outcome: Outcome, card: Plastic) -> Told<Played> {
        let (payer, card) = self.card_holder(card).await?;
        let hand = self.hand(payer);
        let mut told = hand.pay_from(order_ref, Some(&card)).await?;
        let path = format!("/v1/orders/{order_ref}");
        for _ in 0..BANK_TRIES {
            if told["state"] != "BANK_PENDING" {
                break;
            }
            tokio::time::sleep(BANK_PAUSE).await;
            told = hand.api.call(Method::GET, &path, None).await?.1;
        }
        if let Some(payment) = told.get_mut("payment").map(Value::take) {
            return Ok(played(outcome, &payment));
        }
        Ok(played(outcome, told.pointer("/card_payment/notice").unwrap_or(&told)))
    }

    /// Who shows codes, with a session: somebody new when the payments of the day without the
    /// password, or the money, are used up.
    async fn at_hand(&self, holder: &Holder) -> Told<Payer> {
        let mut kept = holder.person.lock().await;
        if let Some(payer) = kept.as_mut() {
            log_in_again(&self.consumer_api, payer).await?;
            let api = self.hand(payer.clone()).api;
            let left = number(&api.get("/v1/payment-code").await?, "/left_without_password")?;
            let money = number(&api.get("/v1/wallet").await?, "/balance/minor")?;
            if left > 0 && money >= MONEY_FOR_CODES {
                return Ok(payer.clone());
            }
        }
        Ok(kept.insert(make_payer(&self.consumer_api, MONEY).await?).clone())
    }

    async fn show(&self, outcome: Outcome) -> Told<ShownCode> {
        let [success, cancels, slow] = &self.holders;
        let (payer, holder) = match outcome {
            Outcome::Success => (self.at_hand(success).await?, Some(success)),
            Outcome::UserCancels => (self.at_hand(cancels).await?, Some(cancels)),
            Outcome::Slow => (self.at_hand(slow).await?, Some(slow)),
            Outcome::InsufficientBalance => (self.poor().await?, None),
            Outcome::WrongPassword => (make_poor_payer(&self.consumer_api).await?, None),
            Outcome::Card
            | Outcome::BankSlow
            | Outcome::PaidAfterClose
            | Outcome::RefundAbnormal => {
                return Err(Differs("a payment code is paid from the balance".into()));
            }
        };
        let token = payer.token.clone();
        let mut hand = self.hand(payer);
        let shown = hand.show_code(outcome).await?;
        if outcome == Outcome::InsufficientBalance {
            return Ok(shown); // What is charged is refused, so nothing waits to be paid.
        }
        if outcome == Outcome::WrongPassword {
            hand.password = WRONG_PASSWORD.into();
        }
        let attending = tokio::spawn(hand.attend(outcome)).abort_handle();
        // Of the same person one is enough; others end by themselves, because codes that a person
        // showed before somebody else took over can still be charged.
        if let Some(holder) = holder
            && let Some((whose, before)) =
                holder.attending.lock().await.replace((token.clone(), attending))
            && whose == token
        {
            before.abort();
        }
        Ok(shown)
    }

    /// Somebody's hand on a phone.
    fn hand(&self, payer: Payer) -> Hand {
        let api = Api::new(&self.http, &self.consumer_api).with_token(&payer.token);
        Hand { api, password: payer.payment_password }
    }

    async fn act(&self, order_ref: &str, outcome: Outcome) -> Told<Played> {
        match outcome {
            Outcome::Success => self.succeed(order_ref).await,
            Outcome::UserCancels => {
                let api = self.hand(self.payer().await?).api;
                let path = format!("/v1/orders/{order_ref}");
                let (status, order) = api.call(Method::GET, &path, None).await?;
                let told = if status == 200 { Value::Null } else { order };
                Ok(unpaid(outcome, &told))
            }
            Outcome::InsufficientBalance => {
                let told = self.hand(self.poor().await?).pay(order_ref).await?;
                Ok(played(outcome, &told))
            }
            Outcome::WrongPassword => {
                // Somebody new each time: nobody is locked out for what a developer tries.
                let somebody = make_poor_payer(&self.consumer_api).await?;
                let careless = Payer { payment_password: WRONG_PASSWORD.into(), ..somebody };
                Ok(played(outcome, &self.hand(careless).pay(order_ref).await?))
            }
            Outcome::Card => self.pay_by_card(order_ref, outcome, Plastic::Ordinary).await,
            Outcome::BankSlow => self.pay_by_card(order_ref, outcome, Plastic::Slow).await,
            Outcome::PaidAfterClose => self.pay_by_card(order_ref, outcome, Plastic::Late).await,
            Outcome::RefundAbnormal => self.pay_by_card(order_ref, outcome, Plastic::OneWay).await,
            Outcome::Slow => {
                let (hand, order_ref) = (self.hand(self.payer().await?), order_ref.to_owned());
                tokio::spawn(async move {
                    tokio::time::sleep(SLOW).await;
                    if let Err(error) = hand.pay(&order_ref).await {
                        tracing::warn!(%error, "the slow payer did not pay");
                    }
                });
                Ok(unpaid(outcome, &Value::Null))
            }
        }
    }

    /// Pays; when the payer's money or caps are used up, somebody new does.
    async fn succeed(&self, order_ref: &str) -> Told<Played> {
        let told = self.hand(self.payer().await?).pay(order_ref).await?;
        let code = told["code"].as_str().unwrap_or_default();
        if code == "BALANCE_INSUFFICIENT" || code.ends_with("_LIMIT_EXCEEDED") {
            let fresh = make_payer(&self.consumer_api, MONEY).await?;
            let told = self.hand(fresh).pay(order_ref).await?;
            return Ok(played(Outcome::Success, &told));
        }
        Ok(played(Outcome::Success, &told))
    }

    /// Complains; only about what the payer of orders paid.
    async fn lament(&self, grievance: Grievance) -> Told<Complained> {
        let api = self.hand(self.payer().await?).api;
        let problem_type = if grievance.apply_refund.is_some() { "REFUND" } else { "OTHERS" };
        let mut body = json!({
            "transaction_id": grievance.transaction_id,
            "problem_type": problem_type,
            "detail": grievance.detail.as_deref().unwrap_or(COMPLAINT),
        });
        if let Some(refund) = grievance.apply_refund {
            body["apply_refund"] = refund.into();
        }
        let (_, told) = api.call(Method::POST, "/v1/complaints", Some(&body)).await?;
        Ok(complained(&told))
    }

    /// Does something more about a complaint.
    async fn go_on(&self, id: &str, step: ComplaintMove) -> Told<Complained> {
        let api = self.hand(self.payer().await?).api;
        let said = step.content.as_deref();
        let content = said.unwrap_or(MORE);
        let (way, body) = match step.action {
            ComplainantAction::Respond => ("responses", Some(json!({ "content": content }))),
            ComplainantAction::Reopen => ("reopen", Some(json!({ "content": content }))),
            ComplainantAction::Withdraw => ("withdraw", None),
            ComplainantAction::Confirm => ("confirm", None),
            ComplainantAction::ApplyPlatformService => {
                let body = json!({ "reason": PlatformReason::NoAnswer, "content": content });
                ("apply-platform-service", Some(body))
            }
            ComplainantAction::CancelPlatformService => ("cancel-platform-service", None),
            ComplainantAction::Satisfied => {
                ("satisfaction", Some(rated(Satisfaction::Satisfied, said)))
            }
            ComplainantAction::Unsatisfied => {
                ("satisfaction", Some(rated(Satisfaction::Unsatisfied, said)))
            }
        };
        let path = format!("/v1/complaints/{id}/{way}");
        let (_, told) = api.call(Method::POST, &path, body.as_ref()).await?;
        Ok(complained(&told))
    }

    async fn name(&self, mchid: &str, appid: &str) -> Told<String> {
        let api = self.hand(self.payer().await?).api;
        let named = api.post("/v1/openids", json!({ "mchid": mchid, "appid": appid })).await?;
        text(&named, "/openid")
    }
}

fn played(outcome: Outcome, told: &Value) -> Played {
    let transaction_id = told["transaction_id"].as_str().map(str::to_owned);
    let is_paid = transaction_id.is_some();
    Played { is_paid, transaction_id, ..unpaid(outcome, told) }
}

fn unpaid(outcome: Outcome, told: &Value) -> Played {
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let (code, message) = (text("code"), text("message"));
    Played { outcome, is_paid: false, transaction_id: None, code, message }
}

fn rated(satisfaction: Satisfaction, said: Option<&str>) -> Value {
    json!({ "satisfaction": satisfaction, "content": said.unwrap_or_default() })
}

fn complained(told: &Value) -> Complained {
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let (code, message) = (text("code"), text("message"));
    Complained { complaint_id: text("id"), state: text("state"), code, message }
}

impl SandboxPeople for People {
    fn pay(&self, order_ref: String, outcome: Outcome) -> Later<'_, Played> {
        Box::pin(
            async move { self.act(&order_ref, outcome).await.map_err(|error| error.to_string()) },
        )
    }

    fn show_code(&self, outcome: Outcome) -> Later<'_, ShownCode> {
        Box::pin(async move { self.show(outcome).await.map_err(|error| error.to_string()) })
    }

    fn complain(&self, grievance: Grievance) -> Later<'_, Complained> {
        Box::pin(async move { self.lament(grievance).await.map_err(|error| error.to_string()) })
    }

    fn go_on_complaining(&self, id: String, step: ComplaintMove) -> Later<'_, Complained> {
        Box::pin(async move { self.go_on(&id, step).await.map_err(|error| error.to_string()) })
    }

    fn openid(&self, mchid: String, appid: String) -> Later<'_, String> {
        Box::pin(async move { self.name(&mchid, &appid).await.map_err(|error| error.to_string()) })
    }
}
