//! The signature of a request: reading `Authorization`, and checking it over the raw bytes of
//! the request target and body, which are never rewritten.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::diagnosis::Diagnosis;
use crate::key_name::Serial;
use crate::keys::{PrivateKey, PublicKey};
use crate::language::Language;
use crate::sign::SCHEME;
use crate::target::unescaped_target;

/// How far a request's timestamp may lie from the server's clock, in seconds, either way.
pub const WINDOW_S: i64 = 300;

const HEADER_BYTES_MAX: usize = 2048;
const NONCE_CHARS_MAX: usize = 32;
const MCHID_CHARS_MAX: usize = 32;
const TIMESTAMP_DIGITS_MAX: usize = 12;
const SHOWN_BODY_CHARS: usize = 8;
const SHOWN_TARGET_CHARS: usize = 256;

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct RawRequest<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Path and query exactly as on the request line.
    pub target: &'a str,
    /// Exact bytes; of an upload only the text of its `meta` field.
    pub body: &'a [u8],
}

/// A well-formed `Authorization` header. Nothing in it is believed before
/// [`Authorization::verify`] agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The calling merchant, 1 to 32 letters and digits.
    pub mchid: String,
    /// Serial number of the merchant's certificate.
    pub serial: Serial,
    /// 1 to 32 letters and digits.
    pub nonce: String,
    /// Unix seconds.
    pub timestamp_s: i64,
    /// Raw signature bytes.
    pub signature: Vec<u8>,
}

/// Why a request is not authenticated. Every variant is SIGN_ERROR on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// No `Authorization` header.
    HeaderMissing,
    /// The header is not written as the scheme demands.
    HeaderSyntax,
    /// This merchant has no valid certificate of this serial number.
    UnknownSerial,
    /// The timestamp is more than [`WINDOW_S`] away.
    Expired,
    /// The nonce was used before.
    NonceReused,
    /// The signature does not match the message.
    Mismatch(Box<SignedMessage>),
}

/// What the server believes was signed, shown to the merchant to find the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMessage {
    method: String,
    url: String,
    length: usize,
    truncated: String,
    /// Told by a sandbox only: it shows the body.
    diagnosis: Option<Diagnosis>,
}

impl SignatureFault {
    /// The same fault, told to a developer: with all that the server signed.
    #[must_use]
    pub fn diagnosed(
        mut self,
        signed: &Authorization,
        key: &PublicKey,
        request: &RawRequest<'_>,
    ) -> Self {
        if let Self::Mismatch(message) = &mut self {
            message.diagnosis = Some(Diagnosis::of(signed, key, request));
        }
        self
    }
}

impl Authorization {
    /// Reads the header: the scheme, one space, and five `key="value"` pairs in any order.
    ///
    /// # Errors
    /// `HeaderSyntax` if a key is missing, repeated or unknown, or a value has another form.
    pub fn parse(header: &str) -> Result<Self, SignatureFault> {
        Self::read(header).ok_or(SignatureFault::HeaderSyntax)
    }

    fn read(header: &str) -> Option<Self> {
        if header.len() > HEADER_BYTES_MAX || !header.is_ascii() {
            return None;
        }
        let pairs = header.strip_prefix(SCHEME)?.strip_prefix(' ')?;
        let [mut mchid, mut serial, mut nonce, mut timestamp, mut signature] = [None; 5];
        for pair in pairs.split(',') {
            let (key, value) = pair.trim_matches(' ').split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            let slot = match key {
                "mchid" => &mut mchid,
                "serial_no" => &mut serial,
                "nonce_str" => &mut nonce,
                "timestamp" => &mut timestamp,
                "signature" => &mut signature,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            mchid: letters_and_digits(mchid?, MCHID_CHARS_MAX)?,
            serial: Serial::parse(serial?)?,
            nonce: letters_and_digits(nonce?, NONCE_CHARS_MAX)?,
            timestamp_s: read_timestamp(timestamp?)?,
            signature: BASE64_STANDARD.decode(signature?).ok()?,
        })
    }

    /// Checks the timestamp against `now_s`, the real clock in Unix seconds.
    ///
    /// # Errors
    /// `Expired` if they are more than [`WINDOW_S`] apart.
    pub fn check_time(&self, now_s: i64) -> Result<(), SignatureFault> {
        if now_s.abs_diff(self.timestamp_s) > WINDOW_S.unsigned_abs() {
            return Err(SignatureFault::Expired);
        }
        Ok(())
    }

    /// Checks the signature with the merchant's key. A target with escapes is tried a second
    /// time without them, because one client signs before it escapes.
    ///
    /// # Errors
    /// `Mismatch` with the message that the server checked against.
    pub fn verify(&self, key: &PublicKey, request: &RawRequest<'_>) -> Result<(), SignatureFault> {
        let matches = |target: &[u8]| {
            let head = message_head(request.method, target, self.timestamp_s, &self.nonce);
            key.verifies(&[&head, request.body, b"\n"], &self.signature)
        };
        let unescaped = || unescaped_target(request.target).is_some_and(|target| matches(&target));
        if matches(request.target.as_bytes()) || unescaped() {
            return Ok(());
        }
        Err(SignatureFault::Mismatch(Box::new(self.shown_message(request))))
    }

    /// Signs a request as a merchant does and writes the header.
    #[must_use]
    pub fn sign(
        key: &PrivateKey,
        (mchid, serial): (&str, &Serial),
        (nonce, timestamp_s): (&str, i64),
        request: &RawRequest<'_>,
    ) -> String {
        let head = message_head(request.method, request.target.as_bytes(), timestamp_s, nonce);
        let signature = BASE64_STANDARD.encode(key.sign(&[&head, request.body, b"\n"]));
        format!(
            "{SCHEME} mchid=\"{mchid}\",nonce_str=\"{nonce}\",timestamp=\"{timestamp_s}\",\
             serial_no=\"{serial}\",signature=\"{signature}\""
        )
    }

    fn shown_message(&self, request: &RawRequest<'_>) -> SignedMessage {
        let target: String = request.target.chars().take(SHOWN_TARGET_CHARS).collect();
        let head =
            message_head(request.method, request.target.as_bytes(), self.timestamp_s, &self.nonce);
        let body_start = &request.body[..request.body.len().min(4 * SHOWN_BODY_CHARS)];
        let body: String =
            String::from_utf8_lossy(body_start).chars().take(SHOWN_BODY_CHARS).collect();
        SignedMessage {
            method: request.method.to_owned(),
            length: head.len() + request.body.len() + 1,
            truncated: format!(
                "{}\n{target}\n{}\n{}\n{body}\n",
                request.method, self.timestamp_s, self.nonce
            ),
            url: target,
            diagnosis: None,
        }
    }
}

impl SignatureFault {
    /// The fault in words.
    #[must_use]
    pub fn text(&self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::HeaderMissing => ("缺少 Authorization 头", "the Authorization header is missing"),
            Self::HeaderSyntax => ("Authorization 头格式不正确", "the header is malformed"),
            Self::UnknownSerial => {
                ("商户证书序列号有误", "the merchant has no such certificate serial")
            }
            Self::Expired => ("时间戳已过期", "the timestamp is outside the window"),
            Self::NonceReused => ("nonce_str 已被使用", "nonce_str was used before"),
            Self::Mismatch(_) => ("签名不匹配，请检查", "the signature does not match"),
        };
        language.pick(chinese, english)
    }

    pub(crate) fn to_wire(&self) -> Option<Value> {
        let (field, issue) = match self {
            Self::HeaderMissing | Self::HeaderSyntax => return None,
            Self::UnknownSerial => ("serial_no", "serial_no not found"),
            Self::Expired => ("timestamp", "timestamp expired"),
            Self::NonceReused => ("nonce_str", "nonce_str reused"),
            Self::Mismatch(_) => ("signature", "sign not match"),
        };
        let mut wire = json!({
            "field": field,
            "location": "authorization",
            "detail": { "issue": issue },
        });
        if let Self::Mismatch(message) = self {
            wire["sign_information"] = json!({
                "method": message.method,
                "url": message.url,
                "sign_message_length": message.length,
                "truncated_sign_message": message.truncated,
            });
            if let Some(diagnosis) = &message.diagnosis {
                wire["sandbox"] = diagnosis.to_wire();
            }
        }
        Some(wire)
    }
}

pub(crate) fn message_head(method: &str, target: &[u8], timestamp_s: i64, nonce: &str) -> Vec<u8> {
    let timestamp = timestamp_s.to_string();
    let lines = [method.as_bytes(), target, timestamp.as_bytes(), nonce.as_bytes(), b""];
    lines.join(&b'\n')
}

fn letters_and_digits(text: &str, chars_max: usize) -> Option<String> {
    let fits = (1..=chars_max).contains(&text.len());
    (fits && text.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| text.to_owned())
}

/// Reads the one spelling of a number, so that the signed text can be written again from it.
fn read_timestamp(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    (digits && text.len() <= TIMESTAMP_DIGITS_MAX).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
