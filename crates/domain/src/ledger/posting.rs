//! The only door to a journal: a posting whose legs add up to zero.

use super::account::AccountNumber;
use super::journal::{JournalKind, Subject};
use kernel::{Amount, Currency};

/// What a posting does to one account, in minor units, credit positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account.
    pub account: AccountNumber,
    /// Minor units, never zero.
    pub amount: i64,
}

/// A balanced set of legs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    pub(crate) kind: JournalKind,
    pub(crate) subject: Subject,
    pub(crate) currency: Currency,
    pub(crate) legs: Vec<Leg>,
}

/// Legs that cannot be a posting: a defect of the command that made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced(pub String);

impl From<Unbalanced> for crate::Halt {
    fn from(unbalanced: Unbalanced) -> Self {
        Self::Defect(unbalanced.0)
    }
}

impl<R> From<Unbalanced> for crate::Stop<R> {
    fn from(unbalanced: Unbalanced) -> Self {
        Self::Defect(unbalanced.0)
    }
}

/// An account does not hold what a posting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The account.
    pub account: AccountNumber,
    /// What it holds, in minor units.
    pub available: i64,
}

impl Posting {
    /// Makes a posting. Legs of zero are left out; what remains must be at least two legs on
    /// different accounts, each within the range of an amount, that add up to zero.
    pub fn balanced(
        kind: JournalKind,
        subject: Subject,
        currency: Currency,
        legs: impl IntoIterator<Item = (AccountNumber, i64)>,
    ) -> Result<Self, Unbalanced> {
        let mut legs: Vec<Leg> = legs
            .into_iter()
            .filter(|(_, amount)| *amount != 0)
            .map(|(account, amount)| Leg { account, amount })
            .collect();
        legs.sort_by_key(|leg| leg.account);
        let fault = |what: &str| Unbalanced(format!("posting {}: {what}", subject.as_str()));
        if legs.len() < 2 {
            return Err(fault("fewer than two legs"));
        }
        if legs.windows(2).any(|pair| pair[0].account == pair[1].account) {
            return Err(fault("two legs on one account"));
        }
        let range = -Amount::MAX_MINOR..=Amount::MAX_MINOR;
        if legs.iter().any(|leg| !range.contains(&leg.amount)) {
            return Err(fault("a leg is out of range"));
        }
        if legs.iter().map(|leg| i128::from(leg.amount)).sum::<i128>() != 0 {
            return Err(fault("legs do not add up to zero"));
        }
        Ok(Self { kind, subject, currency, legs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_legs(legs: &[(i64, i64)]) -> Result<Posting, Unbalanced> {
        let subject = Subject::new("order", "1");
        Posting::balanced(JournalKind::Payment, subject, Currency::Cny, legs.iter().copied())
    }

    #[test]
    fn a_posting_balances_or_is_not_made() {
        assert_eq!(try_legs(&[(2, 5), (1, -5), (3, 0)]).unwrap().legs.len(), 2);
        for bad in [
            &[(1, 5), (2, -4)][..],
            &[(1, 0), (2, 0)],
            &[(1, 5)],
            &[],
            &[(1, 5), (1, -5)],
            &[(1, i64::MAX), (2, i64::MIN), (3, 1)],
            &[(1, Amount::MAX_MINOR + 1), (2, -Amount::MAX_MINOR - 1)],
        ] {
            assert!(try_legs(bad).is_err(), "{bad:?}");
        }
    }
}
