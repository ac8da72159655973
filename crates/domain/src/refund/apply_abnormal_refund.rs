//! A merchant says where a refund goes that the payer's card did not take.

use super::{Refund, RefundById, RefundChannel, RefundState};
use crate::card::{Card, CardByNumber, CardState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::RefundPayoutId;
use crate::merchant_transfer::NameCheck;
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::{CardKind, bank_type};
use crate::wallet::Wallet;

/// See the module. The same again is done again.
#[derive(Clone, Debug)]
pub struct ApplyAbnormalRefund {
    /// The merchant that signed the request.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// Our number of the refund.
    pub refund_id: String,
    /// The merchant's number of it.
    pub out_refund_no: String,
    /// Where it goes.
    pub target: AbnormalTarget,
    /// A new id of a payout.
    pub payout: RefundPayoutId,
}

/// Where the money goes instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbnormalTarget {
    /// To another debit card that the payer has bound.
    Card {
        /// Blind index of its number.
        number_index: [u8; 32],
        /// Bank and kind as the merchant knows them, such as `ICBC_DEBIT`.
        bank_type: String,
        /// Whether the holder has the payer's name.
        holder: NameCheck,
    },
    /// To the merchant's balance: it settles with the payer itself.
    Merchant,
}

/// Why nothing was sent, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyAbnormalRefundRefusal {
    /// The merchant has no such refund.
    NotFound,
    /// It is not abnormal.
    NotAbnormal,
    /// The payer has no such debit card, or it has another name.
    CardUnknown,
}

impl Refusal for ApplyAbnormalRefundRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::ObjectNotFound,
            Self::NotAbnormal => Code::RefundNoConflict,
            Self::CardUnknown => Code::RefundAbnormal,
        }
    }
}

impl Command for ApplyAbnormalRefund {
    /// Where the refund stands.
    type Done = RefundState;
    type Refusal = ApplyAbnormalRefundRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<RefundState, Stop<ApplyAbnormalRefundRefusal>> {
        let key = (self.mchid.clone(), self.out_refund_no.clone());
        tx.want([RowKey::of::<Refund>(&key), RowKey::of::<RefundById>(&self.refund_id)])?;
        let refund = tx.find::<Refund>(&key)?.filter(|refund| {
            refund.refund_id == self.refund_id && refund.sub_mchid == self.sub_mchid
        });
        let refund = refund.ok_or(ApplyAbnormalRefundRefusal::NotFound)?;
        match &self.target {
            AbnormalTarget::Merchant => self.give_to_merchant(tx, refund),
            AbnormalTarget::Card { number_index, bank_type, holder } => {
                self.send_to_card(tx, refund, *number_index, bank_type, *holder)
            }
        }
    }
}

impl ApplyAbnormalRefund {
    fn give_to_merchant(
        &self,
        tx: &mut Tx<'_>,
        mut refund: Refund,
    ) -> Result<RefundState, Stop<ApplyAbnormalRefundRefusal>> {
        match refund.state {
            RefundState::Abnormal => {}
            RefundState::Success if refund.channel == RefundChannel::Merchant => {
                return Ok(refund.state);
            }
            RefundState::Processing | RefundState::Success | RefundState::Closed => {
                return Err(ApplyAbnormalRefundRefusal::NotAbnormal.into());
            }
        }
        tx.want(refund.end_keys())?;
        let journal = refund.return_to_merchant(tx, 0, (0, 0))?;
        refund.channel = RefundChannel::Merchant;
        refund.payout = None;
        refund.arrive(tx, journal)?;
        Ok(RefundState::Success)
    }

    fn send_to_card(
        &self,
        tx: &mut Tx<'_>,
        mut refund: Refund,
        number_index: [u8; 32],
        named_type: &str,
        holder: NameCheck,
    ) -> Result<RefundState, Stop<ApplyAbnormalRefundRefusal>> {
        let order = tx.get::<Order>(&(refund.mchid.clone(), refund.out_trade_no.clone()))?;
        let payer = order.payer.ok_or_else(|| Stop::Defect("a paid order has a payer".into()))?;
        let by_number = (payer, number_index);
        tx.want([RowKey::of::<Wallet>(&payer), RowKey::of::<CardByNumber>(&by_number)])?;
        let found = tx.find::<CardByNumber>(&by_number)?;
        let Some(found) = found else {
            return Err(ApplyAbnormalRefundRefusal::CardUnknown.into());
        };
        let card = tx.get::<Card>(&found.card)?;
        match refund.state {
            RefundState::Abnormal => {}
            RefundState::Processing | RefundState::Success
                if refund.channel == RefundChannel::OtherCard && refund.card == Some(card.id) =>
            {
                return Ok(refund.state);
            }
            RefundState::Processing | RefundState::Success | RefundState::Closed => {
                return Err(ApplyAbnormalRefundRefusal::NotAbnormal.into());
            }
        }
        let identity = tx.get::<Wallet>(&payer)?.identity;
        match holder {
            NameCheck::Same(known) if Some(known) == identity => {}
            NameCheck::Differs(known) if Some(known) == identity => {
                return Err(ApplyAbnormalRefundRefusal::CardUnknown.into());
            }
            // The edge compared with another person, or with none: it compares again.
            NameCheck::Same(_) | NameCheck::Differs(_) | NameCheck::None => {
                return Err(Stop::Stale);
            }
        }
        let fits = card.kind == CardKind::Debit && bank_type(&card.bank, card.kind) == named_type;
        if card.state != CardState::Bound || !fits {
            return Err(ApplyAbnormalRefundRefusal::CardUnknown.into());
        }
        refund.stop_waiting(tx)?;
        refund.channel = RefundChannel::OtherCard;
        refund.send(tx, self.payout, card)?;
        tx.put(refund);
        Ok(RefundState::Processing)
    }
}
