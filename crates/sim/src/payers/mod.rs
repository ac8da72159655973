//! A small town on an engine: verified people with money in their balance, one merchant, and the
//! payments between them. Everything is made by commands; only the people themselves are put there
//! at once.

mod books;
mod hasty;
mod person;

pub use books::Books;
pub use hasty::Hasty;

use crate::cluster::RealShell;
use domain::card::BankAnswer;
use domain::ids::{CardId, IdentityId, TopUpId, UserId, WalletId};
use domain::ledger::OpenSystemAccounts;
use domain::merchant::{AddMerchant, OpenidKeys};
use domain::order::{CreateOrder, PayOrder, TradeType};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::wallet::PasswordTry;
use domain::{Once, Rules};
use engine::{Engine, Limits};
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};
use kernel::{Amount, Currency};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store_postgres::{Options, PostgresStore, Url};

/// The merchant's number.
pub const MCHID: &str = "1900000001";
const APPID: &str = "wx0123456789abcdef";
const PASSWORD: [u8; 32] = [9; 32];

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
    let merchant = AddMerchant {
        mchid: MCHID.into(),
        name: "Tea house".into(),
        fee_bp: 0,
        apiv3_key: vec![1],
        appid: APPID.into(),
        serial: "01".into(),
        certificate: "PEM".into(),
    };
    engine.run_blocking(merchant).expect("a new merchant is added");
    for payer in (0..people).map(Payer) {
        engine.run_blocking(person::Arrive(payer)).expect("a new person arrives");
        let top_up = TopUpId::from_bytes(payer.id(5));
        let start = StartTopUp {
            user: payer.user(),
            wallet: payer.wallet(),
            card: payer.card(),
            top_up,
            amount: amount(fen),
            password: payer.password(),
            once: payer.once("top-up"),
        };
        engine.run_blocking(start).expect("the first top-up is within the limits");
        let answer = BankAnswer::Done { bank_ref: format!("B{}", payer.0) };
        engine.run_blocking(RecordTopUp { top_up, answer }).expect("results are never refused");
    }
    rules
}

fn amount(fen: i64) -> Amount {
    Amount::fen(fen).expect("the amounts of the town are small and above zero")
}

fn openid_keys() -> OpenidKeys {
    let ring = KeyRing::from_source(|_| Versions::try_new(vec![(1, Key32::new([1; 32]))]));
    OpenidKeys::of(&ring.expect("every purpose has a key"))
}

impl Payer {
    /// An id of a kind.
    fn id(self, kind: u8) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[0] = kind;
        bytes[12..].copy_from_slice(&self.0.to_be_bytes());
        bytes
    }

    fn user(self) -> UserId {
        UserId::from_bytes(self.id(1))
    }

    fn wallet(self) -> WalletId {
        WalletId::from_bytes(self.id(2))
    }

    fn identity(self) -> IdentityId {
        IdentityId::from_bytes(self.id(3))
    }

    fn card(self) -> CardId {
        CardId::from_bytes(self.id(4))
    }

    fn password(self) -> PasswordTry {
        PasswordTry { tags: vec![(1, PASSWORD)], last_try: [1; 32] }
    }

    fn once(self, what: &str) -> Once {
        let key = format!("{what}-of-payer-{:06}", self.0);
        Once::Key { owner: self.user().to_string(), key, fingerprint: [1; 32] }
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

    fn prepay_id(self) -> String {
        format!("wx{}", self.out_trade_no())
    }

    /// The number of the payment that the edge draws at a try.
    pub fn transaction_id(self, attempt: u32) -> String {
        format!("4200{}A{attempt}", self.out_trade_no())
    }

    /// The merchant places the order, or places it again.
    pub fn order(self) -> CreateOrder {
        CreateOrder {
            mchid: MCHID.into(),
            appid: APPID.into(),
            out_trade_no: self.out_trade_no(),
            trade_type: TradeType::Native,
            description: "Tea".into(),
            amount: amount(self.fen()),
            attach: None,
            notify_url: "https://tea.example/".into(),
            time_expire: None,
            openid: None,
            device_id: None,
            fingerprint: [7; 32],
            prepay_id: self.prepay_id(),
        }
    }

    /// The person pays it. Every try of a payment has the same key and a payment number of its own.
    pub fn pay(self, attempt: u32) -> PayOrder {
        PayOrder {
            user: self.payer.user(),
            session: None,
            wallet: self.payer.wallet(),
            prepay_id: self.prepay_id(),
            amount: amount(self.fen()),
            password: self.payer.password(),
            factors: 1,
            openid_keys: openid_keys(),
            transaction_id: self.transaction_id(attempt),
            once: self.payer.once(&self.out_trade_no()),
        }
    }
}
