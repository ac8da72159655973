//! The SMS carrier: takes a message for a phone.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::http::Reply;
use crate::{Answering, Connection, RequestId, Unclear};

/// What a carrier can be asked. Sending the same message again delivers it once.
pub trait SmsCarrier: Send + Sync {
    /// Hands a message over.
    fn send<'a>(&'a self, message: &'a SmsMessage) -> Answering<'a, SmsAnswer>;
}

/// A message for one phone.
#[derive(Clone, Debug)]
pub struct SmsMessage {
    /// Our id.
    pub request_id: RequestId,
    /// The phone, E.164.
    pub to: SecretString,
    /// The whole text, at most 1000 characters.
    pub text: SecretString,
    /// What it is for, such as `REGISTER`; at most 64 bytes.
    pub purpose: String,
}

/// What the carrier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsAnswer {
    /// Taken; it may still never arrive.
    Accepted,
    /// Refused for good.
    Refused {
        /// `DELIVERY_FAILED` or `PHONE_INVALID`.
        code: String,
    },
    /// No clear answer; send it again with the same id.
    Unknown(Unclear),
}

/// The carrier of the sandbox, whose messages appear in its inbox.
pub struct SandboxSms(Connection);

impl SandboxSms {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self(connection)
    }
}

#[derive(Serialize)]
struct SmsBody<'a> {
    request_id: &'a str,
    to: &'a str,
    text: &'a str,
    purpose: &'a str,
}

#[derive(Deserialize)]
struct SmsReply {
    status: String,
    code: Option<String>,
}

impl SmsCarrier for SandboxSms {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> Answering<'a, SmsAnswer> {
        Box::pin(async move {
            let body = SmsBody {
                request_id: message.request_id.as_str(),
                to: message.to.expose_secret(),
                text: message.text.expose_secret(),
                purpose: &message.purpose,
            };
            match self.0.post::<SmsReply>("/sms/v1/messages", &body).await {
                Err(unclear) => SmsAnswer::Unknown(unclear),
                Ok(Reply::NotSeen) => SmsAnswer::Unknown(Unclear::Unreadable),
                Ok(Reply::Answer(reply)) => match (reply.status.as_str(), reply.code) {
                    ("ACCEPTED", _) => SmsAnswer::Accepted,
                    ("REFUSED", Some(code)) => SmsAnswer::Refused { code },
                    _ => SmsAnswer::Unknown(Unclear::Unreadable),
                },
            }
        })
    }
}

/// A carrier that answers from a queue and keeps what it was given. An empty queue accepts.
#[derive(Default)]
pub struct ScriptedSms(Mutex<(VecDeque<SmsAnswer>, Vec<SmsMessage>)>);

impl ScriptedSms {
    /// A carrier that accepts everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next answer.
    pub fn answer(&self, answer: SmsAnswer) -> &Self {
        self.script().0.push_back(answer);
        self
    }

    /// All messages so far, in order, repeated ones included.
    pub fn messages(&self) -> Vec<SmsMessage> {
        self.script().1.clone()
    }

    fn script(&self) -> MutexGuard<'_, (VecDeque<SmsAnswer>, Vec<SmsMessage>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SmsCarrier for ScriptedSms {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> Answering<'a, SmsAnswer> {
        let mut script = self.script();
        script.1.push(message.clone());
        let answer = script.0.pop_front().unwrap_or(SmsAnswer::Accepted);
        Box::pin(std::future::ready(answer))
    }
}
