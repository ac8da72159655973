//! Takes a top-up from its card. What was sent before is asked about first, and sent again only
//! when the bank never saw it, with the same id.

use super::{Jobs, Met, Unmet, in_our_words, must, open_text, request_id, subject};
use domain::card::{BankOperation, Card, token_place};
use domain::ids::TopUpId;
use domain::job::Job;
use domain::top_up::{RecordTopUp, TopUp};
use providers::bank::{BankAnswer, Movement};
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
        BankAnswer::NotSeen if may_be_sent => bank.debit(&movement(jobs, &top_up).await?).await,
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Debit);
    jobs.record(RecordTopUp { top_up: id, answer }).await
}

async fn movement(jobs: &Jobs, top_up: &TopUp) -> Result<Movement, Unmet> {
    let card = find::<Card>(jobs.queries.as_ref(), &top_up.card).await?;
    let card = must(card, "the card of a top-up")?;
    let sealed = must(card.token.as_ref(), "the token of a card in use")?;
    Ok(Movement {
        request_id: request_id(top_up.id)?,
        token: open_text(&jobs.keys.personal_data, &token_place(card.id), sealed)?,
        amount: top_up.amount,
    })
}
