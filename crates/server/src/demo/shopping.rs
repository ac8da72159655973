//! A merchant's orders, payments, notifications and refunds: steps 6 to 8 of the story.

use super::client::{Told, number, same, text};
use super::people::Person;
use super::random;
use super::shop::Shop;
use super::stage::yuan;
use reqwest::Method;
use serde_json::{Value, json};

/// An order that the merchant placed.
pub struct Placed {
    /// The merchant's number.
    pub number: String,
    /// What the payer scans.
    pub code: String,
    /// What is to be paid, in fen.
    pub minor: i64,
}

impl Shop {
    /// Places a Native order.
    pub async fn place(&self, minor: i64) -> Told<Placed> {
        self.place_with(minor, json!({})).await
    }

    /// Places a Native order with more fields.
    pub async fn place_with(&self, minor: i64, more: Value) -> Told<Placed> {
        let number = format!("demo{}", hex::encode(random::bytes::<8>()));
        let mut body = json!({
            "appid": self.credentials.appid,
            "mchid": self.credentials.mchid,
            "description": "一壶茶 / a pot of tea",
            "out_trade_no": number,
            "notify_url": self.notify_url,
            "amount": { "total": minor, "currency": "CNY" },
        });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let placed = self.expect(200, "POST", "/v3/pay/transactions/native", Some(&body)).await?;
        Ok(Placed { number, code: text(&placed, "/code_url")?, minor })
    }

    /// What the merchant sees of an order.
    pub async fn query(&self, number: &str) -> Told<Value> {
        let mchid = &self.credentials.mchid;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}");
        self.expect(200, "GET", &path, None).await
    }

    /// The notification of a payment arrives, although the receiver fails at first.
    pub async fn told_of_payment(&self, person: &Person, placed: &Placed) -> Told<((), String)> {
        let event = "TRANSACTION.SUCCESS";
        let first = self.notified(event, "/out_trade_no", &placed.number, 1).await?;
        person.api.advance(16).await?;
        let again = self.notified(event, "/out_trade_no", &placed.number, 2).await?;
        same("the id of the notification sent again", &again[1].id, &first[0].id)?;
        let queried = self.query(&placed.number).await?;
        let id = text(&queried, "/transaction_id")?;
        let mchid = &self.credentials.mchid;
        let path = format!("/v3/pay/transactions/id/{id}?mchid={mchid}");
        let by_id = self.expect(200, "GET", &path, None).await?;
        same("the order by both numbers", &by_id, &queried)?;
        same(
            "the notified order",
            &again[1].resource["transaction_id"],
            &queried["transaction_id"],
        )?;
        Ok(((), format!("verified and decrypted, sent again after a failure; {id}")))
    }

    /// A second order is closed, twice, and cannot be paid.
    pub async fn close_order(&self, person: &Person) -> Told<((), String)> {
        let placed = self.place(700).await?;
        let path = format!("/v3/pay/transactions/out-trade-no/{}/close", placed.number);
        let body = json!({ "mchid": self.credentials.mchid });
        for _ in 0..2 {
            self.expect(204, "POST", &path, Some(&body)).await?;
        }
        person.refused_payment(&placed, "ORDER_CLOSED").await?;
        let state = text(&self.query(&placed.number).await?, "/trade_state")?;
        same("the closed order", state.as_str(), "CLOSED")?;
        Ok(((), "204, 204 again, and nobody can pay it".into()))
    }

    /// A third order expires by itself.
    pub async fn let_expire(&self, person: &Person) -> Told<((), String)> {
        let placed = self.place(700).await?;
        person.api.advance(8 * 24 * 3_600).await?;
        let state = text(&self.query(&placed.number).await?, "/trade_state")?;
        same("the order after its time", state.as_str(), "CLOSED")?;
        let resolve = json!({ "code": placed.code });
        let shown = person.api.post("/v1/codes/resolve", resolve).await?;
        let body = person.payment(&shown);
        let (status, told) = person.api.call(Method::POST, "/v1/orders/pay", Some(&body)).await?;
        same("paying it", status >= 400, true)?;
        Ok(((), format!("seven days later: {}", text(&told, "/code")?)))
    }

    /// A part goes back, then the rest; more is refused; each is notified.
    pub async fn refund(&self, person: &Person, placed: &Placed) -> Told<((), String)> {
        let before = person.balance().await?;
        let part = placed.minor / 4;
        let first = self.refund_one(placed, part).await?;
        let path = "/v3/refund/domestic/refunds";
        let soon = self.refund_body(placed, 1);
        self.refused(path, &soon, "FREQUENCY_LIMITED").await?;
        person.api.advance(61).await?;
        let more = self.refund_body(placed, placed.minor - part + 1);
        self.refused(path, &more, "INVALID_REQUEST").await?;
        let rest = self.refund_one(placed, placed.minor - part).await?;
        same("the balance after both", person.balance().await?, before + placed.minor)?;
        for number in [&first, &rest] {
            self.notified("REFUND.SUCCESS", "/out_refund_no", number, 1).await?;
        }
        let state = text(&self.query(&placed.number).await?, "/trade_state")?;
        same("the refunded order", state.as_str(), "REFUND")?;
        let rest = yuan(placed.minor - part);
        Ok(((), format!("{}, then {rest}; more and too soon refused; both notified", yuan(part))))
    }

    async fn refund_one(&self, placed: &Placed, minor: i64) -> Told<String> {
        let path = "/v3/refund/domestic/refunds";
        let body = self.refund_body(placed, minor);
        let refund = self.expect(200, "POST", path, Some(&body)).await?;
        same("the refund", refund["status"].as_str(), Some("SUCCESS"))?;
        let number = text(&refund, "/out_refund_no")?;
        let again = self.expect(200, "GET", &format!("{path}/{number}"), None).await?;
        same("the refund read again", &again["refund_id"], &refund["refund_id"])?;
        Ok(number)
    }

    fn refund_body(&self, placed: &Placed, minor: i64) -> Value {
        json!({
            "out_trade_no": placed.number,
            "out_refund_no": format!("back{}", hex::encode(random::bytes::<8>())),
            "notify_url": self.notify_url,
            "amount": { "refund": minor, "total": placed.minor, "currency": "CNY" },
        })
    }
}

impl Person {
    /// Scans the order's code, looks at merchant and amount, and pays.
    pub async fn scan_and_pay(&self, placed: &Placed) -> Told<((), String)> {
        let before = self.balance().await?;
        let shown = self.api.post("/v1/codes/resolve", json!({ "code": placed.code })).await?;
        same("the amount shown", number(&shown, "/amount/minor")?, placed.minor)?;
        let merchant = text(&shown, "/merchant_name")?;
        let paid = self.api.post("/v1/orders/pay", self.payment(&shown)).await?;
        same("the balance after paying", self.balance().await?, before - placed.minor)?;
        let amount = yuan(placed.minor);
        Ok(((), format!("{amount} to {merchant}, {}", text(&paid, "/transaction_id")?)))
    }

    /// Tries to pay what must be refused.
    pub async fn refused_payment(&self, placed: &Placed, code: &str) -> Told<Value> {
        let resolve = json!({ "code": placed.code });
        let shown = self.api.post("/v1/codes/resolve", resolve).await?;
        let body = self.payment(&shown);
        self.api.refused(Method::POST, "/v1/orders/pay", body, code).await
    }

    /// The body of a payment of what was shown.
    pub fn payment(&self, shown: &Value) -> Value {
        json!({
            "order_ref": shown["order_ref"],
            "amount": shown["amount"],
            "payment_password": self.password,
        })
    }

    /// Pays a second order with a wrong password first, then beyond the cap of one factor.
    pub async fn caps_hold(&self, shop: &Shop) -> Told<((), String)> {
        let over = shop.place(100_001).await?;
        let told = self.refused_payment(&over, "VERIFY_STRENGTH_LIMIT_EXCEEDED").await?;
        let message = text(&told, "/message")?;
        Ok(((), format!("¥1,000.01 by password alone is refused: {message}")))
    }
}
