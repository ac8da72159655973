//! Pays a withdrawal out to its card. What was sent before is asked about first, and sent again
//! only when the bank never saw it, with the same id; the money waits in transit for as long as it
//! takes.

use super::{Jobs, Met, Unmet, in_our_words, must, open_text, request_id, subject};
use domain::card::{BankOperation, Card, token_place};
use domain::ids::WithdrawalId;
use domain::job::Job;
use domain::withdrawal::{RecordWithdrawal, Withdrawal};
use providers::bank::{BankAnswer, Movement};
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
        BankAnswer::NotSeen => bank.credit(&movement(jobs, &withdrawal).await?).await,
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Credit);
    jobs.record(RecordWithdrawal { withdrawal: id, answer }).await
}

async fn movement(jobs: &Jobs, withdrawal: &Withdrawal) -> Result<Movement, Unmet> {
    let card = find::<Card>(jobs.queries.as_ref(), &withdrawal.card).await?;
    let card = must(card, "the card of a withdrawal")?;
    let sealed = must(card.token.as_ref(), "the token of a card in use")?;
    Ok(Movement {
        request_id: request_id(withdrawal.id)?,
        token: open_text(&jobs.keys.personal_data, &token_place(card.id), sealed)?,
        amount: withdrawal.amount,
    })
}
