//! A small town on an engine: verified people with money in their balance, one merchant, and the
//! payments between them. Everything is made by commands; only the people themselves are put there
//! at once.

mod books;
mod hasty;

pub use books::Books;
pub use hasty::Hasty;

use crate::cluster::RealShell;
use domain::card::BankAnswer;
use domain::ids::TopUpId;
use domain::ledger::OpenSystemAccounts;
use domain::merchant::AddMerchant;
use domain::order::{CreateOrder, PayOrder};
use domain::testing::{self, Person};
use domain::top_up::RecordTopUp;
use domain::{Command, Rules};
use engine::{Engine, Limits};
use kernel::{Amount, Currency};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store_postgres::{Options, PostgresStore, Url};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

pub use domain::testing::MCHID;

/// How many commands run at once.
const AT_ONCE: usize = 256;

/// One of the people, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer(pub u32);

/// A payment: who, and the how-manieth of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who pays.
    pub payer: Payer,
    /// Counted by the payer.
    pub number: u32,
}

/// An engine on the database at this address, ready.
///
/// # Panics
/// When it does not become ready.
pub fn open_engine(url: &str, seed: u64, options: Options, limits: Limits) -> Engine {
    start_engine(Box::new(open_store(url, options)), seed, limits)
}

/// The store of such an engine.
///
/// # Panics
/// When the database has not the present schema.
pub fn open_store(url: &str, options: Options) -> PostgresStore {
    let url: Url = url.parse().expect("the address of our own server is well formed");
    PostgresStore::open(&url, options).expect("a migrated database opens")
}

/// An engine on a store, ready.
///
/// # Panics
/// When it does not become ready.
pub fn start_engine(store: Box<dyn Store>, seed: u64, limits: Limits) -> Engine {
    let rules = Arc::new(Rules::default());
    let engine = Engine::start(store, RealShell::new(seed), rules, limits);
    let engine = engine.expect("the system gives a thread");
    assert!(engine.wait_ready_blocking(Duration::from_secs(60)), "the engine becomes ready");
    engine
}

/// Opens the accounts, the merchant and so many people with so much money each, in fen, up to the
/// most that one top-up may be. Gives the configuration that every engine on the database needs.
///
/// # Panics
/// When a command is not done: nothing stands in its way.
pub fn found_town(engine: &Engine, people: u32, fen: i64) -> Arc<Rules> {
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run_blocking(open).expect("the operator's accounts are opened");
    let rules = Arc::new(Rules { system, ..Rules::default() });
    engine.set_rules(Arc::clone(&rules));
    let merchant = AddMerchant { fee_bp: 0, ..testing::merchant() };
    engine.run_blocking(merchant).expect("a new merchant is added");
    let all = || (0..people).map(Payer);
    each_done(engine, all().map(|payer| payer.person().move_in()));
    let top_up = |payer: Payer| TopUpId::from_bytes(payer.person().user.bytes());
    each_done(engine, all().map(|payer| payer.person().top_up(top_up(payer), amount(fen))));
    each_done(
        engine,
        all().map(|payer| {
            let answer = BankAnswer::Done { bank_ref: format!("B{}", payer.0) };
            RecordTopUp { top_up: top_up(payer), answer }
        }),
    );
    rules
}

/// Runs commands in which nothing stands in the way, 256 at once, as that many clients would.
///
/// # Panics
/// When one is not done.
pub fn each_done<C: Command>(engine: &Engine, commands: impl Iterator<Item = C>) {
    let runtime = Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without drivers needs nothing");
    let mut commands = commands.peekable();
    while commands.peek().is_some() {
        let mut running = JoinSet::new();
        for command in commands.by_ref().take(AT_ONCE) {
            let engine = engine.clone();
            running.spawn_on(async move { engine.run(command).await.map(drop) }, runtime.handle());
        }
        for outcome in runtime.block_on(running.join_all()) {
            outcome.expect("nothing stands in the way");
        }
    }
}

fn amount(fen: i64) -> Amount {
    Amount::fen(fen).expect("the amounts of the town are small and above zero")
}

impl Payer {
    fn person(self) -> Person {
        Person::numbered(self.0)
    }
}

impl Payment {
    /// The merchant's number of the order.
    pub fn out_trade_no(self) -> String {
        format!("T{:04}N{:06}", self.payer.0, self.number)
    }

    /// What is paid, in fen: 1 to 9.
    pub fn fen(self) -> i64 {
        1 + i64::from(self.number % 9)
    }

    /// The number of the payment that the edge draws at a try.
    pub fn transaction_id(self, attempt: u32) -> String {
        format!("4200{}A{attempt}", self.out_trade_no())
    }

    /// The merchant places the order, or places it again.
    pub fn order(self) -> CreateOrder {
        testing::order(&self.out_trade_no(), amount(self.fen()))
    }

    /// The person pays it. Every try of a payment has the same key and a payment number of its own.
    pub fn pay(self, attempt: u32) -> PayOrder {
        let transaction_id = self.transaction_id(attempt);
        PayOrder { transaction_id, ..self.payer.person().pay(&self.order()) }
    }

    /// The same as the edge asks for it: the session is looked at with everything else.
    pub fn pay_in_session(self) -> PayOrder {
        PayOrder { session: Some(self.payer.person().index), ..self.pay(0) }
    }
}
