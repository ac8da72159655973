//! What one debit or credit will do over time. Pure: the clock is handed in.

use crate::scenario::{Behaviour, CREDIT_SETTLES_AFTER, Phase};

/// Which way the money goes, seen from the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Taken from the card.
    Debit,
    /// Sent to the card.
    Credit,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "DEBIT",
            Self::Credit => "CREDIT",
        }
    }

    pub const fn phase(self) -> Phase {
        match self {
            Self::Debit => Phase::Debit,
            Self::Credit => Phase::Credit,
        }
    }
}

/// What the bank says about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Declined,
    Pending,
    Returned,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Declined => "DECLINED",
            Self::Pending => "PENDING",
            Self::Returned => "RETURNED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Success, Self::Declined, Self::Pending, Self::Returned]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub status: Status,
    pub code: Option<String>,
}

impl Outcome {
    fn plain(status: Status) -> Self {
        Self { status, code: None }
    }

    fn coded(status: Status, code: &str) -> Self {
        Self { status, code: Some(code.to_owned()) }
    }
}

/// Money that moves at a time, as a line of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub at: i64,
    /// Which of the operation's two references the line carries.
    pub reference: usize,
    /// True when the money goes back where it came from.
    pub back: bool,
}

/// A callback to the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub due: i64,
    pub reference: usize,
    pub outcome: Outcome,
}

/// All that happens because of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is answered first.
    pub first: Outcome,
    /// What is answered from that time on.
    pub later: Option<(i64, Outcome)>,
    pub moves: Vec<Move>,
    pub calls: Vec<Call>,
}

impl Plan {
    /// Plans a request that came `now`; `late_us` is the delay of late answers.
    pub fn of(behaviour: &Behaviour, kind: Kind, now: i64, late_us: i64) -> Self {
        let soon = match kind {
            Kind::Debit => now + late_us,
            Kind::Credit => now + CREDIT_SETTLES_AFTER,
        };
        match behaviour {
            Behaviour::Agree | Behaviour::NeverArrives | Behaviour::Busy => Self::done(kind, now),
            Behaviour::Decline(code) => Self {
                first: Outcome::coded(Status::Declined, code),
                later: None,
                moves: Vec::new(),
                calls: Vec::new(),
            },
            Behaviour::AgreeAfter(wait) => Self::waiting(now + wait),
            Behaviour::DeclineAfter(wait, code) => Self {
                first: Outcome::plain(Status::Pending),
                moves: Vec::new(),
                ..Self::changing(now + wait, Outcome::coded(Status::Declined, code))
            },
            Behaviour::Late | Behaviour::Lost | Behaviour::Garbled => {
                let mut plan = Self::done(kind, now);
                if plan.calls.is_empty() {
                    plan.calls.push(call(now + late_us, 0, Outcome::plain(Status::Success)));
                }
                plan
            }
            Behaviour::Double => {
                let mut plan = Self::done(kind, now);
                let at = plan.moves[0].at;
                plan.moves.push(Move { at, reference: 1, back: false });
                let done = Outcome::plain(Status::Success);
                plan.calls = vec![call(at, 0, done.clone()), call(at, 1, done)];
                plan
            }
            Behaviour::DeclinedThenDone => {
                Self { first: Outcome::coded(Status::Declined, "05"), ..Self::waiting(soon) }
            }
            Behaviour::DoneThenReturned => {
                let mut plan = Self::changing(soon, Outcome::coded(Status::Returned, "05"));
                plan.first = Outcome::plain(Status::Success);
                plan.moves = vec![
                    Move { at: now, reference: 0, back: false },
                    Move { at: soon, reference: 0, back: true },
                ];
                plan
            }
        }
    }

    /// A debit is done at once, a credit arrives later.
    fn done(kind: Kind, now: i64) -> Self {
        match kind {
            Kind::Debit => Self {
                first: Outcome::plain(Status::Success),
                later: None,
                moves: vec![Move { at: now, reference: 0, back: false }],
                calls: Vec::new(),
            },
            Kind::Credit => Self::waiting(now + CREDIT_SETTLES_AFTER),
        }
    }

    fn waiting(until: i64) -> Self {
        Self::changing(until, Outcome::plain(Status::Success))
    }

    /// Pending, and something else from `at` on, which the wallet is told.
    fn changing(at: i64, outcome: Outcome) -> Self {
        Self {
            first: Outcome::plain(Status::Pending),
            later: Some((at, outcome.clone())),
            moves: vec![Move { at, reference: 0, back: false }],
            calls: vec![call(at, 0, outcome)],
        }
    }
}

fn call(due: i64, reference: usize, outcome: Outcome) -> Call {
    Call { due, reference, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000;
    const LATE: i64 = 5_000_000;

    fn net(plan: &Plan) -> i64 {
        plan.moves.iter().map(|step| if step.back { -1 } else { 1 }).sum()
    }

    fn last(plan: &Plan) -> Status {
        plan.later.as_ref().map_or(plan.first.status, |(_, outcome)| outcome.status)
    }

    #[test]
    fn money_moves_exactly_when_the_last_word_is_success() {
        for kind in [Kind::Debit, Kind::Credit] {
            for behaviour in [
                Behaviour::Agree,
                Behaviour::Decline("51".to_owned()),
                Behaviour::AgreeAfter(7),
                Behaviour::DeclineAfter(7, "05".to_owned()),
                Behaviour::Late,
                Behaviour::Lost,
                Behaviour::Garbled,
                Behaviour::DeclinedThenDone,
                Behaviour::DoneThenReturned,
                Behaviour::NeverArrives,
                Behaviour::Busy,
            ] {
                let plan = Plan::of(&behaviour, kind, NOW, LATE);
                let expected = i64::from(last(&plan) == Status::Success);
                assert_eq!(net(&plan), expected, "{kind:?} {behaviour:?}");
            }
        }
    }

    #[test]
    fn a_double_moves_and_reports_twice_under_two_references() {
        for kind in [Kind::Debit, Kind::Credit] {
            let plan = Plan::of(&Behaviour::Double, kind, NOW, LATE);
            assert_eq!(net(&plan), 2);
            let references: Vec<usize> = plan.calls.iter().map(|call| call.reference).collect();
            assert_eq!(references, [0, 1]);
        }
    }

    #[test]
    fn a_contradiction_changes_its_word_and_says_so() {
        let yes = Plan::of(&Behaviour::DeclinedThenDone, Kind::Debit, NOW, LATE);
        assert_eq!((yes.first.status, last(&yes)), (Status::Declined, Status::Success));
        assert_eq!(yes.calls.len(), 1);
        let no = Plan::of(&Behaviour::DoneThenReturned, Kind::Credit, NOW, LATE);
        assert_eq!((no.first.status, last(&no)), (Status::Success, Status::Returned));
        assert_eq!(no.calls[0].outcome.status, Status::Returned);
    }
}
