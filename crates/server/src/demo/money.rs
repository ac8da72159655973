//! Cards, top-ups, withdrawals and bills: steps 4, 5, 9 and 10 of the story.

use super::client::{Differs, Told, number, same, text};
use super::people::Person;
use super::random;
use super::stage::yuan;
use reqwest::Method;
use serde_json::{Value, json};

/// Fen as the API writes money.
pub(crate) fn cny(minor: i64) -> Value {
    json!({ "currency": "CNY", "minor": minor })
}

impl Person {
    /// Binds a debit card: the number shows the bank, the bank checks and sends its own code.
    pub async fn bind_card(&mut self, card_number: &str) -> Told<(String, String)> {
        let lookup = json!({ "number": card_number });
        let shown = self.api.post("/v1/cards/lookup", lookup).await?;
        let body = json!({ "number": card_number, "phone": self.phone });
        let binding = self.api.post("/v1/card-bindings", body).await?;
        let path = format!("/v1/card-bindings/{}", text(&binding, "/id")?);
        self.api.until(&path, &["OTP_SENT"]).await?;
        let code = self.next_code().await?;
        self.api.post(&format!("{path}/confirm"), json!({ "code": code })).await?;
        let bound = self.api.until(&path, &["BOUND", "FAILED"]).await?;
        if bound["state"] != "BOUND" {
            return Err(Differs(format!("the card was not bound: {bound}")));
        }
        let card = text(&bound, "/card")?;
        let (bank, kind) = (text(&shown, "/bank_name")?, text(&shown, "/kind")?);
        Ok((card, format!("{bank}, {kind}, ending {}", &card_number[12..])))
    }

    /// Lists the cards, removes one, and lists again.
    pub(crate) async fn list_and_unbind(&mut self) -> Told<((), String)> {
        let (extra, _) = self.bind_card(&random::debit_card()).await?;
        let before = count(&self.api.get("/v1/cards").await?, "/items")?;
        let body = json!({ "payment_password": self.password });
        self.api.post(&format!("/v1/cards/{extra}/unbind"), body).await?;
        let after = count(&self.api.get("/v1/cards").await?, "/items")?;
        same("cards after one was removed", after, before - 1)?;
        Ok(((), format!("{before} cards, then {after}")))
    }

    /// Tops up from a card and waits for the bank.
    pub async fn top_up(&self, card: &str, minor: i64) -> Told<((), String)> {
        let before = self.balance().await?;
        let body = json!({
            "card": card, "amount": cny(minor), "payment_password": self.password,
        });
        let started = self.api.post("/v1/top-ups", body).await?;
        let path = format!("/v1/top-ups/{}", text(&started, "/id")?);
        let ended = self.api.until(&path, &["SUCCESS", "FAILED"]).await?;
        same("the top-up", ended["state"].as_str(), Some("SUCCESS"))?;
        let after = self.balance().await?;
        same("the balance after the top-up", after, before + minor)?;
        Ok(((), format!("{} more, the balance is {}", yuan(minor), yuan(after))))
    }

    /// Tops up with an amount for which the bank does it and loses its answer; asking again tells.
    pub(crate) async fn top_up_with_lost_answer(
        &self,
        card: &str,
        minor: i64,
    ) -> Told<((), String)> {
        let before = self.balance().await?;
        let body = json!({
            "card": card, "amount": cny(minor), "payment_password": self.password,
        });
        let started = self.api.post("/v1/top-ups", body).await?;
        let path = format!("/v1/top-ups/{}", text(&started, "/id")?);
        self.api.until(&path, &["UNKNOWN", "SUCCESS"]).await?;
        self.api.advance(3_600).await?;
        let ended = self.api.until(&path, &["SUCCESS", "FAILED"]).await?;
        same("the top-up", ended["state"].as_str(), Some("SUCCESS"))?;
        same("the balance after asking again", self.balance().await?, before + minor)?;
        Ok(((), "the bank was asked again and said yes".into()))
    }

    /// Asks what a withdrawal costs, then withdraws; gives the withdrawal's path.
    pub(crate) async fn withdraw(&self, card: &str, minor: i64) -> Told<(String, i64)> {
        let quote = json!({ "amount": cny(minor) });
        let quote = self.api.post("/v1/withdrawals/quote", quote).await?;
        let fee = number(&quote, "/fee/minor")?;
        let body = json!({
            "card": card,
            "amount": cny(minor),
            "fee": cny(fee),
            "payment_password": self.password,
        });
        let started = self.api.post("/v1/withdrawals", body).await?;
        Ok((format!("/v1/withdrawals/{}", text(&started, "/id")?), fee))
    }

    /// A withdrawal that the bank accepts and pays out.
    pub async fn withdraw_and_settle(&self, card: &str, minor: i64) -> Told<((), String)> {
        let before = self.balance().await?;
        let (path, fee) = self.withdraw(card, minor).await?;
        same("the balance while in transit", self.balance().await?, before - minor - fee)?;
        let shown = self.api.until(&path, &["BANK_PROCESSING", "SUCCESS"]).await?;
        let arrival = text(&shown, "/arrival_text")?;
        // The bank pays out after two hours of its own time.
        self.api.advance(3 * 3_600).await?;
        self.api.until(&path, &["SUCCESS"]).await?;
        let result = format!("{} with a fee of {}, by {arrival}", yuan(minor), yuan(fee));
        Ok(((), result))
    }

    /// A withdrawal that the bank sends back: amount, fee and allowance return.
    pub(crate) async fn withdraw_and_fail(&self, card: &str, minor: i64) -> Told<((), String)> {
        let before = self.api.get("/v1/wallet").await?;
        let (path, fee) = self.withdraw(card, minor).await?;
        self.api.advance(3 * 3_600).await?;
        let ended = self.api.until(&path, &["SUCCESS", "RETURNED"]).await?;
        same("the withdrawal", ended["state"].as_str(), Some("RETURNED"))?;
        let after = self.api.get("/v1/wallet").await?;
        same("the balance after it came back", &after["balance"], &before["balance"])?;
        same(
            "the free allowance after it came back",
            &after["limits"]["free_withdrawals"],
            &before["limits"]["free_withdrawals"],
        )?;
        Ok(((), format!("{} and {} are back", yuan(minor), yuan(fee))))
    }

    /// Reads all bills and compares their sum with the balance.
    pub async fn bills(&self) -> Told<((), String)> {
        let (mut lines, mut sum, mut cursor) = (0, 0, None::<String>);
        loop {
            let path = match &cursor {
                Some(cursor) => format!("/v1/bills?cursor={cursor}"),
                None => "/v1/bills".to_owned(),
            };
            let page = self.api.get(&path).await?;
            let bills = page["items"].as_array().cloned().unwrap_or_default();
            for bill in &bills {
                lines += 1;
                if bill.get("balance_after").is_none() {
                    continue; // It moved nothing: still open, or failed.
                }
                let minor = number(bill, "/amount/minor")?;
                sum += if bill["direction"] == "IN" { minor } else { -minor };
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        same("the sum of all bills", sum, self.balance().await?)?;
        Ok(((), format!("{lines} lines that add up to {}", yuan(sum))))
    }

    /// Tries to top up with amounts that are none.
    pub(crate) async fn refused_top_up(&self, card: &str) -> Told<((), String)> {
        let bad = [
            (cny(0), "AMOUNT_INVALID"),
            (cny(-1), "AMOUNT_INVALID"),
            (json!({ "currency": "CNY", "minor": 1.5 }), "AMOUNT_INVALID"),
            (json!({ "currency": "USD", "minor": 100 }), "CURRENCY_NOT_SUPPORTED"),
        ];
        for (amount, code) in bad {
            let body = json!({
                "card": card, "amount": amount, "payment_password": self.password,
            });
            self.api.refused(Method::POST, "/v1/top-ups", body, code).await?;
        }
        Ok(((), "zero, negative, fractional and foreign ones are refused".into()))
    }
}

fn count(value: &Value, pointer: &str) -> Told<usize> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::len).ok_or_else(|| Differs(format!("no list {pointer} in {value}")))
}
