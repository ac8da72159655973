//! The identity authority: does this name belong to this document, and this phone to the person.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::Bank;
use crate::database::{count_attempt, fingerprint, seen};
use crate::delivery::Delivery;
use crate::failure::{Failure, check_request_id};

/// How long a slow check takes, in microseconds of business time.
const SLOW_US: i64 = 10 * 60 * 1_000_000;

/// What the authority does, chosen by the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Match,
    DocumentOnly,
    Mismatch(&'static str),
    Slow,
    BusyTwice,
    Down,
}

/// A name that ends with the Chinese word, or has the English one in it, gets the verdict.
struct SpecialName {
    zh_ending: &'static str,
    en_word: &'static str,
    verdict: Verdict,
    zh: &'static str,
    en: &'static str,
}

const SPECIAL_NAMES: &[SpecialName] = &[
    SpecialName {
        zh_ending: "不符",
        en_word: "MISMATCH",
        verdict: Verdict::Mismatch("INFO_MISMATCH"),
        zh: "姓名与证件不匹配：INFO_MISMATCH",
        en: "name and number do not belong together: INFO_MISMATCH",
    },
    SpecialName {
        zh_ending: "过期",
        en_word: "EXPIRED",
        verdict: Verdict::Mismatch("DOCUMENT_EXPIRED"),
        zh: "证件已失效：DOCUMENT_EXPIRED",
        en: "the document is no longer valid: DOCUMENT_EXPIRED",
    },
    SpecialName {
        zh_ending: "无号",
        en_word: "NOPHONE",
        verdict: Verdict::DocumentOnly,
        zh: "证件相符，手机号非本人",
        en: "the document matches, the phone is not theirs",
    },
    SpecialName {
        zh_ending: "待审",
        en_word: "PENDING",
        verdict: Verdict::Slow,
        zh: "10分钟后相符",
        en: "matches 10 minutes later",
    },
    SpecialName {
        zh_ending: "稍候",
        en_word: "FLAKY",
        verdict: Verdict::BusyTwice,
        zh: "前两次返回503，之后相符",
        en: "503 to the first two requests, then a match",
    },
    SpecialName {
        zh_ending: "停机",
        en_word: "DOWN",
        verdict: Verdict::Down,
        zh: "一直返回503",
        en: "503 always",
    },
];

/// The names of the page: (Chinese ending, English word, what happens in Chinese, in English).
pub(crate) fn special_names() -> impl Iterator<Item = [&'static str; 4]> {
    SPECIAL_NAMES.iter().map(|name| [name.zh_ending, name.en_word, name.zh, name.en])
}

#[derive(Deserialize, Serialize)]
pub(crate) struct CheckBody {
    request_id: String,
    document_type: String,
    document_number: String,
    name: String,
    #[serde(default)]
    phone: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct CheckAnswer {
    request_id: String,
    status: String,
    /// The independent channels that confirmed the person.
    channels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// `POST /identity/v1/checks`
pub(crate) async fn check(
    State(bank): State<Bank>,
    Json(body): Json<CheckBody>,
) -> Result<Response, Failure> {
    check_request_id(&body.request_id)?;
    if [&body.document_type, &body.document_number, &body.name].iter().any(|text| text.is_empty()) {
        return Err(Failure::Bad("document_type, document_number and name are required"));
    }
    let (answer, delivery) = bank.database.run(move |tx, now| decide(tx, now, &body)).await?;
    Ok(delivery.send(&answer, bank.late_after).await)
}

/// `GET /identity/v1/checks/{request_id}`
pub(crate) async fn find(
    State(bank): State<Bank>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let answer = bank.database.run(move |tx, now| load(tx, now, &id)).await?;
    Ok(Json(answer).into_response())
}

fn decide(
    tx: &Transaction<'_>,
    now: i64,
    body: &CheckBody,
) -> Result<(Option<CheckAnswer>, Delivery), Failure> {
    let print = fingerprint(body)?;
    let query = "SELECT fingerprint FROM identity_check WHERE request_id = ?1";
    if seen(tx, query, params![body.request_id], &print)? {
        return Ok((Some(load(tx, now, &body.request_id)?), Delivery::AtOnce));
    }
    let attempt = count_attempt(tx, &format!("identity/{}", body.request_id))?;
    let verdict = verdict_of(&body.name);
    if verdict == Verdict::Down || (verdict == Verdict::BusyTwice && attempt <= 2) {
        return Ok((None, Delivery::Busy));
    }
    let (status, code) = match verdict {
        Verdict::Mismatch(code) => ("MISMATCH", Some(code.to_owned())),
        Verdict::Match
        | Verdict::DocumentOnly
        | Verdict::Slow
        | Verdict::BusyTwice
        | Verdict::Down => ("MATCH", None),
    };
    let mut channels = Vec::new();
    if status == "MATCH" {
        channels.push("DOCUMENT".to_owned());
        if body.phone.is_some() && verdict != Verdict::DocumentOnly {
            channels.push("PHONE".to_owned());
        }
    }
    let answer = CheckAnswer {
        request_id: body.request_id.clone(),
        status: status.to_owned(),
        channels,
        code,
    };
    let due = (verdict == Verdict::Slow).then_some(now + SLOW_US);
    tx.execute(
        "INSERT INTO identity_check VALUES (?1, ?2, ?3, ?4)",
        params![body.request_id, print, serde_json::to_string(&answer)?, due],
    )?;
    Ok((Some(load(tx, now, &body.request_id)?), Delivery::AtOnce))
}

fn load(tx: &Transaction<'_>, now: i64, id: &str) -> Result<CheckAnswer, Failure> {
    let query = "SELECT answer, due_us FROM identity_check WHERE request_id = ?1";
    let row: Option<(String, Option<i64>)> =
        tx.query_row(query, params![id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (answer, due) = row.ok_or(Failure::NotSeen)?;
    if due.is_some_and(|due| due > now) {
        let status = "PENDING".to_owned();
        let request_id = id.to_owned();
        return Ok(CheckAnswer { request_id, status, channels: Vec::new(), code: None });
    }
    Ok(serde_json::from_str(&answer)?)
}

fn verdict_of(name: &str) -> Verdict {
    let upper = name.trim().to_uppercase();
    let words: Vec<&str> = upper.split(|letter: char| !letter.is_alphanumeric()).collect();
    SPECIAL_NAMES
        .iter()
        .find(|special| upper.ends_with(special.zh_ending) || words.contains(&special.en_word))
        .map_or(Verdict::Match, |special| special.verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_name_is_a_whole_word_or_a_chinese_ending() {
        assert_eq!(verdict_of("李不符"), Verdict::Mismatch("INFO_MISMATCH"));
        assert_eq!(verdict_of("ERIKSSON, Anna Flaky"), Verdict::BusyTwice);
        assert_eq!(verdict_of("Downing"), Verdict::Match);
        assert_eq!(verdict_of("不符合"), Verdict::Match);
    }
}
