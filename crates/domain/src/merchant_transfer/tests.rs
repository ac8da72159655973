//! Transfers to people: each refusal, each end, and where the money is.

use super::*;
use crate::Stop;
use crate::ids::{IdentityId, UserId};
use crate::merchant::{GrantTransferScene, MerchantState, Openid};
use crate::order::tests::{balances, fen, world};
use crate::testing::{APPID, MCHID, Person, World, id_bytes};
use crate::wallet::{Wallet, WalletState};
use kernel::time::{DAY, HOUR, SECOND};

const PAYEE: Person = Person::numbered(1);
const OPENID: &str = "o-payee";

/// A merchant with 500.00 and a verified payee with 1,000.00.
fn ready() -> World {
    let mut world = world(0);
    let user = PAYEE.user;
    world.put(Openid { openid: OPENID.into(), appid: APPID.into(), user });
    let merchant = world.get::<Merchant>(&MCHID.to_owned()).balance_account;
    world.fund(merchant, 50_000);
    world
}

fn send(number: &str, minor: i64) -> CreateTransfer {
    CreateTransfer {
        mchid: MCHID.into(),
        appid: APPID.into(),
        out_bill_no: number.into(),
        openid: OPENID.into(),
        user_name: None,
        amount: fen(minor),
        remark: "prize".into(),
        scene_id: "1000".into(),
        perception: None,
        notify_url: None,
        fingerprint: [minor as u8; 32],
        transfer_bill_no: format!("1330{number}"),
    }
}

fn take(number: &str, name: NameCheck) -> ConfirmTransfer {
    ConfirmTransfer {
        user: PAYEE.user,
        wallet: PAYEE.wallet,
        transfer_bill_no: format!("1330{number}"),
        name,
    }
}

fn cancel(number: &str) -> CancelTransfer {
    CancelTransfer { mchid: MCHID.into(), out_bill_no: number.into() }
}

fn transfer(world: &World, number: &str) -> MerchantTransfer {
    world.get::<MerchantTransfer>(&(MCHID.into(), number.into()))
}

/// What lies in escrow, by the account and by the transfers, which must agree.
fn escrow(world: &mut World) -> i64 {
    let account = world.rules().system.escrow_transfer;
    let open = world.all::<MerchantTransfer>();
    let open: i64 = open.iter().filter(|t| t.is_open()).map(|t| t.amount.minor()).sum();
    assert_eq!(world.balance(account), open);
    world.check_ledger();
    open
}

#[test]
fn the_money_waits_until_the_payee_takes_it() {
    let mut world = ready();
    world.run(&send("B1", 1_000)).unwrap();
    assert_eq!((escrow(&mut world), balances(&world)), (1_000, (100_000, 49_000, 0)));
    assert_eq!(world.run(&take("B1", NameCheck::None)), Ok(TransferState::Success));
    assert_eq!(world.run(&take("B1", NameCheck::None)), Ok(TransferState::Success));
    assert_eq!((escrow(&mut world), balances(&world)), (0, (101_000, 49_000, 0)));
    let told: Vec<_> = world.facts().iter().map(|fact| (fact.kind, &fact.subject[..])).collect();
    assert_eq!(told, [(FactKind::MerchantTransferEnded, "B1")]);
    assert_eq!(world.run(&cancel("B1")), Err(CancelTransferRefusal::Over));
    assert_eq!(world.all::<Job>(), []);
}

#[test]
fn a_cancelled_transfer_gives_the_money_back_once() {
    let mut world = ready();
    world.run(&send("B1", 1_000)).unwrap();
    world.run(&cancel("B1")).unwrap();
    world.run(&cancel("B1")).unwrap();
    assert_eq!((escrow(&mut world), balances(&world)), (0, (100_000, 50_000, 0)));
    let taken = world.run(&take("B1", NameCheck::None));
    assert_eq!(taken, Err(ConfirmTransferRefusal::Over));
    assert_eq!(transfer(&world, "B1").state, TransferState::Cancelled);
    assert_eq!(world.run(&cancel("B9")), Err(CancelTransferRefusal::NotFound));
    assert_eq!(world.facts().len(), 1);
}

#[test]
fn what_is_not_taken_in_time_goes_back() {
    let mut world = ready();
    world.run(&send("B1", 1_000)).unwrap();
    let expire = ExpireTransfer { transfer_bill_no: "1330B1".into() };
    world.wait(24 * HOUR - SECOND);
    world.run(&expire).unwrap();
    assert_eq!(escrow(&mut world), 1_000, "not before its time");
    world.wait(SECOND);
    let late = world.run(&take("B1", NameCheck::None));
    assert_eq!(late, Err(ConfirmTransferRefusal::Over), "even if nobody has written it down");
    world.run(&expire).unwrap();
    world.run(&expire).unwrap();
    assert_eq!((escrow(&mut world), balances(&world).1), (0, 50_000));
    let after = transfer(&world, "B1");
    assert_eq!(after.failure, Some(TransferFailure::OverdueClose));
}

#[test]
fn the_same_number_is_the_same_transfer() {
    let mut world = ready();
    world.run(&send("B1", 1_000)).unwrap();
    world.run(&CreateTransfer { transfer_bill_no: "1330x".into(), ..send("B1", 1_000) }).unwrap();
    let other = world.run(&send("B1", 1_001));
    assert_eq!(other, Err(CreateTransferRefusal::NumberUsedDifferently));
    let taken = CreateTransfer { transfer_bill_no: "1330B1".into(), ..send("B2", 1_000) };
    assert_eq!(world.decide(&taken), Err(Stop::Stale));
    assert_eq!(escrow(&mut world), 1_000);
}

#[test]
fn a_merchant_sends_only_for_scenes_that_it_was_granted() {
    let mut world = ready();
    let grant = |scene: &str, is_granted| {
        let (mchid, scene_id) = (MCHID.to_owned(), scene.to_owned());
        GrantTransferScene { mchid, scene_id, is_granted }
    };
    world.run(&grant("1000", false)).unwrap();
    let refused = Err(CreateTransferRefusal::SceneNotGranted);
    let unknown = CreateTransfer { openid: "o-404".into(), ..send("B1", 100) };
    assert_eq!(world.run(&unknown), refused, "before the payee is looked for");
    assert_eq!(world.run(&send("B1", 100)), refused);
    world.run(&CreateTransfer { scene_id: "1005".into(), ..send("B2", 100) }).unwrap();
    world.run(&grant("1005", false)).unwrap();
    world.run(&take("B2", NameCheck::None)).expect("what was sent goes on");
    world.run(&grant("1000", true)).unwrap();
    world.run(&send("B1", 100)).expect("a refused number works later");
    assert_eq!(escrow(&mut world), 100);
}

#[test]
fn the_payee_is_told_what_the_scene_has_for_it() {
    let mut world = ready();
    let of = |number: &str, perception: Option<&str>| CreateTransfer {
        perception: perception.map(str::to_owned),
        ..send(number, 100)
    };
    let told = |world: &mut World, number: &str| {
        let key = (MCHID.to_owned(), number.to_owned());
        world.get::<MerchantTransfer>(&key).perception.unwrap()
    };
    let refused = Err(CreateTransferRefusal::PerceptionNotTaken);
    assert_eq!(world.run(&of("B1", Some("劳务报酬"))), refused);
    world.run(&of("B1", None)).expect("a refused number works later");
    world.run(&of("B2", Some("现金奖励"))).unwrap();
    assert_eq!(
        (told(&mut world, "B1"), told(&mut world, "B2")),
        ("活动奖励".into(), "现金奖励".into())
    );
    assert_eq!(escrow(&mut world), 200);
}

#[test]
fn a_transfer_is_refused_in_order_and_a_refused_number_works_later() {
    let mut world = ready();
    let unknown = CreateTransfer { mchid: "1900000404".into(), ..send("B1", 100) };
    assert_eq!(world.run(&unknown), Err(CreateTransferRefusal::MerchantUnknown));
    let foreign = CreateTransfer { appid: "wxffffffffffffffff".into(), ..send("B1", 100) };
    assert_eq!(world.run(&foreign), Err(CreateTransferRefusal::AppidNotBound));
    let stranger = CreateTransfer { openid: "o-404".into(), ..send("B1", 100) };
    assert_eq!(world.run(&stranger), Err(CreateTransferRefusal::OpenidUnknown));
    for minor in [9, 20_001] {
        let amount = world.run(&send("B1", minor));
        assert_eq!(amount, Err(CreateTransferRefusal::AmountOutOfRange), "{minor}");
    }
    let named = CreateTransfer { user_name: Some(vec![1]), ..send("B1", 29) };
    assert_eq!(world.run(&named), Err(CreateTransferRefusal::NameForbidden));
    world.rules().transfer_name_must_minor = 1_000;
    assert_eq!(world.run(&send("B1", 1_000)), Err(CreateTransferRefusal::NameRequired));
    let merchant = world.get::<Merchant>(&MCHID.to_owned());
    world.fund(merchant.balance_account, -49_500);
    assert_eq!(world.run(&send("B1", 501)), Err(CreateTransferRefusal::NotEnough));
    assert_eq!(world.all::<TransferUsage>(), [], "what is refused is not counted");
    world.run(&send("B1", 500)).unwrap();
    world.put(Merchant { state: MerchantState::Suspended, ..merchant });
    assert_eq!(world.run(&send("B2", 100)), Err(CreateTransferRefusal::MerchantSuspended));
    assert_eq!(escrow(&mut world), 500);
}

#[test]
fn a_day_has_its_caps_and_the_next_day_has_its_own() {
    let mut world = ready();
    let refused = |limit| Err(CreateTransferRefusal::Limit(limit));
    world.run(&send("B1", 15_000)).unwrap();
    assert_eq!(world.run(&send("B2", 5_001)), refused(TransferLimit::PayeeAmount));
    world.rules().transfer_payee_count_day = 2;
    world.run(&send("B2", 10)).unwrap();
    assert_eq!(world.run(&send("B3", 10)), refused(TransferLimit::PayeeCount));
    world.rules().transfer_payee_count_day = 10;
    world.rules().transfer_merchant_day_minor = 15_020;
    assert_eq!(world.run(&send("B3", 11)), refused(TransferLimit::MerchantAmount));
    world.wait(DAY);
    world.run(&send("B3", 15_000)).unwrap();
    assert_eq!(escrow(&mut world), 30_010);
}

#[test]
fn a_name_is_compared_with_the_verified_person_when_the_merchant_gave_one() {
    let mut world = ready();
    let (same, other) = (PAYEE.identity, IdentityId::from_bytes(id_bytes(4)));
    let named = |number| CreateTransfer { user_name: Some(vec![1]), ..send(number, 1_000) };
    world.run(&named("B1")).unwrap();
    for stale in [NameCheck::None, NameCheck::Same(other), NameCheck::Differs(other)] {
        assert_eq!(world.decide(&take("B1", stale)), Err(Stop::Stale), "{stale:?}");
    }
    assert_eq!(world.run(&take("B1", NameCheck::Differs(same))), Ok(TransferState::Fail));
    assert_eq!(transfer(&world, "B1").failure, Some(TransferFailure::NameNotCorrect));
    world.run(&named("B2")).unwrap();
    assert_eq!(world.run(&take("B2", NameCheck::Same(same))), Ok(TransferState::Success));
    assert_eq!((escrow(&mut world), balances(&world)), (0, (101_000, 49_000, 0)));
}

#[test]
fn only_the_payee_with_an_open_verified_wallet_takes_it() {
    let mut world = ready();
    world.run(&send("B1", 1_000)).unwrap();
    let user = UserId::from_bytes(id_bytes(7));
    let thief = ConfirmTransfer { user, ..take("B1", NameCheck::None) };
    assert_eq!(world.run(&thief), Err(ConfirmTransferRefusal::NotFound));
    assert_eq!(world.run(&take("B9", NameCheck::None)), Err(ConfirmTransferRefusal::NotFound));
    let wallet = world.get::<Wallet>(&PAYEE.wallet);
    world.put(Wallet { identity: None, ..wallet.clone() });
    let nobody = world.run(&take("B1", NameCheck::None));
    assert_eq!(nobody, Err(ConfirmTransferRefusal::IdentityRequired));
    world.put(Wallet { state: WalletState::Closed, ..wallet.clone() });
    let closed = world.run(&take("B1", NameCheck::None));
    assert_eq!(closed, Err(ConfirmTransferRefusal::WalletClosed));
    world.put(Wallet { state: WalletState::Frozen, ..wallet });
    assert_eq!(world.run(&take("B1", NameCheck::None)), Ok(TransferState::Success));
    assert_eq!(escrow(&mut world), 0);
}
