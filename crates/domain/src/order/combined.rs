//! Combined orders: orders of one or several merchants that a person pays at once, all or none.

use super::{Order, OrderState, TradeType};
use crate::command::Halt;
use crate::record;
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::{Amount, Timestamp};

/// Several orders that are paid at once. Its parts are orders like any other, but for placing,
/// paying and closing, which they only do together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedOrder {
    /// The merchant that combined them.
    pub mchid: String,
    /// That merchant's number of the whole.
    pub out_trade_no: String,
    /// The app id it was placed under.
    pub appid: String,
    /// How the payer meets it.
    pub trade_type: TradeType,
    /// The sum of its parts.
    pub amount: Amount,
    /// How many parts it has.
    pub parts: i64,
    /// Where the result is notified.
    pub notify_url: String,
    /// The only payer, named under the app id; `None` for anybody.
    pub openid: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// Hash of what the merchant asked for.
    pub fingerprint: [u8; 32],
    /// Where it stands, and all its parts with it.
    pub state: OrderState,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it closes by itself.
    pub expires_at: Timestamp,
    /// The payer's name under the app id.
    pub payer_openid: Option<String>,
    /// Our number of the payment of the whole: 28 digits.
    pub transaction_id: Option<String>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The journal of the payment; 0 while unpaid.
    pub journal: i64,
}

record!(CombinedOrder, "combined_order", Kept, mchid: String, out_trade_no: String);

/// One part of a combined order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedPart {
    /// The merchant that combined them.
    pub mchid: String,
    /// That merchant's number of the whole.
    pub out_trade_no: String,
    /// The part's place, from 1.
    pub place: i64,
    /// The merchant of the part.
    pub part_mchid: String,
    /// That merchant's number of the part.
    pub part_no: String,
}

record!(
    CombinedPart, "combined_part", Kept,
    mchid: String, out_trade_no: String, place: i64
);

impl CombinedOrder {
    /// Whether it can still be paid at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == OrderState::NotPay && now < self.expires_at
    }

    /// Its parts, in order of their places.
    pub(crate) fn load_parts(&self, tx: &mut Tx<'_>) -> Result<Vec<Order>, Halt> {
        let key = |place| (self.mchid.clone(), self.out_trade_no.clone(), place);
        tx.want((1..=self.parts).map(|place| RowKey::of::<CombinedPart>(&key(place))))?;
        let mut orders = Vec::new();
        for place in 1..=self.parts {
            let part = tx.get::<CombinedPart>(&key(place))?;
            orders.push((part.part_mchid, part.part_no));
        }
        tx.want(orders.iter().map(RowKey::of::<Order>))?;
        orders.iter().map(|order| tx.get::<Order>(order)).collect()
    }

    /// Closes it and all its parts, while it is unpaid.
    pub(crate) fn close(mut self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        for part in self.load_parts(tx)? {
            tx.put(part.closed());
        }
        self.state = OrderState::Closed;
        tx.put(self);
        Ok(())
    }
}
