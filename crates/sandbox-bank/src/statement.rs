//! The daily statement: every movement of money of one day, as the bank booked it.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::Bank;
use crate::failure::Failure;

#[derive(Deserialize, Serialize)]
pub(crate) struct StatementQuery {
    day: String,
    #[serde(default)]
    bank: Option<String>,
}

#[derive(Serialize)]
struct Line {
    bank: String,
    bank_ref: String,
    request_id: String,
    direction: String,
    amount: i64,
    currency: &'static str,
    day: String,
}

/// `GET /bank/v1/statement?day=2026-11-21&bank=ICBC`
pub(crate) async fn show(
    State(bank): State<Bank>,
    Query(query): Query<StatementQuery>,
) -> Result<Response, Failure> {
    if query.day.parse::<jiff::civil::Date>().is_err() {
        return Err(Failure::Bad("day is written 2026-11-21"));
    }
    let day = query.day.clone();
    let lines = bank
        .database
        .run(move |tx, now| {
            let mut select = tx.prepare_cached(
                "SELECT bank, bank_ref, request_id, direction, amount, day FROM line
                 WHERE day = ?1 AND (?2 IS NULL OR bank = ?2) AND at_us <= ?3 ORDER BY at_us, id",
            )?;
            let rows = select.query_map(params![query.day, query.bank, now], |row| {
                Ok(Line {
                    bank: row.get(0)?,
                    bank_ref: row.get(1)?,
                    request_id: row.get(2)?,
                    direction: row.get(3)?,
                    amount: row.get(4)?,
                    currency: "CNY",
                    day: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(Json(serde_json::json!({ "day": day, "lines": lines })).into_response())
}
