//! Pays a withdrawal out to its card. What was sent before is asked about first, and sent again
//! only when the bank never saw it, with the same id; the money waits in transit for as long as it
//! takes.

use super::{Jobs, Met, Unmet, in_our_words, movement, request_id, subject};
use domain::card::BankOperation;
use domain::ids::WithdrawalId;
use domain::job::Job;
use domain::withdrawal::{RecordWithdrawal, Withdrawal};
use providers::bank::BankAnswer;
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: WithdrawalId = subject(job)?;
    let withdrawal = find::<Withdrawal>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if !withdrawal.is_open() {
        return Err(Unmet::Gone);
    }
    let bank = &jobs.providers.bank;
    let known = match job.attempts {
        0 => BankAnswer::NotSeen,
        _ => bank.find_credit(&request_id(id)?, withdrawal.amount).await,
    };
    let answer = match known {
        BankAnswer::NotSeen => {
            bank.credit(&movement(jobs, id, withdrawal.card, withdrawal.amount).await?).await
        }
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Credit);
    jobs.record(RecordWithdrawal { withdrawal: id, answer }).await
}
