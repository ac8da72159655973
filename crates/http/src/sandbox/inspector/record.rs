//! What is remembered of a call and of a notification.

use apiv3::v2::{Diagnosis, SignType};
use kernel::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a body.
const BODY_BYTES_MAX: usize = 8 * 1024;
/// Attempts of one notification that are kept.
const ATTEMPTS_MAX: usize = 32;
/// Digits of a payment code, of which the first four are shown.
const PAYMENT_CODE_DIGITS: usize = 18;

/// The beginning of a body, copied while it passes.
#[derive(Clone, Default)]
pub struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Beginning {
    pub(super) fn take(&self, data: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = BODY_BYTES_MAX - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// It as text.
    pub fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        masked(&String::from_utf8_lossy(&kept))
    }
}

impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beginning")
    }
}

/// How the check of a request's signature ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It is right.
    Right,
    /// It is not; the answer says why, unless the call is held back.
    Wrong,
    /// There is none.
    Missing,
    /// The request was refused before.
    NotChecked,
}

/// Who called too often, so that the answer is 429 and says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// The address, without a signature that holds.
    Address,
    /// The merchant, with one.
    Merchant,
}

/// What a call of the XML interface says inside, where one in JSON has headers and a status.
#[derive(Clone, Debug, Default)]
pub struct XmlCall {
    /// What the message says of how it is signed; empty when it says nothing.
    pub sign_type: String,
    /// How its signature is checked; `None` when the message names no way that is known, or could
    /// not be read.
    pub checked_as: Option<SignType>,
    /// Whether its sign has lower-case letters, which are taken here and need not be elsewhere.
    pub is_lower_case: bool,
    /// Why the sign does not hold.
    pub diagnosis: Option<Diagnosis>,
    /// The numbers in the message that say what it is about, by their names.
    pub names: Vec<(&'static str, String)>,
    /// What came of it: empty when it was done, FAIL when the message was not taken, else the
    /// `err_code`.
    pub code: &'static str,
}

impl XmlCall {
    /// `return_code` and, if the message was taken, `result_code` of the answer.
    #[must_use]
    pub fn results(&self) -> &'static str {
        match self.code {
            "" => "SUCCESS SUCCESS",
            "FAIL" => "FAIL",
            _ => "SUCCESS FAIL",
        }
    }

    /// `err_code` of the answer, if it has one.
    #[must_use]
    pub fn err_code(&self) -> &'static str {
        if self.code == "FAIL" { "" } else { self.code }
    }
}

/// A call of a merchant.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// When it came, real time.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub micros: i64,
    /// The merchant that it names.
    pub mchid: String,
    /// Its method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The beginning of its body.
    pub request: Beginning,
    /// How the check of its signature ended.
    pub signature: Signature,
    /// Whether it is one call too many.
    pub held_back: Option<HeldBack>,
    /// What it says inside, on the XML interface.
    pub xml: Option<XmlCall>,
    /// What it was answered with.
    pub status: u16,
    /// The headers of the answer.
    pub answer_headers: Vec<(String, String)>,
    /// The beginning of the answer.
    pub answer: Beginning,
}

impl CallRecord {
    /// Whether the answer says that it was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status < 400 && self.xml.as_ref().is_none_or(|xml| xml.code.is_empty())
    }
}

/// One attempt to deliver a notification, as the worker saw it.
#[derive(Clone, Debug)]
pub struct NoticeSeen {
    /// The batch of its fact.
    pub batch: i64,
    /// The place of its fact.
    pub place: i64,
    /// When, real time.
    pub at: Timestamp,
    /// The merchant.
    pub mchid: String,
    /// What it is about: the merchant's number of the order or refund.
    pub subject: String,
    /// Where it went.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Its `event_type`; empty in XML, which has none.
    pub event_type: &'static str,
    /// What the merchant finds in it once it decrypted it.
    pub resource: Vec<u8>,
    /// What came of it, in words.
    pub outcome: String,
}

/// A notification with its attempts.
#[derive(Clone, Debug)]
pub struct NoticeRecord {
    /// The batch of its fact.
    pub batch: i64,
    /// The place of its fact.
    pub place: i64,
    /// The merchant.
    pub mchid: String,
    /// What it is about.
    pub subject: String,
    /// Where it goes.
    pub url: String,
    /// The headers of the last attempt.
    pub headers: Vec<(String, String)>,
    /// The body of the last attempt.
    pub body: String,
    /// Its `event_type`; empty in XML, which has none.
    pub event_type: &'static str,
    /// What the merchant finds in it once it decrypted it.
    pub resource: String,
    /// When it was tried and what came of it, oldest first.
    pub attempts: Vec<(Timestamp, String)>,
}

impl NoticeRecord {
    pub(super) fn of(seen: &NoticeSeen) -> Self {
        Self {
            batch: seen.batch,
            place: seen.place,
            mchid: seen.mchid.clone(),
            subject: seen.subject.clone(),
            url: seen.url.clone(),
            headers: Vec::new(),
            body: String::new(),
            event_type: seen.event_type,
            resource: String::new(),
            attempts: Vec::new(),
        }
    }

    pub(super) fn is_of(&self, batch: i64, place: i64) -> bool {
        (self.batch, self.place) == (batch, place)
    }

    pub(super) fn attempted(&mut self, seen: &NoticeSeen) {
        self.headers.clone_from(&seen.headers);
        let beginning = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).chars().take(BODY_BYTES_MAX).collect::<String>()
        };
        (self.body, self.resource) = (beginning(&seen.body), beginning(&seen.resource));
        if self.attempts.len() == ATTEMPTS_MAX {
            self.attempts.remove(0);
        }
        self.attempts.push((seen.at, seen.outcome.clone()));
    }
}

/// A text in which payment codes show only their beginning: whoever has one can charge its person.
pub(super) fn masked(text: &str) -> String {
    if text.contains("auth_code") { without_codes(text) } else { text.to_owned() }
}

/// The same for a text that is known to hold one.
pub(super) fn without_codes(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        let is_code = digits.len() == PAYMENT_CODE_DIGITS && ("10".."16").contains(&&digits[..2]);
        if is_code {
            shown.push_str(&digits[..4]);
            shown.push_str("**************");
        } else {
            shown.push_str(digits);
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}
