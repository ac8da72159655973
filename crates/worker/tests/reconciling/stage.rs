//! One wallet, one card, one merchant, and everything a worker needs.

use crate::merchant::MerchantServer;
use apiv3::aead::ApiV3Key;
use apiv3::key_name::{KeyName, PublicKeyId};
use apiv3::keys::PrivateKey;
use apiv3::sealed::{seal_apiv3_key, seal_platform_key};
use apiv3::signers::Signers;
use domain::card::{Card, token_place};
use domain::fact::FactKind;
use domain::ids::{CardId, IdentityId, UserId, WalletId};
use domain::job::{Job, JobKind};
use domain::ledger::{Account, Entry, OpenSystemAccounts};
use domain::merchant::{AddMerchant, KeepPlatformKey, KeyState, PlatformKey, PlatformKeyKind};
use domain::notification::Retry;
use domain::order::{CardsTaken, Order, OrderState, TradeType};
use domain::testing::{self, APPID, Person, Plant, transfer};
use domain::wallet::Wallet;
use domain::{Halt, Rules, Tx};
use engine::{Engine, Limits};
use jiaozi_worker::{Config, Deps, Providers, Worker};
use kernel::crypto::{Key32, seal};
use kernel::keys::{KeyRing, Versions};
use kernel::{Amount, Currency, Timestamp};
use providers::bank::ScriptedBank;
use providers::identity::ScriptedIdentity;
use providers::sms::ScriptedSms;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::Queries;
use store::queries::{find, select};
use store::table::Described;
use store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};

/// The one person of the stage, and what they go by.
pub const PERSON: Person = Person::numbered(1);
pub const USER: UserId = PERSON.user;
pub const WALLET: WalletId = PERSON.wallet;
pub const IDENTITY: IdentityId = PERSON.identity;
pub const CARD: CardId = PERSON.card;
const APIV3_KEY: &str = "wallet-demo-apiv3-key-32-bytes!!";

/// A clock that stands still, and random bytes that are never the same.
#[derive(Clone, Default)]
pub struct Surroundings(Arc<AtomicU64>);

impl Surroundings {
    fn next(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let drawn = self.0.fetch_add(1, SeqCst).to_be_bytes();
            part.copy_from_slice(&drawn[8 - part.len()..]);
        }
    }
}

impl engine::Shell for Surroundings {
    fn now(&self) -> i64 {
        noon().micros()
    }

    fn random(&self, bytes: &mut [u8]) {
        self.next(bytes);
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl jiaozi_worker::Shell for Surroundings {
    fn now(&self) -> Timestamp {
        noon()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.next(bytes);
    }
}

pub fn noon() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-20T12:00:00+08:00").unwrap()
}

pub fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

pub fn platform_key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate().unwrap())
}

pub fn apiv3_key() -> ApiV3Key {
    ApiV3Key::parse(APIV3_KEY).unwrap()
}

/// See the module. The order of fields is the order of closing.
pub struct Stage {
    pub engine: Engine,
    pub queries: Arc<dyn Queries>,
    pub keys: Arc<KeyRing>,
    pub bank: Arc<ScriptedBank>,
    pub sms: Arc<ScriptedSms>,
    pub authority: Arc<ScriptedIdentity>,
    surroundings: Surroundings,
    _database: Temporary,
}

impl Stage {
    pub async fn new() -> Self {
        let database = Temporary::new().unwrap();
        let surroundings = Surroundings::default();
        let store = SqliteStore::open(database.path(), Options::default()).unwrap();
        let rules = Arc::new(Rules::default());
        let (shell, limits) = (surroundings.clone(), Limits::default());
        let engine = Engine::start(Box::new(store), shell, rules, limits).unwrap();
        assert!(engine.wait_ready().await);
        let readers = SqliteReaders::open(database.path(), ReaderOptions::default()).unwrap();
        let stage = Self {
            engine,
            queries: Arc::new(readers),
            keys: Arc::new(KeyRing::from_source(versions).unwrap()),
            bank: Arc::default(),
            sms: Arc::default(),
            authority: Arc::default(),
            surroundings,
            _database: database,
        };
        stage.open_books().await;
        stage
    }

    async fn open_books(&self) {
        let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
        let system = self.engine.run(open).await.unwrap();
        self.engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
        let name = KeyName::PublicKey(PublicKeyId::from_number(1));
        let private = seal_platform_key(&self.keys.personal_data, &name, platform_key(), &[3; 56]);
        let key = PlatformKey {
            id: name.to_string(),
            kind: PlatformKeyKind::PublicKey,
            public: platform_key().public_key().to_pem(),
            private,
            state: KeyState::Active,
            not_before: noon(),
            not_after: noon(),
        };
        self.engine.run(KeepPlatformKey { key }).await.unwrap();
    }

    /// Runs what only a test does.
    pub async fn plant(&self, act: impl Fn(&mut Tx<'_>) -> Result<(), Halt> + Send + 'static) {
        self.engine.run(Plant(act)).await.unwrap();
    }

    /// A person of class I with a wallet that holds this much, and a card.
    pub async fn add_person(&self, balance_fen: i64) {
        let place = token_place(CARD);
        let token = seal(&self.keys.personal_data, &place, b"tok-1", &[5; 56]);
        self.plant(move |tx| {
            let account = PERSON.put(tx)?;
            tx.put(Card { token: Some(token.clone()), ..PERSON.card_row(tx.now()) });
            transfer(tx, tx.rules().system.bank, account, balance_fen)
        })
        .await;
    }

    pub async fn add_merchant(&self, mchid: &str) {
        let random = &[9; 56];
        let sealed = seal_apiv3_key(&self.keys.personal_data, mchid, &apiv3_key(), random);
        let merchant = AddMerchant {
            mchid: mchid.into(),
            fee_bp: 0,
            apiv3_key: sealed,
            ..testing::merchant()
        };
        self.engine.run(merchant).await.unwrap();
    }

    /// A merchant at a local address, and paid orders of it that nobody was told of.
    pub async fn add_paid(&self, mchid: &str, server: &MerchantServer, orders: i64) {
        self.add_merchant(mchid).await;
        self.add_facts(mchid, server, 1..=orders).await;
    }

    pub async fn add_facts(
        &self,
        mchid: &str,
        server: &MerchantServer,
        numbers: RangeInclusive<i64>,
    ) {
        for numbers in in_parts(numbers) {
            let (mchid, url) = (mchid.to_owned(), server.url.clone());
            self.plant(move |tx| {
                for number in numbers.clone() {
                    let order = paid_order(&mchid, number, &url, tx.now());
                    let subject = order.out_trade_no.clone();
                    tx.put(order);
                    tx.publish(FactKind::PaymentSucceeded, &mchid, subject, 1);
                }
                Ok(())
            })
            .await;
        }
    }

    /// Orders that nobody has paid and that are over in an hour.
    pub async fn add_unpaid(&self, mchid: &str, orders: i64, state: OrderState) {
        for numbers in in_parts(1..=orders) {
            let mchid = mchid.to_owned();
            self.plant(move |tx| {
                for number in numbers.clone() {
                    let order = paid_order(&mchid, number, "http://localhost/", tx.now());
                    tx.put(Order { state, journal: 0, transaction_id: None, ..order });
                }
                Ok(())
            })
            .await;
        }
    }

    pub fn shell(&self) -> Arc<dyn jiaozi_worker::Shell> {
        Arc::new(self.surroundings.clone())
    }

    pub fn start_worker(&self, holder: &str) -> Worker {
        let providers = Providers {
            bank: self.bank.clone(),
            sms: self.sms.clone(),
            identity: self.authority.clone(),
        };
        let deps = Deps {
            engine: self.engine.clone(),
            queries: Arc::clone(&self.queries),
            keys: Arc::clone(&self.keys),
            providers,
            shell: self.shell(),
            signers: Arc::new(Signers::start(Box::new(|| false))),
            witness: None,
        };
        let holder = holder.to_owned();
        Worker::start(
            deps,
            Config { holder, has_rivals: true, relaxed_addresses: true, deliver: true },
        )
    }

    /// Moves business time forward.
    pub async fn advance(&self, micros: i64) {
        self.engine.advance_clock(micros).await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.engine.position().borrow().now
    }

    /// Waits until something holds that a commit brings about.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let mut position = self.engine.position();
        let wait = async {
            loop {
                position.borrow_and_update();
                if holds().await {
                    return;
                }
                position.changed().await.unwrap();
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), wait).await;
        assert!(in_time.is_ok(), "never came true: {what}");
    }

    pub async fn find<R: Described>(&self, key: &R::Key) -> Option<R> {
        find::<R>(self.queries.as_ref(), key).await.unwrap()
    }

    pub async fn get<R: Described>(&self, key: &R::Key) -> R {
        self.find::<R>(key).await.unwrap_or_else(|| panic!("no {} {key:?}", R::NAME))
    }

    pub async fn all<R: Described>(&self) -> Vec<R> {
        select::<R>(self.queries.as_ref(), "book = 1", Vec::new()).await.unwrap()
    }

    pub async fn job(&self, kind: JobKind, subject: impl ToString) -> Option<Job> {
        self.find::<Job>(&(kind, subject.to_string())).await
    }

    pub async fn retry(&self) -> Option<Retry> {
        self.all::<Retry>().await.pop()
    }

    pub async fn balance(&self) -> i64 {
        let wallet = self.get::<Wallet>(&WALLET).await;
        self.get::<Account>(&wallet.balance_account).await.balance
    }

    /// All balances add up to zero, so does every journal, and entries make the balances.
    pub async fn check_ledger(&self) {
        let accounts = self.all::<Account>().await;
        assert_eq!(accounts.iter().map(|account| account.balance).sum::<i64>(), 0);
        let (mut journals, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for entry in self.all::<Entry>().await {
            *journals.entry(entry.journal).or_insert(0) += entry.amount;
            *sums.entry(entry.account).or_insert(0) += entry.amount;
        }
        assert!(!journals.is_empty(), "money was moved");
        assert!(journals.values().all(|sum| *sum == 0), "{journals:?}");
        for account in accounts {
            let sum = sums.get(&account.number).copied().unwrap_or(0);
            assert_eq!(sum, account.balance, "account {}", account.number);
        }
    }
}

/// A command changes a bounded number of rows.
fn in_parts(numbers: RangeInclusive<i64>) -> impl Iterator<Item = RangeInclusive<i64>> {
    let last = *numbers.end();
    numbers.step_by(200).map(move |first| first..=last.min(first + 199))
}

fn versions(_purpose: &'static str) -> Option<Versions> {
    Versions::try_new(vec![(1, Key32::new([7; 32]))])
}

fn paid_order(mchid: &str, number: i64, notify_url: &str, now: Timestamp) -> Order {
    Order {
        mchid: mchid.into(),
        out_trade_no: format!("T{number:04}"),
        appid: APPID.into(),
        sub_mchid: None,
        sub_appid: None,
        combined_mchid: None,
        combined_no: None,
        trade_type: TradeType::Native,
        description: "Tea".into(),
        amount: fen(100),
        attach: None,
        notify_url: Some(notify_url.into()),
        openid: None,
        sub_openid: None,
        device_id: None,
        cards_taken: CardsTaken::All,
        takes_balance: true,
        fingerprint: [0; 32],
        state: OrderState::Success,
        created_at: now,
        expires_at: now.plus(kernel::time::HOUR),
        payer: Some(WALLET),
        payer_openid: Some("o-payer".into()),
        payer_sub_openid: None,
        card_payment: None,
        bank_type: None,
        payer_account: 1,
        transaction_id: Some(format!("4200{mchid}{number:014}")),
        paid_at: Some(now),
        journal: 1,
        fee_minor: 0,
        refunded_minor: 0,
        refund_arrived_minor: 0,
        fee_refunded_minor: 0,
        refunds: 0,
        last_refund_at: None,
        unsettled_account: 0,
        unsettled_minor: 0,
        shared_minor: 0,
        profit_orders: 0,
    }
}
