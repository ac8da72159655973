//! Which deeds follow one another: drawn from what the model knows, so that what is left of an
//! order, of a limit and of a deadline is met exactly and passed by one.

use super::product::RECEIVERS;
use super::reference::{Holder, Market, PAYER, STRANGER};
use super::{Deed, Receiver};
use crate::model::ask::{Index, Standing};
use crate::model::sequences::{edges, mostly};
use domain::Rules;
use kernel::time::{DAY, SECOND};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest_state_machine::ReferenceStateMachine;

/// See the module.
pub struct Markets;

/// Numbers that a merchant gives to one kind of thing.
const NUMBERS: Index = 10;

/// Figures so small that sixty deeds reach them.
fn figures() -> Rules {
    let mut rules = Rules::default();
    for (key, figure) in [
        ("profit_sharing.orders", 3),
        ("profit_sharing.returns", 2),
        ("profit_sharing.release_s", 2 * 86_400),
        ("profit_sharing.return_s", 86_400),
        ("refund.count", 3),
        ("refund.window_s", 4 * 86_400),
        ("merchant_transfer.single_max", 150),
        ("merchant_transfer.payee_day", 220),
        ("merchant_transfer.payee_count_day", 3),
        ("merchant_transfer.merchant_day", 400),
        ("session.idle_s", 300_000_000),
        ("session.absolute_s", 300_000_000),
    ] {
        assert!(rules.set_figure(key, figure), "{key}");
    }
    rules
}

impl Default for Market {
    fn default() -> Self {
        Self::new(figures())
    }
}

impl ReferenceStateMachine for Markets {
    type State = Market;
    type Transition = Deed;

    fn init_state() -> BoxedStrategy<Market> {
        Just(Market::default()).boxed()
    }

    fn transitions(model: &Market) -> BoxedStrategy<Deed> {
        let order = (1..300i64, prop::bool::weighted(0.8));
        let order = order.prop_map(|(amount, is_shared)| Deed::Order { amount, is_shared });
        if model.orders.is_empty() {
            return order.boxed();
        }
        let stand = (select(vec![0, 1]), select(vec![Standing::Active, Standing::Closed]));
        let suspend = (0..3usize, prop::bool::weighted(0.4));
        prop_oneof![
            8 => order,
            14 => model.shares(),
            4 => model.unfreezes(),
            9 => model.returns(),
            10 => model.refunds(),
            9 => model.sends(),
            8 => model.ends(),
            9 => model.batches(),
            10 => model.waits(),
            14 => Just(Deed::Due),
            4 => suspend.prop_map(|(merchant, is_on)| Deed::Suspend(merchant, is_on)),
            2 => stand.prop_map(|(who, to)| Deed::Stand(who, to)),
            4 => model.repeats(),
        ]
        .boxed()
    }

    fn apply(mut model: Market, deed: &Deed) -> Market {
        model.ask(deed);
        model
    }

    /// Time stays within the year of the sessions.
    fn preconditions(model: &Market, deed: &Deed) -> bool {
        match deed {
            Deed::Wait(time) => *time > 0 && model.now + time < 300 * DAY,
            Deed::Order { .. } => model.orders.len() < 40,
            Deed::Refund { amount, named, .. } => named.is_none_or(|named| named <= *amount),
            _ => true,
        }
    }
}

impl Market {
    /// An order: mostly a late one, seldom one that is not there.
    fn some_order(&self) -> BoxedStrategy<Index> {
        let late = self.orders.len().saturating_sub(3)..self.orders.len();
        prop_oneof![12 => late, 3 => 0..self.orders.len(), 1 => Just(self.orders.len())].boxed()
    }

    /// One that money waits for, if there is any.
    fn waiting_order(&self) -> BoxedStrategy<Index> {
        let waiting = (0..self.orders.len()).filter(|order| self.waiting(*order) > 0);
        mostly(waiting.collect(), self.some_order())
    }

    fn shares(&self) -> BoxedStrategy<Deed> {
        let model = self.clone();
        (self.waiting_order(), subsequence(RECEIVERS.to_vec(), 1..=3), any::<bool>(), 0..NUMBERS)
            .prop_flat_map(move |(order, receivers, unfreezes, request)| {
                let waits = if order < model.orders.len() { model.waiting(order) } else { 9 };
                let small = 1..(waits / 2).max(2);
                let first =
                    prop_oneof![3 => small.clone().boxed(), 1 => mostly(edges([waits]), 1..9i64)];
                let others = prop::collection::vec(small, 2);
                (first, others).prop_map(move |(first, others)| {
                    let amounts = [first].into_iter().chain(others);
                    let parts = receivers.iter().copied().zip(amounts).collect();
                    Deed::Share { request, order, parts, unfreezes }
                })
            })
            .boxed()
    }

    fn unfreezes(&self) -> BoxedStrategy<Deed> {
        let deed = (0..NUMBERS, self.waiting_order());
        deed.prop_map(|(request, order)| Deed::Unfreeze { request, order }).boxed()
    }

    fn returns(&self) -> BoxedStrategy<Deed> {
        let made = self.requests.iter().filter(|(_, one)| one.is_finished && !one.parts.is_empty());
        let made: Vec<Index> = made.map(|(request, _)| *request).collect();
        let model = self.clone();
        (mostly(made, 0..NUMBERS), prop_oneof![4 => Just(1), 1 => Just(2)], 0..NUMBERS)
            .prop_flat_map(move |(request, from, number)| {
                let kept = model.requests.get(&request).map_or(5, |_| model.kept_of(request, from));
                let amount = mostly(edges([kept, kept / 2]), 1..20i64);
                amount.prop_map(move |amount| Deed::Return { number, request, from, amount })
            })
            .boxed()
    }

    fn refunds(&self) -> BoxedStrategy<Deed> {
        let model = self.clone();
        (self.some_order(), 0..NUMBERS)
            .prop_flat_map(move |(order, refund)| {
                let known = order < model.orders.len();
                let (left, waits) =
                    if known { (model.left(order), model.waiting(order)) } else { (9, 9) };
                let amount = prop_oneof![
                    3 => 1..(left / 3).max(2),
                    1 => mostly(edges([left, waits]), 1..9i64)
                ];
                amount.prop_flat_map(move |amount| {
                    let named = prop_oneof![0..=amount, Just(amount)];
                    prop::option::weighted(0.4, named).prop_map(move |named| Deed::Refund {
                        refund,
                        order,
                        amount,
                        named,
                    })
                })
            })
            .boxed()
    }

    fn sends(&self) -> BoxedStrategy<Deed> {
        let model = self.clone();
        (select(vec![0, 0, 1, 3, PAYER, STRANGER]), 0..NUMBERS)
            .prop_flat_map(move |(payee, bill)| {
                let rules = &model.rules;
                let (_, theirs) = model.sent_today(Some(payee));
                let (_, all) = model.sent_today(None);
                let exact = edges([
                    model.held_by(Holder::Merchant(0)),
                    rules.transfer_single_max_minor,
                    rules.transfer_payee_day_minor - theirs,
                    rules.transfer_merchant_day_minor - all,
                ]);
                let amount = prop_oneof![3 => 8..60i64, 2 => mostly(exact, 8..30i64)];
                amount.prop_map(move |amount| Deed::Send { bill, payee, amount })
            })
            .boxed()
    }

    fn batches(&self) -> BoxedStrategy<Deed> {
        let payee = select(vec![0, 1, 1, 3, PAYER, STRANGER]);
        let parts =
            prop::collection::vec((payee, prop_oneof![3 => 10..60i64, 1 => 9..152i64]), 1..5);
        let made = (0..NUMBERS, parts).prop_map(|(batch, parts)| Deed::Batch { batch, parts });
        let undecided = self.batches.iter().filter(|(_, batch)| batch.state == "WAIT_PAY");
        let batch = mostly(undecided.map(|(batch, _)| *batch).collect(), 0..NUMBERS);
        let reject = batch.clone().prop_map(|batch| Deed::Reject { batch });
        let approve = batch.prop_map(|batch| Deed::Approve { batch });
        let staffed = any::<bool>().prop_map(Deed::Staffed);
        prop_oneof![6 => made, 3 => approve, 2 => reject, 2 => staffed].boxed()
    }

    fn ends(&self) -> BoxedStrategy<Deed> {
        let open = self.bills.iter().filter(|(_, bill)| bill.state == "WAIT_USER_CONFIRM");
        let bill = mostly(open.map(|(bill, _)| *bill).collect(), 0..NUMBERS);
        let payees: Vec<_> = self.bills.iter().map(|(bill, one)| (*bill, one.payee)).collect();
        let cancel = bill.clone().prop_map(|bill| Deed::Cancel { bill });
        let confirm = (bill, prop::bool::weighted(0.1)).prop_map(move |(bill, is_other)| {
            let payee = payees.iter().find(|(of, _)| *of == bill);
            let who = payee.filter(|_| !is_other).map_or(2, |(_, payee)| *payee);
            Deed::Confirm { bill, who }
        });
        prop_oneof![1 => cancel, 3 => confirm].boxed()
    }

    fn waits(&self) -> BoxedStrategy<Deed> {
        let rules = &self.rules;
        let orders = self.orders.iter().flat_map(|order| {
            let seconds = [rules.profit_delay_s, rules.profit_release_s, rules.refund_window_s];
            seconds.map(|seconds| order.paid_at + seconds * SECOND)
        });
        let requests = self.requests.values().flat_map(|one| {
            let seconds = [rules.profit_finish_s, rules.profit_return_s];
            seconds.map(|seconds| one.at + seconds * SECOND)
        });
        let bills = self.bills.values().map(|bill| bill.at + rules.transfer_ttl_s * SECOND);
        let batches = self.batches.values().map(|one| one.at + rules.batch_approval_s * SECOND);
        let midnight = (self.now.div_euclid(DAY) + 1) * DAY;
        let deadlines = orders.chain(requests).chain(bills).chain(batches).chain([midnight]);
        let waits = deadlines.flat_map(|at| [at - self.now - 1, at - self.now, at - self.now + 1]);
        let waits: Vec<i64> = waits.filter(|wait| (1..=2 * DAY).contains(wait)).collect();
        let some = select(vec![2 * SECOND, 61 * SECOND, 61 * SECOND, 3_600 * SECOND, DAY]);
        prop_oneof![some, mostly(waits, Just(SECOND))].prop_map(Deed::Wait).boxed()
    }

    /// The same number again, with the same or with something else.
    fn repeats(&self) -> BoxedStrategy<Deed> {
        let requests = self.requests.values().map(|one| &one.asked);
        let returns = self.returns.values().map(|(asked, _)| asked);
        let bills = self.bills.values().map(|one| &one.asked);
        let batches = self.batches.values().map(|one| &one.asked);
        let all = requests.chain(returns).chain(self.refunds.values()).chain(bills).chain(batches);
        let all: Vec<Deed> = all.cloned().collect();
        if all.is_empty() {
            return self.waits();
        }
        let again = (select(all), prop::bool::weighted(0.3));
        again.prop_map(|(deed, is_other)| if is_other { altered(deed) } else { deed }).boxed()
    }
}

fn altered(mut deed: Deed) -> Deed {
    match &mut deed {
        Deed::Share { parts, .. } => {
            let part: Option<&mut (Receiver, i64)> = parts.first_mut();
            part.expect("a share has parts").1 += 1;
        }
        Deed::Batch { parts, .. } => {
            parts.first_mut().expect("a batch has parts").1 += 1;
        }
        Deed::Unfreeze { order, .. } => *order += 1,
        Deed::Return { amount, .. } | Deed::Refund { amount, .. } | Deed::Send { amount, .. } => {
            *amount += 1;
        }
        _ => {}
    }
    deed
}
