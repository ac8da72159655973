//! A merchant places an order, or places the same one again.

use super::{Order, OrderByPrepay, OrderState, TradeType};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ledger::{OwnerKind, Purpose};
use crate::merchant::{Merchant, MerchantAppid, MerchantState, Openid};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct CreateOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// The merchant's number.
    pub out_trade_no: String,
    /// How the payer will meet it.
    pub trade_type: TradeType,
    /// What the payer sees.
    pub description: String,
    /// What is to be paid.
    pub amount: Amount,
    /// The merchant's own data.
    pub attach: Option<String>,
    /// Where the result is notified.
    pub notify_url: String,
    /// When it closes by itself, if the merchant says so.
    pub time_expire: Option<Timestamp>,
    /// The only payer; for [`TradeType::Jsapi`].
    pub openid: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// Whether its money waits for profit sharing once it is paid.
    pub profit_sharing: ProfitSharing,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new prepay id, drawn by the edge.
    pub prepay_id: String,
}

/// What becomes of an order's money once it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfitSharing {
    /// The merchant has it at once.
    No,
    /// It waits until the merchant shares or unfreezes it.
    Yes,
}

/// What the merchant gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCreated {
    /// The prepay id, which the code of a Native order carries.
    pub prepay_id: String,
}

/// Why an order was not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateOrderRefusal {
    /// No such merchant.
    MerchantUnknown,
    /// The merchant is suspended.
    MerchantSuspended,
    /// The app id is not the merchant's.
    AppidNotBound,
    /// The payer is not known under the app id.
    OpenidUnknown,
    /// `time_expire` is nearer or farther than allowed.
    TimeExpireOutOfRange,
    /// The number was used for another order.
    NumberUsedDifferently,
    /// The order is paid.
    AlreadyPaid,
    /// The order is closed; its number cannot be used again.
    Closed,
}

impl Refusal for CreateOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::AppidNotBound | Self::OpenidUnknown | Self::TimeExpireOutOfRange => {
                Code::ParamInvalid
            }
            Self::NumberUsedDifferently => Code::OrderParamsChanged,
            Self::AlreadyPaid => Code::OrderAlreadyPaid,
            Self::Closed => Code::OrderClosed,
        }
    }
}

impl Command for CreateOrder {
    type Done = OrderCreated;
    type Refusal = CreateOrderRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<OrderCreated, Stop<CreateOrderRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        let appid = (self.mchid.clone(), self.appid.clone());
        tx.want([
            RowKey::of::<Merchant>(&self.mchid),
            RowKey::of::<MerchantAppid>(&appid),
            RowKey::of::<Order>(&key),
            RowKey::of::<OrderByPrepay>(&self.prepay_id),
        ])?;
        let merchant = tx.find::<Merchant>(&self.mchid)?;
        let merchant = merchant.ok_or(CreateOrderRefusal::MerchantUnknown)?;
        if merchant.state == MerchantState::Suspended {
            return Err(CreateOrderRefusal::MerchantSuspended.into());
        }
        if tx.find::<MerchantAppid>(&appid)?.is_none() {
            return Err(CreateOrderRefusal::AppidNotBound.into());
        }
        if tx.find::<OrderByPrepay>(&self.prepay_id)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        let expires_at = match tx.find::<Order>(&key)? {
            Some(order) => self.again(&order, tx.now())?,
            None => self.place(tx)?,
        };
        let session_ends = tx.now().plus(tx.rules().prepay_ttl_s.saturating_mul(SECOND));
        tx.put(OrderByPrepay {
            prepay_id: self.prepay_id.clone(),
            mchid: self.mchid.clone(),
            out_trade_no: self.out_trade_no.clone(),
            expires_at: expires_at.min(session_ends),
        });
        Ok(OrderCreated { prepay_id: self.prepay_id.clone() })
    }
}

impl CreateOrder {
    /// The same number again: the same order, or a refusal. Gives when the order expires.
    fn again(&self, order: &Order, now: Timestamp) -> Result<Timestamp, CreateOrderRefusal> {
        match order.state {
            OrderState::Success => Err(CreateOrderRefusal::AlreadyPaid),
            OrderState::Closed => Err(CreateOrderRefusal::Closed),
            OrderState::NotPay if !order.is_open(now) => Err(CreateOrderRefusal::Closed),
            OrderState::NotPay | OrderState::BankPending => {
                if order.fingerprint == self.fingerprint {
                    Ok(order.expires_at)
                } else {
                    Err(CreateOrderRefusal::NumberUsedDifferently)
                }
            }
        }
    }

    fn place(&self, tx: &mut Tx<'_>) -> Result<Timestamp, Stop<CreateOrderRefusal>> {
        let (now, rules) = (tx.now(), tx.rules());
        let after = |seconds: i64| now.plus(seconds.saturating_mul(SECOND));
        let expires_at = self.time_expire.unwrap_or(after(rules.order_ttl_s));
        if expires_at < after(rules.order_ttl_min_s) || expires_at > after(rules.order_ttl_max_s) {
            return Err(CreateOrderRefusal::TimeExpireOutOfRange.into());
        }
        if let Some(openid) = &self.openid {
            let known = tx.find::<Openid>(openid)?;
            if known.is_none_or(|known| known.appid != self.appid) {
                return Err(CreateOrderRefusal::OpenidUnknown.into());
            }
        }
        let unsettled_account = match self.profit_sharing {
            ProfitSharing::No => 0,
            ProfitSharing::Yes => {
                let kind = OwnerKind::Merchant;
                tx.open_account(kind, &self.mchid, Purpose::Unsettled, self.amount.currency())?
            }
        };
        tx.put(Order {
            mchid: self.mchid.clone(),
            out_trade_no: self.out_trade_no.clone(),
            appid: self.appid.clone(),
            trade_type: self.trade_type,
            description: self.description.clone(),
            amount: self.amount,
            attach: self.attach.clone(),
            notify_url: self.notify_url.clone(),
            openid: self.openid.clone(),
            device_id: self.device_id.clone(),
            fingerprint: self.fingerprint,
            state: OrderState::NotPay,
            created_at: now,
            expires_at,
            payer: None,
            payer_openid: None,
            payer_account: 0,
            transaction_id: None,
            paid_at: None,
            journal: 0,
            fee_minor: 0,
            refunded_minor: 0,
            refund_arrived_minor: 0,
            fee_refunded_minor: 0,
            refunds: 0,
            last_refund_at: None,
            unsettled_account,
            unsettled_minor: 0,
            shared_minor: 0,
            profit_orders: 0,
        });
        Ok(expires_at)
    }
}
