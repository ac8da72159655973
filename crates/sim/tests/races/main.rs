//! Races at a barrier: asks that meet at the same moment, through one engine or two on the same
//! rows. Whatever the answers are, the reference model must give the same ones in some order, and
//! everybody must hold what they hold after that order.

mod codes;

use engine::Engine;
use jiaozi_sim::model::ask::{Answer, Ask, BankSays, Freezer, What};
use jiaozi_sim::model::{House, Product, Reference};
use std::sync::Barrier;

use codes::{one_code, one_request, one_waiting};

const ROUNDS: usize = 100;

/// Who has a debit card and is of class III.
const WHO: usize = 4;
const OTHER: usize = 1;

/// One round: a cast of its own, and the model that knows what was asked of it.
struct Round {
    model: Reference,
    product: Product,
    serial: u64,
}

impl Round {
    fn new(house: &House, engine: &Engine, model: Reference) -> Self {
        let product = Product::new(house, engine, &model);
        Self { model, product, serial: 0 }
    }

    /// The ask with a serial, and with it as key when it has none.
    fn named(&mut self, ask: Ask) -> Ask {
        self.serial += 1;
        let key = if ask.key == 0 { self.serial } else { ask.key };
        Ask { serial: self.serial, key, ..ask }
    }

    /// Asks before the race; it must be done.
    fn before(&mut self, ask: Ask) -> u64 {
        let ask = self.named(ask);
        let answer = self.product.ask(&ask);
        assert_eq!(answer, self.model.ask(&ask), "{ask:?}");
        assert!(matches!(answer, Answer::Done(..)), "{ask:?}: {answer:?}");
        ask.serial
    }

    fn give(&mut self, who: usize, amount: i64) {
        let top_up =
            Ask { who, wallet: who, amount, digits: 1, ..Ask::of(What::TopUp { card: 0 }) };
        let movement = self.before(top_up);
        self.before(Ask::of(What::Bank { movement, says: BankSays::Done(1) }));
    }

    fn place(&mut self, number: usize, amount: i64) {
        let what = What::Place { life_s: None, payer: None };
        self.before(Ask { number: (0, number), amount, ..Ask::of(what) });
    }

    /// Asks all at once, every second one through the other engine, and finds an order.
    fn race(mut self, engines: &[Engine], asks: Vec<Ask>) {
        let asks: Vec<Ask> = asks.into_iter().map(|ask| self.named(ask)).collect();
        let barrier = Barrier::new(asks.len());
        let mut answered: Vec<(Ask, Answer)> = std::thread::scope(|scope| {
            let asked = asks.iter().enumerate().map(|(place, ask)| {
                let mut product = self.product.on(&engines[place % engines.len()]);
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    (*ask, product.ask(ask))
                })
            });
            let asked: Vec<_> = asked.collect();
            asked.into_iter().map(|one| one.join().expect("asking does not panic")).collect()
        });
        let shown = format!("{answered:#?}");
        let balances = self.product.balances();
        let found = explain(&self.model, &mut answered, &balances);
        self.model = found.unwrap_or_else(|| panic!("no order gives {balances:?} and {shown}"));
        self.product.finish(&mut self.model);
    }
}

/// The model after an order of the asks that gives these answers and these balances.
fn explain(
    model: &Reference,
    left: &mut Vec<(Ask, Answer)>,
    balances: &[i64],
) -> Option<Reference> {
    if left.is_empty() {
        return (model.balances() == balances).then(|| model.clone());
    }
    for place in 0..left.len() {
        let mut next = model.clone();
        if next.ask(&left[place].0) != left[place].1 {
            continue;
        }
        let taken = left.remove(place);
        if let Some(end) = explain(&next, left, balances) {
            return Some(end);
        }
        left.insert(place, taken);
    }
    None
}

fn pay(who: usize, number: usize, amount: i64) -> Ask {
    let what = What::Pay { factors: 2 };
    Ask { who, wallet: who, number: (0, number), amount, digits: 1, ..Ask::of(what) }
}

fn refund(number: usize, refund: usize, amount: i64, total: i64) -> Ask {
    Ask { number: (0, number), amount, ..Ask::of(What::Refund { refund, total }) }
}

/// More than two people can pay, to one merchant.
fn payments(house: &House, engines: &[Engine]) {
    let mut round = Round::new(house, &engines[0], Reference::default());
    for who in [WHO, OTHER] {
        round.give(who, 100);
    }
    for number in 0..10 {
        round.place(number, 21 + number as i64);
    }
    let payers = [WHO, OTHER].into_iter().cycle();
    let asks = payers.zip(0..10).map(|(who, number)| pay(who, number, 21 + number as i64));
    round.race(engines, asks.collect());
}

/// Partial refunds of one order, more than was paid.
fn refunds(house: &House, engines: &[Engine]) {
    let model = Reference::default().with_figure("refund.spacing_s", 0);
    let mut round = Round::new(house, &engines[0], model.with_figure("refund.count", 9));
    round.give(WHO, 120);
    round.place(0, 100);
    round.before(pay(WHO, 0, 100));
    let asks = (0..8).map(|number| refund(0, number / 2 + number % 2 * 4, 17 + number as i64, 100));
    round.race(engines, asks.collect());
}

/// Wrong payment passwords, and the right one among them.
fn guesses(house: &House, engines: &[Engine]) {
    let model = Reference::default().with_figure("payment_password.tries", 5);
    let mut round = Round::new(house, &engines[0], model);
    round.give(WHO, 100);
    round.place(0, 10);
    let guess = |digits| Ask { digits, ..pay(WHO, 0, 10) };
    let mut asks: Vec<Ask> = (10..17).map(guess).collect();
    asks.push(guess(1));
    round.race(engines, asks);
}

/// Only wrong ones: five are compared, the others meet the lock.
fn wrong_guesses(house: &House, engines: &[Engine]) {
    let model = Reference::default().with_figure("payment_password.tries", 5);
    let mut round = Round::new(house, &engines[0], model);
    round.place(0, 10);
    round.race(engines, (10..22).map(|digits| Ask { digits, ..pay(WHO, 0, 10) }).collect());
}

/// Fifty times the same request under one key.
fn repeats(house: &House, engines: &[Engine]) {
    let mut round = Round::new(house, &engines[0], Reference::default());
    round.give(WHO, 100);
    round.place(0, 30);
    round.race(engines, vec![Ask { key: 1_000, ..pay(WHO, 0, 30) }; 50]);
}

/// Two requests under one key.
fn conflicts(house: &House, engines: &[Engine]) {
    let mut round = Round::new(house, &engines[0], Reference::default());
    round.give(WHO, 100);
    round.place(0, 30);
    round.place(1, 40);
    let both = [pay(WHO, 0, 30), pay(WHO, 1, 40)].map(|ask| Ask { key: 1_000, ..ask });
    round.race(engines, both.into_iter().cycle().take(8).collect());
}

/// Everything that can befall one order.
fn one_order(house: &House, engines: &[Engine]) {
    let mut round = Round::new(house, &engines[0], Reference::default());
    for who in [WHO, OTHER] {
        round.give(who, 100);
    }
    round.place(0, 50);
    let of_order = |what| Ask { number: (0, 0), ..Ask::of(what) };
    let again = What::Place { life_s: None, payer: None };
    let (owner, risk) = (Freezer::Owner, Freezer::Risk);
    round.race(
        engines,
        vec![
            pay(WHO, 0, 50),
            of_order(What::Close),
            pay(OTHER, 0, 50),
            refund(0, 0, 20, 50),
            of_order(What::Expire),
            refund(0, 1, 30, 50),
            Ask { number: (0, 0), amount: 51, ..Ask::of(again) },
            Ask { who: WHO, ..Ask::of(What::Freeze(owner)) },
            Ask { who: OTHER, ..Ask::of(What::Freeze(risk)) },
        ],
    );
}

/// Money to and fro between the same accounts, in and out of the bank.
fn to_and_fro(house: &House, engines: &[Engine]) {
    let mut round = Round::new(house, &engines[0], Reference::default());
    for who in [WHO, OTHER] {
        round.give(who, 100);
    }
    for number in 0..4 {
        round.place(number, 20);
    }
    round.before(pay(WHO, 0, 20));
    round.before(pay(OTHER, 1, 20));
    let withdraw = |who, amount| {
        let what = What::Withdraw { card: 0, fee: 0 };
        Ask { who, wallet: who, amount, digits: 1, ..Ask::of(what) }
    };
    let movement = round.before(withdraw(WHO, 25));
    let bank = |says| Ask::of(What::Bank { movement, says });
    round.race(
        engines,
        vec![
            pay(WHO, 2, 20),
            refund(0, 0, 20, 20),
            pay(OTHER, 3, 20),
            refund(1, 1, 20, 20),
            withdraw(OTHER, 30),
            bank(BankSays::Done(1)),
            bank(BankSays::Done(1)),
            bank(BankSays::Declined("51")),
            bank(BankSays::Returned(1)),
            withdraw(WHO, 15),
        ],
    );
}

fn run(house: House, processes: usize, race: fn(&House, &[Engine])) {
    let engines: Vec<Engine> = (0..processes).map(|_| house.engine()).collect();
    for _ in 0..ROUNDS {
        race(&house, &engines);
    }
    drop(engines);
    house.verify();
}

macro_rules! races {
    ($($race:ident: $sentence:ident;)+) => {
        mod two_processes_in_memory {
            $(#[test] fn $sentence() { super::run(super::House::memory(), 2, super::$race); })+
        }

        mod one_process_on_sqlite {
            $(#[test] fn $sentence() { super::run(super::House::sqlite(), 1, super::$race); })+
        }

        mod two_processes_on_postgres {
            $(#[test] fn $sentence() { super::run(super::House::postgres(), 2, super::$race); })+
        }
    };
}

races! {
    payments: payments_at_once_never_spend_what_is_not_there;
    refunds: refunds_at_once_never_give_back_more_than_was_paid;
    guesses: guesses_at_once_are_counted_one_by_one;
    wrong_guesses: no_more_than_five_wrong_passwords_are_compared;
    repeats: fifty_times_one_request_happen_once;
    conflicts: a_key_stands_for_one_of_two_requests;
    one_order: one_order_has_one_history;
    to_and_fro: money_to_and_fro_stays_what_it_was;
    one_code: a_code_that_two_merchants_scan_at_once_is_charged_once;
    one_request: a_code_charged_again_by_the_same_request_is_paid_once;
    one_waiting: a_waiting_payment_is_confirmed_refused_or_reversed_and_never_lost;
}
