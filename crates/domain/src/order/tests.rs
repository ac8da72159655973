//! Orders from placing to paying: each refusal, each transition, and the order of the checks.

use super::*;
use crate::command::{Once, Stop};
use crate::fact::FactKind;
use crate::ids::UserId;
use crate::ledger::Purpose;
use crate::merchant::{AddMerchant, Merchant, MerchantState, Openid, OpenidKeys};
use crate::testing::{self, APPID, MCHID, Person, World, id_bytes};
use crate::wallet::{
    AttemptPurpose, Attempts, FreezeKind, LimitRefusal, PasswordRefusal, PasswordTry, Usage,
    Wallet, WalletBlocked, WalletState,
};
use kernel::time::{HOUR, MINUTE, SECOND};

pub(crate) const PAYER: Person = Person::numbered(1);

pub(crate) fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

/// A world with a merchant and a payer of class II who holds 1,000.00.
pub(crate) fn world(fee_bp: i64) -> World {
    let mut world = World::new();
    world.run(&AddMerchant { fee_bp, ..testing::merchant() }).unwrap();
    let balance = world.run(&PAYER.move_in()).unwrap();
    world.fund(balance, 100_000);
    world
}

pub(crate) fn place(number: &str, minor: i64) -> CreateOrder {
    testing::order(number, fen(minor))
}

pub(crate) fn pay(number: &str, minor: i64) -> PayOrder {
    PayOrder { once: Once::State, ..PAYER.pay(&place(number, minor)) }
}

fn wrong(mut command: PayOrder, last_try: u8) -> PayOrder {
    command.password = PasswordTry { tags: vec![(1, [8; 32])], last_try: [last_try; 32] };
    command
}

pub(crate) fn order(world: &World, number: &str) -> Order {
    world.get::<Order>(&(MCHID.into(), number.into()))
}

pub(crate) fn balances(world: &World) -> (i64, i64, i64) {
    let wallet = world.get::<Wallet>(&PAYER.wallet);
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    let system = world.journals().len();
    assert!(system > 0, "money was given before");
    let income = world.all::<crate::ledger::AccountPath>();
    let income = income.iter().find(|path| path.purpose == Purpose::IncomeFee).unwrap().number;
    (
        world.balance(wallet.balance_account),
        world.balance(merchant.balance_account),
        world.balance(income),
    )
}

#[test]
fn a_paid_order_moves_the_money_and_tells_the_merchant_once() {
    let mut world = world(60);
    world.run(&place("T001", 10_000)).unwrap();
    let paid = world.run(&pay("T001", 10_000)).unwrap();
    assert_eq!(paid.transaction_id, "4200T001");
    assert_eq!(balances(&world), (90_000, 9_940, 60));
    let after = order(&world, "T001");
    assert_eq!((after.state, after.fee_minor), (OrderState::Success, 60));
    let openid = OpenidKeys::for_tests().newest(APPID, PAYER.user);
    assert_eq!(after.payer_openid, Some(openid));
    let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, fact.journal)).collect();
    assert_eq!(told, [(FactKind::PaymentSucceeded, after.journal)]);
    assert_eq!(world.run(&pay("T001", 10_000)), Err(PayOrderRefusal::AlreadyPaid));
    world.check_ledger();
}

#[test]
fn the_same_number_again_is_the_same_order_or_a_refusal() {
    let mut world = world(0);
    world.run(&place("T001", 100)).unwrap();
    let again = CreateOrder { prepay_id: "wxT001b".into(), ..place("T001", 100) };
    assert_eq!(world.run(&again).unwrap().prepay_id, "wxT001b");
    let taken = CreateOrder { prepay_id: "wxT001b".into(), ..place("T002", 100) };
    assert_eq!(world.decide(&taken), Err(Stop::Stale));
    let next = |tag: u8, id: &str| CreateOrder {
        fingerprint: [tag; 32],
        prepay_id: id.into(),
        ..place("T001", 100)
    };
    let other = world.run(&next(8, "wx-c"));
    assert_eq!(other, Err(CreateOrderRefusal::NumberUsedDifferently));
    world.run(&PayOrder { prepay_id: "wxT001b".into(), ..pay("T001", 100) }).unwrap();
    assert_eq!(world.run(&next(7, "wx-d")), Err(CreateOrderRefusal::AlreadyPaid));
    world.check_ledger();
}

#[test]
fn an_order_is_refused_for_a_wrong_merchant_app_payer_or_time() {
    let mut world = world(0);
    let unknown = CreateOrder { mchid: "1900000009".into(), ..place("T001", 100) };
    assert_eq!(world.run(&unknown), Err(CreateOrderRefusal::MerchantUnknown));
    let foreign = CreateOrder { appid: "wxffffffffffffffff".into(), ..place("T001", 100) };
    assert_eq!(world.run(&foreign), Err(CreateOrderRefusal::AppidNotBound));
    let stranger = CreateOrder { openid: Some("o-1".into()), ..place("T001", 100) };
    assert_eq!(world.run(&stranger), Err(CreateOrderRefusal::OpenidUnknown));
    let user = PAYER.user;
    world.put(Openid { openid: "o-1".into(), appid: "wxother".into(), user });
    assert_eq!(world.run(&stranger), Err(CreateOrderRefusal::OpenidUnknown));
    for (seconds, good) in [(59, false), (60, true), (7_776_000, true), (7_776_001, false)] {
        let time_expire = Some(world.now().plus(seconds * SECOND));
        let number = format!("T{seconds}");
        let outcome = world.run(&CreateOrder { time_expire, ..place(&number, 100) });
        assert_eq!(outcome.is_ok(), good, "{seconds} s: {outcome:?}");
    }
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..merchant });
    assert_eq!(world.run(&place("T001", 100)), Err(CreateOrderRefusal::MerchantSuspended));
}

#[test]
fn a_closed_or_expired_order_is_never_paid() {
    let mut world = world(0);
    for number in ["T001", "T002", "T003"] {
        world.run(&place(number, 100)).unwrap();
    }
    let close = |number: &str| CloseOrder {
        mchid: MCHID.into(),
        sub_mchid: None,
        out_trade_no: number.into(),
    };
    let expire = |number: &str| ExpireOrder { mchid: MCHID.into(), out_trade_no: number.into() };
    assert_eq!(world.run(&close("T009")), Err(CloseOrderRefusal::NotFound));
    world.run(&close("T001")).unwrap();
    world.run(&close("T001")).expect("closing again is done again");
    assert_eq!(world.run(&pay("T001", 100)), Err(PayOrderRefusal::Closed));
    let again = CreateOrder { prepay_id: "wx-again".into(), ..place("T001", 100) };
    assert_eq!(world.run(&again), Err(CreateOrderRefusal::Closed));
    world.run(&pay("T003", 100)).unwrap();
    assert_eq!(world.run(&close("T003")), Err(CloseOrderRefusal::AlreadyPaid));

    world.run(&expire("T002")).unwrap();
    assert_eq!(order(&world, "T002").state, OrderState::NotPay, "too early");
    world.wait(2 * HOUR);
    assert_eq!(world.run(&pay("T002", 100)), Err(PayOrderRefusal::Expired), "the code is over");
    world.wait(7 * 24 * HOUR);
    assert_eq!(world.run(&pay("T002", 100)), Err(PayOrderRefusal::Expired));
    world.run(&expire("T002")).unwrap();
    assert_eq!(order(&world, "T002").state, OrderState::Closed);
    world.run(&expire("T003")).unwrap();
    assert_eq!(order(&world, "T003").state, OrderState::Success, "a paid order stays paid");
    world.check_ledger();
}

#[test]
fn at_its_very_time_an_order_is_over() {
    let mut world = world(0);
    let time_expire = Some(world.now().plus(MINUTE));
    world.run(&CreateOrder { time_expire, ..place("T001", 100) }).unwrap();
    world.run(&CreateOrder { time_expire, ..place("T002", 100) }).unwrap();
    world.wait(MINUTE - 1);
    world.run(&pay("T001", 100)).unwrap();
    world.wait(1);
    assert_eq!(world.run(&pay("T002", 100)), Err(PayOrderRefusal::Expired));
    world.check_ledger();
}

#[test]
fn nobody_pays_with_another_persons_wallet_or_code_or_amount() {
    let mut world = world(0);
    world.run(&place("T001", 100)).unwrap();
    world.run(&place("T002", 100)).unwrap();
    let thief = PayOrder { user: UserId::from_bytes(id_bytes(77)), ..pay("T001", 100) };
    assert_eq!(world.run(&thief), Err(PayOrderRefusal::WalletNotFound));
    assert_eq!(world.run(&pay("T009", 100)), Err(PayOrderRefusal::OrderNotFound));
    assert_eq!(world.run(&pay("T001", 101)), Err(PayOrderRefusal::AmountChanged));
    world.put(Openid {
        openid: "o-someone".into(),
        appid: APPID.into(),
        user: UserId::from_bytes(id_bytes(5)),
    });
    let bound = CreateOrder { openid: Some("o-someone".into()), ..place("T003", 100) };
    world.run(&bound).unwrap();
    assert_eq!(world.run(&pay("T003", 100)), Err(PayOrderRefusal::PayerMismatch));
    assert_eq!(balances(&world).0, 100_000);
}

#[test]
fn a_blocked_wallet_is_refused_before_its_password_is_looked_at() {
    let mut world = world(0);
    world.run(&place("T001", 100)).unwrap();
    let wallet = world.get::<Wallet>(&PAYER.wallet);
    for (state, freeze, blocked) in [
        (WalletState::Frozen, Some(FreezeKind::Risk), WalletBlocked::Frozen),
        (WalletState::Restricted, None, WalletBlocked::Restricted),
        (WalletState::Closed, None, WalletBlocked::Closed),
        (WalletState::Closing, None, WalletBlocked::Closed),
    ] {
        world.put(Wallet { state, freeze, ..wallet.clone() });
        let refused = world.run(&wrong(pay("T001", 100), 2));
        assert_eq!(refused, Err(PayOrderRefusal::Wallet(blocked)), "{state:?}");
    }
    let attempts = (wallet.id.to_string(), AttemptPurpose::PaymentPassword);
    assert_eq!(world.find::<Attempts>(&attempts), None, "no try was counted");
    let opening = Wallet { state: WalletState::Opening, identity: None, ..wallet };
    world.put(opening);
    let refused = world.run(&pay("T001", 100));
    assert_eq!(refused, Err(PayOrderRefusal::Wallet(WalletBlocked::IdentityRequired)));
}

#[test]
fn five_different_wrong_passwords_lock_and_a_resent_one_counts_once() {
    let mut world = world(0);
    world.run(&place("T001", 100)).unwrap();
    for tag in [2, 2, 3, 4, 5] {
        let refused = world.run(&wrong(pay("T001", 100), tag));
        let left = 6 - i64::from(tag);
        assert_eq!(refused, Err(PayOrderRefusal::Password(PasswordRefusal::Wrong { left })));
    }
    let until = world.now().plus(3 * HOUR);
    let locked = Err(PayOrderRefusal::Password(PasswordRefusal::Locked { until }));
    assert_eq!(world.run(&wrong(pay("T001", 100), 6)), locked);
    assert_eq!(world.run(&pay("T001", 100)), locked, "the right one does not help now");
    world.put(Order { expires_at: until.plus(HOUR), ..order(&world, "T001") });
    world.wait(3 * HOUR);
    let again = CreateOrder { prepay_id: "wx-later".into(), ..place("T001", 100) };
    world.run(&again).unwrap();
    world.run(&PayOrder { prepay_id: "wx-later".into(), ..pay("T001", 100) }).unwrap();
    world.check_ledger();
}

#[test]
fn limits_come_after_the_password_and_before_the_balance() {
    let mut world = world(0);
    world.run(&place("T001", 100_001)).unwrap();
    let refused = world.run(&pay("T001", 100_001));
    let left = LimitRefusal::VerifyStrength { left: 100_000 };
    assert_eq!(refused, Err(PayOrderRefusal::Limit(left)));
    let two_factors = PayOrder { factors: 2, ..pay("T001", 100_001) };
    assert_eq!(world.run(&two_factors), Err(PayOrderRefusal::BalanceInsufficient));
    let identity = PAYER.identity;
    assert_eq!(world.find::<Usage>(&identity), None, "a refusal uses nothing");
    world.check_ledger();
}
