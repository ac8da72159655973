//! A merchant places an order, or places the same one again.

use super::placing::{self, Partner};
use super::{CardsTaken, Order, OrderByPrepay, OrderState, PrepayKind, TradeType};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Once, Refusal, Stop};
use crate::ledger::{OwnerKind, Purpose};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::{Amount, Timestamp};
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct CreateOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id.
    pub appid: String,
    /// Who is paid, if the merchant is a service provider.
    pub partner: Option<Partner>,
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
    /// Where the result is notified; `None` for nowhere.
    pub notify_url: Option<String>,
    /// When it closes by itself, if the merchant says so.
    pub time_expire: Option<Timestamp>,
    /// The only payer, named under the app id; for [`TradeType::Jsapi`].
    pub openid: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// From which cards it can be paid.
    pub cards_taken: CardsTaken,
    /// Whether the merchant takes money from the balance.
    pub takes_balance: bool,
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
    /// The merchant does not serve this sub-merchant.
    SubMerchantUnknown,
    /// The app id is not the sub-merchant's.
    SubAppidNotBound,
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
            Self::MerchantUnknown | Self::SubMerchantUnknown => Code::ObjectNotFound,
            Self::MerchantSuspended => Code::MerchantAbnormal,
            Self::AppidNotBound
            | Self::SubAppidNotBound
            | Self::OpenidUnknown
            | Self::TimeExpireOutOfRange => Code::ParamInvalid,
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
        let own = [RowKey::of::<Order>(&key), RowKey::of::<OrderByPrepay>(&self.prepay_id)];
        let partner = self.partner.iter().flat_map(|partner| partner.keys(&self.mchid));
        let merchant = placing::merchant_keys(&self.mchid, &self.appid);
        tx.want(own.into_iter().chain(merchant).chain(partner))?;
        placing::check_merchant(tx, &self.mchid, &self.appid)?;
        if let Some(partner) = &self.partner {
            partner.check(tx, &self.mchid)?;
        }
        let expires_at = match tx.find::<Order>(&key)? {
            // Charged by code, the number was never one of an order to be placed.
            Some(order) if order.trade_type == TradeType::Micropay => {
                return Err(CreateOrderRefusal::NumberUsedDifferently.into());
            }
            Some(order) => {
                let is_same = order.fingerprint == self.fingerprint;
                placing::again(order.state, order.is_open(tx.now()), is_same)?;
                order.expires_at
            }
            None => self.place(tx)?,
        };
        placing::lead(tx, &self.prepay_id, PrepayKind::Order, key, expires_at)?;
        Ok(OrderCreated { prepay_id: self.prepay_id.clone() })
    }
}

impl CreateOrder {
    fn place(&self, tx: &mut Tx<'_>) -> Result<Timestamp, Stop<CreateOrderRefusal>> {
        let expires_at = placing::end(tx, self.time_expire)?;
        if let Some(openid) = &self.openid {
            placing::check_openid(tx, openid, &self.appid)?;
        }
        if let Some(partner) = &self.partner {
            partner.check_payer(tx)?;
        }
        let order = self.unpaid(tx, expires_at)?;
        tx.put(order);
        Ok(expires_at)
    }

    /// The order as it is placed now.
    pub(crate) fn unpaid(&self, tx: &mut Tx<'_>, expires_at: Timestamp) -> Result<Order, Halt> {
        let partner = self.partner.as_ref();
        let payee = partner.map_or(&self.mchid, |partner| &partner.sub_mchid);
        let unsettled_account = match self.profit_sharing {
            ProfitSharing::No => 0,
            ProfitSharing::Yes => {
                let kind = OwnerKind::Merchant;
                tx.open_account(kind, payee, Purpose::Unsettled, self.amount.currency())?
            }
        };
        Ok(Order {
            mchid: self.mchid.clone(),
            out_trade_no: self.out_trade_no.clone(),
            appid: self.appid.clone(),
            sub_mchid: partner.map(|partner| partner.sub_mchid.clone()),
            sub_appid: partner.and_then(|partner| partner.sub_appid.clone()),
            combined_mchid: None,
            combined_no: None,
            trade_type: self.trade_type,
            description: self.description.clone(),
            amount: self.amount,
            attach: self.attach.clone(),
            notify_url: self.notify_url.clone(),
            openid: self.openid.clone(),
            sub_openid: partner.and_then(|partner| partner.sub_openid.clone()),
            device_id: self.device_id.clone(),
            cards_taken: self.cards_taken,
            takes_balance: self.takes_balance,
            fingerprint: self.fingerprint,
            state: OrderState::NotPay,
            created_at: tx.now(),
            expires_at,
            payer: None,
            payer_openid: None,
            payer_sub_openid: None,
            card_payment: None,
            bank_type: None,
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
        })
    }
}
