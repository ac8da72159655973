//! The binding of a card while it goes on: what the issuer is asked, and what it said.

use super::bank_answer::close_job;
use super::binding_fails::{Ended, count_end};
use crate::catalogue::Code;
use crate::command::Halt;
use crate::ids::{CardBindingId, CardId, UserId, WalletId};
use crate::job::{Job, JobKind};
use crate::rules::Rules;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::{record, text_enum};
use kernel::Timestamp;
use kernel::time::SECOND;

text_enum!(
    /// Where a binding stands.
    BindingState {
        /// The issuer is asked about the card and its holder.
        IssuerCheck = "ISSUER_CHECK",
        /// The issuer has sent its code to the holder.
        OtpSent = "OTP_SENT",
        /// The issuer has the code that was entered.
        Confirming = "CONFIRMING",
        /// The card is bound.
        Bound = "BOUND",
        /// It came to nothing.
        Failed = "FAILED",
    }
);

/// One attempt to bind a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardBinding {
    /// Its public id, which is also the id of the signing at the bank.
    pub id: CardBindingId,
    /// Who binds.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// The id the card will have.
    pub card: CardId,
    /// Where it stands.
    pub state: BindingState,
    /// Why it failed.
    pub failure: Option<Code>,
    /// Short code of the bank.
    pub bank: String,
    /// What the card draws on.
    pub kind: CardKind,
    /// The leading digits that name the bank.
    pub bin: String,
    /// The last four digits.
    pub last_four: String,
    /// The last month it is valid in, as yyyymm, if it was asked for.
    pub expiry_month: Option<i64>,
    /// Blind index of the number.
    pub number_index: [u8; 32],
    /// What only the issuer may see (number, phone, expiry, security code), sealed; none as soon as
    /// the issuer has answered.
    pub secrets: Option<Vec<u8>>,
    /// The code that was entered, sealed; none as soon as the issuer has answered.
    pub code: Option<Vec<u8>>,
    /// How many codes were handed to the issuer.
    pub confirmations: i64,
    /// How many of them were wrong.
    pub wrong_codes: i64,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it is given up unless it goes on; secrets live no longer.
    pub expires_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

record!(CardBinding, "card_binding", Kept, id: CardBindingId);

impl CardBinding {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        match self.state {
            BindingState::IssuerCheck | BindingState::OtpSent | BindingState::Confirming => true,
            BindingState::Bound | BindingState::Failed => false,
        }
    }

    /// The id under which the bank knows the code that was entered last.
    pub fn confirmation_id(&self) -> String {
        format!("{}.{}", self.id, self.confirmations)
    }

    /// Whether the issuer has been asked for so long that it counts as unavailable.
    pub fn is_issuer_overdue(&self, now: Timestamp, rules: &Rules) -> bool {
        now.since(self.started_at) >= rules.card_issuer_s.saturating_mul(SECOND)
    }

    /// Lives on from now, and is given up when nothing more happens.
    pub(crate) fn prolong(&mut self, tx: &mut Tx<'_>) {
        self.expires_at = tx.now().plus(tx.rules().binding_ttl_s.saturating_mul(SECOND));
        tx.schedule(Job::new(JobKind::ExpireCardBinding, self.id, self.expires_at));
    }

    /// Ends: secrets are erased, what was owed is owed no longer, and it is counted.
    pub(crate) fn end(
        mut self,
        tx: &mut Tx<'_>,
        outcome: Result<(), Code>,
        counts: Ended,
    ) -> Result<BindingState, Halt> {
        for kind in [JobKind::CheckCard, JobKind::ConfirmCard, JobKind::ExpireCardBinding] {
            close_job(tx, kind, self.id.to_string())?;
        }
        count_end(tx, &self, counts)?;
        (self.secrets, self.code) = (None, None);
        self.failure = outcome.err();
        self.state = match outcome {
            Ok(()) => BindingState::Bound,
            Err(_) => BindingState::Failed,
        };
        self.ended_at = Some(tx.now());
        let state = self.state;
        tx.put(self);
        Ok(state)
    }

    /// The rows that [`CardBinding::end`] reads besides the counters, for asking at once.
    pub(crate) fn job_keys(&self) -> [crate::record::RowKey; 3] {
        [JobKind::CheckCard, JobKind::ConfirmCard, JobKind::ExpireCardBinding]
            .map(|kind| crate::record::RowKey::of::<Job>(&(kind, self.id.to_string())))
    }
}
