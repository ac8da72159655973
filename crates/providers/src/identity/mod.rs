//! The identity authority: does this name belong to this document, this phone to this person.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::http::Reply;
use crate::{Answering, Connection, RequestId, Unclear};

/// What an authority can be asked. Every method may be called again with the same request.
pub trait IdentityAuthority: Send + Sync {
    /// Compares what a person says about themselves with the authority's records.
    fn check<'a>(&'a self, check: &'a IdentityCheck) -> Answering<'a, IdentityAnswer>;

    /// Where the check with this id stands.
    fn find_check<'a>(&'a self, id: &'a RequestId) -> Answering<'a, IdentityAnswer>;
}

/// What a person says about themselves.
#[derive(Clone, Debug)]
pub struct IdentityCheck {
    /// Our id.
    pub request_id: RequestId,
    /// Kind of document, in our own spelling.
    pub document_type: String,
    /// Number of the document.
    pub document_number: SecretString,
    /// Name as on the document.
    pub name: SecretString,
    /// Phone whose owner is to be confirmed too, if it is to be.
    pub phone: Option<SecretString>,
}

/// An independent source that confirmed the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The register of documents.
    Document,
    /// The carrier's register of phone owners.
    Phone,
}

/// What the authority says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityAnswer {
    /// Name and document belong together.
    Match {
        /// The sources that say so, each once.
        channels: Vec<Channel>,
    },
    /// They do not, or the document is not valid.
    Mismatch {
        /// `INFO_MISMATCH` or `DOCUMENT_EXPIRED`.
        code: String,
    },
    /// The authority is still looking; ask again.
    Pending,
    /// The authority never saw this check.
    NotSeen,
    /// No clear answer, as when the authority is down; ask again.
    Unknown(Unclear),
}

/// The authority of the sandbox.
pub struct SandboxIdentity(Connection);

impl SandboxIdentity {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self(connection)
    }
}

#[derive(Serialize)]
struct CheckBody<'a> {
    request_id: &'a str,
    document_type: &'a str,
    document_number: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

#[derive(Deserialize)]
struct CheckReply {
    request_id: String,
    status: String,
    channels: Vec<ChannelReply>,
    code: Option<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum ChannelReply {
    Document,
    Phone,
}

impl IdentityAuthority for SandboxIdentity {
    fn check<'a>(&'a self, check: &'a IdentityCheck) -> Answering<'a, IdentityAnswer> {
        Box::pin(async move {
            let body = CheckBody {
                request_id: check.request_id.as_str(),
                document_type: &check.document_type,
                document_number: check.document_number.expose_secret(),
                name: check.name.expose_secret(),
                phone: check.phone.as_ref().map(|phone| phone.expose_secret()),
            };
            answer(self.0.post("/identity/v1/checks", &body).await, &check.request_id)
        })
    }

    fn find_check<'a>(&'a self, id: &'a RequestId) -> Answering<'a, IdentityAnswer> {
        Box::pin(async move { answer(self.0.find("/identity/v1/checks", id).await, id) })
    }
}

fn answer(reply: Result<Reply<CheckReply>, Unclear>, id: &RequestId) -> IdentityAnswer {
    let unreadable = IdentityAnswer::Unknown(Unclear::Unreadable);
    let reply = match reply {
        Err(unclear) => return IdentityAnswer::Unknown(unclear),
        Ok(Reply::NotSeen) => return IdentityAnswer::NotSeen,
        Ok(Reply::Answer(reply)) => reply,
    };
    if reply.request_id != id.as_str() {
        return unreadable;
    }
    // Asked one by one, so that a source named twice counts once.
    let named =
        [(Channel::Document, ChannelReply::Document), (Channel::Phone, ChannelReply::Phone)];
    let channels: Vec<Channel> = named
        .into_iter()
        .filter(|(_, reply_name)| reply.channels.contains(reply_name))
        .map(|(channel, _)| channel)
        .collect();
    match (reply.status.as_str(), reply.code) {
        ("MATCH", _) if !channels.is_empty() => IdentityAnswer::Match { channels },
        ("MISMATCH", Some(code)) => IdentityAnswer::Mismatch { code },
        ("PENDING", _) => IdentityAnswer::Pending,
        _ => unreadable,
    }
}

/// An authority that answers from a queue and remembers the ids. An empty queue answers unknown.
#[derive(Default)]
pub struct ScriptedIdentity(Mutex<(VecDeque<IdentityAnswer>, Vec<RequestId>)>);

impl ScriptedIdentity {
    /// An authority without a script.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next answer, to a check or a query.
    pub fn answer(&self, answer: IdentityAnswer) -> &Self {
        self.script().0.push_back(answer);
        self
    }

    /// The ids of all calls so far, in order.
    pub fn calls(&self) -> Vec<RequestId> {
        self.script().1.clone()
    }

    fn script(&self) -> MutexGuard<'_, (VecDeque<IdentityAnswer>, Vec<RequestId>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, id: &RequestId) -> Answering<'_, IdentityAnswer> {
        let mut script = self.script();
        script.1.push(id.clone());
        let answer = script.0.pop_front();
        let answer = answer.unwrap_or(IdentityAnswer::Unknown(Unclear::Connection));
        Box::pin(std::future::ready(answer))
    }
}

impl IdentityAuthority for ScriptedIdentity {
    fn check<'a>(&'a self, check: &'a IdentityCheck) -> Answering<'a, IdentityAnswer> {
        self.next(&check.request_id)
    }

    fn find_check<'a>(&'a self, id: &'a RequestId) -> Answering<'a, IdentityAnswer> {
        self.next(id)
    }
}
