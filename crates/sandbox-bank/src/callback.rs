//! Messages the bank sends on its own: signed, retried a bounded number of times.

use std::time::Duration;

use aws_lc_rs::hmac;
use rusqlite::{Transaction, params};
use serde::Serialize;

use crate::Bank;
use crate::database::real_us;
use crate::failure::Failure;
use crate::signing;

const ATTEMPTS_MAX: i64 = 8;
const TICK: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(5);

/// Plans a callback for a time of the bank's clock.
pub(crate) fn enqueue(
    tx: &Transaction<'_>,
    due_us: i64,
    body: &impl Serialize,
) -> Result<(), Failure> {
    tx.execute(
        "INSERT INTO callback (body, due_us, retry_us, attempts, state)
         VALUES (?1, ?2, 0, 0, 'WAITING')",
        params![serde_json::to_string(body)?, due_us],
    )?;
    Ok(())
}

/// Lets time have its effect and sends what is due, until the future is dropped.
pub(crate) async fn keep_sending(bank: Bank) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .expect("a client without TLS needs nothing from the system");
    loop {
        // Either wakes the loop; a tick also finds what became due by time alone.
        let _ = tokio::time::timeout(TICK, bank.wake.notified()).await;
        if let Err(error) = send_due(&bank, &client).await {
            tracing::error!(?error, "sandbox bank failed to work its callbacks");
        }
    }
}

async fn send_due(bank: &Bank, client: &reqwest::Client) -> Result<(), Failure> {
    let due = bank
        .database
        .run(|tx, now| {
            signing::settle_due(tx, now)?;
            due_callbacks(tx, now)
        })
        .await?;
    let Some(url) = &bank.callback_url else { return Ok(()) };
    for (id, body, attempts) in due {
        let sent = post(client, url, &bank.secret, body).await;
        bank.database.run(move |tx, _| note_attempt(tx, id, attempts + 1, sent)).await?;
    }
    Ok(())
}

fn due_callbacks(tx: &Transaction<'_>, now: i64) -> Result<Vec<(i64, String, i64)>, Failure> {
    let mut query = tx.prepare_cached(
        "SELECT id, body, attempts FROM callback
         WHERE state = 'WAITING' AND due_us <= ?1 AND retry_us <= ?2 ORDER BY id LIMIT 100",
    )?;
    let rows = query
        .query_map(params![now, real_us()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Waits twice as long after each failure: 1, 2, 4 seconds and so on.
fn note_attempt(tx: &Transaction<'_>, id: i64, attempts: i64, sent: bool) -> Result<(), Failure> {
    let state = match (sent, attempts) {
        (true, _) => "SENT",
        (false, ATTEMPTS_MAX..) => "GIVEN_UP",
        (false, _) => "WAITING",
    };
    let wait_us = 1_000_000_i64 << (attempts - 1).clamp(0, ATTEMPTS_MAX);
    tx.execute(
        "UPDATE callback SET attempts = ?2, state = ?3, retry_us = ?4 WHERE id = ?1",
        params![id, attempts, state, real_us() + wait_us],
    )?;
    Ok(())
}

async fn post(client: &reqwest::Client, url: &str, secret: &str, body: String) -> bool {
    let timestamp = (real_us() / 1_000_000).to_string();
    let signature = sign(secret, &timestamp, &body);
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("bank-timestamp", timestamp)
        .header("bank-signature", signature)
        .body(body);
    request.send().await.is_ok_and(|response| response.status().is_success())
}

/// HMAC-SHA-256 over `timestamp.body` with the shared secret, in hexadecimal.
fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, format!("{timestamp}.{body}").as_bytes()))
}
