//! The audit finds every fault that is planted into a finished story, and nothing in the story
//! itself.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

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
use jiaozi_store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};
use kernel::{Amount, Currency};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::verify::{Receipt, Report, verify};

const USER: UserId = UserId::from_bytes([1; 16]);
const WALLET: WalletId = WalletId::from_bytes([2; 16]);
const IDENTITY: IdentityId = IdentityId::from_bytes([3; 16]);
const CARD: CardId = CardId::from_bytes([4; 16]);
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

/// A verified person with a wallet, a card and a log-in, put there at once.
struct Person;

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
        let owner = USER.to_string();
        let balance_account =
            tx.open_account(OwnerKind::User, &owner, Purpose::Balance, Currency::Cny)?;
        let now = tx.now();
        tx.put(User {
            id: USER,
            phone_index: [5; 32],
            phone: vec![1],
            wallet: Some(WALLET),
            session_epoch: 0,
            registered_at: now,
        });
        let device = DeviceId::from_bytes([6; 16]);
        tx.put(Device {
            user: USER,
            id: device,
            name: "phone".into(),
            first_at: now,
            last_at: now,
        });
        tx.put(Session {
            token_hash: [7; 32],
            user: USER,
            device,
            epoch: 0,
            created_at: now,
            seen_at: now,
        });
        tx.put(Identity {
            id: IDENTITY,
            document: DocumentKind::ResidentId,
            document_index: [1; 32],
            name: vec![1],
            number: vec![1],
            channels: 7,
            card_bank: "CMB".into(),
            wallets: 1,
            verified_at: now,
        });
        tx.put(Wallet {
            id: WALLET,
            user: USER,
            state: WalletState::Active,
            freeze: None,
            before_freeze: None,
            identity: Some(IDENTITY),
            has_password: true,
            balance_account,
            cards: 1,
            opened_at: now,
        });
        put_password_and_card(tx);
        tx.put(CardByNumber { wallet: WALLET, number_index: [8; 32], card: CARD });
        tx.put(CardUse { number_index: [8; 32], wallets: 1 });
        Ok(())
    }
}

/// The person's payment password and bound card.
fn put_password_and_card(tx: &mut Tx<'_>) {
    let now = tx.now();
    tx.put(PaymentPassword {
        wallet: WALLET,
        tag: [9; 32],
        key_version: 1,
        earlier: vec![],
        set_at: now,
        reset_at: None,
    });
    tx.put(Card {
        id: CARD,
        wallet: WALLET,
        state: CardState::Bound,
        failure: None,
        bank: "CMB".into(),
        kind: CardKind::Debit,
        bin: "621483".into(),
        last_four: "6781".into(),
        expiry_month: None,
        number_index: [8; 32],
        token: Some(vec![7]),
        hard_declines: 0,
        open_items: 0,
        day: 0,
        debited_day: 0,
        bound_at: now,
        unbound_at: None,
    });
}

fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

fn right() -> PasswordTry {
    PasswordTry { tags: vec![(1, [9; 32])], last_try: [1; 32] }
}

fn key(name: &str) -> Once {
    let key = format!("key-{name}-0123456789");
    Once::Key { owner: USER.to_string(), key, fingerprint: [1; 32] }
}

/// Plays a story into the file: two top-ups, two withdrawals, three payments, a refund, one open
/// item of each kind.
fn play(path: &Path) {
    let store = Box::new(SqliteStore::open(path, Options::default()).unwrap());
    let shell = Still(AtomicU64::new(0));
    let engine =
        Engine::start(store, shell, Arc::new(Rules::default()), Limits::default()).unwrap();
    assert!(engine.wait_ready_blocking(Duration::from_secs(60)));
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run_blocking(open).unwrap();
    engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
    engine.run_blocking(Person).unwrap();
    move_money(&engine);
    sell(&engine);
    drop(engine);
}

fn move_money(engine: &Engine) {
    for (number, answer) in [
        (1, Some(BankAnswer::Done { bank_ref: "B1".into() })),
        (2, Some(BankAnswer::Done { bank_ref: "B2".into() })),
        (3, None),
    ] {
        let top_up = TopUpId::from_bytes([number; 16]);
        let start = StartTopUp {
            user: USER,
            wallet: WALLET,
            card: CARD,
            top_up,
            amount: fen(100_000),
            password: right(),
            once: key(&format!("top-up-{number}")),
        };
        engine.run_blocking(start).unwrap();
        if let Some(answer) = answer {
            engine.run_blocking(RecordTopUp { top_up, answer }).unwrap();
        }
    }
    let twice = BankAnswer::Done { bank_ref: "B1-again".into() };
    let top_up = TopUpId::from_bytes([1; 16]);
    engine.run_blocking(RecordTopUp { top_up, answer: twice }).unwrap();
    for number in [1, 2] {
        let withdrawal = WithdrawalId::from_bytes([number; 16]);
        let start = StartWithdrawal {
            user: USER,
            wallet: WALLET,
            card: CARD,
            withdrawal,
            amount: fen(10_000),
            expected_fee_minor: 0,
            password: right(),
            once: key(&format!("withdrawal-{number}")),
        };
        engine.run_blocking(start).unwrap();
    }
    let answer = BankAnswer::Done { bank_ref: "B9".into() };
    let withdrawal = WithdrawalId::from_bytes([1; 16]);
    engine.run_blocking(RecordWithdrawal { withdrawal, answer }).unwrap();
}

fn sell(engine: &Engine) {
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
    for number in ["T1", "T2", "T3", "T4"] {
        let order = CreateOrder {
            mchid: MCHID.into(),
            appid: "wx0123456789abcdef".into(),
            out_trade_no: number.into(),
            trade_type: TradeType::Native,
            description: "Tea".into(),
            amount: fen(5_000),
            attach: None,
            notify_url: "https://tea.example/".into(),
            time_expire: None,
            openid: None,
            device_id: None,
            fingerprint: [7; 32],
            prepay_id: format!("wx{number}"),
        };
        engine.run_blocking(order).unwrap();
    }
    for number in ["T1", "T2", "T3"] {
        let pay = PayOrder {
            user: USER,
            session: None,
            wallet: WALLET,
            prepay_id: format!("wx{number}"),
            amount: fen(5_000),
            password: right(),
            factors: 1,
            openid_keys: OpenidKeys::for_tests(),
            transaction_id: format!("4200{number}"),
            once: key(&format!("pay-{number}")),
        };
        engine.run_blocking(pay).unwrap();
    }
    let refund = CreateRefund {
        mchid: MCHID.into(),
        order: OrderOfRefund::OutTradeNo("T1".into()),
        out_refund_no: "R1".into(),
        amount: fen(2_000),
        total: fen(5_000),
        reason: None,
        notify_url: None,
        fingerprint: [1; 32],
        refund_id: "50R1".into(),
    };
    engine.run_blocking(refund).unwrap();
    let error = Some("timeout".to_owned());
    let mchid = MCHID.to_owned();
    let batch = engine.position().borrow().seq;
    let attempts = vec![Attempted { batch, place: 1, mchid, attempt: 1, error }];
    engine.run_blocking(RecordDeliveries { attempts }).unwrap();
}

async fn audit(path: &Path) -> Report {
    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    verify(&readers, &|_, _, _| ()).await.unwrap()
}

/// A rule, and a fault that it must find.
const FAULTS: &[(&str, &str)] = &[
    ("L1", "UPDATE entry SET amount = amount + 1 WHERE journal = 2 AND amount > 0"),
    ("L2", "UPDATE journal SET legs = 4 WHERE number = 1"),
    ("L3", "DELETE FROM journal WHERE number = 3"),
    ("L4", "UPDATE journal SET currency = 'HKD' WHERE number = 1"),
    ("L5", "UPDATE account SET balance = balance + 1 WHERE sign = 'CREDIT' AND balance > 0"),
    ("L6", "UPDATE account SET balance = -1 WHERE sign = 'CREDIT' AND balance = 0"),
    ("L9", "UPDATE entry SET amount = 0 WHERE journal = 1"),
    ("L10", "UPDATE entry SET balance = balance + 1 WHERE journal = 2"),
    ("L10", "UPDATE entry SET previous = 0 WHERE journal = 5"),
    ("L11", "UPDATE entry SET number = number + 7 WHERE journal = 4"),
    ("L11", "UPDATE account SET last_entry = 1 WHERE entries > 2"),
    ("L12", "DELETE FROM journal WHERE number = (SELECT MAX(number) FROM journal)"),
    ("L13", "UPDATE account SET balance = balance + 1 WHERE sign = 'EITHER' AND balance > 0"),
    ("L14", "UPDATE batch SET previous = zeroblob(32) WHERE seq = 4"),
    ("L14", "DELETE FROM batch WHERE seq = 3"),
    ("A1", "DELETE FROM account_path WHERE number = 2"),
    ("A1", "DELETE FROM account WHERE number = 2"),
    ("A2", "UPDATE account SET sign = 'EITHER' WHERE sign = 'DEBIT'"),
    ("J1", "UPDATE journal SET at = at + 1 WHERE number = 2"),
    ("O1", "UPDATE refund SET amount = 2001"),
    ("O1", "UPDATE \"order\" SET refunds = 2 WHERE out_trade_no = 'T1'"),
    ("O2", "UPDATE \"order\" SET journal = 1 WHERE out_trade_no = 'T2'"),
    ("O2", "UPDATE \"order\" SET amount = 5001 WHERE out_trade_no = 'T2'"),
    ("O3", "UPDATE refund SET journal = 1"),
    ("O6", "UPDATE refund SET journal = (SELECT journal FROM \"order\" WHERE out_trade_no = 'T1')"),
    ("O7", "DELETE FROM order_by_transaction WHERE out_trade_no = 'T2'"),
    ("O7", "UPDATE order_by_transaction SET out_trade_no = 'T9' WHERE out_trade_no = 'T2'"),
    ("O8", "DELETE FROM \"order\" WHERE out_trade_no = 'T4'"),
    ("O8", "DELETE FROM refund_by_id"),
    ("O9", "DELETE FROM merchant"),
    ("O9", "UPDATE merchant SET balance_account = 1"),
    ("W1", "DELETE FROM fact WHERE subject = 'T2'"),
    ("W1", "UPDATE fact SET kind = 'REFUND_SUCCEEDED' WHERE subject = 'T2'"),
    ("W2", "UPDATE retry SET place = 2"),
    ("P1", "UPDATE wallet SET balance_account = 1"),
    ("P1", "DELETE FROM identity"),
    ("P2", "DELETE FROM payment_password"),
    ("P3", "UPDATE identity SET wallets = 2"),
    ("P4", "UPDATE wallet SET cards = 2"),
    ("P4", "UPDATE card_use SET wallets = 2"),
    ("P5", "UPDATE card SET open_items = 0"),
    ("B1", "UPDATE top_up SET state = 'FAILED', journal = 0 WHERE bank_ref = 'B2'"),
    ("B1", "UPDATE top_up SET amount = amount + 1 WHERE bank_ref = 'B2'"),
    ("B2", "UPDATE bank_movement SET bank_ref = 'B1' WHERE bank_ref = 'B9'"),
    ("B3", "UPDATE top_up SET created_at = 5 WHERE state = 'BANK_PROCESSING'"),
    ("B4", "UPDATE withdrawal SET amount = amount + 1 WHERE state = 'HELD'"),
    ("B4", "UPDATE withdrawal SET state = 'RETURNED' WHERE state = 'HELD'"),
    ("B5", "UPDATE refund SET state = 'PROCESSING'"),
    ("B6", "UPDATE top_up SET suspended_minor = 0"),
    (
        "B7",
        "UPDATE journal SET subject = (SELECT subject FROM journal WHERE kind = 'TOP_UP' \
            ORDER BY number DESC LIMIT 1) WHERE kind = 'TOP_UP'",
    ),
    ("B8", "DELETE FROM withdrawal WHERE state = 'SUCCESS'"),
    ("I2", "INSERT INTO idempotency_odd SELECT * FROM idempotency_even LIMIT 1"),
    ("S3", "DELETE FROM device"),
    ("X1", "UPDATE usage SET paid_lifetime = paid_lifetime + 1"),
    ("X1", "UPDATE usage SET free_used = free_used - 1"),
    ("X1", "UPDATE usage SET topped_up_day = 0"),
    ("X1", "DELETE FROM usage"),
    ("C1", "UPDATE journal SET subject = 'order:1900000001:T9' WHERE number = 3"),
    ("C1", "UPDATE account_path SET owner = 'someone' WHERE number = 1"),
    ("C2", "UPDATE batch SET now = now + 1 WHERE seq = (SELECT MAX(seq) FROM batch)"),
    ("C2", "UPDATE batch SET root = zeroblob(32), hash = zeroblob(32) WHERE seq = 5"),
];

fn plant(path: &Path, fault: &str) {
    let file = rusqlite::Connection::open(path).unwrap();
    let triggers: Vec<String> = file
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        file.execute_batch(&format!("DROP TRIGGER \"{trigger}\"")).unwrap();
    }
    file.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
    let changed = file.execute(fault, []).unwrap();
    assert!(changed > 0, "the fault changes something: {fault}");
}

/// Every journal's receipt holds against the hash of its batch, and an altered one does not.
async fn receipts_prove_themselves(path: &Path) {
    let readers = SqliteReaders::open(path, ReaderOptions::default()).unwrap();
    assert_eq!(Receipt::of(&readers, 999).await.unwrap(), None);
    for number in 1..=9 {
        let receipt = Receipt::of(&readers, number).await.unwrap().unwrap();
        let published = receipt.batch.hash;
        assert!(receipt.proves(&published), "journal {number}");
        let mut altered = receipt.clone();
        altered.posted.entries[0].amount += 1;
        assert!(!altered.proves(&published));
        let mut moved = receipt.clone();
        moved.batch.root = [0; 32];
        moved.batch = moved.batch.sealed();
        assert!(!moved.proves(&published));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_planted_fault_is_found_and_a_good_story_is_silent() {
    let played = Temporary::new().unwrap();
    let path = played.path().to_owned();
    tokio::task::spawn_blocking({
        let path = path.clone();
        move || play(&path)
    })
    .await
    .unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(file);
    let report = audit(&path).await;
    assert_eq!(report.findings, []);
    assert!(report.journals >= 9, "the story moved money: {report:?}");

    receipts_prove_themselves(&path).await;

    let mut found = std::collections::BTreeSet::new();
    for (rule, fault) in FAULTS {
        let copy = Temporary::new().unwrap();
        std::fs::copy(&path, copy.path()).unwrap();
        plant(copy.path(), fault);
        let report = audit(copy.path()).await;
        let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(rule), "{rule} misses: {fault}; found {rules:?}");
        found.insert(*rule);
    }
    let all = store::verify::invariants::ALL.iter().map(|invariant| invariant.rule);
    let missing: Vec<_> =
        all.chain(["X1", "C1", "C2"]).filter(|rule| !found.contains(rule)).collect();
    assert!(missing.is_empty(), "rules without a planted fault: {missing:?}");
}
