//! What a bank answers about money or a card, in the wallet's words.

use crate::catalogue::{Code, Source, Status};
use crate::command::Halt;
use crate::job::{Job, JobKind};
use crate::rules::Rules;
use crate::tx::Tx;
use kernel::time::SECOND;

/// What the bank was asked to do. An unclear reason means something else for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankOperation {
    /// Sign a card.
    Binding,
    /// Take money from a card for the balance.
    Debit,
    /// Take the payment of an order from a card.
    Payment,
    /// Send money from the balance to a card.
    Credit,
    /// Send money back to a card.
    Refund,
}

impl BankOperation {
    /// Whether a code speaks of this operation: nobody is told of a refund who withdraws.
    fn may_fail_with(self, code: Code) -> bool {
        let speaks_of = |prefix| code.as_str().starts_with(prefix);
        let is_of_other = match self {
            Self::Binding => !speaks_of("CARD_"),
            Self::Debit => speaks_of("WITHDRAW_") || speaks_of("REFUND_"),
            Self::Payment => speaks_of("WITHDRAW_") || speaks_of("REFUND_") || speaks_of("TOPUP_"),
            Self::Credit => speaks_of("TOPUP_") || speaks_of("PAYMENT_") || speaks_of("REFUND_"),
            Self::Refund => speaks_of("TOPUP_") || speaks_of("PAYMENT_") || speaks_of("WITHDRAW_"),
        };
        !is_of_other
    }
}

/// A bank's no, as a code of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankDecline(Code);

/// What a no tells about the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The card cannot be used any more.
    Dead,
    /// The issuer does not want it; several in a row are a sign.
    Hard,
    /// Nothing: too little money, a limit, a fault of a system.
    Soft,
}

impl BankDecline {
    /// Reads what a bank says: a code of the catalogue that banks cause, or a response code of two
    /// digits as card networks use them. Anything else is the operation's code for a no without a
    /// reason.
    pub fn parse(text: &str, operation: BankOperation) -> Self {
        let named = Code::parse(text)
            .filter(|code| code.is_caused_by(Source::Bank))
            .filter(|code| matches!(code.status(), Status::Http(400..)))
            .filter(|code| operation.may_fail_with(*code));
        Self(named.unwrap_or_else(|| response_code(text, operation)))
    }

    /// The code of the catalogue.
    pub fn code(self) -> Code {
        self.0
    }

    pub(crate) fn weight_of(code: Code) -> Weight {
        match code {
            Code::CardStatusAbnormal | Code::CardExpired | Code::CardNumberInvalid => Weight::Dead,
            Code::BankDeclined
            | Code::TopupBankDeclined
            | Code::PaymentFailed
            | Code::CardOnlinePaymentOff
            | Code::CardPinTriesExceeded => Weight::Hard,
            _ => Weight::Soft,
        }
    }
}

/// Response codes of card networks (field 39 of ISO 8583).
fn response_code(text: &str, operation: BankOperation) -> Code {
    use BankOperation::{Binding, Credit, Debit, Payment, Refund};
    match (text, operation) {
        ("14", _) => Code::CardNumberInvalid,
        ("33" | "54", _) => Code::CardExpired,
        ("41" | "43", _) => Code::CardStatusAbnormal,
        ("15", Binding) => Code::CardBankNotSupported,
        ("05" | "57" | "59" | "34" | "62" | "01", Binding) => Code::CardIssuerDeclined,
        ("91" | "96", Binding) => Code::CardIssuerUnavailable,
        (_, Binding) => Code::CardInfoUnverifiable,
        (_, Credit) => Code::WithdrawBankRejected,
        (_, Refund) => Code::RefundAbnormal,
        ("51", Debit | Payment) => Code::CardFundsInsufficient,
        ("61", Debit | Payment) => Code::BankLimitExceeded,
        ("65", Debit | Payment) => Code::BankCountExceeded,
        ("75", Debit | Payment) => Code::CardPinTriesExceeded,
        ("91" | "96", Debit | Payment) => Code::BankSystemError,
        ("01" | "05" | "15" | "34" | "55" | "57" | "59" | "62", Debit) => Code::TopupBankDeclined,
        ("01" | "05" | "15" | "34" | "55" | "57" | "59" | "62", Payment) => Code::BankDeclined,
        (_, Debit | Payment) => Code::PaymentFailed,
    }
}

/// What a bank says about a movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankAnswer {
    /// The money has moved.
    Done {
        /// The bank's own reference, at most 64 characters.
        bank_ref: String,
    },
    /// No money moved, as far as the bank says now.
    Declined(BankDecline),
    /// The money had moved and went back.
    Returned {
        /// The reference it had moved under.
        bank_ref: String,
        /// Why.
        why: BankDecline,
    },
    /// The bank has the request and will decide.
    Pending,
    /// Neither yes nor no.
    Unknown,
    /// The bank never saw the request. Send it again; record this only when it may not be sent
    /// again.
    NotSeen,
}

/// Sets the job to a later time, farther away each time; makes it anew when there is none.
pub(crate) fn ask_again(tx: &mut Tx<'_>, kind: JobKind, subject: String) -> Result<(), Halt> {
    let now = tx.now();
    let open = tx.find::<Job>(&(kind, subject.clone()))?;
    let job = open.unwrap_or_else(|| Job::new(kind, subject, now));
    let delay = query_delay(job.attempts, tx.rules());
    tx.schedule(job.again(now, delay));
    Ok(())
}

/// The obligation is met.
pub(crate) fn close_job(tx: &mut Tx<'_>, kind: JobKind, subject: String) -> Result<(), Halt> {
    let key = (kind, subject);
    if tx.find::<Job>(&key)?.is_some() {
        tx.remove::<Job>(&key);
    }
    Ok(())
}

/// How long to wait before the bank is asked again, in microseconds: twice as long each time.
fn query_delay(attempts: i64, rules: &Rules) -> i64 {
    let doubled = rules.bank_query_s.max(1).saturating_mul(1 << attempts.clamp(0, 20));
    doubled.min(rules.bank_query_max_s.max(1)).saturating_mul(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_in_words_is_taken_when_banks_cause_it() {
        let parse = |text| BankDecline::parse(text, BankOperation::Binding).code();
        assert_eq!(parse("CARD_PHONE_MISMATCH"), Code::CardPhoneMismatch);
        assert_eq!(parse("ORDER_NOT_FOUND"), Code::CardInfoUnverifiable);
        assert_eq!(parse("PAYMENT_RESULT_UNKNOWN"), Code::CardInfoUnverifiable);
        assert_eq!(parse("'; drop table card"), Code::CardInfoUnverifiable);
    }

    #[test]
    fn a_reason_that_speaks_of_another_operation_is_a_no_without_a_reason() {
        use BankOperation::{Binding, Credit, Debit, Payment, Refund};
        for (text, operation, expected) in [
            ("REFUND_ABNORMAL", Credit, "WITHDRAW_BANK_REJECTED"),
            ("TOPUP_BANK_DECLINED", Credit, "WITHDRAW_BANK_REJECTED"),
            ("PAYMENT_FAILED", Credit, "WITHDRAW_BANK_REJECTED"),
            ("WITHDRAW_CARD_CLASS_LIMIT", Debit, "PAYMENT_FAILED"),
            ("TOPUP_BANK_DECLINED", Payment, "PAYMENT_FAILED"),
            ("WITHDRAW_BANK_REJECTED", Refund, "REFUND_ABNORMAL"),
            ("BANK_DECLINED", Binding, "CARD_INFO_UNVERIFIABLE"),
        ] {
            let code = BankDecline::parse(text, operation).code();
            assert_eq!(code.as_str(), expected, "{text} {operation:?}");
        }
    }

    #[test]
    fn response_codes_mean_what_the_operation_makes_of_them() {
        for (text, binding, debit, payment) in [
            ("51", "CARD_INFO_UNVERIFIABLE", "CARD_FUNDS_INSUFFICIENT", "CARD_FUNDS_INSUFFICIENT"),
            ("61", "CARD_INFO_UNVERIFIABLE", "BANK_LIMIT_EXCEEDED", "BANK_LIMIT_EXCEEDED"),
            ("65", "CARD_INFO_UNVERIFIABLE", "BANK_COUNT_EXCEEDED", "BANK_COUNT_EXCEEDED"),
            ("75", "CARD_INFO_UNVERIFIABLE", "CARD_PIN_TRIES_EXCEEDED", "CARD_PIN_TRIES_EXCEEDED"),
            ("05", "CARD_ISSUER_DECLINED", "TOPUP_BANK_DECLINED", "BANK_DECLINED"),
            ("91", "CARD_ISSUER_UNAVAILABLE", "BANK_SYSTEM_ERROR", "BANK_SYSTEM_ERROR"),
            ("99", "CARD_INFO_UNVERIFIABLE", "PAYMENT_FAILED", "PAYMENT_FAILED"),
        ] {
            for (operation, expected) in [
                (BankOperation::Binding, binding),
                (BankOperation::Debit, debit),
                (BankOperation::Payment, payment),
                (BankOperation::Credit, "WITHDRAW_BANK_REJECTED"),
                (BankOperation::Refund, "REFUND_ABNORMAL"),
            ] {
                let code = BankDecline::parse(text, operation).code();
                assert_eq!(code.as_str(), expected, "{text} {operation:?}");
            }
        }
        for (text, expected) in
            [("54", "CARD_EXPIRED"), ("43", "CARD_STATUS_ABNORMAL"), ("14", "CARD_NUMBER_INVALID")]
        {
            for operation in [BankOperation::Binding, BankOperation::Debit, BankOperation::Refund] {
                let code = BankDecline::parse(text, operation).code();
                assert_eq!(code.as_str(), expected, "{text} {operation:?}");
            }
        }
    }

    #[test]
    fn the_bank_is_asked_less_and_less_often() {
        let rules = Rules::default();
        let seconds: Vec<i64> =
            [0, 1, 2, 7, 8, 60].iter().map(|n| query_delay(*n, &rules) / SECOND).collect();
        assert_eq!(seconds, [10, 20, 40, 1_280, 1_800, 1_800]);
    }
}
