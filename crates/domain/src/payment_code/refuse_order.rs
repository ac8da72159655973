//! A person refuses a payment by code that waits for the payment password.

use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, WalletId};
use crate::order::{Order, OrderByPrepay, OrderState};
use crate::tx::Tx;

/// See the module. Refusing again is done again.
#[derive(Clone, Debug)]
pub struct RefuseOrder {
    /// The person.
    pub user: UserId,
    /// The person's wallet.
    pub wallet: WalletId,
    /// The order's reference.
    pub prepay_id: String,
}

/// Why an order cannot be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefuseOrderRefusal {
    /// No such order, or it waits for nobody, or for somebody else.
    OrderNotFound,
    /// It is paid.
    AlreadyPaid,
    /// The merchant reversed it, or its time is over.
    Revoked,
}

impl Refusal for RefuseOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::OrderNotFound => Code::OrderNotFound,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
            Self::Revoked => Code::OrderRevoked,
        }
    }
}

impl Command for RefuseOrder {
    type Done = ();
    type Refusal = RefuseOrderRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RefuseOrderRefusal>> {
        let found = tx.find::<OrderByPrepay>(&self.prepay_id)?;
        let found = found.ok_or(RefuseOrderRefusal::OrderNotFound)?;
        let order = tx.get::<Order>(&(found.mchid, found.out_trade_no))?;
        if order.payer != Some(self.wallet) {
            return Err(RefuseOrderRefusal::OrderNotFound.into());
        }
        match order.state {
            OrderState::UserPaying if order.is_open(tx.now()) => {
                tx.put(Order { state: OrderState::PayError, ..order });
                Ok(())
            }
            OrderState::PayError => Ok(()),
            OrderState::Success => Err(RefuseOrderRefusal::AlreadyPaid.into()),
            OrderState::UserPaying | OrderState::Revoked => Err(RefuseOrderRefusal::Revoked.into()),
            OrderState::NotPay | OrderState::BankPending | OrderState::Closed => {
                Err(RefuseOrderRefusal::OrderNotFound.into())
            }
        }
    }
}
