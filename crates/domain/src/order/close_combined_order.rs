//! A merchant closes a combined order that nobody paid, with all its parts.

use super::{CombinedOrder, Order, OrderState};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. Closing a closed one is done again.
#[derive(Clone, Debug)]
pub struct CloseCombinedOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id it was placed under.
    pub appid: String,
    /// The merchant's number of the whole.
    pub out_trade_no: String,
    /// All its parts, in any order.
    pub parts: Vec<PartToClose>,
}

/// A part as the merchant names it.
#[derive(Clone, Debug)]
pub struct PartToClose {
    /// The part's merchant.
    pub mchid: String,
    /// That merchant's number.
    pub out_trade_no: String,
    /// Who was to be paid, if that merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The sub-merchant's app id, if it is named.
    pub sub_appid: Option<String>,
}

impl PartToClose {
    /// Whether it is this part of the order. An app id that one of the two leaves out is no
    /// difference.
    fn is(&self, part: &Order) -> bool {
        let apps = self.sub_appid.as_ref().zip(part.sub_appid.as_ref());
        (&self.mchid, &self.out_trade_no, &self.sub_mchid)
            == (&part.mchid, &part.out_trade_no, &part.sub_mchid)
            && apps.is_none_or(|(named, own)| named == own)
    }
}

/// Why nothing was closed, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCombinedOrderRefusal {
    /// The merchant has no such combined order.
    NotFound,
    /// The app id or the parts are not those of the order.
    Differs,
    /// It is paid.
    AlreadyPaid,
}

impl Refusal for CloseCombinedOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::OrderNotFound,
            Self::Differs => Code::OrderParamsChanged,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
        }
    }
}

impl Command for CloseCombinedOrder {
    type Done = ();
    type Refusal = CloseCombinedOrderRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CloseCombinedOrderRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        let order = tx.find::<CombinedOrder>(&key)?;
        let order = order.ok_or(CloseCombinedOrderRefusal::NotFound)?;
        let placed = order.load_parts(tx)?;
        // No two parts have one number, so as many names as parts leave none out.
        let is_named = |part: &Order| self.parts.iter().any(|named| named.is(part));
        let is_same = placed.len() == self.parts.len() && placed.iter().all(is_named);
        if order.appid != self.appid || !is_same {
            return Err(CloseCombinedOrderRefusal::Differs.into());
        }
        match order.state {
            OrderState::NotPay | OrderState::BankPending => order.close(tx)?,
            OrderState::Closed => {}
            OrderState::Success => return Err(CloseCombinedOrderRefusal::AlreadyPaid.into()),
            OrderState::UserPaying | OrderState::PayError | OrderState::Revoked => {
                return Err(Stop::Defect(format!("state of a combined order: {:?}", order.state)));
            }
        }
        Ok(())
    }
}
