//! `jiaozi demo`: plays one complete story over HTTP against a running sandbox, or against one that
//! it starts for itself, and audits the books at the end. Whatever differs from the story ends it.

mod client;
pub(crate) mod inhabitants;
mod money;
mod people;
pub mod random;
mod rush;
mod sandbox;
mod shop;
mod shopping;
mod stage;
mod till;

pub use client::{Api, Differs, Told};
pub(crate) use client::{number, text};
pub use people::Person;
pub use shop::{Credentials, Notification, Shop};
pub use shopping::Placed;

use crate::audit::Audit;
use crate::cli::DemoFlags;
use reqwest::Method;
use sandbox::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stage::Stage;
use std::error::Error;

/// What `serve --demo-file` writes: where a sandbox is, and who is in it.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoFile {
    /// Where `/v3` is served.
    pub merchant_api: String,
    /// Where `/v1` and `/sandbox/v1` are served.
    pub consumer_api: String,
    /// Where `/v3` is served over TLS.
    pub merchant_tls_api: String,
    /// The proxy that leads SDKs with a fixed host here.
    pub proxy: String,
    /// The certificate that a client over TLS has to trust.
    pub ca_file: String,
    /// The platform's bare public key.
    pub platform: PlatformPublicKey,
    /// The database, for the audit: the path of a file, or an address without its password.
    pub database: String,
    /// The demo merchant.
    pub merchant: Credentials,
    /// A demo person.
    pub payer: Payer,
}

/// The platform's key for SDKs in public key mode.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlatformPublicKey {
    /// `PUB_KEY_ID_…`.
    pub id: String,
    /// Its PEM file.
    pub file: String,
}

/// A person whose balance can be spent.
#[derive(Clone, Serialize, Deserialize)]
pub struct Payer {
    /// The phone to log in with.
    pub phone: String,
    /// A session's bearer token.
    pub token: String,
    /// The payment password.
    pub payment_password: String,
}

const STEPS: u64 = 23;

/// Plays the story.
pub(crate) async fn run(flags: DemoFlags) -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::find(&flags).await?;
    let demo = sandbox.demo.clone();
    say!("people's API {}, merchants' API {}", demo.consumer_api, demo.merchant_api);
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut stage = Stage::new(STEPS);
    let api = Api::new(&http, &demo.consumer_api);
    let told = play(&mut stage, &http, &api, &demo, flags.payers).await;
    let steps = stage.close();
    told?;
    let audit = Audit::of(sandbox.database()).await?;
    audit.print();
    sandbox.end().await;
    if !audit.is_clean() {
        return Err("the audit found broken rules".into());
    }
    say!("the story is as it should be: {steps} steps");
    Ok(())
}

async fn play(
    stage: &mut Stage,
    http: &reqwest::Client,
    api: &Api,
    demo: &DemoFile,
    payers: usize,
) -> Told<()> {
    let (person, card) = arrive(stage, api).await?;
    stage.step("top up from the card", person.top_up(&card, 300_000)).await?;
    let lost = person.top_up_with_lost_answer(&card, 20_082);
    stage.step("top up, the bank's answer is lost", lost).await?;
    stage.step("amounts that are none", person.refused_top_up(&card)).await?;

    let opened = Shop::open(http, &demo.merchant_api, demo.merchant.clone()).await?;
    let shop = stage
        .step("the merchant fetches our certificate", async {
            let result = format!("{} verifies every answer with it", opened.credentials.mchid);
            Ok((opened, result))
        })
        .await?;
    shop.fail_next(1);
    let placed = shop.place_with(12_000, json!({ "attach": "table 7" })).await?;
    stage.step("scan, look, pay", person.scan_and_pay(&placed)).await?;
    let told = shop.told_of_payment(&person, &placed);
    stage.step("the merchant is notified and queries", told).await?;
    stage.step("a second order is closed", shop.close_order(&person)).await?;
    stage.step("codes are charged at the till", shop.at_the_till(&person)).await?;
    stage.step("a third order expires by itself", shop.let_expire(&person)).await?;
    stage.step("refund a part, then the rest", shop.refund(&person, &placed)).await?;

    let settle = person.withdraw_and_settle(&card, 150_000);
    stage.step("withdraw; the bank pays out", settle).await?;
    stage.step("withdraw; the bank sends it back", person.withdraw_and_fail(&card, 10_091)).await?;
    stage.step("the daily cap of one factor", person.caps_hold(&shop)).await?;
    stage.step("a traveller registers", traveller(api, &shop)).await?;
    stage.step("bills show all of it", person.bills()).await?;
    stage.step("wrong passwords lock", person.wrong_passwords(&shop)).await?;
    if payers > 0 {
        stage.say(&format!("      {payers} people join, each with a card and money..."));
        let crowd = rush::Crowd::gather(api, &shop, payers).await?;
        let title = format!("{payers} people pay at once");
        stage.step(&title, crowd.pay()).await?;
    }
    Ok(())
}

/// Steps 1 to 4: a person arrives and binds a card.
async fn arrive(stage: &mut Stage, api: &Api) -> Told<(Person, String)> {
    let mut person = stage.step("register with a phone and a code", Person::register(api)).await?;
    stage.step("log in on a device", person.log_in()).await?;
    stage.step("open a wallet", person.open_wallet()).await?;
    stage.step("be verified with a resident ID", person.verify_resident_id()).await?;
    stage.step("set a payment password", person.set_password()).await?;
    let number = random::debit_card();
    let card = stage.step("bind a debit card", person.bind_card(&number)).await?;
    stage.step("list cards, remove one", person.list_and_unbind()).await?;
    Ok((person, card))
}

/// A person with a passport is of class I, whose cap is for life.
async fn traveller(api: &Api, shop: &Shop) -> Told<((), String)> {
    let (person, _) = Person::register(api).await?;
    person.open_wallet().await?;
    let ((), verified) = person.verify_passport().await?;
    person.set_password().await?;
    let placed = shop.place(100_001).await?;
    person.refused_payment(&placed, "BALANCE_LIFETIME_LIMIT_EXCEEDED").await?;
    Ok(((), format!("{verified}; ¥1,000.01 is above the lifetime cap")))
}

/// Makes a person with a verified wallet, a bound card and money, for a sandbox's first start.
pub(crate) async fn make_payer(consumer_api: &str, minor: i64) -> Told<Payer> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let api = Api::new(&http, consumer_api);
    let (person, _card) = Person::with_money(&api, minor).await?;
    let Person { phone, token, password, .. } = person;
    Ok(Payer { phone, token, payment_password: password })
}

/// Makes a person with a verified wallet, a payment password and this card, but no money. Gives the
/// card's id too.
pub(crate) async fn make_card_payer(consumer_api: &str, card: &str) -> Told<(Payer, String)> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut person = Person::without_money(&Api::new(&http, consumer_api)).await?;
    let (card, _) = person.bind_card(card).await?;
    let Person { phone, token, password, .. } = person;
    Ok((Payer { phone, token, payment_password: password }, card))
}

/// Makes a person with a verified wallet and a payment password, but no money.
pub(crate) async fn make_poor_payer(consumer_api: &str) -> Told<Payer> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let person = Person::without_money(&Api::new(&http, consumer_api)).await?;
    let Person { phone, token, password, .. } = person;
    Ok(Payer { phone, token, payment_password: password })
}

/// Logs in once more if the kept session is over, as it is after business time was moved far.
/// Says whether there is a new token.
pub(crate) async fn log_in_again(consumer_api: &str, payer: &mut Payer) -> Told<bool> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let api = Api::new(&http, consumer_api);
    let (status, _) = api.with_token(&payer.token).call(Method::GET, "/v1/me", None).await?;
    if status != 401 {
        return Ok(false);
    }
    payer.token = people::session(&api, &payer.phone).await?;
    Ok(true)
}

impl Person {
    /// A person with a verified wallet, a bound card and that much money, in fen.
    pub async fn with_money(api: &Api, minor: i64) -> Told<(Self, String)> {
        let mut person = Self::without_money(api).await?;
        let (card, _) = person.bind_card(&random::debit_card()).await?;
        person.top_up(&card, minor).await?;
        Ok((person, card))
    }

    /// A person with a verified wallet and a payment password.
    pub async fn without_money(api: &Api) -> Told<Self> {
        let (person, _) = Self::register(api).await?;
        person.open_wallet().await?;
        person.verify_resident_id().await?;
        person.set_password().await?;
        Ok(person)
    }

    /// Five different wrong payment passwords lock; one sent again counts once.
    async fn wrong_passwords(&self, shop: &Shop) -> Told<((), String)> {
        let placed = shop.place(100).await?;
        let mut person = Self {
            api: self.api.clone(),
            token: self.token.clone(),
            phone: self.phone.clone(),
            password: String::new(),
            seen: 0,
        };
        for tried in 1..=5 {
            person.password = format!("80264{tried}");
            let code = if tried < 5 { "PAY_PASSWORD_WRONG" } else { "PAY_PASSWORD_LOCKED" };
            person.refused_payment(&placed, code).await?;
        }
        let told = self.refused_payment(&placed, "PAY_PASSWORD_LOCKED").await?;
        let message = client::text(&told, "/message")?;
        Ok(((), format!("also for the right one: {message}")))
    }
}

impl From<Differs> for std::io::Error {
    fn from(differs: Differs) -> Self {
        Self::other(differs.to_string())
    }
}
