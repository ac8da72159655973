//! Messages that a bank sends on its own: proven to be the bank's before anything is read.

use aws_lc_rs::hmac;
use kernel::{Amount, ExposeSecret, SecretString};

use super::BankAnswer;
use super::sandbox::MovementReply;
use crate::{RequestId, Unclear};

/// How far the message's time may lie from ours, in seconds either way.
const WINDOW_SECONDS: i64 = 300;

/// Which way money goes, seen from the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Taken from the card.
    Debit,
    /// Sent to the card.
    Credit,
}

impl Direction {
    /// `DEBIT` or `CREDIT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "DEBIT",
            Self::Credit => "CREDIT",
        }
    }
}

/// What the bank tells about one movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankCallback {
    /// Which kind of movement.
    pub direction: Direction,
    /// Our id of the movement.
    pub request_id: RequestId,
    /// The amount that the bank speaks of.
    pub amount: Amount,
    /// What it says; never unknown or not seen.
    pub answer: BankAnswer,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefused {
    /// The timestamp is unreadable or more than five minutes off.
    #[error("timestamp missing or too far off")]
    Time,
    /// The signature is not the bank's.
    #[error("wrong signature")]
    Signature,
    /// The body is the bank's but says nothing the protocol allows.
    #[error("unreadable body")]
    Body,
}

/// Checks time and signature of a message, then reads it. `timestamp` and `signature` are the
/// headers `bank-timestamp` (seconds since 1970) and `bank-signature` (hexadecimal); `now` is the
/// real time in seconds. A message repeated within the window is taken again: what it says is
/// bound to the movement and does no harm twice.
///
/// # Errors
/// When any of the three is not as it must be.
pub fn open_callback(
    secret: &SecretString,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now: i64,
) -> Result<BankCallback, CallbackRefused> {
    let sent: i64 = timestamp.parse().map_err(|_| CallbackRefused::Time)?;
    if sent.abs_diff(now) > WINDOW_SECONDS.unsigned_abs() {
        return Err(CallbackRefused::Time);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let signature = hex::decode(signature).map_err(|_| CallbackRefused::Signature)?;
    let signed = [timestamp.as_bytes(), b".", body].concat();
    hmac::verify(&key, &signed, &signature).map_err(|_| CallbackRefused::Signature)?;

    let reply: MovementReply = serde_json::from_slice(body).map_err(|_| CallbackRefused::Body)?;
    let direction = match reply.kind.as_str() {
        "DEBIT" => Direction::Debit,
        "CREDIT" => Direction::Credit,
        _ => return Err(CallbackRefused::Body),
    };
    let request_id =
        RequestId::parse(reply.request_id.as_str()).map_err(|_| CallbackRefused::Body)?;
    let amount = Amount::fen(reply.amount).map_err(|_| CallbackRefused::Body)?;
    match reply.answer(direction, &request_id) {
        BankAnswer::Unknown(Unclear::Unreadable) => Err(CallbackRefused::Body),
        answer => Ok(BankCallback { direction, request_id, amount, answer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const BODY: &str =
        r#"{"kind":"DEBIT","request_id":"tp_1","status":"SUCCESS","bank_ref":"R1","amount":500}"#;

    fn secret() -> SecretString {
        "a-shared-secret-for-tests".to_owned().into()
    }

    fn sign(timestamp: &str, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret().expose_secret().as_bytes());
        hex::encode(hmac::sign(&key, format!("{timestamp}.{body}").as_bytes()))
    }

    fn open(timestamp: &str, signature: &str, body: &str) -> Result<BankCallback, CallbackRefused> {
        open_callback(&secret(), timestamp, signature, body.as_bytes(), NOW)
    }

    #[test]
    fn a_signed_message_is_read() {
        let time = NOW.to_string();
        let callback = open(&time, &sign(&time, BODY), BODY).unwrap();
        assert_eq!(callback.direction, Direction::Debit);
        assert_eq!(callback.amount, Amount::fen(500).unwrap());
        assert_eq!(callback.answer, BankAnswer::Done { bank_ref: "R1".to_owned() });
    }

    #[test]
    fn an_altered_unsigned_or_old_message_is_refused() {
        let time = NOW.to_string();
        let altered = BODY.replace("500", "501");
        assert_eq!(open(&time, &sign(&time, BODY), &altered), Err(CallbackRefused::Signature));
        for bad in ["", "zz", "00"] {
            assert_eq!(open(&time, bad, BODY), Err(CallbackRefused::Signature));
        }
        let old = (NOW - 301).to_string();
        assert_eq!(open(&old, &sign(&old, BODY), BODY), Err(CallbackRefused::Time));
        assert_eq!(open("soon", &sign("soon", BODY), BODY), Err(CallbackRefused::Time));
    }

    #[test]
    fn a_signed_message_that_makes_no_sense_is_refused() {
        let time = NOW.to_string();
        for (from, to) in [("500", "0"), ("DEBIT", "GIFT"), ("SUCCESS", "FINE"), ("tp_1", "t/1")] {
            let body = BODY.replace(from, to);
            assert_eq!(open(&time, &sign(&time, &body), &body), Err(CallbackRefused::Body));
        }
    }
}
