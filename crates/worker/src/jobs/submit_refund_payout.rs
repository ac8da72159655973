//! Sends what is given back to its card. What was sent before is asked about first, and sent again
//! only when the bank never saw it, with the same id; the money waits in transit meanwhile.

use super::{Jobs, Met, Unmet, in_our_words, movement, request_id, subject};
use domain::card::BankOperation;
use domain::ids::RefundPayoutId;
use domain::job::Job;
use domain::refund::{RecordRefundPayout, RefundPayout};
use providers::bank::BankAnswer;
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: RefundPayoutId = subject(job)?;
    let payout = find::<RefundPayout>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if !payout.is_open() {
        return Err(Unmet::Gone);
    }
    let bank = &jobs.providers.bank;
    let may_be_sent = payout.may_be_sent(jobs.now(), &jobs.engine.rules());
    let known = match job.attempts {
        0 if may_be_sent => BankAnswer::NotSeen,
        _ => bank.find_credit(&request_id(id)?, payout.amount).await,
    };
    let answer = match known {
        BankAnswer::NotSeen if may_be_sent => {
            bank.credit(&movement(jobs, id, payout.card, payout.amount).await?).await
        }
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Refund);
    jobs.record(RecordRefundPayout { payout: id, answer }).await
}
