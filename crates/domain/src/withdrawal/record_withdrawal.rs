//! The bank answers about a withdrawal, possibly late, twice, or against its own earlier word.

use super::withdrawal_row::{Withdrawal, WithdrawalState};
use crate::card::{BankAnswer, Card, Report, Return, ask_again, close_job, pay_out, suspend};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::WithdrawalId;
use crate::job::{Job, JobKind};
use crate::ledger::{JournalKind, Posting};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{Usage, Wallet};

/// See the module. Each movement that the bank reports is posted once; what comes after the end of
/// the withdrawal goes to suspense and makes it an exception.
#[derive(Clone, Debug)]
pub struct RecordWithdrawal {
    /// The withdrawal.
    pub withdrawal: WithdrawalId,
    /// The answer.
    pub answer: BankAnswer,
}

impl Command for RecordWithdrawal {
    /// Where the withdrawal stands.
    type Done = WithdrawalState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<WithdrawalState, Stop<Never>> {
        let withdrawal = tx.get::<Withdrawal>(&self.withdrawal)?;
        Ok(match &self.answer {
            BankAnswer::Done { bank_ref } => done(tx, withdrawal, bank_ref)?,
            BankAnswer::Returned { bank_ref, why } => {
                returned(tx, withdrawal, bank_ref, why.code())?
            }
            BankAnswer::Declined(why) if withdrawal.is_open() => {
                give_back(tx, withdrawal, why.code())?
            }
            BankAnswer::Declined(why) => match withdrawal.bank_ref.clone() {
                Some(bank_ref) => returned(tx, withdrawal, &bank_ref, why.code())?,
                None => withdrawal.state,
            },
            BankAnswer::Pending => wait(tx, withdrawal, true)?,
            BankAnswer::Unknown | BankAnswer::NotSeen => wait(tx, withdrawal, false)?,
        })
    }
}

fn wait(
    tx: &mut Tx<'_>,
    mut withdrawal: Withdrawal,
    is_accepted: bool,
) -> Result<WithdrawalState, Halt> {
    if !withdrawal.is_open() {
        return Ok(withdrawal.state);
    }
    ask_again(tx, JobKind::SubmitWithdrawal, withdrawal.id.to_string())?;
    if is_accepted {
        withdrawal.state = WithdrawalState::BankProcessing;
    }
    if withdrawal.overdue_at.is_none() && withdrawal.is_overdue(tx.now(), tx.rules()) {
        withdrawal.overdue_at = Some(tx.now());
    }
    let state = withdrawal.state;
    tx.put(withdrawal);
    Ok(state)
}

/// Asks for all rows of an end in one round.
fn want_end(tx: &mut Tx<'_>, withdrawal: &Withdrawal) -> Result<(), Halt> {
    let system = tx.rules().system;
    let accounts = [system.transit_withdrawal, system.bank, system.income_fee, system.suspense];
    let rows = [
        RowKey::of::<Wallet>(&withdrawal.wallet),
        RowKey::of::<Card>(&withdrawal.card),
        RowKey::of::<Usage>(&withdrawal.identity),
        RowKey::of::<Job>(&(JobKind::SubmitWithdrawal, withdrawal.id.to_string())),
    ];
    tx.want(rows.into_iter().chain(accounts.map(|a| RowKey::of::<crate::ledger::Account>(&a))))
}

fn done(
    tx: &mut Tx<'_>,
    mut withdrawal: Withdrawal,
    bank_ref: &str,
) -> Result<WithdrawalState, Halt> {
    let subject = withdrawal.subject();
    let report = Report { subject: &subject, bank_ref, amount: withdrawal.amount };
    if !report.is_new(tx)? {
        return Ok(withdrawal.state);
    }
    want_end(tx, &withdrawal)?;
    if withdrawal.is_open() {
        let journal = settle(tx, &mut withdrawal)?;
        report.keep_done(tx, journal);
        let card = tx.get::<Card>(&withdrawal.card)?;
        tx.put(card.after_success());
        close_job(tx, JobKind::SubmitWithdrawal, withdrawal.id.to_string())?;
        withdrawal.state = WithdrawalState::Success;
        withdrawal.bank_ref = Some(bank_ref.to_owned());
        withdrawal.ended_at = Some(tx.now());
        tx.put(withdrawal);
        return Ok(WithdrawalState::Success);
    }
    let minor = withdrawal.amount.minor();
    let journal = suspend(tx, &subject, withdrawal.amount, -minor)?;
    report.keep_done(tx, journal);
    if journal > 0 {
        withdrawal.suspended_minor -= minor;
    }
    withdrawal.state = WithdrawalState::Exception;
    tx.put(withdrawal);
    Ok(WithdrawalState::Exception)
}

/// The bank has paid: transit empties, the fee is earned.
fn settle(tx: &mut Tx<'_>, withdrawal: &mut Withdrawal) -> Result<i64, Halt> {
    let system = tx.rules().system;
    let legs = [
        (system.transit_withdrawal, -withdrawal.total_minor()),
        (system.income_fee, withdrawal.fee_minor),
    ];
    let (kind, subject) = (JournalKind::WithdrawalSettle, withdrawal.subject());
    let (journal, suspended) = pay_out(tx, kind, &subject, withdrawal.amount, &legs)?;
    withdrawal.suspended_minor += suspended;
    Ok(journal)
}

/// The money went back to our account at the bank.
fn returned(
    tx: &mut Tx<'_>,
    mut withdrawal: Withdrawal,
    bank_ref: &str,
    why: Code,
) -> Result<WithdrawalState, Halt> {
    let subject = withdrawal.subject();
    let minor = withdrawal.amount.minor();
    let report = Report { subject: &subject, bank_ref, amount: withdrawal.amount };
    match report.keep_returned(tx)? {
        Return::Known => Ok(withdrawal.state),
        Return::Unheard if withdrawal.is_open() => give_back(tx, withdrawal, why),
        Return::Unheard => Ok(withdrawal.state),
        Return::Undoes { journal } => {
            if journal > 0 && suspend(tx, &subject, withdrawal.amount, minor)? > 0 {
                withdrawal.suspended_minor += minor;
            }
            withdrawal.state = WithdrawalState::Exception;
            withdrawal.failure = Some(why);
            tx.put(withdrawal);
            Ok(WithdrawalState::Exception)
        }
    }
}

/// The bank did not pay: amount, fee, allowance and, while its day lasts, the day's sums come back.
fn give_back(
    tx: &mut Tx<'_>,
    mut withdrawal: Withdrawal,
    why: Code,
) -> Result<WithdrawalState, Halt> {
    want_end(tx, &withdrawal)?;
    let wallet = tx.get::<Wallet>(&withdrawal.wallet)?;
    let total = withdrawal.total_minor();
    let transit = tx.rules().system.transit_withdrawal;
    let legs = [(transit, -total), (wallet.balance_account, total)];
    let (kind, currency) = (JournalKind::WithdrawalReturn, withdrawal.amount.currency());
    let posting = Posting::balanced(kind, withdrawal.subject(), currency, legs)?;
    tx.post(posting)?.map_err(|short| {
        Halt::Defect(format!("account {} is short for withdrawal {}", short.account, withdrawal.id))
    })?;
    let usage = tx.get::<Usage>(&withdrawal.identity)?;
    let mut usage = usage.on(tx.now());
    usage.free_used -= withdrawal.free_minor;
    if usage.day == withdrawal.day {
        usage.withdrawn_day -= withdrawal.amount.minor();
        usage.withdrawals_day -= 1;
    }
    tx.put(usage);
    let card = tx.get::<Card>(&withdrawal.card)?;
    tx.put(card.after_failure(why, withdrawal.day, 0, tx.rules()));
    close_job(tx, JobKind::SubmitWithdrawal, withdrawal.id.to_string())?;
    withdrawal.state = WithdrawalState::Returned;
    withdrawal.failure = Some(why);
    withdrawal.is_counted = false;
    withdrawal.ended_at = Some(tx.now());
    tx.put(withdrawal);
    Ok(WithdrawalState::Returned)
}
