//! The bank answers about money that goes back to a card, possibly late, twice, or against its own
//! earlier word.

use super::{PayoutOrigin, PayoutState, Refund, RefundPayout, RefundState};
use crate::card::{BankAnswer, Card, Report, Return, ask_again, close_job, pay_out, suspend};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::RefundPayoutId;
use crate::job::{Job, JobKind};
use crate::ledger::JournalKind;
use crate::order::{CardPayment, CardPaymentState};
use crate::record::RowKey;
use crate::tx::Tx;

/// See the module. Each movement that the bank reports is posted once. A no makes a refund
/// abnormal; its money waits on in transit. A yes after that no still settles it, unless the
/// merchant has named another way; then suspense answers for what the bank paid out.
#[derive(Clone, Debug)]
pub struct RecordRefundPayout {
    /// The payout.
    pub payout: RefundPayoutId,
    /// The answer.
    pub answer: BankAnswer,
}

/// What the money of a payout waits for.
enum Waits {
    Refund(Box<Refund>),
    LatePayment(CardPayment),
}

impl Command for RecordRefundPayout {
    /// Where the payout stands.
    type Done = PayoutState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<PayoutState, Stop<Never>> {
        let payout = tx.get::<RefundPayout>(&self.payout)?;
        let is_open = payout.is_open();
        Ok(match &self.answer {
            BankAnswer::Done { bank_ref } => done(tx, payout, bank_ref)?,
            BankAnswer::Returned { bank_ref, why } => returned(tx, payout, bank_ref, why.code())?,
            BankAnswer::Declined(why) if is_open => fail(tx, payout, why.code(), End::Waits)?,
            BankAnswer::Declined(why) => match payout.bank_ref.clone() {
                Some(bank_ref) => returned(tx, payout, &bank_ref, why.code())?,
                None => payout.state,
            },
            BankAnswer::NotSeen if is_open && !payout.may_be_sent(tx.now(), tx.rules()) => {
                fail(tx, payout, Code::BankSystemError, End::GivenUp)?
            }
            BankAnswer::Pending | BankAnswer::Unknown | BankAnswer::NotSeen => {
                if is_open {
                    ask_again(tx, JobKind::SubmitRefundPayout, payout.id.to_string())?;
                }
                payout.state
            }
        })
    }
}

/// What a failed payout leaves of its refund.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The merchant may name another way.
    Waits,
    /// Time is over.
    GivenUp,
}

fn done(tx: &mut Tx<'_>, mut payout: RefundPayout, bank_ref: &str) -> Result<PayoutState, Halt> {
    let subject = payout.subject();
    let report = Report { subject: &subject, bank_ref, amount: payout.amount };
    if !report.is_new(tx)? {
        return Ok(payout.state);
    }
    want_end(tx, &payout)?;
    let minor = payout.amount.minor();
    let Some(waits) = waiting(tx, &payout)? else {
        let journal = suspend(tx, &subject, payout.amount, -minor)?;
        report.keep_done(tx, journal);
        payout.suspended_minor -= if journal > 0 { minor } else { 0 };
        payout.state = PayoutState::Exception;
        tx.put(payout);
        return Ok(PayoutState::Exception);
    };
    let legs = [(tx.rules().system.transit_refund, -minor)];
    let (journal, suspended) =
        pay_out(tx, JournalKind::RefundSettle, &subject, payout.amount, &legs)?;
    report.keep_done(tx, journal);
    if payout.is_open() {
        let card = tx.get::<Card>(&payout.card)?;
        tx.put(card.after_success());
        close_job(tx, JobKind::SubmitRefundPayout, payout.id.to_string())?;
    }
    payout.state = PayoutState::Success;
    payout.failure = None;
    payout.bank_ref = Some(bank_ref.to_owned());
    payout.journal = journal;
    payout.suspended_minor += suspended;
    payout.ended_at = Some(tx.now());
    tx.put(payout);
    match waits {
        Waits::Refund(refund) => refund.arrive(tx, journal)?,
        Waits::LatePayment(payment) => {
            tx.put(CardPayment { state: CardPaymentState::Refunded, ..payment });
        }
    }
    Ok(PayoutState::Success)
}

/// What waits in transit for this payout: also a refund that this payout had failed, as long as the
/// merchant has named no other way.
fn waiting(tx: &mut Tx<'_>, payout: &RefundPayout) -> Result<Option<Waits>, Halt> {
    Ok(match origin(payout)? {
        PayoutOrigin::Refund(mchid, number) => {
            let refund = tx.get::<Refund>(&(mchid, number))?;
            let waits = matches!(refund.state, RefundState::Processing | RefundState::Abnormal);
            let is_mine = refund.payout == Some(payout.id);
            (waits && is_mine).then_some(Waits::Refund(Box::new(refund)))
        }
        PayoutOrigin::LatePayment(payment) => {
            let payment = tx.get::<CardPayment>(&payment)?;
            let waits = payment.state == CardPaymentState::Refunding;
            waits.then_some(Waits::LatePayment(payment))
        }
    })
}

fn origin(payout: &RefundPayout) -> Result<PayoutOrigin, Halt> {
    let origin = payout.origin();
    origin.ok_or_else(|| Halt::Defect(format!("payout {} is for nothing", payout.id)))
}

/// Asks for all rows of an end in one round.
fn want_end(tx: &mut Tx<'_>, payout: &RefundPayout) -> Result<(), Halt> {
    let origin = match origin(payout)? {
        PayoutOrigin::Refund(mchid, number) => RowKey::of::<Refund>(&(mchid, number)),
        PayoutOrigin::LatePayment(payment) => RowKey::of::<CardPayment>(&payment),
    };
    let job = RowKey::of::<Job>(&(JobKind::SubmitRefundPayout, payout.id.to_string()));
    tx.want([origin, job, RowKey::of::<Card>(&payout.card)])
}

/// The money went back to our account at the bank.
fn returned(
    tx: &mut Tx<'_>,
    mut payout: RefundPayout,
    bank_ref: &str,
    why: Code,
) -> Result<PayoutState, Halt> {
    let subject = payout.subject();
    let minor = payout.amount.minor();
    let report = Report { subject: &subject, bank_ref, amount: payout.amount };
    match report.keep_returned(tx)? {
        Return::Unheard if payout.is_open() => fail(tx, payout, why, End::Waits),
        Return::Known | Return::Unheard => Ok(payout.state),
        Return::Undoes { journal } => {
            if journal > 0 && suspend(tx, &subject, payout.amount, minor)? > 0 {
                payout.suspended_minor += minor;
            }
            payout.state = PayoutState::Exception;
            payout.failure = Some(why);
            tx.put(payout);
            Ok(PayoutState::Exception)
        }
    }
}

/// The bank did not pay: a refund waits for its merchant, or is given up; what came too late for an
/// order goes to the payer's balance.
fn fail(
    tx: &mut Tx<'_>,
    mut payout: RefundPayout,
    why: Code,
    end: End,
) -> Result<PayoutState, Halt> {
    want_end(tx, &payout)?;
    let waits = waiting(tx, &payout)?;
    let waits = waits.ok_or_else(|| Halt::Defect(format!("nothing waits for {}", payout.id)))?;
    let card = tx.get::<Card>(&payout.card)?;
    tx.put(card.after_failure(why, 0, 0, tx.rules()));
    close_job(tx, JobKind::SubmitRefundPayout, payout.id.to_string())?;
    payout.state = PayoutState::Failed;
    payout.failure = Some(why);
    payout.ended_at = Some(tx.now());
    tx.put(payout);
    match waits {
        Waits::Refund(refund) if end == End::GivenUp => refund.close(tx)?,
        Waits::Refund(refund) => refund.become_abnormal(tx),
        Waits::LatePayment(mut payment) => {
            let transit = tx.rules().system.transit_refund;
            payment.return_to_balance(tx, JournalKind::RefundReturn, transit)?;
            tx.put(payment);
        }
    }
    Ok(PayoutState::Failed)
}
