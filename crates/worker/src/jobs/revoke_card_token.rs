//! Tells a bank that a token is no longer used.

use super::{Jobs, Met, Unmet, open_text, request_id, subject};
use domain::card::{Card, RecordTokenRevoked, RevocationAnswer, token_place};
use domain::ids::CardId;
use domain::job::Job;
use providers::bank::{Revocation, RevokeAnswer};
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: CardId = subject(job)?;
    let card = find::<Card>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    let sealed = card.token.as_ref().ok_or(Unmet::Gone)?;
    let token = open_text(&jobs.keys.personal_data, &token_place(id), sealed)?;
    let revocation = Revocation { request_id: request_id(id)?, token };
    let answer = match jobs.providers.bank.revoke(&revocation).await {
        RevokeAnswer::Revoked | RevokeAnswer::NotSeen => RevocationAnswer::Revoked,
        RevokeAnswer::Unknown(_) => RevocationAnswer::Unknown,
    };
    jobs.record(RecordTokenRevoked { card: id, answer }).await
}
