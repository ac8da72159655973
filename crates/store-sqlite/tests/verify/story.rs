//! What the audits of these tests look at: people with wallets and cards, top-ups, withdrawals,
//! payments and refunds, all made by the commands themselves on any store.

use domain::card::{BankAnswer, Card, CardByNumber, CardState, CardUse};
use domain::ids::{CardId, DeviceId, IdentityId, TopUpId, UserId, WalletId, WithdrawalId};
use domain::ledger::{OpenSystemAccounts, OwnerKind, Purpose};
use domain::merchant::{AddMerchant, OpenidKeys};
use domain::notification::{Attempted, RecordDeliveries};
use domain::order::{CreateOrder, PayOrder, TradeType};
use domain::refund::{CreateRefund, OrderOfRefund};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::user::{Device, Session, User};
use domain::validate::bin_table::CardKind;
use domain::wallet::{DocumentKind, Identity, PasswordTry, PaymentPassword, Wallet, WalletState};
use domain::withdrawal::{RecordWithdrawal, StartWithdrawal};
use domain::{Command, Never, Once, Rules, Stop, Tx};
use engine::{Engine, Limits, Shell};
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};
use kernel::{Amount, Currency};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::Store;

const MCHID: &str = "1900000001";

/// A clock that stands still, and ids by counting.
struct Still(AtomicU64);

impl Shell for Still {
    fn now(&self) -> i64 {
        1_795_226_400_000_000
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        bytes[..8].copy_from_slice(&number.to_be_bytes());
    }

    fn pause(&self, _time: Duration) {}
}

/// The bytes of an id: what it is of, and whose.
fn id<const N: usize>(kind: u8, number: u32) -> [u8; N] {
    let mut bytes = [kind; N];
    bytes[N - 4..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A verified person with a wallet, a card and a log-in, put there at once.
#[derive(Clone, Copy)]
pub struct Person(pub u32);

impl Person {
    fn user(self) -> UserId {
        UserId::from_bytes(id(1, self.0))
    }

    fn wallet(self) -> WalletId {
        WalletId::from_bytes(id(2, self.0))
    }

    fn card(self) -> CardId {
        CardId::from_bytes(id(4, self.0))
    }

    fn key(self, name: &str) -> Once {
        let key = format!("key-{name}-0123456789");
        Once::Key { owner: self.user().to_string(), key, fingerprint: [1; 32] }
    }

    fn put_log_in(self, tx: &mut Tx<'_>) {
        let (now, device) = (tx.now(), DeviceId::from_bytes(id(6, self.0)));
        tx.put(User {
            id: self.user(),
            phone_index: id(5, self.0),
            phone: vec![1],
            wallet: Some(self.wallet()),
            session_epoch: 0,
            registered_at: now,
        });
        tx.put(Device {
            user: self.user(),
            id: device,
            name: "phone".into(),
            first_at: now,
            last_at: now,
        });
        tx.put(Session {
            token_hash: id(7, self.0),
            user: self.user(),
            device,
            epoch: 0,
            created_at: now,
            seen_at: now,
        });
    }

    fn put_wallet(self, tx: &mut Tx<'_>, balance_account: i64) {
        let (now, identity) = (tx.now(), IdentityId::from_bytes(id(3, self.0)));
        tx.put(Identity {
            id: identity,
            document: DocumentKind::ResidentId,
            document_index: id(1, self.0),
            name: vec![1],
            number: vec![1],
            channels: 7,
            card_bank: "CMB".into(),
            wallets: 1,
            verified_at: now,
        });
        tx.put(Wallet {
            id: self.wallet(),
            user: self.user(),
            state: WalletState::Active,
            freeze: None,
            before_freeze: None,
            identity: Some(identity),
            has_password: true,
            balance_account,
            cards: 1,
            opened_at: now,
        });
        tx.put(PaymentPassword {
            wallet: self.wallet(),
            tag: [9; 32],
            key_version: 1,
            earlier: vec![],
            set_at: now,
            reset_at: None,
        });
    }

    fn put_card(self, tx: &mut Tx<'_>) {
        let number_index = id(8, self.0);
        tx.put(Card {
            id: self.card(),
            wallet: self.wallet(),
            state: CardState::Bound,
            failure: None,
            bank: "CMB".into(),
            kind: CardKind::Debit,
            bin: "621483".into(),
            last_four: "6781".into(),
            expiry_month: None,
            number_index,
            token: Some(vec![7]),
            hard_declines: 0,
            open_items: 0,
            day: 0,
            debited_day: 0,
            bound_at: tx.now(),
            unbound_at: None,
        });
        tx.put(CardByNumber { wallet: self.wallet(), number_index, card: self.card() });
        tx.put(CardUse { number_index, wallets: 1 });
    }
}

impl Command for Person {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "test".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let owner = self.user().to_string();
        let account = tx.open_account(OwnerKind::User, &owner, Purpose::Balance, Currency::Cny)?;
        self.put_log_in(tx);
        self.put_wallet(tx, account);
        self.put_card(tx);
        Ok(())
    }
}

fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

fn right() -> PasswordTry {
    PasswordTry { tags: vec![(1, [9; 32])], last_try: [1; 32] }
}

/// An engine on a store, with the operator's accounts opened.
pub fn engine(store: Box<dyn Store>) -> Engine {
    let shell = Still(AtomicU64::new(0));
    let engine =
        Engine::start(store, shell, Arc::new(Rules::default()), Limits::default()).unwrap();
    assert!(engine.wait_ready_blocking(Duration::from_secs(60)));
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run_blocking(open).unwrap();
    engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
    engine
}

/// Two top-ups, two withdrawals, three payments, a refund, one open item of each kind.
pub fn play(engine: &Engine) {
    let person = Person(1);
    engine.run_blocking(person).unwrap();
    for number in [1, 2] {
        top_up(engine, person, number, 100_000, true);
    }
    top_up(engine, person, 3, 100_000, false);
    let answer = BankAnswer::Done { bank_ref: "B1-again".into() };
    engine.run_blocking(RecordTopUp { top_up: TopUpId::from_bytes(id(9, 1)), answer }).unwrap();
    withdraw(engine, person);
    open_shop(engine);
    for number in ["T1", "T2", "T3", "T4"] {
        place(engine, number, 5_000);
    }
    for number in ["T1", "T2", "T3"] {
        pay(engine, person, number, 5_000);
    }
    refund(engine, "R1", "T1", 2_000, 5_000);
    let error = Some("timeout".to_owned());
    let batch = engine.position().borrow().seq;
    let attempts = vec![Attempted { batch, place: 1, mchid: MCHID.into(), attempt: 1, error }];
    engine.run_blocking(RecordDeliveries { attempts }).unwrap();
}

/// A few hundred payments, refunds and top-ups more, by some people at once, so that batches have
/// several journals. People are numbered from `first`.
pub fn play_more(engine: &Engine, first: u32, each: u32) {
    let people: Vec<Person> = (first..first + 4).map(Person).collect();
    std::thread::scope(|scope| {
        for person in people {
            scope.spawn(move || {
                engine.run_blocking(person).unwrap();
                for number in 0..each {
                    let name = format!("M{}-{number}", person.0);
                    if number % 4 == 0 {
                        top_up(engine, person, person.0 * 10_000 + number, 400, true);
                    }
                    place(engine, &name, 7);
                    pay(engine, person, &name, 7);
                    if number % 3 == 0 {
                        refund(engine, &format!("R{name}"), &name, 2, 7);
                    }
                }
            });
        }
    });
}

/// A top-up, and the bank's word that it is done.
pub fn top_up_commands(person: Person, number: u32, minor: i64) -> (StartTopUp, RecordTopUp) {
    let top_up = TopUpId::from_bytes(id(9, number));
    let start = StartTopUp {
        user: person.user(),
        wallet: person.wallet(),
        card: person.card(),
        top_up,
        amount: fen(minor),
        password: right(),
        once: person.key(&format!("top-up-{number}")),
    };
    let answer = BankAnswer::Done { bank_ref: format!("B{number}") };
    (start, RecordTopUp { top_up, answer })
}

fn top_up(engine: &Engine, person: Person, number: u32, minor: i64, is_done: bool) {
    let (start, record) = top_up_commands(person, number, minor);
    engine.run_blocking(start).unwrap();
    if is_done {
        engine.run_blocking(record).unwrap();
    }
}

fn withdraw(engine: &Engine, person: Person) {
    for number in [1, 2] {
        let start = StartWithdrawal {
            user: person.user(),
            wallet: person.wallet(),
            card: person.card(),
            withdrawal: WithdrawalId::from_bytes(id(10, number)),
            amount: fen(10_000),
            expected_fee_minor: 0,
            password: right(),
            once: person.key(&format!("withdrawal-{number}")),
        };
        engine.run_blocking(start).unwrap();
    }
    let answer = BankAnswer::Done { bank_ref: "B9".into() };
    let withdrawal = WithdrawalId::from_bytes(id(10, 1));
    engine.run_blocking(RecordWithdrawal { withdrawal, answer }).unwrap();
}

/// The merchant.
pub fn open_shop(engine: &Engine) {
    let merchant = AddMerchant {
        mchid: MCHID.into(),
        name: "Tea house".into(),
        fee_bp: 60,
        apiv3_key: vec![1],
        appid: "wx0123456789abcdef".into(),
        serial: "01".into(),
        certificate: "PEM".into(),
    };
    engine.run_blocking(merchant).unwrap();
}

fn place(engine: &Engine, number: &str, minor: i64) {
    engine.run_blocking(order(number, minor)).unwrap();
}

/// An order that waits for its payer.
pub fn order(number: &str, minor: i64) -> CreateOrder {
    CreateOrder {
        mchid: MCHID.into(),
        appid: "wx0123456789abcdef".into(),
        out_trade_no: number.into(),
        trade_type: TradeType::Native,
        description: "Tea".into(),
        amount: fen(minor),
        attach: None,
        notify_url: "https://tea.example/".into(),
        time_expire: None,
        openid: None,
        device_id: None,
        fingerprint: [7; 32],
        prepay_id: format!("wx{number}"),
    }
}

fn pay(engine: &Engine, person: Person, number: &str, minor: i64) {
    engine.run_blocking(payment(person, number, minor)).unwrap();
}

/// The payment of an order.
pub fn payment(person: Person, number: &str, minor: i64) -> PayOrder {
    PayOrder {
        user: person.user(),
        session: None,
        wallet: person.wallet(),
        prepay_id: format!("wx{number}"),
        amount: fen(minor),
        password: right(),
        factors: 1,
        openid_keys: openid_keys(),
        transaction_id: format!("4200{number}"),
        once: person.key(&format!("pay-{number}")),
    }
}

fn openid_keys() -> OpenidKeys {
    static KEYS: std::sync::OnceLock<OpenidKeys> = std::sync::OnceLock::new();
    let versions = |_| Versions::try_new(vec![(1, Key32::new([1; 32]))]);
    KEYS.get_or_init(|| OpenidKeys::of(&KeyRing::from_source(versions).unwrap())).clone()
}

fn refund(engine: &Engine, refund: &str, order: &str, minor: i64, total: i64) {
    let refund = CreateRefund {
        mchid: MCHID.into(),
        order: OrderOfRefund::OutTradeNo(order.into()),
        out_refund_no: refund.into(),
        amount: fen(minor),
        total: fen(total),
        reason: None,
        notify_url: None,
        fingerprint: [1; 32],
        refund_id: format!("50{refund}"),
    };
    engine.run_blocking(refund).unwrap();
}

/// A little more for the person of [`play`]: an order, its payment and now and then a refund, a
/// top-up, or somebody new.
pub fn go_on(engine: &Engine, round: u32) {
    let name = format!("G{round}");
    place(engine, &name, 3);
    pay(engine, Person(1), &name, 3);
    match round % 3 {
        0 => refund(engine, &format!("R{name}"), &name, 1, 3),
        1 => top_up(engine, Person(1), 5_000 + round, 100, round.is_multiple_of(2)),
        _ => engine.run_blocking(Person(5_000 + round)).unwrap(),
    }
}
