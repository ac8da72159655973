//! A complete story whose every secret is known, so that it can be looked for afterwards.

use crate::haystack::Canary;
use crate::program::{Program, Running};
use jiaozi_server::demo::{Api, Credentials, Person, Shop, Told, random};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Nobody's, and found nowhere else.
const NAME: &str = "欧阳金丝雀";
const PASSWORD: &str = "739204";
const WRONG_PASSWORD: &str = "802641";
const SECURITY_CODE: &str = "473";
/// Leading digits and length of the credit cards of a bank.
const CREDIT_RANGE: (&str, usize) = ("622210", 16);

/// The secrets of one story.
pub(crate) struct Story {
    pub(crate) canaries: Vec<Canary>,
    /// The number of an order, which is no secret.
    pub(crate) order: String,
}

impl Story {
    fn add(&mut self, name: &str, text: &str) {
        self.canaries.push(Canary { name: name.to_owned(), text: text.to_owned() });
    }

    /// Plays it.
    pub(crate) async fn play(program: &Program, running: &Running) -> Told<Self> {
        let mut story = Self { canaries: Vec::new(), order: String::new() };
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let api = Api::new(&http, &running.people());
        let (mut person, _) = Person::register(&api).await?;
        story.add("the phone", &person.phone);
        story.add("the session token", &person.token);
        person.open_wallet().await?;
        story.verify(&person).await?;
        story.set_password(&mut person).await?;
        let number = random::debit_card();
        story.add("the debit card", &number);
        let (card, _) = person.bind_card(&number).await?;
        story.try_credit_card(&mut person).await?;
        person.top_up(&card, 50_000).await?;
        story.wrong_password(&person, &card).await?;
        let shop = story.open_shop(program, &http, running).await?;
        let placed = shop.place(1_200).await?;
        person.scan_and_pay(&placed).await?;
        shop.notified("TRANSACTION.SUCCESS", "/out_trade_no", &placed.number, 1).await?;
        story.order = placed.number;
        person.withdraw_and_settle(&card, 10_000).await?;
        story.collect_codes(&api, &person.phone).await?;
        Ok(story)
    }

    async fn verify(&mut self, person: &Person) -> Told<()> {
        let number = random::resident_id();
        self.add("the resident ID", &number);
        self.add("the name", NAME);
        let document = |number: &str| {
            let resident_id = json!({ "name": NAME, "number": number });
            json!({ "consent": "identity-1", "resident_id": resident_id })
        };
        let last = if number.ends_with('1') { '2' } else { '1' };
        let mistyped = format!("{}{last}", &number[..17]);
        self.add("the mistyped resident ID", &mistyped);
        let code = "ID_CHECK_DIGIT_INVALID";
        person.api.refused(Method::POST, "/v1/verifications", document(&mistyped), code).await?;
        let submitted = person.api.post("/v1/verifications", document(&number)).await?;
        let path = format!("/v1/verifications/{}", submitted["id"].as_str().unwrap());
        person.api.until(&path, &["VERIFIED"]).await?;
        Ok(())
    }

    async fn set_password(&mut self, person: &mut Person) -> Told<()> {
        self.add("the payment password", PASSWORD);
        person.password = PASSWORD.to_owned();
        person.set_password().await?;
        Ok(())
    }

    /// The card's code is entered wrong, and the binding stays open.
    async fn try_credit_card(&mut self, person: &mut Person) -> Told<()> {
        let (range, length) = CREDIT_RANGE;
        let number = sandbox_bank::card_number(range, length, 73_920_411);
        self.add("the credit card", &number);
        self.add("the security code", SECURITY_CODE);
        let body = json!({
            "number": number,
            "phone": person.phone,
            "expiry": "11/31",
            "security_code": SECURITY_CODE,
        });
        let started = person.api.post("/v1/card-bindings", body).await?;
        let path = format!("/v1/card-bindings/{}", started["id"].as_str().unwrap());
        person.api.until(&path, &["OTP_SENT"]).await?;
        let wrong = "913507";
        self.add("a wrong bank code", wrong);
        let body = json!({ "code": wrong });
        person.api.call(Method::POST, &format!("{path}/confirm"), Some(&body)).await?;
        person.api.until(&path, &["OTP_SENT"]).await?;
        Ok(())
    }

    async fn wrong_password(&mut self, person: &Person, card: &str) -> Told<()> {
        self.add("a wrong payment password", WRONG_PASSWORD);
        let body = json!({
            "card": card,
            "amount": { "currency": "CNY", "minor": 100 },
            "payment_password": WRONG_PASSWORD,
        });
        person.api.refused(Method::POST, "/v1/top-ups", body, "PAY_PASSWORD_WRONG").await?;
        Ok(())
    }

    async fn open_shop(
        &mut self,
        program: &Program,
        http: &reqwest::Client,
        running: &Running,
    ) -> Told<Shop> {
        let added = program.run(&["merchant", "add", "--json", "--name", "Canary Tea"]).json();
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        self.add("the merchant's APIv3 key", &text("apiv3_key"));
        let apiv2_key = program.run(&["merchant", "apiv2-key", &text("mchid")]).text();
        self.add("the merchant's APIv2 key", apiv2_key.trim());
        let key = text("private_key");
        let line = key.lines().nth(3).unwrap();
        self.add("the merchant's private key", line);
        let file = program.log().with_file_name("merchant-key.pem");
        std::fs::write(&file, &key).unwrap();
        let credentials = Credentials {
            mchid: text("mchid"),
            appid: text("appid"),
            serial_no: text("serial_no"),
            private_key_file: file.to_str().unwrap().to_owned(),
            certificate_file: String::new(),
            apiv3_key: text("apiv3_key"),
            apiv2_key: apiv2_key.trim().to_owned(),
        };
        Shop::open(http, &running.merchants(), credentials).await
    }

    /// Every code that was sent, ours and the bank's.
    async fn collect_codes(&mut self, api: &Api, phone: &str) -> Told<()> {
        let inbox = api.get(&format!("/sandbox/v1/inbox?to={phone}")).await?;
        let messages = inbox["messages"].as_array().unwrap();
        let codes: BTreeSet<&str> =
            messages.iter().filter_map(|one| one["code"].as_str()).collect();
        assert!(codes.len() >= 3, "ours and two of banks: {inbox}");
        for code in codes {
            self.add("a code that was sent", code);
        }
        Ok(())
    }
}

/// For the control: what a careless log line would look like.
pub(crate) fn careless_line(canary: &Canary) -> Vec<u8> {
    json!({ "message": "entered", "value": canary.text }).to_string().into_bytes()
}
