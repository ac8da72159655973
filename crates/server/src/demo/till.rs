//! At a till, where the merchant scans the payer: a part of the story.

use super::client::{Told, same, text};
use super::people::Person;
use super::random;
use super::shop::Shop;
use reqwest::Method;
use serde_json::{Value, json};

impl Shop {
    /// A small payment goes at once and is taken back; one whose digits were seen waits for the
    /// password.
    pub async fn at_the_till(&self, person: &Person) -> Told<((), String)> {
        let before = person.balance().await?;
        let on = json!({ "payment_password": person.password, "password": "WHEN_NEEDED" });
        person.api.send(Method::PUT, "/v1/payment-code", on).await?;
        let first = person.show_code(false).await?;
        let paid = self.charge(&first, 200).await?;
        same("the order of a charged code", paid["trade_state"].as_str(), Some("SUCCESS"))?;
        let waits = self.charge(&person.show_code(true).await?, 202).await?;
        same("the order that waits", waits["trade_state"].as_str(), Some("USERPAYING"))?;
        let waiting = person.api.get("/v1/payment-code/orders").await?;
        person.api.post("/v1/orders/pay", person.payment(&waiting["items"][0])).await?;
        let confirmed = self.query(&text(&waits, "/out_trade_no")?).await?;
        same("the confirmed order", confirmed["trade_state"].as_str(), Some("SUCCESS"))?;
        person.api.advance(16).await?;
        let number = text(&paid, "/out_trade_no")?;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}/reverse");
        let body = json!({ "appid": self.credentials.appid, "mchid": self.credentials.mchid });
        for _ in 0..2 {
            self.expect(200, "POST", &path, Some(&body)).await?;
        }
        let reversed = self.query(&number).await?;
        same("the reversed order", reversed["trade_state"].as_str(), Some("REVOKED"))?;
        same("the balance", person.balance().await?, before - PRICE)?;
        Ok(((), format!("{}…: one reversed, one confirmed with the password", &first[..4])))
    }

    /// Charges a code.
    async fn charge(&self, code: &str, status: u16) -> Told<Value> {
        let body = json!({
            "appid": self.credentials.appid,
            "mchid": self.credentials.mchid,
            "description": "一杯茶 / a cup of tea",
            "out_trade_no": format!("till{}", hex::encode(random::bytes::<8>())),
            "payer": { "auth_code": code },
            "amount": { "total": PRICE, "currency": "CNY" },
            "scene_info": { "store_info": { "id": "demo" } },
        });
        self.expect(status, "POST", "/v3/pay/transactions/codepay", Some(&body)).await
    }
}

/// What a cup of tea costs, in fen.
const PRICE: i64 = 800;

impl Person {
    /// What the person's device shows now; `digits_shown` is whether the person sees the digits.
    async fn show_code(&self, digits_shown: bool) -> Told<String> {
        let asked = json!({ "digits_shown": digits_shown });
        text(&self.api.post("/v1/payment-code/codes", asked).await?, "/code")
    }
}
