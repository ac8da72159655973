//! Asks an issuer whether a card and its holder belong together; it then sends its own code.

use super::{Jobs, Met, Unmet, must, open_text, request_id, subject};
use domain::card::{
    BankDecline, BankOperation, BindingState, CardBinding, CardSecrets, IssuerAnswer,
    RecordIssuerCheck, secrets_place,
};
use domain::ids::CardBindingId;
use domain::job::Job;
use domain::wallet::{Identity, Wallet, name_place, number_place};
use kernel::ExposeSecret;
use providers::bank::{CardCheck, CreditElements, SigningAnswer};
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: CardBindingId = subject(job)?;
    let binding = find::<CardBinding>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if binding.state != BindingState::IssuerCheck {
        return Err(Unmet::Gone);
    }
    let answer = if binding.is_issuer_overdue(jobs.now(), &jobs.engine.rules()) {
        // Asked for too long: the command gives it up, and no code is sent to anybody any more.
        IssuerAnswer::Unknown
    } else {
        in_our_words(ask(jobs, job, &binding).await?)
    };
    jobs.record(RecordIssuerCheck { binding: id, answer }).await
}

async fn ask(jobs: &Jobs, job: &Job, binding: &CardBinding) -> Result<SigningAnswer, Unmet> {
    let signing = request_id(binding.id)?;
    let known = match job.attempts {
        0 => SigningAnswer::NotSeen,
        _ => jobs.providers.bank.find_signing(&signing).await,
    };
    match known {
        SigningAnswer::NotSeen => {
            let check = check(jobs, binding).await?;
            Ok(jobs.providers.bank.check_card(&check).await)
        }
        known => Ok(known),
    }
}

async fn check(jobs: &Jobs, binding: &CardBinding) -> Result<CardCheck, Unmet> {
    let queries = jobs.queries.as_ref();
    let wallet = must(find::<Wallet>(queries, &binding.wallet).await?, "the wallet of a binding")?;
    let identity = must(wallet.identity, "the identity of a wallet that binds a card")?;
    let identity = must(find::<Identity>(queries, &identity).await?, "the identity of a wallet")?;
    let sealed = must(binding.secrets.as_ref(), "what the issuer is to check")?;
    let packed = open_text(&jobs.keys.card_data, &secrets_place(binding.id), sealed)?;
    let secrets = must(CardSecrets::unpack(packed.expose_secret()), "the parts of card secrets")?;
    let (personal, document) = (&jobs.keys.personal_data, &identity.document_index);
    let credit = secrets.expiry.zip(secrets.security_code);
    Ok(CardCheck {
        request_id: request_id(binding.id)?,
        card_number: secrets.number,
        holder_name: open_text(personal, &name_place(document), &identity.name)?,
        document_number: open_text(personal, &number_place(document), &identity.number)?,
        phone: secrets.phone,
        credit: credit.map(|(expiry, security_code)| CreditElements { expiry, security_code }),
    })
}

fn in_our_words(answer: SigningAnswer) -> IssuerAnswer {
    match answer {
        SigningAnswer::CodeSent => IssuerAnswer::CodeSent,
        SigningAnswer::Declined { code } => {
            IssuerAnswer::Declined(BankDecline::parse(&code, BankOperation::Binding))
        }
        // Nobody has entered a code yet, so anything about one makes no sense.
        SigningAnswer::Signed { .. }
        | SigningAnswer::WrongCode { .. }
        | SigningAnswer::CodeExpired
        | SigningAnswer::TooManyTries
        | SigningAnswer::Pending
        | SigningAnswer::NotSeen
        | SigningAnswer::Unknown(_) => IssuerAnswer::Unknown,
    }
}
