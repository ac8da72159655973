//! A person says who they are. Whether the data can be right was checked where they were read; here
//! is whether this wallet may ask the authority now. How many wallets the person has is no reason
//! here: only the authority's answer proves that the caller may know it.

use super::verification::{Verification, VerificationByWallet, VerificationState};
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, VerificationId, WalletId};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{
    AttemptPurpose, Attempts, DocumentKind, IdentityByDocument, Lock, Wallet, WalletState,
};
use kernel::Timestamp;

/// See the module.
#[derive(Clone)]
pub struct SubmitVerification {
    /// A new id, drawn by the edge.
    pub verification: VerificationId,
    /// The person.
    pub user: UserId,
    /// Their wallet.
    pub wallet: WalletId,
    /// The kind of document.
    pub document: DocumentKind,
    /// Blind index of document type and number.
    pub document_index: [u8; 32],
    /// The name, sealed for [`crate::wallet::name_place`].
    pub name: Vec<u8>,
    /// The number, sealed for [`crate::wallet::number_place`].
    pub number: Vec<u8>,
    /// The version of the text in which the person agreed to this check.
    pub consent: String,
    /// The caller's key.
    pub once: Once,
}

/// Why the authority is not asked, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitVerificationRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet is closing or closed.
    WalletClosed,
    /// An earlier submission has no answer yet.
    ReviewPending,
    /// Too many were rejected.
    AttemptsExceeded {
        /// When the next one may be submitted.
        until: Timestamp,
    },
    /// The wallet belongs to a verified person, and this is another document.
    OtherPerson,
}

impl Refusal for SubmitVerificationRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::WalletClosed => Code::AccountStatusAbnormal,
            Self::ReviewPending => Code::IdReviewPending,
            Self::AttemptsExceeded { .. } => Code::IdAttemptsExceeded,
            Self::OtherPerson => Code::PermissionDenied,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::AttemptsExceeded { until } => Params(vec![("time", Param::Time(until.micros()))]),
            Self::WalletNotFound | Self::WalletClosed | Self::ReviewPending | Self::OtherPerson => {
                Params::default()
            }
        }
    }
}

impl Command for SubmitVerification {
    type Done = VerificationId;
    type Refusal = SubmitVerificationRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<VerificationId, Stop<SubmitVerificationRefusal>> {
        let attempts = (self.wallet.to_string(), AttemptPurpose::Identity);
        tx.want([
            RowKey::of::<Wallet>(&self.wallet),
            RowKey::of::<VerificationByWallet>(&self.wallet),
            RowKey::of::<Attempts>(&attempts),
            RowKey::of::<IdentityByDocument>(&self.document_index),
        ])?;
        let wallet = tx
            .find::<Wallet>(&self.wallet)?
            .filter(|wallet| wallet.user == self.user)
            .ok_or(SubmitVerificationRefusal::WalletNotFound)?;
        if matches!(wallet.state, WalletState::Closing | WalletState::Closed) {
            return Err(SubmitVerificationRefusal::WalletClosed.into());
        }
        if let Some(last) = tx.find::<VerificationByWallet>(&self.wallet)?
            && tx.get::<Verification>(&last.newest)?.state == VerificationState::Submitted
        {
            return Err(SubmitVerificationRefusal::ReviewPending.into());
        }
        if let Some(rejected) = tx.find::<Attempts>(&attempts)?
            && let Lock::Until(until) = rejected.lock(tx.now(), 0)
        {
            return Err(SubmitVerificationRefusal::AttemptsExceeded { until }.into());
        }
        let known = tx.find::<IdentityByDocument>(&self.document_index)?.map(|row| row.identity);
        if wallet.identity.is_some() && wallet.identity != known {
            return Err(SubmitVerificationRefusal::OtherPerson.into());
        }
        let id = self.verification;
        tx.put(Verification {
            id,
            wallet: self.wallet,
            user: self.user,
            document: self.document,
            document_index: self.document_index,
            name: self.name.clone(),
            number: self.number.clone(),
            consent: self.consent.clone(),
            state: VerificationState::Submitted,
            reason: None,
            submitted_at: tx.now(),
            decided_at: None,
        });
        tx.put(VerificationByWallet { wallet: self.wallet, newest: id });
        tx.schedule(Job::new(JobKind::CheckIdentity, id, tx.now()));
        Ok(id)
    }
}
