//! A merchant combines orders that are to be paid at once, or asks for the same ones again.

use super::placing::{self, Partner};
use super::{
    CardsTaken, CombinedOrder, CombinedPart, CreateOrder, CreateOrderRefusal, Order, OrderByPrepay,
    OrderCreated, OrderState, PrepayKind, ProfitSharing, TradeType,
};
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::{Amount, Timestamp};

/// See the module.
#[derive(Clone, Debug)]
pub struct CreateCombinedOrder {
    /// The merchant that signed the request.
    pub mchid: String,
    /// The app id, which the merchants of all parts must have too.
    pub appid: String,
    /// The merchant's number of the whole.
    pub out_trade_no: String,
    /// How the payer will meet it.
    pub trade_type: TradeType,
    /// Where the result is notified.
    pub notify_url: String,
    /// When it closes by itself, if the merchant says so.
    pub time_expire: Option<Timestamp>,
    /// The only payer, named under the app id; needed for [`TradeType::Jsapi`]. A part's partner
    /// may name the payer too.
    pub openid: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// The parts, at least one, no two of one number.
    pub parts: Vec<PartAsked>,
    /// From which cards it can be paid.
    pub cards_taken: CardsTaken,
    /// Whether the merchant takes money from the balance.
    pub takes_balance: bool,
    /// Hash of all the merchant asks for.
    pub fingerprint: [u8; 32],
    /// A new prepay id, drawn by the edge.
    pub prepay_id: String,
}

/// One of the orders that are combined.
#[derive(Clone, Debug)]
pub struct PartAsked {
    /// The part's merchant.
    pub mchid: String,
    /// Who is paid, if that merchant is a service provider.
    pub partner: Option<Partner>,
    /// That merchant's number.
    pub out_trade_no: String,
    /// What the payer sees.
    pub description: String,
    /// What is to be paid.
    pub amount: Amount,
    /// The merchant's own data.
    pub attach: Option<String>,
    /// Whether its money waits for profit sharing once it is paid.
    pub profit_sharing: ProfitSharing,
}

/// Why nothing was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateCombinedOrderRefusal {
    /// The whole cannot be placed.
    Whole(CreateOrderRefusal),
    /// One part cannot be placed.
    Part {
        /// Its place, from 0.
        index: usize,
        /// Why.
        refusal: CreateOrderRefusal,
    },
    /// The parts add up to more than an amount can be.
    SumTooLarge,
}

impl Refusal for CreateCombinedOrderRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Whole(refusal) | Self::Part { refusal, .. } => refusal.code(),
            Self::SumTooLarge => Code::ParamInvalid,
        }
    }
}

/// The refusal as one of the whole, or of a part.
fn at<T>(
    index: Option<usize>,
    outcome: Result<T, Stop<CreateOrderRefusal>>,
) -> Result<T, Stop<CreateCombinedOrderRefusal>> {
    outcome.map_err(|stop| {
        stop.map(|refusal| match index {
            Some(index) => CreateCombinedOrderRefusal::Part { index, refusal },
            None => CreateCombinedOrderRefusal::Whole(refusal),
        })
    })
}

impl Command for CreateCombinedOrder {
    type Done = OrderCreated;
    type Refusal = CreateCombinedOrderRefusal;

    fn once(&self) -> Once {
        Once::Business
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<OrderCreated, Stop<CreateCombinedOrderRefusal>> {
        let key = (self.mchid.clone(), self.out_trade_no.clone());
        tx.want(self.keys(&key))?;
        at(None, placing::check_merchant(tx, &self.mchid, &self.appid))?;
        for (index, part) in self.parts.iter().enumerate() {
            at(Some(index), placing::check_merchant(tx, &part.mchid, &self.appid))?;
            if let Some(partner) = &part.partner {
                at(Some(index), partner.check(tx, &part.mchid))?;
            }
        }
        let expires_at = match tx.find::<CombinedOrder>(&key)? {
            Some(order) => {
                let is_same = order.fingerprint == self.fingerprint;
                let again = placing::again(order.state, order.is_open(tx.now()), is_same);
                at(None, again.map_err(Stop::from))?;
                order.expires_at
            }
            None => self.place(tx)?,
        };
        placing::lead(tx, &self.prepay_id, PrepayKind::CombinedOrder, key, expires_at)?;
        Ok(OrderCreated { prepay_id: self.prepay_id.clone() })
    }
}

impl CreateCombinedOrder {
    fn keys(&self, key: &(String, String)) -> Vec<RowKey> {
        let mut keys =
            vec![RowKey::of::<CombinedOrder>(key), RowKey::of::<OrderByPrepay>(&self.prepay_id)];
        keys.extend(placing::merchant_keys(&self.mchid, &self.appid));
        for part in &self.parts {
            let order = (part.mchid.clone(), part.out_trade_no.clone());
            keys.push(RowKey::of::<Order>(&order));
            keys.extend(placing::merchant_keys(&part.mchid, &self.appid));
            keys.extend(part.partner.iter().flat_map(|partner| partner.keys(&part.mchid)));
        }
        keys
    }

    fn place(&self, tx: &mut Tx<'_>) -> Result<Timestamp, Stop<CreateCombinedOrderRefusal>> {
        let expires_at = at(None, placing::end(tx, self.time_expire).map_err(Stop::from))?;
        if let Some(openid) = &self.openid {
            at(None, placing::check_openid(tx, openid, &self.appid))?;
        }
        for (index, part) in self.parts.iter().enumerate() {
            if let Some(partner) = &part.partner {
                at(Some(index), partner.check_payer(tx))?;
            }
        }
        let amount = self.sum()?;
        for (place, (index, part)) in (1..).zip(self.parts.iter().enumerate()) {
            let key = (part.mchid.clone(), part.out_trade_no.clone());
            if tx.find::<Order>(&key)?.is_some() {
                let refusal = CreateOrderRefusal::NumberUsedDifferently;
                return Err(CreateCombinedOrderRefusal::Part { index, refusal }.into());
            }
            let order = self.as_order(part).unpaid(tx, expires_at)?;
            tx.put(Order {
                combined_mchid: Some(self.mchid.clone()),
                combined_no: Some(self.out_trade_no.clone()),
                ..order
            });
            tx.put(CombinedPart {
                mchid: self.mchid.clone(),
                out_trade_no: self.out_trade_no.clone(),
                place,
                part_mchid: part.mchid.clone(),
                part_no: part.out_trade_no.clone(),
            });
        }
        tx.put(CombinedOrder {
            mchid: self.mchid.clone(),
            out_trade_no: self.out_trade_no.clone(),
            appid: self.appid.clone(),
            trade_type: self.trade_type,
            amount,
            parts: i64::try_from(self.parts.len()).unwrap_or(i64::MAX),
            notify_url: self.notify_url.clone(),
            openid: self.openid.clone(),
            device_id: self.device_id.clone(),
            fingerprint: self.fingerprint,
            state: OrderState::NotPay,
            created_at: tx.now(),
            expires_at,
            payer_openid: None,
            transaction_id: None,
            paid_at: None,
            journal: 0,
        });
        Ok(expires_at)
    }

    fn sum(&self) -> Result<Amount, CreateCombinedOrderRefusal> {
        let mut amounts = self.parts.iter().map(|part| part.amount);
        let first = amounts.next().ok_or(CreateCombinedOrderRefusal::SumTooLarge)?;
        amounts
            .try_fold(first, Amount::checked_add)
            .map_err(|_| CreateCombinedOrderRefusal::SumTooLarge)
    }

    /// A part as if it were placed alone.
    fn as_order(&self, part: &PartAsked) -> CreateOrder {
        CreateOrder {
            mchid: part.mchid.clone(),
            appid: self.appid.clone(),
            partner: part.partner.clone(),
            out_trade_no: part.out_trade_no.clone(),
            trade_type: self.trade_type,
            description: part.description.clone(),
            amount: part.amount,
            attach: part.attach.clone(),
            notify_url: Some(self.notify_url.clone()),
            time_expire: self.time_expire,
            openid: self.openid.clone(),
            device_id: self.device_id.clone(),
            cards_taken: self.cards_taken,
            takes_balance: self.takes_balance,
            profit_sharing: part.profit_sharing,
            fingerprint: self.fingerprint,
            prepay_id: self.prepay_id.clone(),
        }
    }
}
