//! Which asks follow one another: drawn from what the model knows, so that limits, deadlines and
//! balances are met exactly and passed by one.

use super::ask::{Ask, BankSays, Freezer, Index, Number, Standing, What};
use super::reference::{Card, Holder, Merchant, Person, Reference, Wrong, day};
use domain::Rules;
use kernel::time::{DAY, HOUR, SECOND};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub struct Sequences;

const PEOPLE: Index = 6;
/// Who has a card and a payment password from the start; 1 and 2 are one person.
const RICH: [Index; 4] = [0, 1, 2, 4];

/// Figures so small that sixty asks reach every one of them.
pub fn figures() -> Rules {
    let mut rules = Rules::default();
    for (key, figure) in [
        ("limit.balance.class1.lifetime", 180),
        ("limit.balance.class2.year", 300),
        ("limit.balance.class3.year", 400),
        ("limit.verify.one.day", 150),
        ("limit.verify.two.day", 250),
        ("withdraw.fee_bp", 150),
        ("withdraw.fee_min", 2),
        ("withdraw.free_lifetime", 60),
        ("withdraw.dust_free", 3),
        ("withdraw.single.max", 120),
        ("withdraw.day.max", 150),
        ("topup.single.max", 150),
        ("topup.day.max", 330),
        ("balance.cap", 260),
        ("card.hard_declines", 2),
        ("payment_password.tries", 2),
        ("payment_password.locks_hard", 2),
        ("payment_password.reset_tries", 2),
        ("payment_password.reset_cap_day", 40),
        ("order.ttl_s", 100_000),
        ("refund.window_s", 150_000),
        ("refund.count", 2),
        ("bank_limit.icbc.debit.single", 140),
        ("bank_limit.icbc.debit.day", 260),
        ("session.idle_s", 300_000_000),
        ("session.absolute_s", 300_000_000),
    ] {
        assert!(rules.set_figure(key, figure), "{key}");
    }
    rules
}

impl Default for Reference {
    /// The cast: a person of class I, one of class II with two wallets, one of class III with a
    /// wallet that waits for its payment password and one in use, somebody whom nobody verified;
    /// two merchants.
    fn default() -> Self {
        let card = |is_credit| Card { is_credit, ..Card::default() };
        let person = |identity, standing, password: Option<u8>, cards: &[bool]| Person {
            identity,
            standing,
            frozen: BTreeSet::new(),
            passwords: password.into_iter().collect(),
            wrong: Wrong::default(),
            proofs: Wrong::default(),
            reset_at: None,
            cards: cards.iter().map(|is_credit| card(*is_credit)).collect(),
            is_signed_in: true,
        };
        let (active, opening) = (Standing::Active, Standing::Opening);
        let merchant = |fee_bp| Merchant { fee_bp, ..Merchant::default() };
        Self {
            rules: figures(),
            now: 10 * HOUR,
            asked: 0,
            people: vec![
                person(Some(0), active, Some(1), &[false, true]),
                person(Some(1), active, Some(1), &[false]),
                person(Some(1), active, Some(1), &[false, false]),
                person(Some(2), opening, None, &[]),
                person(Some(2), active, Some(1), &[false]),
                person(None, opening, None, &[]),
            ],
            channels: vec![1, 3, 5],
            merchants: vec![merchant(150), merchant(0)],
            orders: BTreeMap::new(),
            refunds: BTreeMap::new(),
            movements: BTreeMap::new(),
            kept: BTreeMap::new(),
            money: BTreeMap::new(),
        }
    }
}

impl Reference {
    /// The same under another figure of the configuration.
    ///
    /// # Panics
    /// When there is no such figure.
    pub fn with_figure(mut self, key: &str, figure: i64) -> Self {
        assert!(self.rules.set_figure(key, figure), "{key}");
        self
    }
}

/// What comes before every sequence: two days on which people top up, so that there is money.
pub fn prelude() -> Vec<Ask> {
    let mut asks = Vec::new();
    for amount in [140, 50] {
        for who in RICH {
            let serial = asks.len() as u64 + 1;
            let what = What::TopUp { card: 0 };
            let key = serial;
            asks.push(Ask { serial, who, wallet: who, amount, digits: 1, key, ..Ask::of(what) });
            let answer = What::Bank { movement: serial, says: BankSays::Done(1) };
            asks.push(Ask { serial: serial + 1, ..Ask::of(answer) });
        }
        let serial = asks.len() as u64 + 1;
        asks.push(Ask { serial, amount: DAY, ..Ask::of(What::Wait) });
    }
    asks.pop();
    asks
}

impl ReferenceStateMachine for Sequences {
    type State = Reference;
    type Transition = Ask;

    fn init_state() -> BoxedStrategy<Reference> {
        let mut model = Reference::default();
        for ask in prelude() {
            model.ask(&ask);
        }
        Just(model).boxed()
    }

    fn transitions(model: &Reference) -> BoxedStrategy<Ask> {
        let drawn = prop_oneof![
            12 => model.places(),
            16 => model.pays(),
            6 => model.merchant_acts(),
            9 => model.refunds(),
            8 => model.top_ups(),
            13 => model.withdrawals(),
            10 => model.bank_answers(),
            5 => model.passwords(),
            5 => model.freezes(),
            8 => model.waits(),
            5 => model.stands_or_signs(),
            7 => model.repeats(),
        ];
        let serial = model.asked + 1;
        let named = drawn.prop_map(move |ask| {
            let key = if ask.key == 0 { serial } else { ask.key };
            Ask { serial, key, ..ask }
        });
        named.boxed()
    }

    fn apply(mut model: Reference, ask: &Ask) -> Reference {
        model.ask(ask);
        model
    }

    /// What never reaches the product, and keys so old that it may have forgotten them.
    fn preconditions(model: &Reference, ask: &Ask) -> bool {
        let kept = ask.key().and_then(|key| model.kept.get(&key));
        kept.is_none_or(|(_, _, at)| model.now - at < DAY)
            && match ask.what {
                What::Wait => ask.amount > 0 && day(model.now + ask.amount) < 300,
                What::Expire => model.orders.contains_key(&ask.number),
                What::Bank { movement, .. } => model.movements.contains_key(&movement),
                What::Stand(_) => {
                    let one = &model.people[ask.who];
                    one.frozen.is_empty() && one.standing != Standing::Opening
                }
                _ => true,
            }
    }
}

fn who() -> impl Strategy<Value = Index> {
    prop_oneof![9 => select(RICH.to_vec()), 2 => 0..PEOPLE]
}

fn number() -> impl Strategy<Value = Number> {
    (0..2usize, 0..6usize)
}

/// Mostly one of these, if there is any.
pub(super) fn mostly<T>(some: Vec<T>, other: impl Strategy<Value = T> + 'static) -> BoxedStrategy<T>
where
    T: Clone + std::fmt::Debug + 'static,
{
    if some.is_empty() { other.boxed() } else { prop_oneof![6 => select(some), 1 => other].boxed() }
}

/// A few sums, and each passed by one.
pub(super) fn edges(sums: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let passed = sums.into_iter().flat_map(|sum| [sum, sum + 1]);
    passed.filter(|sum| (1..500).contains(sum)).collect()
}

impl Reference {
    fn digits(&self, who: Index) -> impl Strategy<Value = u8> + use<> {
        let one = &self.people[who];
        let right = one.passwords.last().copied().unwrap_or(1);
        // Who was wrong once is often wrong again: only tries in a row lock.
        let wrong = if one.wrong.tries + one.wrong.locks > 0 { 12 } else { 2 };
        prop_oneof![7 => Just(right), wrong => 0..4u8]
    }

    fn has_order(&self, which: impl Fn(&Number) -> bool) -> Vec<Number> {
        self.orders.keys().filter(|number| which(number)).copied().collect()
    }

    fn is_payable(&self, number: &Number) -> bool {
        let order = &self.orders[number];
        order.paid.is_none() && !order.is_closed && order.code_ends > self.now
    }

    /// What a person may still pay, by class and by day.
    fn left_to_pay(&self, who: Index) -> Vec<i64> {
        let Some(identity) = self.people[who].identity else { return Vec::new() };
        let rules = &self.rules;
        let this_year = self.paid(identity, |at| (day(at) >= 3) == (day(self.now) >= 3));
        let of_class = match identity {
            0 => rules.class1_lifetime_minor - self.paid(identity, |_| true),
            1 => rules.class2_year_minor - this_year,
            _ => rules.class3_year_minor - this_year,
        };
        let today = self.paid(identity, |at| day(at) == day(self.now));
        let by_day =
            [rules.verify_one_day_minor, rules.verify_two_day_minor].map(|cap| cap - today);
        edges(by_day.into_iter().chain([of_class, self.held_by(Holder::Wallet(who))]))
    }

    fn places(&self) -> BoxedStrategy<Ask> {
        let exact = RICH.iter().flat_map(|who| self.left_to_pay(*who)).collect();
        let amount = prop_oneof![2 => 1..130i64, 1 => mostly(exact, 1..130i64)];
        let life_s = prop_oneof![8 => Just(None), 2 => Just(Some(600)), 1 => Just(Some(10))];
        let payer = prop::option::weighted(0.2, 0..PEOPLE);
        let again = self.has_order(|_| true);
        let again = mostly(again, number());
        let ask = (prop_oneof![5 => number().boxed(), 1 => again], amount, life_s, payer);
        let placed = ask.prop_map(|(number, amount, life_s, payer)| Ask {
            number,
            amount,
            ..Ask::of(What::Place { life_s, payer })
        });
        let same: Vec<Ask> = self.orders.values().map(|order| order.asked).collect();
        if same.is_empty() {
            placed.boxed()
        } else {
            prop_oneof![6 => placed, 1 => select(same)].boxed()
        }
    }

    fn pays(&self) -> BoxedStrategy<Ask> {
        let open = self.has_order(|number| self.is_payable(number));
        if open.is_empty() && !self.orders.is_empty() {
            return self.places();
        }
        let model = self.clone();
        (mostly(open, number()), who())
            .prop_flat_map(move |(number, who)| {
                let order = model.orders.get(&number);
                let amount = order.map_or(7, |order| order.asked.amount);
                let payer = order.and_then(|order| match order.asked.what {
                    What::Place { payer, .. } => payer,
                    _ => None,
                });
                let who = prop_oneof![4 => Just(payer.unwrap_or(who)), 1 => Just(who)];
                let wallet = prop::option::weighted(0.05, 0..PEOPLE);
                let amount = prop_oneof![12 => Just(amount), 1 => Just(amount + 1)];
                let model = model.clone();
                (who, wallet, amount, 1..3u32).prop_flat_map(
                    move |(who, wallet, amount, factors)| {
                        model.digits(who).prop_map(move |digits| Ask {
                            who,
                            wallet: wallet.unwrap_or(who),
                            number,
                            amount,
                            digits,
                            ..Ask::of(What::Pay { factors })
                        })
                    },
                )
            })
            .boxed()
    }

    fn merchant_acts(&self) -> BoxedStrategy<Ask> {
        let known = mostly(self.has_order(|_| true), number());
        let on = self.merchants.iter().position(|one| one.is_suspended);
        let suspended = prop_oneof![
            Just((on.unwrap_or(0), false)),
            (0..2usize).prop_map(|merchant| (merchant, true))
        ];
        prop_oneof![
            3 => known.clone().prop_map(|number| Ask { number, ..Ask::of(What::Close) }),
            3 => known.prop_map(|number| Ask { number, ..Ask::of(What::Expire) }),
            2 => suspended.prop_map(|(merchant, is_on)| Ask {
                number: (merchant, 0),
                ..Ask::of(What::Suspend(is_on))
            }),
        ]
        .boxed()
    }

    fn refunds(&self) -> BoxedStrategy<Ask> {
        let paid = self.has_order(|number| self.orders[number].paid.is_some());
        if paid.is_empty() {
            return self.pays();
        }
        let model = self.clone();
        let begun = paid.iter().filter(|number| !self.orders[*number].refunds.is_empty());
        let which = prop_oneof![mostly(begun.copied().collect(), number()), mostly(paid, number())];
        let refunded = which.prop_flat_map(move |number| {
            let order = model.orders.get(&number);
            let total = order.map_or(10, |order| order.asked.amount);
            let given: i64 = order.map_or(0, |order| order.refunds.iter().map(|one| one.0).sum());
            let left = (total - given).max(0);
            let amount =
                prop_oneof![3 => 1..(left / 2).max(2), 1 => mostly(edges([left]), Just(1))];
            let total = prop_oneof![10 => Just(total), 1 => Just(total + 1)];
            (amount, 0..9usize, total).prop_map(move |(amount, refund, total)| Ask {
                number,
                amount,
                ..Ask::of(What::Refund { refund, total })
            })
        });
        let same: Vec<Ask> = self.refunds.values().map(|(_, asked)| *asked).collect();
        if same.is_empty() {
            refunded.boxed()
        } else {
            prop_oneof![7 => refunded, 1 => select(same)].boxed()
        }
    }

    fn top_ups(&self) -> BoxedStrategy<Ask> {
        let model = self.clone();
        who()
            .prop_flat_map(move |who| {
                let (rules, one) = (&model.rules, &model.people[who]);
                let today = |it: &super::reference::Movement| day(it.began) == day(model.now);
                let is_own = |wallet: Index| model.people[wallet].identity == one.identity;
                let (_, used, _) = model.moved(true, |it| today(it) && is_own(it.wallet));
                let (_, on_card, _) =
                    model.moved(true, |it| today(it) && it.wallet == who && it.card == 0);
                let exact = edges([
                    140,
                    rules.topup_day_max_minor - used,
                    260 - on_card,
                    rules.balance_cap_minor - model.held_by(Holder::Wallet(who)),
                ]);
                let amount = prop_oneof![1..100i64, select(exact)];
                let wallet = prop::option::weighted(0.04, 0..PEOPLE);
                let card = prop_oneof![6 => Just(0), 1 => 0..3usize];
                (amount, wallet, card, model.digits(who)).prop_map(
                    move |(amount, wallet, card, digits)| {
                        let wallet = wallet.unwrap_or(who);
                        Ask { who, wallet, amount, digits, ..Ask::of(What::TopUp { card }) }
                    },
                )
            })
            .boxed()
    }

    fn withdrawals(&self) -> BoxedStrategy<Ask> {
        let model = self.clone();
        who()
            .prop_flat_map(move |who| {
                let (rules, one) = (&model.rules, &model.people[who]);
                let today = |it: &super::reference::Movement| day(it.began) == day(model.now);
                let is_own = |wallet: Index| model.people[wallet].identity == one.identity;
                let (_, used, _) = model.moved(false, |it| today(it) && is_own(it.wallet));
                let (_, _, free) = model.moved(false, |it| is_own(it.wallet));
                let balance = model.held_by(Holder::Wallet(who));
                let exact = edges([
                    balance,
                    balance - model.price(who, balance.max(1)).0 - 1,
                    rules.withdraw_single_max_minor,
                    rules.withdraw_day_max_minor - used,
                    rules.withdraw_free_lifetime_minor - free,
                    rules.password_reset_cap_minor - used,
                ]);
                let exact = exact.into_iter().filter(|sum| *sum < 125).collect();
                let amount = prop_oneof![2 => 1..45i64, 1 => mostly(exact, Just(1))];
                let (wallet, card) = (prop::option::weighted(0.04, 0..PEOPLE), 0..20usize);
                let (model, seen) = (model.clone(), prop::option::weighted(0.1, 0..4i64));
                (amount, wallet, card, model.digits(who), seen).prop_map(
                    move |(amount, wallet, card, digits, seen)| {
                        let wallet = wallet.unwrap_or(who);
                        let fee = seen.unwrap_or_else(|| model.price(wallet, amount).0);
                        let card = card.saturating_sub(17);
                        Ask { who, wallet, amount, digits, ..Ask::of(What::Withdraw { card, fee }) }
                    },
                )
            })
            .boxed()
    }

    fn bank_answers(&self) -> BoxedStrategy<Ask> {
        let open = self.movements.iter().filter(|(_, one)| one.is_open);
        let open: Vec<u64> = open.map(|(serial, _)| *serial).collect();
        let all: Vec<u64> = self.movements.keys().copied().collect();
        let movement = if open.is_empty() {
            select(all).boxed()
        } else {
            prop_oneof![3 => select(open), 1 => select(all)].boxed()
        };
        let says = prop_oneof![
            6 => (1..3u8).prop_map(BankSays::Done),
            5 => select(vec!["51", "05", "05", "54"]).prop_map(BankSays::Declined),
            2 => (1..3u8).prop_map(BankSays::Returned),
            1 => Just(BankSays::Pending),
            1 => Just(BankSays::Unknown),
            2 => Just(BankSays::NotSeen),
        ];
        let answer = (movement, says);
        answer.prop_map(|(movement, says)| Ask::of(What::Bank { movement, says })).boxed()
    }

    fn passwords(&self) -> BoxedStrategy<Ask> {
        let model = self.clone();
        let set =
            (0..PEOPLE).prop_flat_map(move |who| {
                let old = model.digits(who);
                let is_set = !model.people[who].passwords.is_empty();
                let old = prop::option::weighted(if is_set { 0.85 } else { 0.1 }, old);
                (old, prop::bool::weighted(0.1), 0..9u8).prop_map(move |(old, is_weak, digits)| {
                    Ask { who, digits, ..Ask::of(What::SetPassword { old, is_weak }) }
                })
            });
        let (is_code_right, is_person_right) =
            (prop::bool::weighted(0.85), prop::bool::weighted(0.5));
        let doubted = self.people.iter().position(|one| one.proofs.tries > 0);
        let reset_who = mostly(doubted.into_iter().collect(), who());
        let reset = (reset_who, is_code_right, is_person_right, 0..9u8).prop_map(
            |(who, is_code_right, is_person_right, digits)| Ask {
                who,
                digits,
                ..Ask::of(What::ResetPassword { is_code_right, is_person_right })
            },
        );
        prop_oneof![set, reset].boxed()
    }

    fn freezes(&self) -> BoxedStrategy<Ask> {
        let by = || select(vec![Freezer::Owner, Freezer::Owner, Freezer::Risk, Freezer::Judge]);
        let freeze = (who(), by()).prop_map(|(who, by)| Ask { who, ..Ask::of(What::Freeze(by)) });
        let all = self.people.iter().enumerate();
        let frozen = all.flat_map(|(who, one)| one.frozen.iter().map(move |by| (who, *by)));
        let model = self.clone();
        let is_any = self.people.iter().any(|one| !one.frozen.is_empty());
        let lift = mostly(frozen.collect(), (who(), by())).prop_flat_map(move |(who, by)| {
            let is_owner = prop::bool::weighted(if by == Freezer::Owner { 0.8 } else { 0.0 });
            (is_owner, model.digits(who)).prop_map(move |(is_owner, digits)| Ask {
                who,
                digits: if is_owner { digits } else { 0 },
                ..Ask::of(What::Unfreeze(by, is_owner))
            })
        });
        prop_oneof![2 => freeze, if is_any { 8 } else { 1 } => lift].boxed()
    }

    fn waits(&self) -> BoxedStrategy<Ask> {
        let orders = self.orders.values().flat_map(|order| {
            let spaced = order.refunds.last().map(|(_, at)| at + 60 * SECOND);
            let window = order.paid.map(|(_, at, _)| at + 150_000 * SECOND);
            [Some(order.expires), Some(order.code_ends), spaced, window].into_iter().flatten()
        });
        let people = self.people.iter().flat_map(|one| {
            let capped = one.reset_at.map_or(0, |at| at + DAY);
            [one.wrong.until, one.proofs.until, capped]
        });
        let bank = self.movements.values().map(|one| one.began + DAY);
        let midnight = (day(self.now) + 1) * DAY;
        let deadlines = orders.chain(people).chain(bank).chain([midnight]);
        let waits = deadlines.flat_map(|at| [at - self.now - 1, at - self.now]);
        let mut waits: Vec<i64> = waits.filter(|wait| (1..=2 * DAY).contains(wait)).collect();
        if day(self.now) < 3 {
            waits.push(3 * DAY - self.now);
        }
        let soon = self.people.iter().map(|one| one.wrong.until - self.now);
        let soon: Vec<i64> = soon.filter(|wait| *wait > 0).collect();
        let some = select(vec![SECOND, 61 * SECOND, 61 * SECOND, 600 * SECOND, 3 * HOUR, DAY]);
        let amount = prop_oneof![some.clone(), mostly(waits, Just(SECOND)), mostly(soon, some)];
        amount.prop_map(|amount| Ask { amount, ..Ask::of(What::Wait) }).boxed()
    }

    fn stands_or_signs(&self) -> BoxedStrategy<Ask> {
        let active = Standing::Active;
        let to = select(vec![active, active, active, Standing::Restricted, Standing::Closed]);
        let can = self.people.iter().enumerate();
        let can = can.filter(|(_, one)| one.frozen.is_empty() && one.standing != Standing::Opening);
        let can: Vec<Index> = can.map(|(who, _)| who).collect();
        let away = self.people.iter().position(|one| !one.is_signed_in).unwrap_or(0);
        let sign = prop_oneof![3 => Just(away), 1 => 0..PEOPLE];
        let sign = sign.prop_map(|who| Ask { who, ..Ask::of(What::SignIn) });
        if can.is_empty() {
            return sign.boxed();
        }
        let stand = (select(can), to);
        let stand = stand.prop_map(|(who, to)| Ask { who, ..Ask::of(What::Stand(to)) });
        prop_oneof![stand, sign].boxed()
    }

    /// The same key again: with the same ask, with another one, or with the same wrong digits.
    fn repeats(&self) -> BoxedStrategy<Ask> {
        let kept = self.kept.iter().filter(|(_, (_, _, at))| self.now - at < DAY);
        let kept: Vec<Ask> = kept.map(|(_, (asked, _, _))| *asked).collect();
        let people = self.people.iter().enumerate();
        let wrong = people.clone().filter_map(|(who, one)| {
            let (key, digits) = one.wrong.last?;
            let number = *self.orders.keys().find(|number| self.is_payable(number))?;
            let amount = self.orders[&number].asked.amount;
            let what = What::Pay { factors: 1 };
            Some(Ask { who, wallet: who, number, amount, digits, key, ..Ask::of(what) })
        });
        let unproved = people.filter_map(|(who, one)| {
            let what = What::ResetPassword { is_code_right: true, is_person_right: false };
            Some(Ask { who, digits: 8, key: one.proofs.last?.0, ..Ask::of(what) })
        });
        let again: Vec<Ask> = wrong.chain(unproved).collect();
        if kept.is_empty() {
            return if again.is_empty() { self.waits() } else { select(again).boxed() };
        }
        let model = self.clone();
        let repeated =
            (select(kept), prop::bool::weighted(0.3)).prop_flat_map(move |(ask, other)| {
                let amount = ask.amount + i64::from(other);
                model.digits(ask.who).prop_map(move |digits| Ask { amount, digits, ..ask })
            });
        if again.is_empty() {
            repeated.boxed()
        } else {
            prop_oneof![repeated, select(again)].boxed()
        }
    }
}
