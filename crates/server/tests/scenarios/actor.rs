//! A person who meets one scenario.

use crate::promises::Promise;
use crate::sandbox::Card;
use jiaozi_server::demo::{Api, Person, random};
use serde_json::{Value, json};

/// What a person puts on the balance before a withdrawal, in fen.
const FUNDS: i64 = 250_000;

/// A top-up, in fen, plus the ending that plays a scenario.
const TOP_UP: i64 = 10_000;

/// A withdrawal, in fen, plus its ending: above the free allowance, so that it costs a fee.
const WITHDRAWAL: i64 = 150_000;

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Bind,
    Debit,
    Credit,
}

/// A scenario to be met.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) act: Act,
    pub(crate) scenario: String,
    pub(crate) number: String,
    is_credit_card: bool,
    ending: i64,
}

impl Case {
    /// The case of a card that plays a scenario.
    pub(crate) fn of_card(card: &Card) -> Option<Self> {
        let act = match card.phase.as_deref()? {
            "BIND" => Act::Bind,
            "DEBIT" => Act::Debit,
            "CREDIT" => Act::Credit,
            other => panic!("an unknown phase: {other}"),
        };
        let (scenario, number) = (card.scenario.clone(), card.card_number.clone());
        let is_credit_card = card.card_kind == "CREDIT";
        Some(Self { act, scenario, number, is_credit_card, ending: 0 })
    }

    /// The case of an amount on a card that plays none.
    pub(crate) fn of_amount(act: Act, (ending, scenario): (i64, &str)) -> Self {
        let (number, scenario) = (random::debit_card(), scenario.to_owned());
        Self { act, scenario, number, is_credit_card: false, ending }
    }

    /// What is told before the end: state and code. `of_waiting` is told of withdrawals that wait.
    pub(crate) fn meanwhile<'a>(
        &self,
        of_waiting: Option<&'a str>,
    ) -> (&'static str, Option<&'a str>) {
        match (self.act, self.scenario.as_str()) {
            (Act::Debit, _) => ("BANK_PROCESSING", Some("PAYMENT_RESULT_UNKNOWN")),
            (_, "done-then-returned") => ("SUCCESS", None),
            (_, "declined-then-done") => ("RETURNED", Some("WITHDRAW_BANK_REJECTED")),
            _ => ("BANK_PROCESSING", of_waiting),
        }
    }

    /// What is promised.
    pub(crate) fn promise(&self) -> Promise<'_> {
        match self.act {
            Act::Bind => Promise::of_binding(&self.scenario),
            Act::Debit => Promise::of_debit(&self.scenario),
            Act::Credit => Promise::of_credit(&self.scenario),
        }
    }
}

/// See the module.
pub(crate) struct Actor {
    pub(crate) case: Case,
    pub(crate) person: Person,
    /// The binding, top-up or withdrawal, once it is begun.
    pub(crate) path: String,
    card: String,
    /// The wallet before the money moved.
    before: Value,
    fee: i64,
}

impl Actor {
    /// A person who is ready to meet the scenario; a card that agrees to it is bound.
    pub(crate) async fn new(api: Api, case: Case) -> Self {
        let mut person = verified(&api).await;
        let mut path = String::new();
        let mut card = String::new();
        match case.act {
            Act::Bind => path = begin_binding(&person, &case.number, case.is_credit_card).await,
            Act::Debit => card = person.bind_card(&case.number).await.unwrap().0,
            Act::Credit => {
                card = person.bind_card(&case.number).await.unwrap().0;
                person.top_up(&card, FUNDS).await.unwrap();
            }
        }
        let before = person.api.get("/v1/wallet").await.unwrap();
        Self { case, person, path, card, before, fee: 0 }
    }

    fn minor(&self) -> i64 {
        match self.case.act {
            Act::Bind => 0,
            Act::Debit => TOP_UP + self.case.ending,
            Act::Credit => WITHDRAWAL + self.case.ending,
        }
    }

    /// Asks for the money.
    pub(crate) async fn begin(mut self) -> Self {
        let api = &self.person.api;
        let amount = json!({ "currency": "CNY", "minor": self.minor() });
        let mut body = json!({
            "card": self.card, "amount": amount, "payment_password": self.person.password,
        });
        let place = if self.case.act == Act::Debit { "/v1/top-ups" } else { "/v1/withdrawals" };
        if self.case.act == Act::Credit {
            let quote = api.post("/v1/withdrawals/quote", json!({ "amount": amount })).await;
            body["fee"] = quote.unwrap()["fee"].clone();
            self.fee = body["fee"]["minor"].as_i64().unwrap();
            assert!(self.fee > 0, "{:?}: it is to cost a fee", self.case);
        }
        let begun = api.post(place, body).await.unwrap();
        self.path = format!("{place}/{}", begun["id"].as_str().unwrap());
        self
    }

    /// Where it stands now.
    pub(crate) async fn look(&self) -> Value {
        self.person.api.get(&self.path).await.unwrap()
    }

    /// Waits for the promised end and checks it; gives the code that was told.
    pub(crate) async fn ended(&self) -> Option<String> {
        let promise = self.case.promise();
        let object = self.person.api.until(&self.path, &[promise.state]).await;
        let object = object.unwrap_or_else(|error| panic!("{:?}: {error}", self.case));
        let code = object.pointer("/notice/code").and_then(Value::as_str);
        // A top-up ends before the bank takes its word back.
        let is_in_review = self.case.act == Act::Debit && promise.suspended != 0;
        let is_told = is_in_review && code == Some("TOPUP_UNDER_REVIEW");
        assert!(is_told || code == promise.code, "{:?}: {object}", self.case);
        code.map(str::to_owned)
    }

    /// The balance holds what it must, its bills add up to it, and what came back came back whole.
    pub(crate) async fn check_money(&self) {
        let wallet = self.person.api.get("/v1/wallet").await.unwrap();
        let balance = |wallet: &Value| wallet["balance"]["minor"].as_i64().unwrap();
        let free = |wallet: &Value| wallet["limits"]["free_withdrawals"].clone();
        let (promise, minor) = (self.case.promise(), self.minor());
        let is_back = promise.state == "RETURNED" || self.case.scenario == "declined-then-done";
        let moved = match (self.case.act, promise.state) {
            (Act::Debit, "SUCCESS") => minor,
            (Act::Debit | Act::Bind, _) => 0,
            (Act::Credit, _) if is_back => 0,
            (Act::Credit, _) => -(minor + self.fee),
        };
        assert_eq!(balance(&wallet), balance(&self.before) + moved, "{:?}", self.case);
        if moved == 0 {
            assert_eq!(free(&wallet), free(&self.before), "{:?}", self.case);
        }
        if self.case.act != Act::Bind {
            self.person.bills().await.unwrap_or_else(|error| panic!("{:?}: {error}", self.case));
        }
    }

    /// What must lie in suspense because of it, in fen, credit positive.
    pub(crate) fn suspended(&self) -> i64 {
        self.case.promise().suspended * self.minor()
    }
}

/// A person whose wallet is ready for a card.
pub(crate) async fn verified(api: &Api) -> Person {
    let (person, _) = Person::register(api).await.unwrap();
    person.open_wallet().await.unwrap();
    person.verify_resident_id().await.unwrap();
    person.set_password().await.unwrap();
    person
}

/// Starts binding a card; gives the binding's path.
pub(crate) async fn begin_binding(person: &Person, number: &str, is_credit_card: bool) -> String {
    let mut body = json!({ "number": number, "phone": person.phone });
    if is_credit_card {
        let now = person.api.advance(0).await.unwrap();
        let year: i64 = now[2..4].parse().unwrap();
        body["expiry"] = format!("12/{}", year + 3).into();
        body["security_code"] = "739".into();
    }
    let begun = person.api.post("/v1/card-bindings", body).await.unwrap();
    format!("/v1/card-bindings/{}", begun["id"].as_str().unwrap())
}

/// Enters the code that the bank has sent, and waits until the binding has ended.
pub(crate) async fn confirm(person: &mut Person, path: &str) {
    person.api.until(path, &["OTP_SENT"]).await.unwrap();
    let code = person.next_code().await.unwrap();
    person.api.post(&format!("{path}/confirm"), json!({ "code": code })).await.unwrap();
    person.api.until(path, &["BOUND", "FAILED"]).await.unwrap();
}
