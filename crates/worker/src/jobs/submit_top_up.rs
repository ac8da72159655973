//! Takes a top-up from its card. What was sent before is asked about first, and sent again only
//! when the bank never saw it, with the same id.

use super::{Jobs, Met, Unmet, in_our_words, movement, request_id, subject};
use domain::card::BankOperation;
use domain::ids::TopUpId;
use domain::job::Job;
use domain::top_up::{RecordTopUp, TopUp};
use providers::bank::BankAnswer;
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: TopUpId = subject(job)?;
    let top_up = find::<TopUp>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if !top_up.is_open() {
        return Err(Unmet::Gone);
    }
    let bank = &jobs.providers.bank;
    let may_be_sent = top_up.may_be_sent(jobs.now(), &jobs.engine.rules());
    let known = match job.attempts {
        0 if may_be_sent => BankAnswer::NotSeen,
        _ => bank.find_debit(&request_id(id)?, top_up.amount).await,
    };
    let answer = match known {
        BankAnswer::NotSeen if may_be_sent => {
            bank.debit(&movement(jobs, id, top_up.card, top_up.amount).await?).await
        }
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Debit);
    jobs.record(RecordTopUp { top_up: id, answer }).await
}
