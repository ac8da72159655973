//! The SMS carrier: takes messages and shows them in the one inbox of the sandbox.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::Bank;
use crate::database::{business_time, count_attempt, fingerprint, seen};
use crate::delivery::Delivery;
use crate::failure::{Failure, check_request_id};

/// Numbers with a documented behaviour: (number, what happens in Chinese, in English).
pub(crate) const SPECIAL_NUMBERS: &[(&str, &str, &str)] = &[
    ("17000000901", "运营商拒绝：DELIVERY_FAILED", "refused with DELIVERY_FAILED"),
    ("17000000902", "号码不能接收短信：PHONE_INVALID", "refused with PHONE_INVALID"),
    ("17000000903", "已受理，但永远收不到", "accepted and never shown"),
    ("17000000904", "前两次返回503", "503 to the first two requests of a message"),
];

#[derive(Deserialize, Serialize)]
pub(crate) struct SmsBody {
    request_id: String,
    to: String,
    text: String,
    purpose: String,
}

/// A message on its way into the inbox.
pub(crate) struct Outgoing<'a> {
    pub request_id: &'a str,
    pub sender: &'a str,
    pub to: &'a str,
    pub purpose: &'a str,
    pub text: &'a str,
}

/// A message as the inbox shows it.
#[derive(Serialize)]
pub(crate) struct InboxMessage {
    pub id: i64,
    pub at: String,
    pub from: String,
    pub to: String,
    pub purpose: String,
    pub text: String,
    /// The first six digits in a row, which is what a reader looks for.
    pub code: Option<String>,
}

/// Which messages of the inbox to show.
#[derive(Deserialize, Default)]
pub(crate) struct InboxQuery {
    /// Only messages to this number, compared by its last eleven digits.
    pub to: Option<String>,
    /// Only messages with a higher id.
    pub after: Option<i64>,
}

#[derive(Serialize)]
struct SmsAnswer {
    request_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// `POST /sms/v1/messages`
pub(crate) async fn send(
    State(bank): State<Bank>,
    Json(body): Json<SmsBody>,
) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    let long = body.text.chars().count() > 1_000 || body.to.len() > 20 || body.purpose.len() > 64;
    if long || digits(&body.to).len() < 7 {
        return Err(Failure::Bad("to is a phone number, text at most 1000 characters"));
    }
    let (answer, delivery) = bank.database.run(move |tx, now| accept(tx, now, &body)).await?;
    Ok(delivery.send(&answer, bank.late_after).await)
}

/// `GET /sms/v1/messages/{request_id}`
pub(crate) async fn find(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let answer = bank.database.run(move |tx, _| find_answer(tx, &id)).await?;
    Ok(Json(answer).into_response())
}

/// `GET /inbox.json`
pub(crate) async fn inbox(
    State(bank): State<Bank>,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Failure> {
    let messages = bank.database.run(move |tx, _| list(tx, &query)).await?;
    Ok(Json(serde_json::json!({ "messages": messages })).into_response())
}

/// Puts a message into the inbox.
pub(crate) fn deliver(
    tx: &Transaction<'_>,
    now: i64,
    message: &Outgoing<'_>,
    fingerprint: &[u8; 32],
) -> Result<(), Failure> {
    let last = |number: &str| digits(message.to).ends_with(number);
    let special = SPECIAL_NUMBERS.iter().position(|(number, _, _)| last(number));
    let refused = match special {
        Some(0) => Some("DELIVERY_FAILED"),
        Some(1) => Some("PHONE_INVALID"),
        _ => None,
    };
    let shown = refused.is_none() && special != Some(2);
    tx.execute(
        "INSERT INTO message (request_id, fingerprint, sender, recipient, purpose, text, at_us,
            shown, refused) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            message.request_id,
            fingerprint,
            message.sender,
            message.to,
            message.purpose,
            message.text,
            now,
            shown,
            refused
        ],
    )?;
    Ok(())
}

/// The newest messages first, at most 200.
pub(crate) fn list(tx: &Transaction<'_>, query: &InboxQuery) -> Result<Vec<InboxMessage>, Failure> {
    let mut statement = tx.prepare_cached(
        "SELECT id, at_us, sender, recipient, purpose, text FROM message
         WHERE shown = 1 AND id > ?1 AND (?2 IS NULL OR recipient LIKE ?2)
         ORDER BY id DESC LIMIT 200",
    )?;
    let wanted = query.to.as_deref().map(|to| {
        let digits = digits(to);
        format!("%{}", &digits[digits.len().saturating_sub(11)..])
    });
    let rows = statement.query_map(params![query.after.unwrap_or(0), wanted], |row| {
        let text: String = row.get(5)?;
        Ok(InboxMessage {
            id: row.get(0)?,
            at: business_time(row.get(1)?),
            from: row.get(2)?,
            to: row.get(3)?,
            purpose: row.get(4)?,
            code: code_in(&text),
            text,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn accept(
    tx: &Transaction<'_>,
    now: i64,
    body: &SmsBody,
) -> Result<(Option<SmsAnswer>, Delivery), Failure> {
    let print = fingerprint(body)?;
    let query = "SELECT fingerprint FROM message WHERE request_id = ?1";
    if !seen(tx, query, params![body.request_id], &print)? {
        let attempt = count_attempt(tx, &format!("sms/{}", body.request_id))?;
        if digits(&body.to).ends_with(SPECIAL_NUMBERS[3].0) && attempt <= 2 {
            return Ok((None, Delivery::Busy));
        }
        let message = Outgoing {
            request_id: &body.request_id,
            sender: "SMS",
            to: &body.to,
            purpose: &body.purpose,
            text: &body.text,
        };
        deliver(tx, now, &message, &print)?;
    }
    Ok((Some(find_answer(tx, &body.request_id)?), Delivery::AtOnce))
}

fn find_answer(tx: &Transaction<'_>, id: &str) -> Result<SmsAnswer, Failure> {
    let query = "SELECT refused FROM message WHERE request_id = ?1";
    let refused: Option<Option<String>> =
        tx.query_row(query, params![id], |row| row.get(0)).optional()?;
    let code = refused.ok_or(Failure::NotSeen)?;
    let status = if code.is_some() { "REFUSED" } else { "ACCEPTED" };
    Ok(SmsAnswer { request_id: id.to_owned(), status, code })
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The first run of exactly six digits.
fn code_in(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 6)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::code_in;

    #[test]
    fn the_code_of_a_message_is_its_first_run_of_six_digits() {
        assert_eq!(code_in("card 1234, code 012345, 6222020").as_deref(), Some("012345"));
        assert_eq!(code_in("call 13800138000").as_deref(), None);
    }
}
