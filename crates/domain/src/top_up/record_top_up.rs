//! The bank answers about a top-up, possibly late, twice, or against its own earlier word.

use super::top_up_row::{TopUp, TopUpState};
use crate::card::{BankAnswer, Card, Report, Return, ask_again, close_job, suspend};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::TopUpId;
use crate::job::{Job, JobKind};
use crate::ledger::{JournalKind, Posting, Shortfall};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{Usage, Wallet};

/// See the module. Each movement that the bank reports is posted once; what comes after the end of
/// the top-up goes to suspense, never to the balance.
#[derive(Clone, Debug)]
pub struct RecordTopUp {
    /// The top-up.
    pub top_up: TopUpId,
    /// The answer.
    pub answer: BankAnswer,
}

impl Command for RecordTopUp {
    /// Where the top-up stands.
    type Done = TopUpState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<TopUpState, Stop<Never>> {
        let top_up = tx.get::<TopUp>(&self.top_up)?;
        Ok(match &self.answer {
            BankAnswer::Done { bank_ref } => done(tx, top_up, bank_ref)?,
            BankAnswer::Returned { bank_ref, why } => returned(tx, top_up, bank_ref, why.code())?,
            BankAnswer::Declined(why) if top_up.is_open() => fail(tx, top_up, why.code())?,
            BankAnswer::Declined(why) => match top_up.bank_ref.clone() {
                Some(bank_ref) => returned(tx, top_up, &bank_ref, why.code())?,
                None => top_up.state,
            },
            BankAnswer::Pending => wait(tx, top_up, TopUpState::BankProcessing)?,
            BankAnswer::NotSeen
                if top_up.is_open() && !top_up.may_be_sent(tx.now(), tx.rules()) =>
            {
                fail(tx, top_up, Code::BankSystemError)?
            }
            BankAnswer::Unknown | BankAnswer::NotSeen => wait(tx, top_up, TopUpState::Unknown)?,
        })
    }
}

fn wait(tx: &mut Tx<'_>, top_up: TopUp, state: TopUpState) -> Result<TopUpState, Halt> {
    if !top_up.is_open() {
        return Ok(top_up.state);
    }
    ask_again(tx, JobKind::SubmitTopUp, top_up.id.to_string())?;
    if top_up.state != state {
        tx.put(TopUp { state, ..top_up });
    }
    Ok(state)
}

/// Asks for all rows of an end in one round.
fn want_end(tx: &mut Tx<'_>, top_up: &TopUp) -> Result<(), Halt> {
    tx.want([
        RowKey::of::<Wallet>(&top_up.wallet),
        RowKey::of::<Card>(&top_up.card),
        RowKey::of::<Usage>(&top_up.identity),
        RowKey::of::<Job>(&(JobKind::SubmitTopUp, top_up.id.to_string())),
    ])
}

fn done(tx: &mut Tx<'_>, mut top_up: TopUp, bank_ref: &str) -> Result<TopUpState, Halt> {
    let subject = top_up.subject();
    let report = Report { subject: &subject, bank_ref, amount: top_up.amount };
    if !report.is_new(tx)? {
        return Ok(top_up.state);
    }
    want_end(tx, &top_up)?;
    let wallet = tx.get::<Wallet>(&top_up.wallet)?;
    let minor = top_up.amount.minor();
    if top_up.is_open() && wallet.may_receive() {
        let legs = [(tx.rules().system.bank, -minor), (wallet.balance_account, minor)];
        let kind = JournalKind::TopUp;
        let posting = Posting::balanced(kind, subject.clone(), top_up.amount.currency(), legs)?;
        let journal = tx.post(posting)?.map_err(|Shortfall { account, .. }| {
            Halt::Defect(format!("account {account} cannot take {}", subject.as_str()))
        })?;
        report.keep_done(tx, journal);
        let card = tx.get::<Card>(&top_up.card)?;
        tx.put(card.after_success());
        close_job(tx, JobKind::SubmitTopUp, top_up.id.to_string())?;
        (top_up.state, top_up.journal) = (TopUpState::Success, journal);
        (top_up.bank_ref, top_up.ended_at) = (Some(bank_ref.to_owned()), Some(tx.now()));
        tx.put(top_up);
        return Ok(TopUpState::Success);
    }
    let journal = suspend(tx, &subject, top_up.amount, minor)?;
    report.keep_done(tx, journal);
    if journal > 0 {
        top_up.suspended_minor += minor;
    }
    if top_up.is_open() {
        return fail(tx, top_up, Code::AccountStatusAbnormal);
    }
    let state = top_up.state;
    tx.put(top_up);
    Ok(state)
}

/// The money went back to the card. What had been credited to the balance is now missing at the
/// bank; only an officer may take it from the person.
fn returned(
    tx: &mut Tx<'_>,
    mut top_up: TopUp,
    bank_ref: &str,
    why: Code,
) -> Result<TopUpState, Halt> {
    let subject = top_up.subject();
    let minor = top_up.amount.minor();
    let report = Report { subject: &subject, bank_ref, amount: top_up.amount };
    match report.keep_returned(tx)? {
        Return::Known => Ok(top_up.state),
        Return::Unheard if top_up.is_open() => fail(tx, top_up, why),
        Return::Unheard => Ok(top_up.state),
        Return::Undoes { journal } => {
            if journal > 0 && suspend(tx, &subject, top_up.amount, -minor)? > 0 {
                top_up.suspended_minor -= minor;
            }
            let state = top_up.state;
            tx.put(top_up);
            Ok(state)
        }
    }
}

/// Ends without money; what it used of the day's sums is given back while that day lasts.
fn fail(tx: &mut Tx<'_>, mut top_up: TopUp, why: Code) -> Result<TopUpState, Halt> {
    want_end(tx, &top_up)?;
    let usage = tx.get::<Usage>(&top_up.identity)?;
    let mut usage = usage.on(tx.now());
    if usage.day == top_up.day {
        usage.topped_up_day -= top_up.amount.minor();
    }
    tx.put(usage);
    let card = tx.get::<Card>(&top_up.card)?;
    tx.put(card.after_failure(why, top_up.day, top_up.amount.minor(), tx.rules()));
    close_job(tx, JobKind::SubmitTopUp, top_up.id.to_string())?;
    (top_up.state, top_up.failure) = (TopUpState::Failed, Some(why));
    (top_up.is_counted, top_up.ended_at) = (false, Some(tx.now()));
    tx.put(top_up);
    Ok(TopUpState::Failed)
}
