//! A merchant closes an order that nobody paid. What a card may still pay for it goes back.

use super::{Order, OrderState, TradeType};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;

/// See the module. Closing a closed order is done again.
#[derive(Clone, Debug)]
pub struct CloseOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// Who was to be paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's number.
    pub out_trade_no: String,
}

/// Why an order was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOrderRefusal {
    /// The merchant has no such order.
    NotFound,
    /// It is a part of a combined order, which only closes as a whole.
    PartOfCombined,
    /// It is paid.
    AlreadyPaid,
    /// It was placed with a payment code: such orders are reversed.
    ByCode,
}

impl Refusal for CloseOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::OrderNotFound,
            Self::PartOfCombined => Code::OrderParamsChanged,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
            Self::ByCode => Code::ParamInvalid,
        }
    }
}

impl Command for CloseOrder {
    type Done = ();
    type Refusal = CloseOrderRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<CloseOrderRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        let order = tx.find::<Order>(&key)?.filter(|order| order.sub_mchid == self.sub_mchid);
        let order = order.ok_or(CloseOrderRefusal::NotFound)?;
        if order.combined().is_some() {
            return Err(CloseOrderRefusal::PartOfCombined.into());
        }
        if order.trade_type == TradeType::Micropay {
            return Err(CloseOrderRefusal::ByCode.into());
        }
        match order.state {
            OrderState::NotPay | OrderState::BankPending => tx.put(order.closed()),
            OrderState::Closed => {}
            OrderState::UserPaying | OrderState::PayError | OrderState::Revoked => {
                return Err(Stop::Defect(format!("state of an order: {:?}", order.state)));
            }
            OrderState::Success => return Err(CloseOrderRefusal::AlreadyPaid.into()),
        }
        Ok(())
    }
}
