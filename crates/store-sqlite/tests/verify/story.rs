//! What the audits of these tests look at: people with wallets and cards, top-ups, withdrawals,
//! payments and refunds, all made by the commands themselves on any store.

use domain::Rules;
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::fact::FactKind;
use domain::ids::{CardPaymentId, RefundPayoutId, TopUpId, WithdrawalId};
use domain::ledger::OpenSystemAccounts;
use domain::merchant::{AddMerchant, AllowProfitReturn, IssueOpenid, OpenidKeys};
use domain::merchant_transfer::{ConfirmTransfer, CreateTransfer, NameCheck};
use domain::notification::{Attempted, RecordDeliveries};
use domain::order::{
    CardsTaken, CloseOrder, CreateCombinedOrder, CreateOrder, PartAsked, PayOrder, ProfitSharing,
    RecordCardPayment, TradeType,
};
use domain::payment_code::Digits;
use domain::profit::{
    AddReceiver, FinishProfit, NamedProfitOrder, ReceiverKind, Rest, ReturnProfit, SharePart,
    ShareProfit,
};
use domain::refund::{AbnormalTarget, ApplyAbnormalRefund, RecordRefundPayout};
use domain::testing::{self, APPID, MCHID, Person};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::transfer_batch::{CreateTransferBatch, NewDetail, PayTransferBatch};
use domain::withdrawal::RecordWithdrawal;
use engine::{Engine, Limits, Shell};
use kernel::{Amount, Currency};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::Store;

/// Who gets a part of an order.
const PARTNER: &str = "1900000002";

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

fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

/// An engine on a store, with the operator's accounts opened.
pub fn engine(store: Box<dyn Store>) -> Engine {
    let shell = Still(AtomicU64::new(0));
    let engine =
        Engine::start(store, shell, Arc::new(Rules::default()), Limits::default()).unwrap();
    assert!(engine.wait_ready_blocking(Duration::from_secs(60)));
    let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
    let system = engine.run_blocking(open).unwrap();
    // The clock stands still, so nothing here could wait a minute.
    engine.set_rules(Arc::new(Rules {
        system,
        profit_delay_s: 0,
        profit_finish_s: 0,
        ..Rules::default()
    }));
    engine
}

/// Two top-ups, two withdrawals, four payments, one of them by code, a refund, one open item of
/// each kind.
pub fn play(engine: &Engine) {
    let person = Person::numbered(1);
    engine.run_blocking(person.move_in()).unwrap();
    for number in [1, 2] {
        top_up(engine, person, number, 100_000, true);
    }
    top_up(engine, person, 3, 100_000, false);
    let answer = BankAnswer::Done { bank_ref: "B1-again".into() };
    engine.run_blocking(RecordTopUp { top_up: TopUpId::from_bytes(id(9, 1)), answer }).unwrap();
    withdraw(engine, person);
    engine.run_blocking(testing::merchant()).unwrap();
    for number in ["T1", "T2", "T3", "T4"] {
        place(engine, number, 5_000);
    }
    for number in ["T1", "T2", "T3"] {
        pay(engine, person, number, 5_000);
    }
    pay_combined(engine, person);
    refund(engine, "R1", "T1", 2_000, 5_000);
    pay_by_cards(engine, person);
    let error = Some("timeout".to_owned());
    let batch = engine.position().borrow().seq;
    share(engine, person);
    send(engine, person);
    pay_by_code(engine, person, "T5", 700);
    let (mchid, kind) = (MCHID.into(), FactKind::RefundSucceeded);
    let attempts = vec![Attempted { batch, place: 1, mchid, kind, attempt: 1, error }];
    engine.run_blocking(RecordDeliveries { attempts }).unwrap();
}

/// Orders that cards paid, and what went back to the card: it arrived, is under way, was refused
/// by the card, and was taken back by the merchant. And a payment that came too late, and one that
/// waits.
fn pay_by_cards(engine: &Engine, person: Person) {
    let done = |number: u32| BankAnswer::Done { bank_ref: format!("C{number}") };
    let no = || BankAnswer::Declined(BankDecline::parse("REFUND_ABNORMAL", BankOperation::Refund));
    for (number, name) in (1..=5).zip(["K1", "K2", "K3", "K4", "K5"]) {
        place(engine, name, 3_000);
        let payment = CardPaymentId::from_bytes(id(11, number));
        let order = order(name, 3_000);
        engine.run_blocking(person.pay_by_card(&order, payment)).unwrap();
        if name == "K5" {
            let close =
                CloseOrder { mchid: MCHID.into(), sub_mchid: None, out_trade_no: name.into() };
            engine.run_blocking(close).unwrap();
        }
        let answer = RecordCardPayment {
            payment,
            answer: done(number),
            transaction_id: format!("4200{name}"),
            openid_keys: OpenidKeys::for_tests(),
            payout: RefundPayoutId::from_bytes(id(12, number)),
        };
        engine.run_blocking(answer).unwrap();
    }
    place(engine, "K6", 3_000);
    let waiting = CardPaymentId::from_bytes(id(11, 6));
    engine.run_blocking(person.pay_by_card(&order("K6", 3_000), waiting)).unwrap();
    let payout = |number: &str| testing::payout_of(number);
    for (number, name) in [("KR1", "K1"), ("KR2", "K2"), ("KR3", "K3"), ("KR4", "K4")] {
        refund(engine, number, name, 1_000, 3_000);
    }
    for (number, answer) in [("KR1", done(21)), ("KR3", no()), ("KR4", no())] {
        let record = RecordRefundPayout { payout: payout(number), answer };
        engine.run_blocking(record).unwrap();
    }
    let to_merchant = ApplyAbnormalRefund {
        mchid: MCHID.into(),
        sub_mchid: None,
        refund_id: "50KR4".into(),
        out_refund_no: "KR4".into(),
        target: AbnormalTarget::Merchant,
        payout: payout("KR5"),
    };
    engine.run_blocking(to_merchant).unwrap();
}

/// An order whose money is shared with another merchant, given back in part, and still waits in
/// part.
fn share(engine: &Engine, person: Person) {
    let appid = "wxfedcba9876543210".into();
    let partner = AddMerchant { mchid: PARTNER.into(), appid, ..testing::merchant() };
    engine.run_blocking(partner).unwrap();
    let agree = AllowProfitReturn { mchid: PARTNER.into(), is_allowed: true };
    engine.run_blocking(agree).unwrap();
    let shared = CreateOrder { profit_sharing: ProfitSharing::Yes, ..order("S1", 5_000) };
    engine.run_blocking(shared).unwrap();
    pay(engine, person, "S1", 5_000);
    let (kind, account) = (ReceiverKind::Merchant, PARTNER.to_owned());
    let receiver = AddReceiver {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        sub_appid: None,
        kind,
        account: account.clone(),
        name: None,
        relation: "PARTNER".into(),
        custom_relation: None,
    };
    engine.run_blocking(receiver).unwrap();
    let description = "part".into();
    let part = SharePart { kind, account, amount: fen(1_000), description, name: None };
    let share = |number: &str| ShareProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        appid: APPID.into(),
        transaction_id: "4200S1".into(),
        out_order_no: number.into(),
        parts: vec![part.clone()],
        rest: Rest::Waits,
        fingerprint: [1; 32],
        order_id: format!("30{number}"),
    };
    engine.run_blocking(share("P1")).unwrap();
    let finish = FinishProfit { mchid: MCHID.into(), out_order_no: "P1".into() };
    engine.run_blocking(finish).unwrap();
    engine.run_blocking(share("P2")).unwrap();
    let back = ReturnProfit {
        mchid: MCHID.into(),
        sub_mchid: None,
        order: NamedProfitOrder::OutOrderNo("P1".into()),
        out_return_no: "B1".into(),
        return_mchid: PARTNER.into(),
        amount: fen(400),
        description: "back".into(),
        fingerprint: [1; 32],
        return_id: "30B1".into(),
    };
    engine.run_blocking(back).unwrap();
}

/// A transfer to a person that was taken, and one that waits.
fn send(engine: &Engine, person: Person) {
    let (user, appid) = (person.user, APPID.to_owned());
    let openid = OpenidKeys::for_tests().newest(&appid, user);
    let known =
        IssueOpenid { user, appid: appid.clone(), mchid: MCHID.into(), openid: openid.clone() };
    engine.run_blocking(known).unwrap();
    for number in ["X1", "X2"] {
        let transfer = CreateTransfer {
            mchid: MCHID.into(),
            appid: appid.clone(),
            out_bill_no: number.into(),
            openid: openid.clone(),
            user_name: None,
            amount: fen(700),
            remark: "prize".into(),
            scene_id: "1000".into(),
            perception: None,
            notify_url: None,
            fingerprint: [1; 32],
            transfer_bill_no: format!("1330{number}"),
        };
        engine.run_blocking(transfer).unwrap();
    }
    let detail = |number: &str| NewDetail {
        out_detail_no: number.into(),
        amount: fen(300),
        remark: "prize".into(),
        openid: if number == "D1" { openid.clone() } else { "nobody".into() },
        user_name: None,
    };
    let batch = |number: &str, details: Vec<NewDetail>| CreateTransferBatch {
        mchid: MCHID.into(),
        appid: appid.clone(),
        out_batch_no: number.into(),
        name: "prizes".into(),
        remark: "November".into(),
        total: fen(300 * details.len() as i64),
        scene_id: None,
        notify_url: None,
        details,
        fingerprint: [1; 32],
        batch_id: format!("1030{number}"),
    };
    engine.run_blocking(batch("Y1", vec![detail("D1"), detail("D2")])).unwrap();
    engine.run_blocking(batch("Y2", vec![detail("D1")])).unwrap();
    let (mchid, out_batch_no) = (MCHID.into(), "Y1".into());
    let paid = PayTransferBatch { mchid, out_batch_no, names: BTreeMap::new() };
    engine.run_blocking(paid).unwrap();
    let transfer_bill_no = "1330X1".into();
    let (wallet, name) = (person.wallet, NameCheck::None);
    let taken = ConfirmTransfer { user, wallet, transfer_bill_no, name };
    engine.run_blocking(taken).unwrap();
}

/// A few hundred payments, refunds and top-ups more, by some people at once, so that batches have
/// several journals. People are numbered from `first`.
pub fn play_more(engine: &Engine, first: u32, each: u32) {
    std::thread::scope(|scope| {
        for whose in first..first + 4 {
            scope.spawn(move || {
                let person = Person::numbered(whose);
                engine.run_blocking(person.move_in()).unwrap();
                for number in 0..each {
                    let name = format!("M{whose}-{number}");
                    if number % 4 == 0 {
                        top_up(engine, person, whose * 10_000 + number, 400, true);
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
    let answer = BankAnswer::Done { bank_ref: format!("B{number}") };
    (person.top_up(top_up, fen(minor)), RecordTopUp { top_up, answer })
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
        let withdrawal = WithdrawalId::from_bytes(id(10, number));
        engine.run_blocking(person.withdraw(withdrawal, fen(10_000))).unwrap();
    }
    let answer = BankAnswer::Done { bank_ref: "B9".into() };
    let withdrawal = WithdrawalId::from_bytes(id(10, 1));
    engine.run_blocking(RecordWithdrawal { withdrawal, answer }).unwrap();
}

fn place(engine: &Engine, number: &str, minor: i64) {
    engine.run_blocking(order(number, minor)).unwrap();
}

/// Two orders that are placed and paid at once.
fn pay_combined(engine: &Engine, person: Person) {
    let part = |number: &str| PartAsked {
        mchid: MCHID.into(),
        partner: None,
        out_trade_no: number.into(),
        description: "Tea".into(),
        amount: fen(500),
        attach: None,
        profit_sharing: ProfitSharing::No,
    };
    let combined = CreateCombinedOrder {
        mchid: MCHID.into(),
        appid: "wx0123456789abcdef".into(),
        out_trade_no: "C1".into(),
        trade_type: TradeType::Native,
        notify_url: "https://tea.example/".into(),
        time_expire: None,
        openid: None,
        device_id: None,
        parts: vec![part("C1-1"), part("C1-2")],
        cards_taken: CardsTaken::All,
        takes_balance: true,
        fingerprint: [7; 32],
        prepay_id: "wxC1".into(),
    };
    engine.run_blocking(combined).unwrap();
    let transaction_id = "4200202611210000000000000001".into();
    engine.run_blocking(PayOrder { transaction_id, ..payment(person, "C1", 1_000) }).unwrap();
}

/// An order that waits for its payer.
pub fn order(number: &str, minor: i64) -> CreateOrder {
    testing::order(number, fen(minor))
}

fn pay(engine: &Engine, person: Person, number: &str, minor: i64) {
    engine.run_blocking(payment(person, number, minor)).unwrap();
}

/// The payment of an order.
pub fn payment(person: Person, number: &str, minor: i64) -> PayOrder {
    person.pay(&order(number, minor))
}

/// The person's device shows codes, and the merchant charges one.
fn pay_by_code(engine: &Engine, person: Person, number: &str, minor: i64) {
    engine.run_blocking(person.turn_on_codes(1)).unwrap();
    let now = engine.position().borrow().now;
    let code = testing::code(1, now, Digits::Hidden);
    engine.run_blocking(testing::charge(number, fen(minor), &code, now)).unwrap();
}

fn refund(engine: &Engine, refund: &str, order_number: &str, minor: i64, total: i64) {
    let order = order(order_number, total);
    engine.run_blocking(testing::refund(&order, refund, fen(minor))).unwrap();
}

/// A little more for the person of [`play`]: an order, its payment and now and then a refund, a
/// top-up, or somebody new.
pub fn go_on(engine: &Engine, round: u32) {
    let name = format!("G{round}");
    place(engine, &name, 3);
    pay(engine, Person::numbered(1), &name, 3);
    match round % 3 {
        0 => refund(engine, &format!("R{name}"), &name, 1, 3),
        1 => top_up(engine, Person::numbered(1), 5_000 + round, 100, round.is_multiple_of(2)),
        _ => drop(engine.run_blocking(Person::numbered(5_000 + round).move_in()).unwrap()),
    }
}
