//! Which deeds follow one another: drawn from what the model knows.

use super::Deed;
use super::reference::{Cards, bank_limits};
use crate::model::ask::{BankSays, Index, Serial, Standing};
use crate::model::sequences::{edges, mostly};
use domain::Rules;
use kernel::time::{DAY, SECOND};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

/// See the module.
pub struct CardSequences;

/// Numbers that a merchant gives to refunds.
const NUMBERS: Index = 12;

fn figures() -> Rules {
    let mut rules = Rules::default();
    let (single, day) = bank_limits();
    for (key, figure) in [
        ("card.hard_declines", 3),
        ("refund.count", 4),
        ("bank_limit.icbc.debit.single", single),
        ("bank_limit.icbc.debit.day", day),
        ("session.idle_s", 300_000_000),
        ("session.absolute_s", 300_000_000),
    ] {
        assert!(rules.set_figure(key, figure), "{key}");
    }
    rules
}

impl Default for Cards {
    fn default() -> Self {
        Self::new(figures())
    }
}

impl ReferenceStateMachine for CardSequences {
    type State = Cards;
    type Transition = Deed;

    fn init_state() -> BoxedStrategy<Cards> {
        Just(Cards::default()).boxed()
    }

    fn transitions(model: &Cards) -> BoxedStrategy<Deed> {
        if model.orders.is_empty() {
            return model.places();
        }
        let (active, closed) = (Standing::Active, Standing::Closed);
        prop_oneof![
            8 => model.places(),
            14 => model.pays(),
            18 => model.bank_speaks(),
            4 => model.order_ends(),
            11 => model.refunds(),
            14 => model.payouts_end(),
            7 => model.applies(),
            9 => model.waits(),
            1 => prop::bool::weighted(0.3).prop_map(Deed::Suspend),
            1 => select(vec![active, active, closed]).prop_map(Deed::Stand),
        ]
        .boxed()
    }

    fn apply(mut model: Cards, deed: &Deed) -> Cards {
        model.ask(deed);
        model
    }

    /// What the worker does not know of is not asked.
    fn preconditions(model: &Cards, deed: &Deed) -> bool {
        match deed {
            Deed::Wait(time) => *time > 0 && model.now + time < 300 * DAY,
            Deed::Place { .. } => model.orders.len() < 30,
            Deed::Expire(order) => *order < model.orders.len(),
            Deed::Says { payment, .. } => model.payments.contains_key(payment),
            Deed::PaidOut { payout, .. } => model.payouts.contains_key(payout),
            Deed::Due(refund) => model.refunds.contains_key(refund),
            _ => true,
        }
    }
}

fn says(yes: u32) -> impl Strategy<Value = BankSays> {
    prop_oneof![
        yes => (1..3u8).prop_map(BankSays::Done),
        4 => select(vec!["51", "51", "05", "54"]).prop_map(BankSays::Declined),
        2 => (1..3u8).prop_map(BankSays::Returned),
        1 => Just(BankSays::Pending),
        1 => Just(BankSays::Unknown),
        2 => Just(BankSays::NotSeen),
    ]
}

impl Cards {
    fn places(&self) -> BoxedStrategy<Deed> {
        let (single, day) = bank_limits();
        let left = (0..2).map(|card| day - self.paid_today(card));
        let exact = mostly(edges(left.chain([single])), 1..130i64);
        let amount = prop_oneof![3 => 1..130i64, 1 => exact];
        let placed = (amount, any::<bool>(), select(vec![600, 10_000, 10_000, 1_000_000]));
        let deed = placed.prop_map(|(amount, is_shared, life_s)| Deed::Place {
            amount,
            is_shared,
            life_s,
        });
        deed.boxed()
    }

    fn orders(&self, state: &'static str) -> Vec<Index> {
        (0..self.orders.len()).filter(|order| self.orders[*order].state == state).collect()
    }

    fn pays(&self) -> BoxedStrategy<Deed> {
        let order = mostly(self.orders("NOTPAY"), 0..self.orders.len() + 1);
        let usable = (0..2).filter(|card| !self.cards[*card].is_suspended).collect();
        (order, mostly(usable, 0..2usize))
            .prop_map(|(order, card)| Deed::Pay { order, card })
            .boxed()
    }

    fn bank_speaks(&self) -> BoxedStrategy<Deed> {
        let all: Vec<Serial> = self.payments.keys().copied().collect();
        if all.is_empty() {
            return self.pays();
        }
        let open = self
            .payments
            .iter()
            .filter(|(_, one)| matches!(one.state, "BANK_PROCESSING" | "UNKNOWN"));
        let payment = mostly(open.map(|(serial, _)| *serial).collect(), select(all));
        (payment, says(10)).prop_map(|(payment, says)| Deed::Says { payment, says }).boxed()
    }

    fn order_ends(&self) -> BoxedStrategy<Deed> {
        let order = mostly(self.orders("BANK_PENDING"), 0..self.orders.len());
        let close = order.clone().prop_map(Deed::Close);
        let missing = self.orders.len();
        prop_oneof![4 => close, 4 => order.prop_map(Deed::Expire), 1 => Just(Deed::Close(missing))]
            .boxed()
    }

    fn refunds(&self) -> BoxedStrategy<Deed> {
        let model = self.clone();
        let begun = self.refunds.values().map(|one| one.order).collect();
        let paid = self.orders("SUCCESS");
        let any = 0..self.orders.len() + 1;
        let order = prop_oneof![3 => mostly(paid, any.clone()), 1 => mostly(begun, any)];
        (order, 0..NUMBERS)
            .prop_flat_map(move |(order, refund)| {
                let total = model.orders.get(order).map_or(9, |one| one.amount);
                let left = total - model.refunded(order).0;
                let exact = mostly(edges([left]), 1..9i64);
                let amount = prop_oneof![2 => 1..(left / 2).max(2), 1 => exact];
                let same = model.refunds.get(&refund).map(|one| (one.order, one.amount));
                (amount, prop::bool::weighted(0.5)).prop_map(move |(amount, is_same)| {
                    let (order, amount) = same.filter(|_| is_same).unwrap_or((order, amount));
                    Deed::Refund { refund, order, amount }
                })
            })
            .boxed()
    }

    fn payouts_end(&self) -> BoxedStrategy<Deed> {
        let all: Vec<Serial> = self.payouts.keys().copied().collect();
        if all.is_empty() {
            return self.refunds();
        }
        let open = self.payouts.iter().filter(|(_, one)| one.state == "PROCESSING");
        let payout = mostly(open.map(|(serial, _)| *serial).collect(), select(all));
        let said = (payout, says(6)).prop_map(|(payout, says)| Deed::PaidOut { payout, says });
        let known: Vec<Index> = self.refunds.keys().copied().collect();
        if known.is_empty() {
            return said.boxed();
        }
        prop_oneof![5 => said, 1 => mostly(self.abnormal(), select(known)).prop_map(Deed::Due)]
            .boxed()
    }

    fn abnormal(&self) -> Vec<Index> {
        let abnormal = self.refunds.iter().filter(|(_, one)| one.state == "ABNORMAL");
        abnormal.map(|(refund, _)| *refund).collect()
    }

    fn applies(&self) -> BoxedStrategy<Deed> {
        let refund = mostly(self.abnormal(), 0..NUMBERS);
        let card = prop::option::weighted(0.7, 0..2usize);
        (refund, card).prop_map(|(refund, card)| Deed::Apply { refund, card }).boxed()
    }

    fn waits(&self) -> BoxedStrategy<Deed> {
        let orders = self.orders.iter().flat_map(|one| [one.expires, one.code_ends]);
        let late = self.rules.card_payment_send_s * SECOND;
        let given_up = self.rules.refund_abnormal_s * SECOND;
        let payments = self.payments.values().map(|one| one.at + late);
        let payouts = self.payouts.values().map(|one| one.at + given_up);
        let refunds = self.refunds.values().flat_map(|one| [one.closes, one.at + 60 * SECOND]);
        let midnight = (self.now.div_euclid(DAY) + 1) * DAY;
        let deadlines = orders.chain(payments).chain(payouts).chain(refunds).chain([midnight]);
        let waits = deadlines.flat_map(|at| [at - self.now - 1, at - self.now]);
        let waits: Vec<i64> = waits.filter(|wait| (1..=8 * DAY).contains(wait)).collect();
        let some = select(vec![SECOND, 61 * SECOND, 61 * SECOND, 600 * SECOND]);
        prop_oneof![some, mostly(waits, Just(SECOND))].prop_map(Deed::Wait).boxed()
    }
}
