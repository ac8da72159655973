//! Orders to be paid: placed by the command before anything is measured. Who pays which, and under
//! what reference, follows from the order's number.

use super::dice::{Dice, spread};
use super::flags::Seeded;
use super::people::{People, Person};
use super::pipeline::{Failure, run};
use super::place::Merchant;
use domain::Once;
use domain::merchant::OpenidKeys;
use domain::order::{CardsTaken, CreateOrder, PayOrder, ProfitSharing, TradeType};
use kernel::Amount;
use std::sync::Arc;

/// Where nobody listens, for orders whose notifications are not sent.
pub(super) const NOWHERE: &str = "http://127.0.0.1:9/paid";

/// A prime, so that orders go through all people before anybody pays a second one.
const STEP: u64 = 2_654_435_761;

/// Names orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders {
    pub(super) dice: Dice,
    pub(super) seeded: Seeded,
}

impl Orders {
    /// The reference under which the order is paid, of the shape that the wallet gives where it
    /// takes five thousand orders a second.
    pub(super) fn reference(self, order: u64) -> String {
        let (second, micros) = (order / 5_000 % 1_000_000, order % 5_000 * 200);
        let random = hex::encode(&self.dice.bytes("order", order)[..10]);
        format!("wx20261121{second:06}{micros:05x}{random}")
    }

    /// Who pays it.
    pub(super) fn payer(self, order: u64) -> u64 {
        (order % self.seeded.users).wrapping_mul(STEP % self.seeded.users.max(2))
            % self.seeded.users
    }

    /// Who is paid.
    pub(super) fn merchant(self, order: u64) -> usize {
        (spread(order) % self.seeded.merchants) as usize
    }
}

/// Places orders.
#[derive(Clone)]
pub(super) struct Shop {
    pub(super) people: People,
    pub(super) orders: Orders,
    pub(super) merchants: Arc<[Merchant]>,
    /// Where the merchant of an order is told, by its number.
    pub(super) notify_url: Arc<dyn Fn(u64) -> String + Send + Sync>,
}

impl Shop {
    /// Places an order of one fen.
    pub(super) async fn place(&self, order: u64) -> Result<(), Failure> {
        let merchant = &self.merchants[self.orders.merchant(order)];
        let command = CreateOrder {
            mchid: merchant.mchid.clone(),
            partner: None,
            appid: merchant.appid.clone(),
            out_trade_no: number_of(order),
            trade_type: TradeType::Native,
            description: "Tea".into(),
            amount: one_fen(),
            attach: None,
            notify_url: Some((self.notify_url)(order)),
            time_expire: None,
            openid: None,
            device_id: None,
            cards_taken: CardsTaken::All,
            takes_balance: true,
            profit_sharing: ProfitSharing::No,
            fingerprint: self.orders.dice.bytes("fingerprint", order),
            prepay_id: self.orders.reference(order),
        };
        run(&self.people.engine, command).await.map(drop)
    }

    /// Places an order and pays it: two entries of history.
    pub(super) async fn place_and_pay(&self, order: u64) -> Result<(), Failure> {
        self.place(order).await?;
        let Person { user, wallet, .. } = Person::of(self.orders.dice, self.orders.payer(order));
        let command = PayOrder {
            user,
            session: None,
            wallet,
            prepay_id: self.orders.reference(order),
            amount: one_fen(),
            password: self.people.password(wallet),
            factors: 1,
            openid_keys: OpenidKeys::of(&self.people.keys),
            transaction_id: format!("4200{order:024}"),
            once: Once::State,
        };
        run(&self.people.engine, command).await.map(drop)
    }
}

fn number_of(order: u64) -> String {
    format!("B{order:019}")
}

fn one_fen() -> Amount {
    Amount::fen(1).expect("it is within the bounds")
}
