//! What a call itself is answered with in place of what came of it: the failures of a platform that
//! merchants' servers have to bear. Chosen by the header of the call, or else by its amount, and
//! once for each number, so that the same call sent again is served as usual.

use super::payments::Outcome;
use crate::app::AppState;
use apiv3::error::{FieldError, Location};
use apiv3::issue::Issue;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Calls that are remembered.
const KEPT: usize = 10_000;

const AMOUNT_ENDS: i64 = 10_000;

/// What a call is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    /// A failure, although it was carried out.
    SystemErrorDone,
    /// A failure, and nothing happened.
    SystemError,
    /// The failure of a bank, and nothing happened.
    BankError,
    /// Too many calls, and nothing happened.
    FrequencyLimited,
    /// What was made, on its way at first.
    OnTheWay,
}

/// One of them as developers are told of it.
pub(super) struct CallOutcomeRow {
    outcome: CallOutcome,
    /// Its name in the header.
    pub(super) name: &'static str,
    /// A call whose amount ends in these four digits (of fen) chooses it.
    pub(super) amount_ends: i64,
    /// What the merchant sees.
    pub(super) merchant_sees: &'static str,
}

/// All of them, for the page, the document and the choice by amount.
pub(super) const CALL_OUTCOMES: [CallOutcomeRow; 5] = [
    CallOutcomeRow {
        outcome: CallOutcome::SystemErrorDone,
        name: "system_error_done",
        amount_ends: 9_101,
        merchant_sees: "500 SYSTEM_ERROR, over XML SYSTEMERROR, although it was done: a query \
            shows it, and the same call again is answered as a repetition (`/pay/micropay`: \
            ORDERPAID once it is paid)",
    },
    CallOutcomeRow {
        outcome: CallOutcome::SystemError,
        name: "system_error",
        amount_ends: 9_102,
        merchant_sees: "500 SYSTEM_ERROR, over XML SYSTEMERROR, and nothing was done: a query \
            finds nothing, and the same call again does it",
    },
    CallOutcomeRow {
        outcome: CallOutcome::BankError,
        name: "bank_error",
        amount_ends: 9_103,
        merchant_sees: "500 BANK_ERROR, over XML BANKERROR, where a payment code is charged: \
            nothing was charged, and the same call again does it while the code is fresh",
    },
    CallOutcomeRow {
        outcome: CallOutcome::FrequencyLimited,
        name: "frequency_limited",
        amount_ends: 9_104,
        merchant_sees: "429 FREQUENCY_LIMITED, of profit sharing RATELIMIT_EXCEED: nothing was \
            done, and the same call again does it",
    },
    CallOutcomeRow {
        outcome: CallOutcome::OnTheWay,
        name: "on_the_way",
        amount_ends: 9_105,
        merchant_sees: "of a transfer to one person ACCEPTED, PROCESSING at the next look, then \
            WAIT_USER_CONFIRM (the same call again gives `package_info`); later TRANSFERING once \
            before SUCCESS, CANCELING once before CANCELLED",
    },
];

impl CallOutcome {
    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        CALL_OUTCOMES.iter().find(|row| row.name == name).map(|row| row.outcome)
    }

    fn of_amount(minor: i64) -> Option<Self> {
        let ends = minor % AMOUNT_ENDS;
        CALL_OUTCOMES.iter().find(|row| row.amount_ends == ends).map(|row| row.outcome)
    }

    /// Whether such a call can be answered with it.
    fn is_of(self, act: Act) -> bool {
        match self {
            Self::SystemErrorDone | Self::SystemError | Self::FrequencyLimited => true,
            Self::BankError => act == Act::CodePayment,
            Self::OnTheWay => act == Act::Transfer,
        }
    }
}

/// What a call does that can be answered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It places an order.
    Order,
    /// It places several that are paid at once.
    CombinedOrder,
    /// It charges a payment code.
    CodePayment,
    /// It gives money back.
    Refund,
    /// It sends money to a person.
    Transfer,
    /// It sends money to several.
    TransferBatch,
    /// It shares the money of an order.
    Sharing,
}

impl Act {
    /// Whether a payer pays what it makes.
    fn is_paid(self) -> bool {
        match self {
            Self::Order | Self::CombinedOrder | Self::CodePayment => true,
            Self::Refund | Self::Transfer | Self::TransferBatch | Self::Sharing => false,
        }
    }
}

/// A call that may be answered so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) act: Act,
    pub(crate) mchid: String,
    /// The merchant's number of what it makes.
    pub(crate) number: String,
}

impl Tried {
    /// Whether both make the same thing: a code payment is an order, too.
    fn is_same(&self, other: &Self) -> bool {
        let family = |act| if act == Act::CodePayment { Act::Order } else { act };
        family(self.act) == family(other.act)
            && (&self.mchid, &self.number) == (&other.mchid, &other.number)
    }
}

/// The calls that were answered so, the newest last.
#[derive(Default)]
pub(super) struct Trials(Mutex<VecDeque<Tried>>);

impl Trials {
    /// Whether it is the first time; from now on it is not.
    fn begin(&self, tried: &Tried) -> bool {
        let mut kept = self.kept();
        if kept.iter().any(|known| known.is_same(tried)) {
            return false;
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(tried.clone());
        true
    }

    fn forget(&self, tried: &Tried) {
        self.kept().retain(|known| !known.is_same(tried));
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Tried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call is to be answered with in place of what comes of it; nothing outside a sandbox, and
/// nothing the second time. `wish` is the header's value, `minor` the amount.
///
/// # Errors
/// A header that names what such a call cannot be answered with.
pub(crate) fn begin_trial(
    app: &AppState,
    tried: &Tried,
    (wish, minor): (Option<&str>, Option<i64>),
) -> Result<Option<CallOutcome>, FieldError> {
    let Some(inspector) = &app.inspector else { return Ok(None) };
    let chosen = match wish {
        Some(name) => {
            let outcome = CallOutcome::named(name);
            let can_be = match outcome {
                Some(outcome) => outcome.is_of(tried.act),
                // It is what the payer does, sooner or later.
                None => tried.act.is_paid() && Outcome::named(name).is_some(),
            };
            if !can_be {
                let issue = Issue::Alphabet("an outcome that this call can have");
                let name = Some(&name.into());
                return Err(FieldError::new(Location::Header, HEADER.to_owned(), name, issue));
            }
            outcome
        }
        None => minor.and_then(CallOutcome::of_amount).filter(|outcome| outcome.is_of(tried.act)),
    };
    let chosen = chosen.filter(|_| inspector.trials.begin(tried));
    if chosen == Some(CallOutcome::OnTheWay) {
        inspector.slow_transfers.begin(tried);
    }
    Ok(chosen)
}

/// Takes back that a call was answered so: it was refused, which was its answer.
pub(crate) fn end_trial(app: &AppState, tried: &Tried) {
    if let Some(inspector) = &app.inspector {
        inspector.trials.forget(tried);
        if tried.act == Act::Transfer {
            inspector.slow_transfers.forget(tried);
        }
    }
}

const HEADER: &str = "Sandbox-Outcome";

/// The table as the documentation shows it.
#[cfg(test)]
fn document() -> String {
    let mut text = String::from(
        "| outcome | amounts ending in (fen) | what the merchant sees |\n| --- | --- | --- |\n",
    );
    for CallOutcomeRow { name, amount_ends, merchant_sees, .. } in &CALL_OUTCOMES {
        text.push_str(&format!("| `{name}` | {amount_ends} | {merchant_sees} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::OUTCOMES;

    fn tried(act: Act, number: &str) -> Tried {
        Tried { act, mchid: "1900000001".into(), number: number.into() }
    }

    #[test]
    fn names_and_amounts_choose_and_are_none_of_a_payers() {
        for row in &CALL_OUTCOMES {
            assert_eq!(CallOutcome::named(row.name), Some(row.outcome));
            assert_eq!(CallOutcome::of_amount(row.amount_ends), Some(row.outcome));
            assert_eq!(CallOutcome::of_amount(120_000 + row.amount_ends), Some(row.outcome));
            assert_eq!(Outcome::named(row.name), None);
            assert!(OUTCOMES.iter().all(|payers| payers.amount_ends != row.amount_ends));
        }
        assert_eq!(CallOutcome::of_amount(1), None);
    }

    #[test]
    fn each_number_is_tried_once() {
        let trials = Trials::default();
        assert!(trials.begin(&tried(Act::Order, "T1")));
        assert!(!trials.begin(&tried(Act::CodePayment, "T1")), "the same order");
        assert!(trials.begin(&tried(Act::Refund, "T1")) && trials.begin(&tried(Act::Order, "T2")));
        trials.forget(&tried(Act::Order, "T1"));
        assert!(trials.begin(&tried(Act::Order, "T1")) && !trials.begin(&tried(Act::Order, "T2")));
        for number in 0..KEPT {
            trials.begin(&tried(Act::Transfer, &number.to_string()));
        }
        assert_eq!(trials.kept().len(), KEPT);
    }

    #[test]
    fn the_documented_table_is_this() {
        let page = include_str!("../../../../docs/sandbox.md");
        let table = document();
        assert!(page.contains(&table), "put this into docs/sandbox.md:\n{table}");
    }
}
