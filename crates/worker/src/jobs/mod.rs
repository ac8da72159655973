//! Obligations: each is met by asking a provider and recording what it says.
//!
//! One file per kind. Each reads the row that the obligation is about, opens what is sealed, calls
//! with our own id, and turns the answer into a command. What an answer means, and when to ask
//! again, the command decides; so whatever is not clearly a yes or a no is recorded as unknown.

mod bank_answer;
mod check_card;
mod check_identity;
mod confirm_card;
mod expire_card_binding;
mod pay_transfer_batch;
mod revoke_card_token;
mod send_otp;
mod submit_card_payment;
mod submit_refund_payout;
mod submit_top_up;
mod submit_withdrawal;
mod timers;

use crate::due;
use crate::pulse::Pulse;
use crate::runner::Work;
use crate::shell::Shell;
use crate::slots::Held;
use domain::card::{Card, token_place};
use domain::ids::CardId;
use domain::job::{Job, JobKind};
use domain::{Command, Never};
use engine::{Engine, Failed};
use kernel::crypto::{OpenError, WrapKey, open};
use kernel::keys::KeyRing;
use kernel::{Amount, SecretString, Timestamp};
use providers::RequestId;
use providers::bank::{Bank, Movement};
use providers::identity::IdentityAuthority;
use providers::sms::SmsCarrier;
use std::sync::Arc;
use store::queries::find;
use store::{Queries, QueryError};

pub(crate) use bank_answer::{MovementId, in_our_words};
pub(crate) use submit_card_payment::recording;

/// The outside world.
#[derive(Clone)]
pub struct Providers {
    /// Takes money from cards, sends money to them, signs them.
    pub bank: Arc<dyn Bank>,
    /// Sends messages to phones.
    pub sms: Arc<dyn SmsCarrier>,
    /// Knows who people are.
    pub identity: Arc<dyn IdentityAuthority>,
}

/// See the module.
pub(crate) struct Jobs {
    pub(crate) engine: Engine,
    pub(crate) queries: Arc<dyn Queries>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) shell: Arc<dyn Shell>,
    pub(crate) providers: Providers,
    pub(crate) pulse: Pulse,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
enum Unmet {
    /// Somebody else met the obligation in between.
    #[error("the obligation is gone")]
    Gone,
    /// The database did not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The engine did not take the answer; it is fetched again.
    #[error("answer not recorded: {0:?}")]
    NotRecorded(Failed<Never>),
    /// A row is not what it must be: an operator has to look.
    #[error("{0}")]
    Defect(String),
}

impl From<OpenError> for Unmet {
    fn from(error: OpenError) -> Self {
        Self::Defect(error.to_string())
    }
}

type Met = Result<(), Unmet>;

impl Jobs {
    async fn meet(&self, job: &Job) -> Met {
        match job.kind {
            JobKind::SendOtp => send_otp::meet(self, job).await,
            JobKind::CheckIdentity => check_identity::meet(self, job).await,
            JobKind::CheckCard => check_card::meet(self, job).await,
            JobKind::ConfirmCard => confirm_card::meet(self, job).await,
            JobKind::ExpireCardBinding => expire_card_binding::meet(self, job).await,
            JobKind::SubmitTopUp => submit_top_up::meet(self, job).await,
            JobKind::SubmitWithdrawal => submit_withdrawal::meet(self, job).await,
            JobKind::SubmitCardPayment => submit_card_payment::meet(self, job).await,
            JobKind::SubmitRefundPayout => submit_refund_payout::meet(self, job).await,
            JobKind::CloseRefund => timers::close_refund(self, job).await,
            JobKind::RevokeCardToken => revoke_card_token::meet(self, job).await,
            JobKind::PayTransferBatch => pay_transfer_batch::meet(self, job).await,
            JobKind::FinishProfit => timers::finish_profit(self, job).await,
            JobKind::ReleaseUnsettled => timers::release_unsettled(self, job).await,
            JobKind::ForgetPicture => timers::forget_picture(self, job).await,
            JobKind::ExpireTransferBatch => timers::expire_transfer_batch(self, job).await,
            JobKind::ExpireMerchantTransfer => timers::expire_merchant_transfer(self, job).await,
        }
    }

    /// Runs the command that records an answer.
    async fn record<C: Command<Refusal = Never>>(&self, command: C) -> Met {
        self.engine.run(command).await.map(|_| ()).map_err(Unmet::NotRecorded)
    }

    /// Business time.
    fn now(&self) -> Timestamp {
        self.pulse.now()
    }
}

/// The id that a job is about.
fn subject<I: std::str::FromStr>(job: &Job) -> Result<I, Unmet> {
    job.subject.parse().map_err(|_| Unmet::Defect(format!("job about {:?}", job.subject)))
}

/// An id of ours as providers know it.
fn request_id(id: impl ToString) -> Result<RequestId, Unmet> {
    RequestId::parse(id.to_string()).map_err(|error| Unmet::Defect(error.to_string()))
}

/// A movement of money as the bank is asked for it: the card by its token.
async fn movement(
    jobs: &Jobs,
    id: impl ToString,
    card: CardId,
    amount: Amount,
) -> Result<Movement, Unmet> {
    let card = must(find::<Card>(jobs.queries.as_ref(), &card).await?, "a card in use")?;
    let sealed = must(card.token.as_ref(), "the token of a card in use")?;
    let token = open_text(&jobs.keys.personal_data, &token_place(card.id), sealed)?;
    Ok(Movement { request_id: request_id(id)?, token, amount })
}

/// Opens a sealed text.
fn open_text(keys: &dyn WrapKey, place: &[u8], sealed: &[u8]) -> Result<SecretString, Unmet> {
    let plain = open(keys, place, sealed)?;
    let text = std::str::from_utf8(&plain)
        .map_err(|_| Unmet::Defect("what was sealed is no text".into()))?;
    Ok(text.to_owned().into())
}

/// A row that must exist because another names it.
fn must<R>(row: Option<R>, what: &str) -> Result<R, Unmet> {
    row.ok_or_else(|| Unmet::Defect(format!("{what} must exist")))
}

impl Work for Jobs {
    type Item = Job;
    type Key = (JobKind, String);

    const NAME: &'static str = "job";
    const AT_ONCE: usize = 64;
    const PER_LANE: usize = 16;

    async fn list(
        &self,
        held: &Held,
        full_lanes: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Job>, QueryError> {
        // Nobody is called for what is not durable yet: money would move without a record.
        due::jobs(self.queries.as_ref(), held, full_lanes, self.pulse.seq(), limit).await
    }

    fn key(job: &Job) -> (JobKind, String) {
        (job.kind, job.subject.clone())
    }

    fn due_at(job: &Job) -> Timestamp {
        job.due_at
    }

    fn lane(job: &Job) -> String {
        job.kind.as_str().to_owned()
    }

    async fn run(self: Arc<Self>, job: Job) -> bool {
        let (kind, subject) = (job.kind.as_str(), job.subject.as_str());
        let met = self.meet(&job).await;
        let outcome = match &met {
            Ok(()) => "recorded",
            Err(Unmet::Gone) => "gone",
            Err(error @ (Unmet::Query(_) | Unmet::NotRecorded(_))) => {
                tracing::warn!(kind, subject, %error, "a job could not be done now");
                "unavailable"
            }
            Err(error @ Unmet::Defect(_)) => {
                tracing::error!(kind, subject, %error, "a job cannot be done");
                "defect"
            }
        };
        metrics::counter!("jiaozi_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
        met.is_ok()
    }
}
