//! How a command with a key happens once: its outcome is kept beside its changes, in the same
//! batch, and a repeat is answered from it.
//!
//! Two tables take turns: both are looked up, the current one is written.

use crate::failed::{Failed, Failure};
use domain::catalogue::{Code, Param, Params};
use domain::idempotency::{Answered, IdempotencyEven, IdempotencyOdd};
use domain::record::{Record, Row, RowKey};
use domain::{Command, Halt, Tx};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form in which outcomes are written now.
const FORM: i64 = 1;

/// A key with its owner, and what the request under it was.
pub(crate) struct Ticket {
    key: (String, String),
    record_keys: [RowKey; 2],
    fingerprint: [u8; 32],
}

impl Ticket {
    pub(crate) fn new(owner: String, key: String, fingerprint: [u8; 32]) -> Self {
        let key = (key, owner);
        let record_keys = [RowKey::of::<IdempotencyEven>(&key), RowKey::of::<IdempotencyOdd>(&key)];
        Self { key, record_keys, fingerprint }
    }

    /// Where a record under this key would be.
    pub(crate) fn record_keys(&self) -> &[RowKey] {
        &self.record_keys
    }

    /// What was answered under this key before.
    pub(crate) fn look_up(&self, tx: &mut Tx<'_>) -> Result<Option<Answered>, Halt> {
        if let Some(record) = tx.find::<IdempotencyEven>(&self.key)? {
            return Ok(Some(record.answered()));
        }
        Ok(tx.find::<IdempotencyOdd>(&self.key)?.map(IdempotencyOdd::answered))
    }

    /// The record of a done command.
    pub(crate) fn done(&self, done: &impl Serialize, turn: i64, at: Timestamp) -> Kept {
        self.record(String::new(), to_json(done)?, turn, at)
    }

    /// The record of a refusal.
    pub(crate) fn refused(&self, failure: &Failure, turn: i64, at: Timestamp) -> Kept {
        let outcome = to_json(&StoredFailure::from(failure))?;
        self.record(failure.code.as_str().to_owned(), outcome, turn, at)
    }

    fn record(&self, code: String, outcome: String, turn: i64, at: Timestamp) -> Kept {
        let (key, owner) = self.key.clone();
        let answered = Answered { fingerprint: self.fingerprint, code, form: FORM, outcome, at };
        Ok(match turn {
            0 => row(IdempotencyEven::new(key, owner, answered)),
            _ => row(IdempotencyOdd::new(key, owner, answered)),
        })
    }

    /// The answer that a record holds for this request; `Err` when it cannot be read.
    pub(crate) fn replay<C: Command>(
        &self,
        record: Answered,
    ) -> Result<Result<C::Done, Failed<C::Refusal>>, String> {
        if record.fingerprint != self.fingerprint {
            return Ok(Err(Failed::KeyConflict));
        }
        if record.form != FORM {
            return Err(format!("a kept answer has the unknown form {}", record.form));
        }
        if record.code.is_empty() {
            return from_json(&record.outcome).map(Ok);
        }
        let code = Code::parse(&record.code)
            .ok_or_else(|| format!("a kept answer has the unknown code {}", record.code))?;
        let stored: StoredFailure = from_json(&record.outcome)?;
        Ok(Err(Failed::Replayed(stored.failure(code))))
    }
}

/// A record to be written, or why it cannot be.
type Kept = Result<(RowKey, Row), String>;

fn row<R: Record>(record: R) -> (RowKey, Row) {
    (Record::row_key(&record), Arc::new(record))
}

fn to_json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| format!("an outcome cannot be kept: {error}"))
}

fn from_json<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("a kept answer cannot be read: {error}"))
}

/// The stored form of a refusal beside its code. Names here are an interface: add, never rename.
#[derive(Serialize, Deserialize)]
struct StoredFailure {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    params: Vec<(String, StoredParam)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum StoredParam {
    #[serde(rename = "number")]
    Number(i64),
    #[serde(rename = "amount")]
    Amount(i64),
    #[serde(rename = "time")]
    Time(i64),
    #[serde(rename = "text")]
    Text(String),
}

impl From<&Failure> for StoredFailure {
    fn from(failure: &Failure) -> Self {
        let stored = |param: &Param| match param {
            Param::Number(number) => StoredParam::Number(*number),
            Param::Amount(minor) => StoredParam::Amount(*minor),
            Param::Time(micros) => StoredParam::Time(*micros),
            Param::Text(text) => StoredParam::Text(text.clone()),
        };
        let params = &failure.params.0;
        Self {
            params: params.iter().map(|(name, param)| ((*name).into(), stored(param))).collect(),
            field: failure.field.as_deref().map(str::to_owned),
        }
    }
}

impl StoredFailure {
    /// A placeholder that the catalogue no longer has is dropped: no text can show it.
    fn failure(self, code: Code) -> Failure {
        let param = |(name, param): (String, StoredParam)| {
            let value = match param {
                StoredParam::Number(number) => Param::Number(number),
                StoredParam::Amount(minor) => Param::Amount(minor),
                StoredParam::Time(micros) => Param::Time(micros),
                StoredParam::Text(text) => Param::Text(text),
            };
            Params::name(&name).map(|name| (name, value))
        };
        Failure {
            code,
            params: Params(self.params.into_iter().filter_map(param).collect()),
            field: self.field.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_refusal_reads_back_and_drops_unknown_names() {
        let name = Params::name("time").unwrap();
        let failure = Failure {
            code: Code::SystemBusy,
            params: Params(vec![
                (name, Param::Time(7)),
                ("left", Param::Number(-1)),
                ("limit", Param::Amount(5)),
                ("reason", Param::Text("\"é".into())),
            ]),
            field: Some("/amount".into()),
        };
        let text = to_json(&StoredFailure::from(&failure)).unwrap();
        let stored: StoredFailure = from_json(&text).unwrap();
        assert_eq!(stored.failure(Code::SystemBusy), failure);
        let old = r#"{"params":[["no-such-name",{"number":1}]],"later":true}"#;
        let stored: StoredFailure = from_json(old).unwrap();
        assert_eq!(stored.failure(Code::SystemBusy), Code::SystemBusy.into());
    }
}
