//! A person with money who spends, tops up and withdraws, and a merchant's side of it: both write
//! down what they were told, and compare it with what the server says after each of its deaths.

use crate::dice::Dice;
use crate::world::{Answer, BANK_ENDS_S, Caller, PATIENCE, World};
use jiaozi_server::demo::Person;
use kernel::Timestamp;
use kernel::time::SECOND;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Amounts of top-ups, in fen: the bank simply does it, does it and loses its answer, is pending.
const TOP_UPS: [i64; 5] = [10_000, 10_001, 10_002, 10_082, 10_086];
/// Amounts of withdrawals, in fen: paid out, sent back.
const WITHDRAWALS: [i64; 4] = [10_000, 20_000, 30_000, 10_091];
/// A top-up that the bank was not told of within that much business time is given up, in seconds.
const SEND_S: i64 = 24 * 3_600;

const TOP_UP_ENDS: [&str; 2] = ["SUCCESS", "FAILED"];

/// A payment that was answered with success.
pub(crate) struct Paid {
    pub(crate) number: String,
    pub(crate) transaction: String,
    pub(crate) minor: i64,
    pub(crate) refund: Option<Refunded>,
}

/// A refund that was answered with success.
pub(crate) struct Refunded {
    pub(crate) number: String,
    id: String,
    minor: i64,
}

/// A top-up or a withdrawal that was accepted.
struct Move {
    path: String,
    minor: i64,
    fee: i64,
    /// How far business time had been moved.
    at: i64,
    /// What it adds to the balance, once that is known.
    effect: Option<i64>,
}

/// See the module.
pub(crate) struct Payer {
    caller: Caller,
    dice: Dice,
    password: String,
    card: String,
    start: i64,
    pub(crate) paid: Vec<Paid>,
    closed: Vec<String>,
    top_ups: Vec<Move>,
    withdrawals: Vec<Move>,
    epoch: u64,
    /// How many of the payments and closed orders were compared already.
    compared: (usize, usize),
    pub(crate) refused: usize,
}

impl Payer {
    pub(crate) fn new(
        world: &Arc<World>,
        dice: Dice,
        (person, card): (Person, String),
        start: i64,
    ) -> Self {
        let Person { token, password, .. } = person;
        Self {
            caller: Caller { world: Arc::clone(world), token: Some(token) },
            dice,
            password,
            card,
            start,
            paid: Vec::new(),
            closed: Vec::new(),
            top_ups: Vec::new(),
            withdrawals: Vec::new(),
            epoch: 0,
            compared: (0, 0),
            refused: 0,
        }
    }

    /// Lives until the story ends.
    pub(crate) async fn live(mut self) -> Self {
        while !self.caller.world.is_finishing() {
            let epoch = self.caller.world.epoch();
            if epoch != self.epoch {
                self.epoch = epoch;
                self.compare_new().await.unwrap();
            }
            match self.dice.below(20) {
                0..10 => self.pay().await,
                10..13 => self.refund().await,
                13 => self.close().await,
                14..18 => self.top_up().await,
                _ => self.withdraw().await,
            }
        }
        self
    }

    async fn place(&mut self, minor: i64) -> (String, String) {
        let world = &self.caller.world;
        let credentials = &world.shop.credentials;
        let number = format!("o{}", &self.dice.key()[..30]);
        let body = json!({
            "appid": credentials.appid,
            "mchid": credentials.mchid,
            "description": "tea",
            "out_trade_no": number,
            "notify_url": world.shop.notify_url,
            "amount": { "total": minor, "currency": "CNY" },
        });
        let path = "/v3/pay/transactions/native";
        let placed = world.merchant("POST", path, Some(&body)).await.done();
        (number, placed.text("/code_url"))
    }

    async fn pay(&mut self) {
        let minor = 1 + i64::try_from(self.dice.below(50)).unwrap();
        let (number, code) = self.place(minor).await;
        let resolve = json!({ "code": code });
        let path = "/v1/codes/resolve";
        let shown = self.caller.send(reqwest::Method::POST, path, &resolve, "").await;
        if shown.body["state"] != "NOTPAY" {
            // So much business time went by that the code or the order is over.
            self.refused += 1;
            return;
        }
        let body = json!({
            "order_ref": shown.body["order_ref"],
            "amount": shown.body["amount"],
            "payment_password": self.password,
        });
        let told = self.caller.post("/v1/orders/pay", body, &mut self.dice).await;
        if !told.is_done() {
            self.refused += 1;
            return;
        }
        let transaction = told.text("/transaction_id");
        self.paid.push(Paid { number, transaction, minor, refund: None });
    }

    async fn refund(&mut self) {
        let Some(paid) = self.paid.iter_mut().rev().find(|paid| paid.refund.is_none()) else {
            return;
        };
        let part = 1 + i64::try_from(self.dice.below(paid.minor.unsigned_abs())).unwrap();
        let world = &self.caller.world;
        let number = format!("r{}", &self.dice.key()[..30]);
        let body = json!({
            "out_trade_no": paid.number,
            "out_refund_no": number,
            "notify_url": world.shop.notify_url,
            "amount": { "refund": part, "total": paid.minor, "currency": "CNY" },
        });
        let path = "/v3/refund/domestic/refunds";
        let told = world.merchant("POST", path, Some(&body)).await.done();
        assert_eq!(told.body["status"], "SUCCESS", "{told:?}");
        paid.refund = Some(Refunded { number, id: told.text("/refund_id"), minor: part });
    }

    async fn close(&mut self) {
        let (number, _) = self.place(700).await;
        let world = &self.caller.world;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        let body = json!({ "mchid": world.shop.credentials.mchid });
        world.merchant("POST", &path, Some(&body)).await.done();
        self.closed.push(number);
    }

    async fn top_up(&mut self) {
        let minor = self.dice.one_of(&TOP_UPS);
        let body = json!({
            "card": self.card,
            "amount": { "currency": "CNY", "minor": minor },
            "payment_password": self.password,
        });
        let told = self.caller.post("/v1/top-ups", body, &mut self.dice).await;
        if let Some(started) = self.started("/v1/top-ups", told, minor, 0) {
            self.top_ups.push(started);
        }
    }

    async fn withdraw(&mut self) {
        let minor = self.dice.one_of(&WITHDRAWALS);
        let amount = json!({ "currency": "CNY", "minor": minor });
        let quote = json!({ "amount": amount });
        let quoted = self.caller.post("/v1/withdrawals/quote", quote, &mut self.dice).await;
        let Some(fee) = quoted.body.pointer("/fee/minor").and_then(Value::as_i64) else {
            self.refused += 1;
            return;
        };
        let body = json!({
            "card": self.card,
            "amount": amount,
            "fee": { "currency": "CNY", "minor": fee },
            "payment_password": self.password,
        });
        let told = self.caller.post("/v1/withdrawals", body, &mut self.dice).await;
        if let Some(started) = self.started("/v1/withdrawals", told, minor, fee) {
            self.withdrawals.push(started);
        }
    }

    fn started(&mut self, path: &str, told: Answer, minor: i64, fee: i64) -> Option<Move> {
        if !told.is_done() {
            self.refused += 1;
            return None;
        }
        let path = format!("{path}/{}", told.text("/id"));
        let at = self.caller.world.advancing.load(Relaxed);
        Some(Move { path, minor, fee, at, effect: None })
    }

    /// Compares what was written down since the last time, waits for what must have ended, and
    /// compares the balance.
    async fn compare_new(&mut self) -> Result<(), String> {
        for paid in &self.paid[self.compared.0..] {
            self.compare_payment(paid).await?;
        }
        for number in &self.closed[self.compared.1..] {
            self.compare_closed(number).await?;
        }
        self.compared = (self.paid.len(), self.closed.len());
        self.wait_for_ends().await;
        self.compare_balance().await
    }

    /// Compares everything, once all has ended.
    pub(crate) async fn compare_all(&mut self) -> Result<(), String> {
        self.compared = (0, 0);
        self.compare_new().await?;
        let is_open = |one: &&Move| one.effect.is_none();
        let open = self.top_ups.iter().chain(&self.withdrawals).filter(is_open).count();
        same("moves that did not end", open, 0)?;
        same("the sum of all bills", self.bills().await?, self.expected())
    }

    async fn compare_payment(&self, paid: &Paid) -> Result<(), String> {
        let world = &self.caller.world;
        let mchid = &world.shop.credentials.mchid;
        let Paid { number, transaction, minor, refund } = paid;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}");
        let order = world.merchant("GET", &path, None).await.body;
        same("a payment's number", &order["transaction_id"], &json!(transaction))?;
        same("a payment's amount", &order["amount"]["total"], &json!(minor))?;
        let state = if refund.is_some() { "REFUND" } else { "SUCCESS" };
        same("a payment's state", &order["trade_state"], &json!(state))?;
        let Some(Refunded { number, id, minor }) = refund else { return Ok(()) };
        let path = format!("/v3/refund/domestic/refunds/{number}");
        let refund = world.merchant("GET", &path, None).await.body;
        same("a refund's number", &refund["refund_id"], &json!(id))?;
        same("a refund's amount", &refund["amount"]["refund"], &json!(minor))
    }

    async fn compare_closed(&self, number: &str) -> Result<(), String> {
        let world = &self.caller.world;
        let mchid = &world.shop.credentials.mchid;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}");
        let order = world.merchant("GET", &path, None).await.body;
        same("a closed order", &order["trade_state"], &json!("CLOSED"))
    }

    /// Top-ups end by themselves, withdrawals when their time has come.
    async fn wait_for_ends(&mut self) {
        let caller = self.caller.clone();
        let now = caller.world.advanced.load(Relaxed);
        for one in self.top_ups.iter_mut().filter(|one| one.effect.is_none()) {
            let open = ["BANK_PROCESSING", "UNKNOWN"];
            let shown = caller.until(&one.path, &[&open[..], &TOP_UP_ENDS].concat()).await;
            if open.contains(&shown["state"].as_str().unwrap()) && now - one.at < BANK_ENDS_S {
                continue;
            }
            let ended = caller.until_bank(&one.path, &TOP_UP_ENDS).await;
            one.effect = Some(if was_given_up(&ended) { 0 } else { one.minor });
        }
        for one in self.withdrawals.iter_mut().filter(|one| one.effect.is_none()) {
            if now - one.at < BANK_ENDS_S {
                continue;
            }
            let ended = caller.until_bank(&one.path, &["SUCCESS", "RETURNED"]).await;
            let is_back = ended["state"] == "RETURNED";
            assert_eq!(is_back, one.minor == 10_091, "{ended}");
            one.effect = Some(if is_back { 0 } else { -(one.minor + one.fee) });
        }
    }

    /// What the balance is if the open top-ups have not come yet, and the withdrawals have left.
    fn expected(&self) -> i64 {
        let paid: i64 = self.paid.iter().map(|paid| paid.minor).sum();
        let refunds = self.paid.iter().filter_map(|paid| paid.refund.as_ref());
        let refunded: i64 = refunds.map(|refund| refund.minor).sum();
        let topped: i64 = self.top_ups.iter().filter_map(|one| one.effect).sum();
        let left = |one: &Move| one.effect.unwrap_or(-(one.minor + one.fee));
        let withdrawn: i64 = self.withdrawals.iter().map(left).sum();
        self.start - paid + refunded + topped + withdrawn
    }

    async fn compare_balance(&self) -> Result<(), String> {
        let open: Vec<&Move> = self
            .top_ups
            .iter()
            .chain(&self.withdrawals)
            .filter(|one| one.effect.is_none())
            .collect();
        let wallet = self.caller.get("/v1/wallet").await.done().body;
        let balance = wallet["balance"]["minor"].as_i64().unwrap_or_default();
        let expected = self.expected();
        // Each of the open ones may have ended meanwhile.
        let more: i64 = open.iter().map(|one| one.minor + one.fee).sum();
        if open.is_empty() {
            return same("a balance", balance, expected);
        }
        let is_between = (expected..=expected + more).contains(&balance);
        same("a balance between its bounds", is_between, true)
    }

    async fn bills(&self) -> Result<i64, String> {
        let (mut sum, mut cursor) = (0, String::new());
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let page = self.caller.get(&format!("/v1/bills?limit=100{cursor}")).await.done().body;
            for bill in page["items"].as_array().into_iter().flatten() {
                let minor = bill["amount"]["minor"].as_i64().unwrap_or_default();
                if bill.get("balance_after").is_some() {
                    sum += if bill["direction"] == "IN" { minor } else { -minor };
                }
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(sum),
            }
        }
        Err("the bills have no end".into())
    }

    /// Places an order and writes it down as paid, which it is not.
    pub(crate) async fn pretend(&mut self) {
        let (number, _) = self.place(1).await;
        self.paid.push(Paid { number, transaction: "0".into(), minor: 1, refund: None });
    }
}

/// Whether a top-up that has ended was given up. No amount here is one that the bank declines: only
/// one that it was never told of, because everybody moved business time on while the server was
/// dead, may end so. What the bank itself says of it is compared at the end of the story.
fn was_given_up(ended: &Value) -> bool {
    let time = |field: &str| Timestamp::parse_rfc3339(ended[field].as_str()?);
    let lasted = || time("ended_at")?.since(time("started_at")?).checked_div(SECOND);
    if ended["state"] == "SUCCESS" {
        return false;
    }
    assert_eq!(ended["notice"]["code"], "BANK_SYSTEM_ERROR", "{ended}");
    assert!(lasted().is_some_and(|seconds| seconds >= SEND_S), "given up too early: {ended}");
    true
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, should: T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:?}, expected {should:?}")) }
}
