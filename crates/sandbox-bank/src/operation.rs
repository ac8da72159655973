//! Money taken from cards (debits) and sent to them (credits).
//!
//! What really happens is planned and stored in one transaction before anything is answered; the
//! plan may hold a second outcome for later, which shows once the bank's clock has reached it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::Bank;
use crate::callback;
use crate::card::{Issuer, issuer_of};
use crate::database::{business_day, count_attempt, fingerprint, random_digits, seen};
use crate::delivery::Delivery;
use crate::failure::{Failure, check_request_id};
use crate::plan::{Kind, Outcome, Plan, Status};
use crate::scenario::Behaviour;
use crate::signing::card_of_token;

const AMOUNT_MAX: i64 = 99_999_999_999;

#[derive(Deserialize, Serialize)]
pub(crate) struct OperationBody {
    request_id: String,
    token: String,
    amount: i64,
    currency: String,
}

/// Where a debit or credit stands.
#[derive(Serialize)]
pub(crate) struct OperationAnswer {
    pub kind: &'static str,
    pub request_id: String,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub bank_ref: String,
    pub amount: i64,
}

/// `POST /bank/v1/debits`
pub(crate) async fn debit(
    State(bank): State<Bank>,
    Json(body): Json<OperationBody>,
) -> Result<Response, Failure> {
    perform(bank, Kind::Debit, body).await
}

/// `POST /bank/v1/credits`
pub(crate) async fn credit(
    State(bank): State<Bank>,
    Json(body): Json<OperationBody>,
) -> Result<Response, Failure> {
    perform(bank, Kind::Credit, body).await
}

/// `GET /bank/v1/debits/{request_id}`
pub(crate) async fn find_debit(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    find(bank, Kind::Debit, id).await
}

/// `GET /bank/v1/credits/{request_id}`
pub(crate) async fn find_credit(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    find(bank, Kind::Credit, id).await
}

async fn find(bank: Bank, kind: Kind, id: String) -> Result<Response, Failure> {
    let answer = bank.database.run(move |tx, now| load(tx, now, kind, &id)).await?;
    Ok(Json(answer).into_response())
}

async fn perform(bank: Bank, kind: Kind, body: OperationBody) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    if !(1..=AMOUNT_MAX).contains(&body.amount) || body.currency != "CNY" {
        return Err(Failure::Bad("amount is whole fen above zero, currency is CNY"));
    }
    let known = bank.clone();
    let (answer, delivery) =
        bank.database.run(move |tx, now| start(tx, now, &known, kind, &body)).await?;
    bank.wake.notify_one();
    Ok(delivery.send(&answer, bank.late_after).await)
}

fn start(
    tx: &Transaction<'_>,
    now: i64,
    bank: &Bank,
    kind: Kind,
    body: &OperationBody,
) -> Result<(Option<OperationAnswer>, Delivery), Failure> {
    let id = &body.request_id;
    let print = fingerprint(body)?;
    let query = "SELECT fingerprint FROM operation WHERE kind = ?1 AND request_id = ?2";
    if seen(tx, query, params![kind.as_str(), id], &print)? {
        return Ok((Some(load(tx, now, kind, id)?), Delivery::AtOnce));
    }
    let (card_number, behaviour) = match card_of_token(tx, &body.token)? {
        None => (String::new(), Behaviour::Decline("14".to_owned())),
        Some((card, false)) => (card, Behaviour::Decline("57".to_owned())),
        Some((card, true)) => {
            let behaviour = bank.scenarios.of_movement(&card, kind.phase(), body.amount);
            let over = kind == Kind::Debit && over_limit(tx, now, &card, body.amount)?;
            let limited = over && behaviour == Behaviour::Agree;
            let behaviour = if limited { Behaviour::Decline("61".to_owned()) } else { behaviour };
            (card, behaviour)
        }
    };
    let attempt = count_attempt(tx, &format!("{}/{id}", kind.as_str()))?;
    if let Some(delivery) = Delivery::instead(&behaviour, attempt) {
        return Ok((None, delivery));
    }
    let late_us = i64::try_from(bank.late_after.as_micros()).unwrap_or(i64::MAX / 4);
    let plan = Plan::of(&behaviour, kind, now, late_us);
    record(tx, now, bank, &card_number, kind, body, &print, &plan)?;
    Ok((Some(load(tx, now, kind, id)?), Delivery::of(&behaviour)))
}

/// True when the bank's own limits for the card, per payment and day, would be exceeded.
fn over_limit(
    tx: &Transaction<'_>,
    now: i64,
    card_number: &str,
    amount: i64,
) -> Result<bool, Failure> {
    let (issuer, card_kind) = issuer_of(card_number);
    let (single, day) = issuer.limits_fen(card_kind);
    let spent: i64 = tx.query_row(
        "SELECT coalesce(sum(amount), 0) FROM line
         WHERE day = ?1 AND bank = ?2 AND card_number = ?3 AND direction = 'DEBIT'",
        params![business_day(now), issuer.code, card_number],
        |row| row.get(0),
    )?;
    Ok(amount > single || spent + amount > day)
}

#[expect(clippy::too_many_arguments, reason = "one row from what was asked and what was planned")]
fn record(
    tx: &Transaction<'_>,
    now: i64,
    bank: &Bank,
    card_number: &str,
    kind: Kind,
    body: &OperationBody,
    print: &[u8; 32],
    plan: &Plan,
) -> Result<(), Failure> {
    let issuer = issuer_of(card_number).0;
    let refs = [reference(issuer, now), reference(issuer, now)];
    let (later_us, later) =
        plan.later.as_ref().map_or((None, None), |(at, outcome)| (Some(*at), Some(outcome)));
    tx.execute(
        "INSERT INTO operation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            kind.as_str(),
            body.request_id,
            print,
            body.amount,
            refs[0],
            plan.first.status.as_str(),
            plan.first.code,
            later_us,
            later.map(|outcome| outcome.status.as_str()),
            later.and_then(|outcome| outcome.code.clone())
        ],
    )?;
    for step in &plan.moves {
        let direction =
            if step.back { format!("{}_RETURN", kind.as_str()) } else { kind.as_str().to_owned() };
        tx.execute(
            "INSERT INTO line (bank, card_number, bank_ref, request_id, direction, amount, at_us,
                day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                issuer.code,
                card_number,
                refs[step.reference],
                body.request_id,
                direction,
                body.amount,
                step.at,
                business_day(step.at)
            ],
        )?;
    }
    if !bank.has_callback() {
        return Ok(());
    }
    for call in &plan.calls {
        let answer = OperationAnswer {
            kind: kind.as_str(),
            request_id: body.request_id.clone(),
            status: call.outcome.status.as_str(),
            code: call.outcome.code.clone(),
            bank_ref: refs[call.reference].clone(),
            amount: body.amount,
        };
        callback::enqueue(tx, call.due, &answer)?;
    }
    Ok(())
}

fn reference(issuer: &Issuer, now: i64) -> String {
    format!("{}{}{}", issuer.code, business_day(now).replace('-', ""), random_digits(12))
}

/// The answer as it stands at this moment.
fn load(tx: &Transaction<'_>, now: i64, kind: Kind, id: &str) -> Result<OperationAnswer, Failure> {
    let query = "SELECT amount, bank_ref, status, code, later_us, later_status, later_code
        FROM operation WHERE kind = ?1 AND request_id = ?2";
    let answer = tx.query_row(query, params![kind.as_str(), id], |row| {
        let later_us: Option<i64> = row.get(4)?;
        let place = if later_us.is_some_and(|at| at <= now) { 5 } else { 2 };
        let status: String = row.get(place)?;
        let status = Status::parse(&status).ok_or(rusqlite::Error::InvalidQuery)?;
        let outcome = Outcome { status, code: row.get(place + 1)? };
        Ok(OperationAnswer {
            kind: kind.as_str(),
            request_id: id.to_owned(),
            status: outcome.status.as_str(),
            code: outcome.code,
            bank_ref: row.get(1)?,
            amount: row.get(0)?,
        })
    });
    answer.optional()?.ok_or(Failure::NotSeen)
}
