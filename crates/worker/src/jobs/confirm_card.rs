//! Gives an issuer the code that was entered. Repeating it is harmless: each entered code has an id
//! of its own, and the bank counts it once.

use super::{Jobs, Met, Unmet, must, open_text, request_id, subject};
use crate::shell;
use domain::card::{
    BankDecline, BankOperation, BindingState, CardBinding, ConfirmationAnswer, RecordCardBinding,
    code_place, token_place,
};
use domain::ids::CardBindingId;
use domain::job::Job;
use kernel::ExposeSecret;
use kernel::crypto::seal;
use providers::bank::{Confirmation, SigningAnswer};
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: CardBindingId = subject(job)?;
    let binding = find::<CardBinding>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if binding.state != BindingState::Confirming {
        return Err(Unmet::Gone);
    }
    let sealed = must(binding.code.as_ref(), "the code of a binding that is confirmed")?;
    let code = Confirmation {
        request_id: request_id(binding.confirmation_id())?,
        signing: request_id(id)?,
        otp: open_text(&jobs.keys.card_data, &code_place(id), sealed)?,
    };
    let answer = jobs.providers.bank.confirm_signing(&code).await;
    let answer = in_our_words(jobs, &binding, answer);
    let confirmation = binding.confirmations;
    jobs.record(RecordCardBinding { binding: id, confirmation, answer }).await
}

fn in_our_words(jobs: &Jobs, binding: &CardBinding, answer: SigningAnswer) -> ConfirmationAnswer {
    match answer {
        SigningAnswer::Signed { token } => {
            let (keys, place) = (&jobs.keys.personal_data, token_place(binding.card));
            let random = shell::seal_random(jobs.shell.as_ref());
            let token = seal(keys, &place, token.expose_secret().as_bytes(), &random);
            ConfirmationAnswer::Bound { token }
        }
        SigningAnswer::WrongCode { .. } => ConfirmationAnswer::WrongCode,
        SigningAnswer::CodeExpired => ConfirmationAnswer::CodeExpired,
        SigningAnswer::TooManyTries => ConfirmationAnswer::TooManyTries,
        SigningAnswer::Declined { code } => {
            ConfirmationAnswer::Declined(BankDecline::parse(&code, BankOperation::Binding))
        }
        SigningAnswer::CodeSent
        | SigningAnswer::Pending
        | SigningAnswer::NotSeen
        | SigningAnswer::Unknown(_) => ConfirmationAnswer::Unknown,
    }
}
