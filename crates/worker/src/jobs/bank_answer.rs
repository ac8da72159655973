//! A bank's answer about money, in the wallet's words.

use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::catalogue::{Code, Status};
use domain::ids::{CardPaymentId, RefundPayoutId, TopUpId, WithdrawalId};
use providers::RequestId;
use providers::bank::{BankAnswer as Said, Direction};

/// What a movement at the bank is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovementId {
    /// Money from a card to a balance.
    TopUp(TopUpId),
    /// Money from a card for an order.
    CardPayment(CardPaymentId),
    /// Money from a balance to a card.
    Withdrawal(WithdrawalId),
    /// Money that goes back to a card.
    RefundPayout(RefundPayoutId),
}

impl MovementId {
    /// Reads the id of a request that we once made; `None` for any other.
    pub(crate) fn parse(direction: Direction, id: &RequestId) -> Option<Self> {
        let id = id.as_str();
        match direction {
            Direction::Debit => {
                let payment = || id.parse().ok().map(Self::CardPayment);
                id.parse().ok().map(Self::TopUp).or_else(payment)
            }
            Direction::Credit => {
                let payout = || id.parse().ok().map(Self::RefundPayout);
                id.parse().ok().map(Self::Withdrawal).or_else(payout)
            }
        }
    }
}

/// Translates. A reference that is not plain text is no clear answer.
pub(crate) fn in_our_words(said: Said, operation: BankOperation) -> BankAnswer {
    let decline = |code: &str| BankDecline::parse(code, operation);
    match said {
        Said::Done { bank_ref } if is_plain(&bank_ref) => BankAnswer::Done { bank_ref },
        Said::Returned { bank_ref, code } if is_plain(&bank_ref) => {
            BankAnswer::Returned { bank_ref, why: decline(&code) }
        }
        Said::Declined { code } if is_no(&code) => BankAnswer::Declined(decline(&code)),
        Said::Pending { .. } => BankAnswer::Pending,
        Said::NotSeen => BankAnswer::NotSeen,
        Said::Done { .. } | Said::Returned { .. } | Said::Declined { .. } | Said::Unknown(_) => {
            BankAnswer::Unknown
        }
    }
}

/// Whether a reason tells that no money moved. 68 is the card networks' word for an answer that
/// came too late, and a code that is read as open is open.
fn is_no(code: &str) -> bool {
    let is_open = |code: Code| code.status() == Status::Http(202);
    code != "68" && !Code::parse(code).is_some_and(is_open)
}

fn is_plain(bank_ref: &str) -> bool {
    (1..=64).contains(&bank_ref.len()) && bank_ref.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use providers::Unclear;

    #[test]
    fn a_reference_that_cannot_be_stored_is_no_answer() {
        for bad in ["", "a b", "a\0", "ü", &"x".repeat(65)] {
            let done = Said::Done { bank_ref: bad.into() };
            assert_eq!(in_our_words(done, BankOperation::Debit), BankAnswer::Unknown, "{bad:?}");
        }
        let done = Said::Done { bank_ref: "R-1".into() };
        let told = BankAnswer::Done { bank_ref: "R-1".into() };
        assert_eq!(in_our_words(done, BankOperation::Debit), told);
    }

    #[test]
    fn a_no_means_what_was_asked_and_silence_means_nothing() {
        let no = |operation| in_our_words(Said::Declined { code: "51".into() }, operation);
        let BankAnswer::Declined(why) = no(BankOperation::Debit) else { panic!("it is a no") };
        assert_eq!(why.code(), Code::CardFundsInsufficient);
        let BankAnswer::Declined(why) = no(BankOperation::Credit) else { panic!("it is a no") };
        assert_eq!(why.code(), Code::WithdrawBankRejected);
        let silence = Said::Unknown(Unclear::TimedOut);
        assert_eq!(in_our_words(silence, BankOperation::Debit), BankAnswer::Unknown);
    }

    #[test]
    fn a_no_that_says_that_it_is_open_is_no_no() {
        for code in ["68", "PAYMENT_RESULT_UNKNOWN", "WITHDRAW_BANK_DELAY"] {
            for operation in [BankOperation::Debit, BankOperation::Credit] {
                let said = Said::Declined { code: code.into() };
                assert_eq!(in_our_words(said, operation), BankAnswer::Unknown, "{code}");
            }
        }
    }

    #[test]
    fn only_our_own_ids_of_the_right_direction_are_movements_of_ours() {
        let top_up = TopUpId::from_bytes([7; 16]);
        let id = RequestId::parse(top_up.to_string()).unwrap();
        assert_eq!(MovementId::parse(Direction::Debit, &id), Some(MovementId::TopUp(top_up)));
        assert_eq!(MovementId::parse(Direction::Credit, &id), None);
        let payout = RefundPayoutId::from_bytes([7; 16]);
        let id = RequestId::parse(payout.to_string()).unwrap();
        let parsed = MovementId::parse(Direction::Credit, &id);
        assert_eq!(parsed, Some(MovementId::RefundPayout(payout)));
        assert_eq!(MovementId::parse(Direction::Debit, &id), None);
    }
}
