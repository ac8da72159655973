//! Submitted identity data, and where its check stands.

use crate::catalogue::Code;
use crate::ids::{UserId, VerificationId, WalletId};
use crate::wallet::DocumentKind;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// Where a verification stands.
    VerificationState {
        /// The authority is to be asked, or has not answered yet.
        Submitted = "SUBMITTED",
        /// The person is who they say.
        Verified = "VERIFIED",
        /// They are not, or the document cannot serve.
        Rejected = "REJECTED",
    }
);

text_enum!(
    /// Why a verification was rejected.
    RejectReason {
        /// Name and number do not belong together.
        InfoMismatch = "ID_INFO_MISMATCH",
        /// The document is no longer valid.
        DocumentExpired = "ID_DOC_EXPIRED",
        /// The person got their last wallet meanwhile.
        TooManyWallets = "ID_ACCOUNT_COUNT_EXCEEDED",
    }
);

impl RejectReason {
    /// The catalogue's entry.
    pub const fn code(self) -> Code {
        match self {
            Self::InfoMismatch => Code::IdInfoMismatch,
            Self::DocumentExpired => Code::IdDocExpired,
            Self::TooManyWallets => Code::IdAccountCountExceeded,
        }
    }
}

/// One submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Its id.
    pub id: VerificationId,
    /// The wallet.
    pub wallet: WalletId,
    /// Who submitted it.
    pub user: UserId,
    /// The kind of document.
    pub document: DocumentKind,
    /// Blind index of document type and number.
    pub document_index: [u8; 32],
    /// The name sealed for [`crate::wallet::name_place`]; empty once the authority has answered.
    pub name: Vec<u8>,
    /// The number sealed for [`crate::wallet::number_place`]; empty once the authority has
    /// answered.
    pub number: Vec<u8>,
    /// The version of the text in which the person agreed to this check.
    pub consent: String,
    /// Where it stands.
    pub state: VerificationState,
    /// Why it was rejected.
    pub reason: Option<RejectReason>,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When the authority answered.
    pub decided_at: Option<Timestamp>,
}

record!(Verification, "verification", Kept, id: VerificationId);

impl Verification {
    /// Decided: what was sealed in it is kept no longer than needed.
    pub(super) fn decided(self, reason: Option<RejectReason>, now: Timestamp) -> Self {
        let rejected = reason.is_some();
        Self {
            state: if rejected { VerificationState::Rejected } else { VerificationState::Verified },
            reason,
            decided_at: Some(now),
            name: Vec::new(),
            number: Vec::new(),
            ..self
        }
    }
}

/// The last submission of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationByWallet {
    /// The wallet.
    pub wallet: WalletId,
    /// Its last submission.
    pub newest: VerificationId,
}

record!(VerificationByWallet, "verification_by_wallet", Kept, wallet: WalletId);
