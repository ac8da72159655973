//! What the payer does whose code a till charges: what the charge wishes, or else what was chosen
//! when the code was shown, or else what the amount says. A code alone decides whether its payer
//! has to confirm, so where the charge wants something else, another code is charged instead.

use super::payments::{Outcome, SandboxPeople};
use super::trials::CallOutcome;
use crate::app::AppState;
use apiv3::error::{FieldError, Location};
use apiv3::issue::Issue;
use kernel::{Amount, Timestamp};
use std::collections::VecDeque;
use tokio::sync::{Mutex, MutexGuard};

/// Codes that are remembered: they can be charged for 90 seconds.
const KEPT: usize = 1_000;

/// The codes that played payers showed, the newest last.
#[derive(Default)]
pub(super) struct ShownCodes {
    kept: Mutex<VecDeque<Shown>>,
    /// One charge after another: until one is over, the payer of another code would show the same.
    turn: Mutex<()>,
}

struct Shown {
    code: String,
    expires_at: Timestamp,
    /// What was chosen when it was shown.
    chosen: Option<Outcome>,
    /// What is charged when it is presented, since it was for the first time.
    charged: Option<String>,
}

impl ShownCodes {
    /// Notes a code that a played payer shows from now on.
    pub(super) async fn note(&self, code: &str, expires_at: Timestamp, chosen: Option<Outcome>) {
        let mut kept = self.kept.lock().await;
        // One that was not charged itself may be shown again.
        kept.retain(|shown| shown.code != code);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Shown { code: code.to_owned(), expires_at, chosen, charged: None });
    }

    /// The code to charge when this one is presented. One that was presented before stays what it
    /// was then, so that it is charged once; one of anybody else, or too old, is itself.
    async fn charged(
        &self,
        people: &dyn SandboxPeople,
        (code, now): (&str, Timestamp),
        (wish, amount): (Option<Outcome>, Amount),
    ) -> Result<String, String> {
        // Held until the other code is there: the same charge may come twice at once.
        let mut kept = self.kept.lock().await;
        let shown = kept.iter_mut().find(|shown| shown.code == code && shown.expires_at > now);
        let Some(shown) = shown else { return Ok(code.to_owned()) };
        if let Some(charged) = &shown.charged {
            return Ok(charged.clone());
        }
        let by_amount = || Outcome::of_charge(amount.minor());
        let outcome = wish.or(shown.chosen).unwrap_or_else(by_amount);
        let charged = if outcome == shown.chosen.unwrap_or(Outcome::Success) {
            code.to_owned()
        } else {
            people.show_code(outcome).await?.code
        };
        Ok(shown.charged.insert(charged).clone())
    }
}

/// The outcome that the header of a charge names; nothing outside a sandbox, and when it names an
/// answer of the call.
///
/// # Errors
/// A name of no outcome that a code can lead to.
pub(crate) fn wish_of_charge(
    app: &AppState,
    header: Option<&str>,
) -> Result<Option<Outcome>, FieldError> {
    let Some(name) = header.filter(|_| app.inspector.is_some()) else { return Ok(None) };
    if CallOutcome::named(name).is_some() {
        return Ok(None);
    }
    let outcome = Outcome::named(name).filter(|outcome| outcome.is_at_tills());
    outcome.map(Some).ok_or_else(|| {
        let issue = Issue::Alphabet("an outcome that tills can see");
        FieldError::new(Location::Header, "Sandbox-Outcome".to_owned(), Some(&name.into()), issue)
    })
}

/// A code to charge. Whoever holds it has the turn at the till, in a sandbox.
pub(crate) struct CodeInTurn<'a> {
    pub(crate) code: String,
    _turn: Option<MutexGuard<'a, ()>>,
}

/// The code to charge when this one is presented, to be held until it is charged; outside a sandbox
/// itself. `None` when the payer cannot play now.
pub(crate) async fn code_to_charge<'a>(
    app: &'a AppState,
    code: &str,
    wish: Option<Outcome>,
    amount: Amount,
) -> Option<CodeInTurn<'a>> {
    let (Some(inspector), Some(people)) = (&app.inspector, &app.people) else {
        return Some(CodeInTurn { code: code.to_owned(), _turn: None });
    };
    let turn = inspector.codes.turn.lock().await;
    let presented = (code, app.business_now());
    let charged = inspector.codes.charged(people.as_ref(), presented, (wish, amount)).await;
    let charged = charged
        .inspect_err(|reason| tracing::warn!(%reason, "the sandbox's payer cannot show a code"));
    Some(CodeInTurn { code: charged.ok()?, _turn: Some(turn) })
}
