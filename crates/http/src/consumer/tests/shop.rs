//! Who takes part in the tests of money: people with a card and a balance, and a merchant. What
//! banks and merchants do is done by the commands of their own sides.

use super::documents::born_on;
use super::resident;
use crate::testing::{Answer, Call, Stage};
use domain::card::{
    BankAnswer, ConfirmationAnswer, IssuerAnswer, RecordCardBinding, RecordIssuerCheck,
};
use domain::identity::AuthorityAnswer;
use domain::merchant::{AddMerchant, BindSubMerchant, SubMerchantState};
use domain::order::{
    CardsTaken, CreateCombinedOrder, CreateOrder, PartAsked, Partner, ProfitSharing, TradeType,
};
use domain::refund::{CreateRefund, NoticeForm, OrderOfRefund, RefundSource};
use domain::testing;
use domain::top_up::RecordTopUp;
use domain::user::OtpPurpose;
use kernel::Amount;
use serde_json::{Value, json};
use store::queries::Kind;

pub(super) const PASSWORD: &str = "739204";
pub(super) const MCHID: &str = "1900000001";
pub(super) const APPID: &str = "wx0123456789abcdef";

/// A verified person with a payment password.
pub(super) struct Person {
    pub(super) token: String,
    /// The card's id, once there is one.
    pub(super) card: String,
    pub(super) number: u8,
}

pub(super) fn fen(minor: i64) -> Value {
    json!({"currency": "CNY", "minor": minor})
}

/// A debit card of a large bank, another one for each number.
pub(super) fn debit_card(number: u8) -> String {
    let head = format!("622202{number:012}");
    let doubled = head.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    });
    format!("{head}{}", (10 - doubled.sum::<u32>() % 10) % 10)
}

impl Stage {
    /// Somebody new without a card; `number` tells people apart.
    pub(super) async fn person(&self, number: u8, phone: bool) -> Person {
        let token = self.wallet_of(&format!("138001380{number:02}")).await;
        let body = resident("张三", &born_on(&format!("199003{number:02}")));
        let call = self.post("/v1/verifications", body).by(&token).key("verify").quietly();
        let id = call.send().await.text("/id");
        self.authority_says(&id, AuthorityAnswer::Match { phone }).await;
        let body = json!({"new_password": PASSWORD, "confirmation": PASSWORD});
        let call = self.put("/v1/payment-password", body).by(&token).key("password").quietly();
        assert_eq!(call.send().await.body["state"], "ACTIVE");
        Person { token, card: String::new(), number }
    }

    /// Somebody new with a card and a balance.
    pub(super) async fn rich(&self, number: u8, minor: i64) -> Person {
        let person = self.person(number, true).await;
        self.with_money(person, minor).await
    }

    /// The same person with a card and a balance.
    pub(super) async fn with_money(&self, mut person: Person, minor: i64) -> Person {
        let body = json!({"number": debit_card(person.number), "phone": "13800138000"});
        let call = self.post("/v1/card-bindings", body).by(&person.token).key("bind").quietly();
        let binding = call.send().await.text("/id");
        self.issuer_says(&binding, IssuerAnswer::CodeSent).await;
        let path = format!("/v1/card-bindings/{binding}/confirm");
        let call = self.post(&path, json!({"code": "123456"})).by(&person.token).key("confirm");
        assert_eq!(call.quietly().send().await.body["state"], "CONFIRMING");
        let token = vec![7];
        self.bank_signs(&binding, 1, ConfirmationAnswer::Bound { token }).await;
        let shown = self.get(&format!("/v1/card-bindings/{binding}")).by(&person.token).quietly();
        person.card = shown.send().await.text("/card");
        if minor > 0 {
            let started = self.top_up(&person, "opening", minor).quietly().send().await;
            let bank_ref = format!("bank-{}", person.number);
            self.bank_debits(&started.text("/id"), BankAnswer::Done { bank_ref }).await;
        }
        person
    }

    /// Logs a person in again, whose session ended by its time.
    pub(super) async fn back_again(&self, person: &mut Person) {
        let phone = format!("138001380{:02}", person.number);
        let (id, code) = self.challenge(&phone, OtpPurpose::LogIn).await;
        let body = json!({
            "otp_challenge": id, "phone": phone, "code": code, "device": {"name": "phone"},
        });
        person.token = self.post("/v1/sessions", body).quietly().send().await.text("/token");
    }

    pub(super) async fn issuer_says(&self, binding: &str, answer: IssuerAnswer) {
        let binding = binding.parse().unwrap();
        self.app.engine.run(RecordIssuerCheck { binding, answer }).await.unwrap();
    }

    pub(super) async fn bank_signs(
        &self,
        binding: &str,
        confirmation: i64,
        answer: ConfirmationAnswer,
    ) {
        let binding = binding.parse().unwrap();
        let record = RecordCardBinding { binding, confirmation, answer };
        self.app.engine.run(record).await.unwrap();
    }

    pub(super) async fn bank_debits(&self, top_up: &str, answer: BankAnswer) {
        let top_up = top_up.parse().unwrap();
        self.app.engine.run(RecordTopUp { top_up, answer }).await.unwrap();
    }

    pub(super) fn top_up(&self, person: &Person, key: &str, minor: i64) -> Call<'_> {
        let body = json!({
            "card": person.card, "amount": fen(minor), "payment_password": PASSWORD,
        });
        self.post("/v1/top-ups", body).by(&person.token).key(key)
    }

    /// A merchant without a fee.
    pub(super) async fn open_shop(&self) {
        self.add_merchant(MCHID, APPID, "01").await;
    }

    /// A merchant that the shop serves.
    pub(super) async fn open_branch(&self, mchid: &str, appid: &str) {
        self.add_merchant(mchid, appid, "02").await;
        let (sub_mchid, state) = (mchid.into(), SubMerchantState::Active);
        let bind = BindSubMerchant { mchid: MCHID.into(), sub_mchid, state };
        self.app.engine.run(bind).await.unwrap();
    }

    async fn add_merchant(&self, mchid: &str, appid: &str, serial: &str) {
        let command = AddMerchant {
            mchid: mchid.into(),
            name: "茶馆".into(),
            fee_bp: 0,
            apiv3_key: vec![1],
            appid: appid.into(),
            serial: serial.into(),
            certificate: "certificate".into(),
            ..testing::merchant()
        };
        self.app.engine.run(command).await.unwrap();
    }

    /// The shop combines an order of its own with one for its partner, for the partner's payer;
    /// gives the reference.
    pub(super) async fn combine(&self, out_trade_no: &str, partner: Partner) -> String {
        let part = |out_trade_no: &str, partner| PartAsked {
            mchid: MCHID.into(),
            partner,
            out_trade_no: out_trade_no.into(),
            description: "一杯茶".into(),
            amount: Amount::fen(500).unwrap(),
            attach: Some("tea".into()),
            profit_sharing: ProfitSharing::No,
        };
        let command = CreateCombinedOrder {
            mchid: MCHID.into(),
            appid: APPID.into(),
            out_trade_no: out_trade_no.into(),
            trade_type: TradeType::Jsapi,
            notify_url: "https://shop.example/notify".into(),
            time_expire: None,
            openid: None,
            device_id: None,
            parts: vec![part("part-1", None), part("part-2", Some(partner))],
            cards_taken: CardsTaken::All,
            takes_balance: true,
            fingerprint: [1; 32],
            prepay_id: format!("wx-{out_trade_no}"),
        };
        self.app.engine.run(command).await.unwrap().prepay_id
    }

    /// The shop places an order, and the text of its code is given.
    pub(super) async fn place(&self, out_trade_no: &str, minor: i64) -> String {
        let prepay = self.place_for(out_trade_no, minor, None).await;
        apiv3::create::code_url(&prepay).unwrap()
    }

    /// The shop places an order, perhaps for one person only; gives its reference.
    pub(super) async fn place_for(
        &self,
        out_trade_no: &str,
        minor: i64,
        openid: Option<String>,
    ) -> String {
        let trade_type = if openid.is_some() { TradeType::Jsapi } else { TradeType::Native };
        let command = CreateOrder {
            mchid: MCHID.into(),
            partner: None,
            appid: APPID.into(),
            out_trade_no: out_trade_no.into(),
            trade_type,
            description: "一杯茶".into(),
            amount: Amount::fen(minor).unwrap(),
            attach: None,
            notify_url: Some("https://shop.example/notify".into()),
            time_expire: None,
            openid,
            device_id: None,
            cards_taken: CardsTaken::All,
            takes_balance: true,
            profit_sharing: ProfitSharing::No,
            fingerprint: [1; 32],
            prepay_id: format!("wx-{out_trade_no}"),
        };
        self.app.engine.run(command).await.unwrap().prepay_id
    }

    /// The shop refunds a part of an order.
    pub(super) async fn refund(&self, out_trade_no: &str, minor: i64, total: i64) {
        let command = CreateRefund {
            mchid: MCHID.into(),
            sub_mchid: None,
            order: OrderOfRefund::OutTradeNo(out_trade_no.into()),
            out_refund_no: format!("refund-{out_trade_no}"),
            amount: Amount::fen(minor).unwrap(),
            total: Amount::fen(total).unwrap(),
            source: RefundSource::Unsettled,
            reason: Some("茶凉了".into()),
            notify_url: None,
            notice_form: NoticeForm::Json,
            refund_id: format!("50{:027}", minor),
            payout: testing::payout_of(out_trade_no),
        };
        self.app.engine.run(command).await.unwrap();
    }

    /// Pays an order by its number.
    pub(super) fn pay(&self, token: &str, key: &str, out_trade_no: &str, minor: i64) -> Call<'_> {
        let body = json!({
            "order_ref": format!("wx-{out_trade_no}"), "amount": fen(minor),
            "payment_password": PASSWORD,
        });
        self.post("/v1/orders/pay", body).by(token).key(key)
    }

    pub(super) async fn wallet(&self, token: &str) -> Answer {
        self.get("/v1/wallet").by(token).quietly().send().await
    }

    pub(super) async fn balance(&self, token: &str) -> i64 {
        self.wallet(token).await.body["balance"]["minor"].as_i64().unwrap()
    }

    /// The audit finds nothing, and all balances together are nothing.
    pub(super) async fn assert_books_are_right(&self) {
        let queries = self.app.queries.as_ref();
        let report = store::verify::verify(queries, &|_, _, _| ()).await.unwrap();
        assert_eq!(report.findings, []);
        let sum = "SELECT SUM(balance) FROM account".to_owned();
        let rows = queries.rows(sum, Vec::new(), vec![Kind::Int]).await.unwrap();
        assert_eq!(rows, [[store::Value::Int(0)]]);
    }
}
