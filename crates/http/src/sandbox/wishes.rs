//! What the payer of an order or of a code shall do, as the merchant's request says that placed the
//! one or charged the other: a header, which no signature covers and which other servers do not
//! know.

use super::payments::reference;
use super::trials::CallOutcome;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The header: its value is the name of an outcome.
pub(super) const HEADER: &str = "sandbox-outcome";

/// Orders whose wish is remembered.
const KEPT: usize = 10_000;

/// Where an answer names the order that was placed.
const NAMED_BY: [&str; 3] = ["prepay_id", "code_url", "h5_url"];

/// References of orders with the header's value, the newest last.
#[derive(Default)]
pub(crate) struct Wishes(Mutex<VecDeque<(String, String)>>);

impl Wishes {
    /// What a request wishes, of its payer or for its answer; an empty header is none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<String> {
        let wish = headers.get(HEADER)?.to_str().ok()?.trim();
        (!wish.is_empty()).then(|| wish.to_owned())
    }

    /// Notes a wish of the payer if the answer names an order that was placed; gives the answer
    /// back.
    pub(super) async fn note(&self, wish: String, answer: Body) -> Body {
        // Only a broken body cannot be read, and then there is nothing to give on.
        let answer = to_bytes(answer, usize::MAX).await.unwrap_or_default();
        let order_ref = placed(&answer).filter(|_| CallOutcome::named(&wish).is_none());
        if let Some(order_ref) = order_ref {
            let mut kept = self.kept();
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back((order_ref, wish));
        }
        Body::from(answer)
    }

    /// The wish for an order.
    pub(super) fn find(&self, order_ref: &str) -> Option<String> {
        let kept = self.kept();
        let found = kept.iter().rev().find(|(of, _)| of == order_ref);
        found.map(|(_, wish)| wish.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reference of the order that an answer says was placed.
fn placed(answer: &Bytes) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let named = NAMED_BY.iter().find_map(|name| answer[name].as_str());
    named.map(|named| reference(named).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wish_is_kept_for_the_order_that_the_answer_names() {
        let wishes = Wishes::default();
        for (answer, order_ref) in [
            (r#"{"prepay_id":"wx1"}"#, "wx1"),
            (r#"{"code_url":"jiaozi://pay?pr=wx2"}"#, "wx2"),
            (r#"{"h5_url":"http://h/cashier/h5?prepay_id=wx3"}"#, "wx3"),
        ] {
            let given = wishes.note("slow".into(), Body::from(answer)).await;
            assert_eq!(to_bytes(given, usize::MAX).await.unwrap(), answer);
            assert_eq!(wishes.find(order_ref).as_deref(), Some("slow"));
        }
        for answer in ["", "[]", r#"{"code":"PARAM_ERROR"}"#] {
            drop(wishes.note("slow".into(), Body::from(answer)).await);
        }
        assert_eq!(wishes.kept().len(), 3);
        drop(wishes.note("system_error".into(), Body::from(r#"{"prepay_id":"wx1"}"#)).await);
        assert_eq!(wishes.find("wx1").as_deref(), Some("slow"), "it was for the call");
        drop(wishes.note("success".into(), Body::from(r#"{"prepay_id":"wx1"}"#)).await);
        assert_eq!(wishes.find("wx1").as_deref(), Some("success"), "the last one counts");
    }
}
