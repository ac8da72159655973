//! What a developer looks into when something does not work: the last calls of merchants with the
//! check of their signatures, and the last notifications with their attempts. It is kept in memory
//! only, bounded, in the sandbox only, and with payment codes masked.

mod notes;
mod page;
mod record;
mod routes;
#[cfg(test)]
mod tests;

pub(crate) use notes::CallNotes;
pub use record::{CallRecord, HeldBack, NoticeRecord, NoticeSeen, Signature, XmlCall};
pub(super) use routes::routes;

use crate::app::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use record::{Beginning, masked};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::Later;
use super::slow_transfers::SlowTransfers;
use super::tills::ShownCodes;
use super::trials::Trials;
use super::wishes::Wishes;

/// Calls and notifications that are remembered, each.
const KEPT: usize = 200;

/// What is done with a notification that was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is sent as it is, signed anew.
    Same,
    /// The same, ten seconds from now; others overtake it.
    Later,
    /// Its body is changed after it was signed, so the merchant must refuse it.
    Corrupted,
    /// Its signature is a probe that fits nothing, so the merchant must refuse it.
    Probe,
}

/// Sends notifications at a developer's word, beside their schedule.
pub trait SandboxCourier: Send + Sync + 'static {
    /// Sends the notification of a fact; gives what the merchant answered.
    fn send(&self, batch: i64, place: i64, again: Again) -> Later<'_, String>;
}

/// See the module.
#[derive(Default)]
pub struct Inspector {
    calls: Mutex<VecDeque<CallRecord>>,
    notices: Mutex<VecDeque<NoticeRecord>>,
    courier: OnceLock<Arc<dyn SandboxCourier>>,
    pub(super) wishes: Wishes,
    pub(super) codes: ShownCodes,
    pub(super) trials: Trials,
    pub(super) slow_transfers: SlowTransfers,
}

impl Inspector {
    /// Lets notifications be sent again by this courier.
    pub fn employ(&self, courier: Arc<dyn SandboxCourier>) {
        // The first one stays: a process has one worker.
        let _ = self.courier.set(courier);
    }

    /// Notes an attempt to deliver a notification.
    pub fn saw(&self, seen: NoticeSeen) {
        let mut notices = lock(&self.notices);
        let known = notices.iter().position(|one| one.is_of(seen.batch, seen.place));
        let mut record = match known.and_then(|at| notices.remove(at)) {
            Some(record) => record,
            None => NoticeRecord::of(&seen),
        };
        record.attempted(&seen);
        push(&mut notices, record);
    }

    /// The calls, newest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        lock(&self.calls).iter().rev().cloned().collect()
    }

    /// The notifications, the one that was tried last first.
    pub fn notices(&self) -> Vec<NoticeRecord> {
        lock(&self.notices).iter().rev().cloned().collect()
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn push<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(one);
}

/// The layer around the merchant API that notes its calls.
pub(crate) async fn watch(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(inspector) = app.inspector.clone() else { return next.run(request).await };
    let at = app.shell.now();
    let (method, target) = (request.method().to_string(), request.uri().to_string());
    let sent_headers = headers(request.headers());
    let (signed_by, wish) = (signer(request.headers()), Wishes::of(request.headers()));
    let (sent, answered) = (Beginning::default(), Beginning::default());
    let notes = CallNotes::default();
    request.extensions_mut().insert(notes.clone());
    let response = next.run(request.map(|body| teed(body, sent.clone()))).await;
    let status = response.status().as_u16();
    let (parts, mut body) = response.into_parts();
    if let Some(wish) = wish.filter(|_| method == "POST") {
        body = inspector.wishes.note(wish, body).await;
    }
    let noted = notes.noted();
    let record = CallRecord {
        at,
        micros: app.shell.now().since(at),
        mchid: noted.mchid.unwrap_or(signed_by),
        method,
        target: masked(&target),
        headers: sent_headers,
        request: sent,
        signature: noted.signature.unwrap_or(Signature::NotChecked),
        held_back: parts.extensions.get().copied(),
        xml: noted.xml,
        status,
        answer_headers: headers(&parts.headers),
        answer: answered.clone(),
    };
    push(&mut lock(&inspector.calls), record);
    Response::from_parts(parts, teed(body, answered))
}

/// The same body, of which the beginning is copied as it passes.
fn teed(body: Body, copy: Beginning) -> Body {
    Body::new(body.map_frame(move |frame| {
        if let Some(data) = frame.data_ref() {
            copy.take(data);
        }
        frame
    }))
}

/// Headers in their order, without the signature's whole text, which helps nobody.
fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    all.iter().map(|(name, value)| (name.to_string(), masked(&text(value)))).collect()
}

/// Who says to have signed a request, whether or not it is true.
fn signer(all: &HeaderMap) -> String {
    let header = all.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = header.split_once("mchid=\"").and_then(|(_, rest)| rest.split_once('"'));
    named.map_or("", |(mchid, _)| mchid).chars().take(32).collect()
}
