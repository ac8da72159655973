//! Asks the identity authority whether name and document belong together, and the phone to the
//! person.

use super::{Jobs, Met, Unmet, must, open_text, request_id, subject};
use crate::shell;
use domain::identity::{AuthorityAnswer, RecordVerification, Verification, VerificationState};
use domain::ids::{IdentityId, VerificationId};
use domain::job::Job;
use domain::user::{User, phone_place};
use domain::wallet::{name_place, number_place};
use providers::identity::{Channel, IdentityAnswer, IdentityCheck};
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: VerificationId = subject(job)?;
    let verification = find::<Verification>(jobs.queries.as_ref(), &id).await?;
    let verification = verification.ok_or(Unmet::Gone)?;
    if verification.state != VerificationState::Submitted {
        return Err(Unmet::Gone);
    }
    let authority = &jobs.providers.identity;
    let check = check(jobs, &verification).await?;
    // What was asked before is asked about first: the answer may only have got lost.
    let known = match job.attempts {
        0 => IdentityAnswer::NotSeen,
        _ => authority.find_check(&check.request_id).await,
    };
    let answer = match known {
        IdentityAnswer::NotSeen => authority.check(&check).await,
        known => known,
    };
    let identity = IdentityId::from_bytes(shell::id(jobs.shell.as_ref()));
    let answer = in_our_words(&answer);
    jobs.record(RecordVerification { verification: id, answer, identity }).await
}

async fn check(jobs: &Jobs, verification: &Verification) -> Result<IdentityCheck, Unmet> {
    let user = find::<User>(jobs.queries.as_ref(), &verification.user).await?;
    let user = must(user, "the user of a verification")?;
    let keys = &jobs.keys.personal_data;
    let document = &verification.document_index;
    Ok(IdentityCheck {
        request_id: request_id(verification.id)?,
        document_type: verification.document.as_str().to_owned(),
        document_number: open_text(keys, &number_place(document), &verification.number)?,
        name: open_text(keys, &name_place(document), &verification.name)?,
        phone: Some(open_text(keys, &phone_place(&user.phone_index), &user.phone)?),
    })
}

fn in_our_words(answer: &IdentityAnswer) -> AuthorityAnswer {
    match answer {
        IdentityAnswer::Match { channels } if channels.contains(&Channel::Document) => {
            AuthorityAnswer::Match { phone: channels.contains(&Channel::Phone) }
        }
        IdentityAnswer::Mismatch { code } if code == "DOCUMENT_EXPIRED" => AuthorityAnswer::Expired,
        IdentityAnswer::Mismatch { .. } => AuthorityAnswer::Mismatch,
        IdentityAnswer::Match { .. }
        | IdentityAnswer::Pending
        | IdentityAnswer::NotSeen
        | IdentityAnswer::Unknown(_) => AuthorityAnswer::Unavailable,
    }
}
