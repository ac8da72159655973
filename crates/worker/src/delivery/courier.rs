//! What a sandbox sees of deliveries and does beside them: it is told of every attempt, and sends a
//! notification again, whole or with a flaw, without the schedule knowing.

use super::notice::Notice;
use super::sender::{Sender, Sent};
use apiv3::sign::SIGNATURE_HEADER;
use domain::fact::Fact;
use hyper::header::HeaderValue;
use std::fmt;
use std::sync::Arc;
use store::Queries;
use store::queries::find;

/// How the signature of a probe begins, by which the protocol looks whether merchants check it.
const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// What is wrong with a notification that is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// One byte of its body was changed after it was signed.
    Body,
    /// Its signature is a probe: it looks like one and fits nothing.
    Signature,
}

impl Flaw {
    /// Puts it into a notification, or says why it cannot be.
    fn put_into(self, notice: &mut Notice) -> Result<(), &'static str> {
        // Of one that is not signed nothing could tell.
        if self != Self::None && !notice.headers.contains_key(SIGNATURE_HEADER) {
            return Err("it carries no signature");
        }
        match self {
            Self::None => {}
            Self::Body => {
                // The first digit of its id: it stays JSON, and only the signature tells.
                if let Some(byte) = notice.body.iter_mut().find(|byte| byte.is_ascii_digit()) {
                    *byte = if *byte == b'0' { b'1' } else { b'0' };
                }
            }
            Self::Signature => {
                let signature = notice.headers.get_mut(SIGNATURE_HEADER);
                let signature = signature.ok_or("it carries no signature")?;
                // As long as the right one and base64 like it, so that only a check tells.
                let rest = signature.as_bytes().get(PROBE.len()..).unwrap_or_default();
                *signature = HeaderValue::from_bytes(&[PROBE.as_bytes(), rest].concat())
                    .map_err(|_| "its signature is no text")?;
            }
        }
        Ok(())
    }
}

/// What a notification tells, before it was encrypted; not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Literal of `event_type`; empty in XML, which has none.
    pub event_type: &'static str,
    /// What a merchant finds once it decrypted it.
    pub resource: Vec<u8>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("event_type", &self.event_type).finish_non_exhaustive()
    }
}

/// One attempt to notify a merchant.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The batch of its fact.
    pub batch: i64,
    /// The place of its fact.
    pub place: i64,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of what it is about.
    pub subject: String,
    /// Where it went.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// What it tells.
    pub content: Content,
    /// Why it was not acknowledged; `None` if it was.
    pub outcome: Option<String>,
}

impl Attempt {
    pub(super) fn of(fact: &Fact, notice: &Notice) -> Self {
        let text = |value: &hyper::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        Self {
            batch: fact.batch,
            place: fact.place,
            mchid: fact.mchid.clone(),
            subject: fact.subject.clone(),
            url: notice.url.clone(),
            headers: notice
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: notice.body.clone(),
            content: notice.content.clone(),
            outcome: None,
        }
    }
}

/// Is told of every attempt, as soon as it ended.
pub trait Witness: Send + Sync + 'static {
    /// Takes note.
    fn saw(&self, attempt: Attempt);
}

/// See the module.
#[derive(Clone)]
pub struct Courier {
    queries: Arc<dyn Queries>,
    sender: Sender,
}

impl Courier {
    pub(crate) fn new(queries: Arc<dyn Queries>, sender: Sender) -> Self {
        Self { queries, sender }
    }

    /// Sends the notification of a fact, signed anew, and gives what came of it in words.
    pub async fn send(&self, batch: i64, place: i64, flaw: Flaw) -> String {
        let fact = match find::<Fact>(self.queries.as_ref(), &(batch, place)).await {
            Ok(Some(fact)) => fact,
            Ok(None) => return "no such notification".to_owned(),
            Err(error) => return error.to_string(),
        };
        match self.sender.attempt_with(&fact, "again", |notice| flaw.put_into(notice)).await {
            Sent::Acknowledged if flaw != Flaw::None => {
                "acknowledged, but a merchant that checks signatures refuses it".to_owned()
            }
            Sent::Acknowledged => "acknowledged".to_owned(),
            Sent::Failed(why) => why,
            Sent::Untried => "not tried, the database does not answer".to_owned(),
        }
    }
}
