//! Signing a card: the check of its elements, the bank's own code by SMS, and the token.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::card::{CardKind, is_card_number, issuer_of};
use crate::database::{count_attempt, fingerprint, random_digits, random_hex, seen};
use crate::delivery::Delivery;
use crate::failure::{Failure, check_request_id};
use crate::scenario::{Behaviour, Phase};
use crate::{Bank, sms};

/// How long the bank's code is good, in microseconds of business time.
const OTP_VALID_US: i64 = 5 * 60 * 1_000_000;
const OTP_TRIES: i64 = 5;

/// What the wallet sends: four elements, two more for credit cards.
#[derive(Deserialize, Serialize)]
pub(crate) struct CheckBody {
    request_id: String,
    card_number: String,
    holder_name: String,
    document_number: String,
    phone: String,
    #[serde(default)]
    expiry: Option<String>,
    #[serde(default)]
    cvv: Option<String>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct ConfirmBody {
    request_id: String,
    otp: String,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct RevokeBody {
    request_id: String,
    token: String,
}

/// Where a signing stands.
#[derive(Serialize, Deserialize)]
struct SigningAnswer {
    request_id: String,
    status: String,
    bank: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

struct Signing {
    request_id: String,
    card_number: String,
    phone: String,
    state: String,
    code: Option<String>,
    otp: Option<String>,
    otp_until_us: i64,
    tries: i64,
    due_us: Option<i64>,
    token: Option<String>,
}

impl Signing {
    fn answer(&self) -> SigningAnswer {
        let waiting = self.state == "OTP_SENT";
        SigningAnswer {
            request_id: self.request_id.clone(),
            status: self.state.clone(),
            bank: issuer_of(&self.card_number).0.code.to_owned(),
            code: self.code.clone().filter(|_| self.state == "DECLINED"),
            tries_left: waiting.then_some(OTP_TRIES - self.tries),
            token: self.token.clone(),
        }
    }
}

/// `POST /bank/v1/signings`
pub(crate) async fn check(
    State(bank): State<Bank>,
    Json(body): Json<CheckBody>,
) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    let behaviour =
        bank.scenarios.of_card(&body.card_number, Phase::Bind).cloned().unwrap_or(Behaviour::Agree);
    let found = bank.database.run(move |tx, now| start(tx, now, &body, &behaviour)).await?;
    Ok(found.1.send(&found.0, bank.late_after).await)
}

/// `GET /bank/v1/signings/{request_id}`
pub(crate) async fn find(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let answer = bank.database.run(move |tx, now| Ok(load(tx, now, &id)?.answer())).await?;
    Ok(Json(answer).into_response())
}

/// `POST /bank/v1/signings/{request_id}/confirmations`
pub(crate) async fn confirm(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    Json(body): Json<ConfirmBody>,
) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    let answer = bank.database.run(move |tx, now| confirm_code(tx, now, &id, &body)).await?;
    Ok(Json(answer).into_response())
}

/// `POST /bank/v1/tokens/revoke`
pub(crate) async fn revoke(
    State(bank): State<Bank>,
    Json(body): Json<RevokeBody>,
) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    let request_id = body.request_id.clone();
    bank.database
        .run(move |tx, _| {
            let changed =
                tx.execute("UPDATE token SET revoked = 1 WHERE token = ?1", params![body.token])?;
            if changed == 1 { Ok(()) } else { Err(Failure::NotSeen) }
        })
        .await?;
    Ok(Json(serde_json::json!({ "request_id": request_id, "status": "REVOKED" })).into_response())
}

/// Sends the codes of signings whose time to wait is over.
pub(crate) fn settle_due(tx: &Transaction<'_>, now: i64) -> Result<(), Failure> {
    let mut query = tx.prepare_cached("SELECT request_id FROM signing WHERE due_us <= ?1")?;
    let due: Vec<String> =
        query.query_map(params![now], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in due {
        load(tx, now, &id)?;
    }
    Ok(())
}

/// The card and the validity behind a token.
pub(crate) fn card_of_token(
    tx: &Transaction<'_>,
    token: &str,
) -> Result<Option<(String, bool)>, Failure> {
    let query = "SELECT card_number, revoked = 0 FROM token WHERE token = ?1";
    Ok(tx.query_row(query, params![token], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn start(
    tx: &Transaction<'_>,
    now: i64,
    body: &CheckBody,
    behaviour: &Behaviour,
) -> Result<(Option<SigningAnswer>, Delivery), Failure> {
    let id = &body.request_id;
    let print = fingerprint(body)?;
    let query = "SELECT fingerprint FROM signing WHERE request_id = ?1";
    if seen(tx, query, params![id], &print)? {
        return Ok((Some(load(tx, now, id)?.answer()), Delivery::AtOnce));
    }
    let attempt = count_attempt(tx, &format!("signing/{id}"))?;
    if let Some(delivery) = Delivery::instead(behaviour, attempt) {
        return Ok((None, delivery));
    }
    let (state, code, due) = match (bad_element(body, now), behaviour) {
        (Some(code), _) => ("DECLINED", Some(code), None),
        (None, Behaviour::Decline(code)) => ("DECLINED", Some(code.as_str()), None),
        (None, Behaviour::AgreeAfter(wait)) => ("PENDING", None, Some(now + wait)),
        (None, Behaviour::DeclineAfter(wait, code)) => {
            ("PENDING", Some(code.as_str()), Some(now + wait))
        }
        // Everything else agrees and differs in how the answer is delivered.
        (None, _) => ("PENDING", None, Some(now)),
    };
    tx.execute(
        "INSERT INTO signing VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, 0, 0, ?7, NULL)",
        params![id, print, body.card_number, body.phone, state, code, due],
    )?;
    Ok((Some(load(tx, now, id)?.answer()), Delivery::of(behaviour)))
}

/// The response code for an element that no bank would look at twice.
fn bad_element(body: &CheckBody, now: i64) -> Option<&'static str> {
    if !is_card_number(&body.card_number) {
        return Some("14");
    }
    let written = |text: &str| !text.trim().is_empty() && text.chars().count() <= 100;
    let phone_digits = body.phone.bytes().filter(u8::is_ascii_digit).count();
    if !written(&body.holder_name) || !written(&body.document_number) || phone_digits < 7 {
        return Some("55");
    }
    if issuer_of(&body.card_number).1 == CardKind::Debit {
        return None;
    }
    let cvv = body.cvv.as_deref().unwrap_or_default();
    if !(3..=4).contains(&cvv.len()) || !cvv.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("55");
    }
    let today = crate::database::business_day(now);
    match body.expiry.as_deref().and_then(year_and_month) {
        None => Some("55"),
        Some(expiry) if expiry.as_str() < &today[..7] => Some("54"),
        Some(_) => None,
    }
}

/// `MM/YY` as `20YY-MM`, which sorts like a date.
fn year_and_month(expiry: &str) -> Option<String> {
    let (month, year) = expiry.split_once('/')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let plausible = digits(month) && digits(year) && ("01"..="12").contains(&month);
    plausible.then(|| format!("20{year}-{month}"))
}

/// Reads a signing after letting time have its effect on it.
fn load(tx: &Transaction<'_>, now: i64, id: &str) -> Result<Signing, Failure> {
    let mut signing = read(tx, id)?.ok_or(Failure::NotSeen)?;
    if signing.due_us.is_some_and(|due| due <= now) {
        signing.due_us = None;
        if signing.code.is_some() {
            signing.state = "DECLINED".to_owned();
        } else {
            signing.state = "OTP_SENT".to_owned();
            signing.otp_until_us = now + OTP_VALID_US;
            signing.otp = Some(send_code(tx, now, &signing)?);
        }
        save(tx, &signing)?;
    }
    if signing.state == "OTP_SENT" && signing.otp_until_us < now {
        signing.state = "OTP_EXPIRED".to_owned();
        save(tx, &signing)?;
    }
    Ok(signing)
}

fn send_code(tx: &Transaction<'_>, now: i64, signing: &Signing) -> Result<String, Failure> {
    let otp = random_digits(6);
    let issuer = issuer_of(&signing.card_number).0;
    let tail = &signing.card_number[signing.card_number.len() - 4..];
    let text = format!(
        "【{}】验证码 {otp}：您尾号{tail}的银行卡正在开通快捷支付，5分钟内有效，切勿告诉他人。\
         Code {otp} to link your card ending {tail}; valid for 5 minutes, tell nobody.",
        issuer.zh
    );
    let id = format!("signing/{}", signing.request_id);
    let message = sms::Outgoing {
        request_id: &id,
        sender: issuer.code,
        to: &signing.phone,
        purpose: "CARD_BINDING",
        text: &text,
    };
    sms::deliver(tx, now, &message, &[0; 32])?;
    Ok(otp)
}

fn confirm_code(
    tx: &Transaction<'_>,
    now: i64,
    signing_id: &str,
    body: &ConfirmBody,
) -> Result<SigningAnswer, Failure> {
    let print = fingerprint(&(signing_id, body))?;
    let query = "SELECT fingerprint FROM confirmation WHERE request_id = ?1";
    if seen(tx, query, params![body.request_id], &print)? {
        let query = "SELECT answer FROM confirmation WHERE request_id = ?1";
        let stored: String = tx.query_row(query, params![body.request_id], |row| row.get(0))?;
        return Ok(serde_json::from_str(&stored)?);
    }
    let mut signing = load(tx, now, signing_id)?;
    let mut wrong = false;
    if signing.state == "OTP_SENT" {
        if signing.otp.as_deref() == Some(body.otp.as_str()) {
            signing.state = "SIGNED".to_owned();
            let token = format!("tok_{}", random_hex(16));
            tx.execute(
                "INSERT INTO token VALUES (?1, ?2, 0)",
                params![token, signing.card_number],
            )?;
            signing.token = Some(token);
        } else {
            wrong = true;
            signing.tries += 1;
            if signing.tries >= OTP_TRIES {
                signing.state = "TOO_MANY_TRIES".to_owned();
            }
        }
        save(tx, &signing)?;
    }
    let mut answer = signing.answer();
    if wrong && signing.state == "OTP_SENT" {
        answer.status = "WRONG_OTP".to_owned();
    }
    tx.execute(
        "INSERT INTO confirmation VALUES (?1, ?2, ?3)",
        params![body.request_id, print, serde_json::to_string(&answer)?],
    )?;
    Ok(answer)
}

fn read(tx: &Transaction<'_>, id: &str) -> Result<Option<Signing>, Failure> {
    let query = "SELECT request_id, card_number, phone, state, code, otp, otp_until_us, tries,
        due_us, token FROM signing WHERE request_id = ?1";
    let row = tx.query_row(query, params![id], |row| {
        Ok(Signing {
            request_id: row.get(0)?,
            card_number: row.get(1)?,
            phone: row.get(2)?,
            state: row.get(3)?,
            code: row.get(4)?,
            otp: row.get(5)?,
            otp_until_us: row.get(6)?,
            tries: row.get(7)?,
            due_us: row.get(8)?,
            token: row.get(9)?,
        })
    });
    Ok(row.optional()?)
}

fn save(tx: &Transaction<'_>, signing: &Signing) -> Result<(), Failure> {
    tx.execute(
        "UPDATE signing SET state = ?2, otp = ?3, otp_until_us = ?4, tries = ?5, due_us = ?6,
            token = ?7 WHERE request_id = ?1",
        params![
            signing.request_id,
            signing.state,
            signing.otp,
            signing.otp_until_us,
            signing.tries,
            signing.due_us,
            signing.token
        ],
    )?;
    Ok(())
}
