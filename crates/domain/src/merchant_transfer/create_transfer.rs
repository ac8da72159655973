//! A merchant sends money to a person, or sends the same again.

use super::{
    MerchantTransfer, MerchantTransferByNo, SceneTerms, TransferLimit, TransferState, TransferUsage,
};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::job::{Job, JobKind};
use crate::ledger::{JournalKind, Posting, Subject};
use crate::merchant::{Merchant, MerchantAppid, MerchantState, Openid};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Amount;
use kernel::time::SECOND;

/// See the module.
#[derive(Clone, Debug)]
pub struct CreateTransfer {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// The merchant's number.
    pub out_bill_no: String,
    /// The payee's name under the app id.
    pub openid: String,
    /// The payee's name as the merchant knows it, sealed.
    pub user_name: Option<Vec<u8>>,
    /// How much.
    pub amount: Amount,
    /// Shown to the payee.
    pub remark: String,
    /// What the merchant sends it for, as the protocol numbers it.
    pub scene_id: String,
    /// What the payee is to be told it is for; `None` for what the scene says.
    pub perception: Option<String>,
    /// Where the end is notified.
    pub notify_url: Option<String>,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new number, drawn by the edge.
    pub transfer_bill_no: String,
}

/// Why nothing was sent, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateTransferRefusal {
    /// No such merchant.
    MerchantUnknown,
    /// The number was used for another transfer.
    NumberUsedDifferently,
    /// The merchant is suspended.
    MerchantSuspended,
    /// The app id is not the merchant's.
    AppidNotBound,
    /// The merchant may not send money for this.
    SceneNotGranted,
    /// The payee may not be told so for this.
    PerceptionNotTaken,
    /// The payee is not known under the app id.
    OpenidUnknown,
    /// The amount is too small or too large.
    AmountOutOfRange,
    /// So small a transfer names no payee.
    NameForbidden,
    /// So large a transfer must name its payee.
    NameRequired,
    /// A cap of the day would be broken.
    Limit(TransferLimit),
    /// The merchant's balance is too low; nothing is written, the number can be used later.
    NotEnough,
}

impl Refusal for CreateTransferRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
            Self::NumberUsedDifferently => Code::IdempotencyConflict,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::AppidNotBound
            | Self::SceneNotGranted
            | Self::PerceptionNotTaken
            | Self::OpenidUnknown
            | Self::AmountOutOfRange
            | Self::NameForbidden
            | Self::NameRequired
            | Self::Limit(_) => Code::ParamInvalid,
            Self::NotEnough => Code::BalanceInsufficient,
        }
    }
}

impl Command for CreateTransfer {
    type Done = ();
    type Refusal = CreateTransferRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CreateTransferRefusal>> {
        let key = (self.mchid.clone(), self.out_bill_no.clone());
        let appid = (self.mchid.clone(), self.appid.clone());
        let usage = TransferUsage::keys(tx, &self.mchid, &self.openid);
        tx.want(usage.into_iter().chain([
            RowKey::of::<MerchantTransfer>(&key),
            RowKey::of::<MerchantTransferByNo>(&self.transfer_bill_no),
            RowKey::of::<Merchant>(&self.mchid),
            RowKey::of::<MerchantAppid>(&appid),
            RowKey::of::<Openid>(&self.openid),
        ]))?;
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(CreateTransferRefusal::MerchantUnknown)?;
        if let Some(done) = tx.find::<MerchantTransfer>(&key)? {
            return match done.fingerprint == self.fingerprint {
                true => Ok(()),
                false => Err(CreateTransferRefusal::NumberUsedDifferently.into()),
            };
        }
        if tx.find::<MerchantTransferByNo>(&self.transfer_bill_no)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        if merchant.state == MerchantState::Suspended {
            return Err(CreateTransferRefusal::MerchantSuspended.into());
        }
        if tx.find::<MerchantAppid>(&appid)?.is_none() {
            return Err(CreateTransferRefusal::AppidNotBound.into());
        }
        if !merchant.may_transfer_for(&self.scene_id) {
            return Err(CreateTransferRefusal::SceneNotGranted.into());
        }
        let perception = SceneTerms::of(&self.scene_id).perception(self.perception.as_deref());
        let perception = perception.ok_or(CreateTransferRefusal::PerceptionNotTaken)?;
        let known = tx.find::<Openid>(&self.openid)?;
        if known.is_none_or(|known| known.appid != self.appid) {
            return Err(CreateTransferRefusal::OpenidUnknown.into());
        }
        check_amount(tx, self.amount, self.user_name.is_some())?;
        TransferUsage::add(tx, &self.mchid, &self.openid, self.amount.minor())?
            .map_err(CreateTransferRefusal::Limit)?;
        self.reserve(tx, &merchant, perception)
    }
}

/// Checks the bounds of a single transfer.
pub(crate) fn check_amount(
    tx: &Tx<'_>,
    amount: Amount,
    named: bool,
) -> Result<(), CreateTransferRefusal> {
    let (rules, minor) = (tx.rules(), amount.minor());
    if !(rules.transfer_single_min_minor..=rules.transfer_single_max_minor).contains(&minor) {
        return Err(CreateTransferRefusal::AmountOutOfRange);
    }
    if named && minor < rules.transfer_name_min_minor {
        return Err(CreateTransferRefusal::NameForbidden);
    }
    if !named && minor >= rules.transfer_name_must_minor {
        return Err(CreateTransferRefusal::NameRequired);
    }
    Ok(())
}

impl CreateTransfer {
    fn reserve(
        &self,
        tx: &mut Tx<'_>,
        merchant: &Merchant,
        perception: Option<String>,
    ) -> Result<(), Stop<CreateTransferRefusal>> {
        let amount = self.amount.minor();
        let subject = format_args!("{}:{}", self.mchid, self.out_bill_no);
        let posting = Posting::balanced(
            JournalKind::MerchantTransferReserve,
            Subject::new("merchant_transfer", subject),
            self.amount.currency(),
            [(merchant.balance_account, -amount), (tx.rules().system.escrow_transfer, amount)],
        )?;
        let journal = tx.post(posting)?.map_err(|_| CreateTransferRefusal::NotEnough)?;
        let now = tx.now();
        let expires_at = now.plus(tx.rules().transfer_ttl_s.saturating_mul(SECOND));
        let number = &self.transfer_bill_no;
        tx.schedule(Job::new(JobKind::ExpireMerchantTransfer, number, expires_at));
        tx.put(MerchantTransferByNo {
            transfer_bill_no: number.clone(),
            mchid: self.mchid.clone(),
            out_bill_no: self.out_bill_no.clone(),
        });
        tx.put(MerchantTransfer {
            mchid: self.mchid.clone(),
            out_bill_no: self.out_bill_no.clone(),
            transfer_bill_no: number.clone(),
            appid: self.appid.clone(),
            openid: self.openid.clone(),
            user_name: self.user_name.clone(),
            amount: self.amount,
            remark: self.remark.clone(),
            scene_id: self.scene_id.clone(),
            perception,
            notify_url: self.notify_url.clone(),
            state: TransferState::WaitUserConfirm,
            failure: None,
            fingerprint: self.fingerprint,
            created_at: now,
            updated_at: now,
            expires_at,
            journal,
            end_journal: 0,
            end_account: 0,
        });
        Ok(())
    }
}
