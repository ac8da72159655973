//! Orders of service providers: who may ask, who is paid, who may close and refund.

use super::tests::{balances, fen, order, pay, place, world};
use super::*;
use crate::merchant::{
    AddMerchant, BindSubMerchant, BindSubMerchantRefusal, Merchant, MerchantState, OpenidKeys,
    SubMerchantState,
};
use crate::profit::ReleaseUnsettled;
use crate::refund::{CreateRefund, CreateRefundRefusal, NoticeForm, OrderOfRefund, RefundSource};
use crate::testing::{self, APPID, MCHID, Person, World};
use kernel::time::{DAY, MINUTE};

const SUB: &str = "1900000002";
const SUB_APPID: &str = "wxfedcba9876543210";

fn bind(state: SubMerchantState) -> BindSubMerchant {
    BindSubMerchant { mchid: MCHID.into(), sub_mchid: SUB.into(), state }
}

/// A world whose merchant serves another one.
fn provider(fee_bp: i64) -> World {
    let mut world = world(0);
    let sub = AddMerchant {
        mchid: SUB.into(),
        name: "Noodle shop".into(),
        fee_bp,
        apiv3_key: vec![1],
        appid: SUB_APPID.into(),
        serial: "01".into(),
        certificate: "PEM".into(),
        public_key_only: false,
        transfer_scenes: String::new(),
    };
    world.run(&sub).unwrap();
    world.run(&bind(SubMerchantState::Active)).unwrap();
    world
}

fn partner() -> Partner {
    let sub_appid = Some(SUB_APPID.into());
    Partner { sub_mchid: SUB.into(), sub_appid, sub_openid: None }
}

fn place_for_sub(number: &str, minor: i64) -> CreateOrder {
    CreateOrder { partner: Some(partner()), ..place(number, minor) }
}

fn sub_balance(world: &World) -> i64 {
    world.balance(world.get::<Merchant>(&SUB.to_owned()).balance_account)
}

fn refund(sub_mchid: Option<&str>) -> CreateRefund {
    CreateRefund {
        payout: testing::payout_of("any"),
        mchid: MCHID.into(),
        sub_mchid: sub_mchid.map(str::to_owned),
        order: OrderOfRefund::OutTradeNo("T001".into()),
        out_refund_no: "R1".into(),
        amount: fen(4_000),
        total: fen(10_000),
        source: RefundSource::Unsettled,
        reason: None,
        notify_url: None,
        notice_form: NoticeForm::Json,
        refund_id: "50R1".into(),
    }
}

#[test]
fn the_sub_merchant_is_paid_and_the_provider_is_told() {
    let mut world = provider(60);
    world.run(&place_for_sub("T001", 10_000)).unwrap();
    world.run(&pay("T001", 10_000)).unwrap();
    assert_eq!((balances(&world), sub_balance(&world)), ((90_000, 0, 60), 9_940));
    assert_eq!(world.facts()[0].mchid, MCHID);
    let payer = Person::numbered(1).user;
    let paid = order(&world, "T001");
    let keys = OpenidKeys::for_tests();
    assert_eq!(paid.payer_openid, Some(keys.newest(APPID, payer)));
    assert_eq!(paid.payer_sub_openid, Some(keys.newest(SUB_APPID, payer)));
    world.check_ledger();
}

#[test]
fn a_refund_is_the_sub_merchants_and_names_it() {
    let mut world = provider(60);
    world.run(&place_for_sub("T001", 10_000)).unwrap();
    world.run(&pay("T001", 10_000)).unwrap();
    world.wait(MINUTE);
    for other in [None, Some("1900000003")] {
        assert_eq!(world.run(&refund(other)), Err(CreateRefundRefusal::OrderNotFound));
    }
    world.run(&refund(Some(SUB))).unwrap();
    assert_eq!((balances(&world), sub_balance(&world)), ((94_000, 0, 36), 5_964));
    world.check_ledger();
}

#[test]
fn what_waits_for_sharing_is_the_sub_merchants_until_it_is_released() {
    let mut world = provider(60);
    let profit_sharing = ProfitSharing::Yes;
    world.run(&CreateOrder { profit_sharing, ..place_for_sub("T001", 10_000) }).unwrap();
    world.run(&pay("T001", 10_000)).unwrap();
    let paid = order(&world, "T001");
    assert_eq!((sub_balance(&world), world.balance(paid.unsettled_account)), (0, 9_940));
    world.check_ledger();
    world.wait(MINUTE);
    world.run(&refund(Some(SUB))).unwrap();
    assert_eq!((sub_balance(&world), world.balance(paid.unsettled_account)), (0, 5_964));
    world.wait(30 * DAY);
    let (mchid, out_trade_no) = (MCHID.into(), "T001".into());
    world.run(&ReleaseUnsettled { mchid, out_trade_no }).unwrap();
    assert_eq!((balances(&world), sub_balance(&world)), ((94_000, 0, 36), 5_964));
    world.check_ledger();
}

#[test]
fn only_a_bound_sub_merchant_in_business_can_be_paid() {
    let mut world = provider(0);
    let other = Partner { sub_mchid: "1900000003".into(), ..partner() };
    let other = CreateOrder { partner: Some(other), ..place("T001", 100) };
    assert_eq!(world.run(&other), Err(CreateOrderRefusal::SubMerchantUnknown));
    let foreign = Partner { sub_appid: Some(APPID.into()), ..partner() };
    let foreign = CreateOrder { partner: Some(foreign), ..place("T001", 100) };
    assert_eq!(world.run(&foreign), Err(CreateOrderRefusal::SubAppidNotBound));
    let stranger = Partner { sub_openid: Some("o-1".into()), ..partner() };
    let stranger = CreateOrder { partner: Some(stranger), ..place("T001", 100) };
    assert_eq!(world.run(&stranger), Err(CreateOrderRefusal::OpenidUnknown));
    world.run(&place_for_sub("T001", 100)).unwrap();
    world.run(&bind(SubMerchantState::Ended)).unwrap();
    let ended = world.run(&place_for_sub("T002", 100));
    assert_eq!(ended, Err(CreateOrderRefusal::SubMerchantUnknown));
    world.run(&pay("T001", 100)).unwrap();
    let merchant = world.get::<Merchant>(&SUB.to_owned());
    world.put(Merchant { state: MerchantState::Suspended, ..merchant });
    world.run(&bind(SubMerchantState::Active)).unwrap();
    let suspended = world.run(&place_for_sub("T003", 100));
    assert_eq!(suspended, Err(CreateOrderRefusal::MerchantSuspended));
    world.check_ledger();
}

#[test]
fn a_suspended_provider_or_sub_merchant_takes_no_payment() {
    for mchid in [MCHID, SUB] {
        let mut world = provider(0);
        world.run(&place_for_sub("T001", 100)).unwrap();
        let merchant = world.get::<Merchant>(&mchid.to_owned());
        world.put(Merchant { state: MerchantState::Suspended, ..merchant });
        let refused = world.run(&pay("T001", 100));
        assert_eq!(refused, Err(PayOrderRefusal::MerchantSuspended), "{mchid}");
    }
}

#[test]
fn an_order_is_closed_in_the_name_of_its_sub_merchant() {
    let mut world = provider(0);
    world.run(&place_for_sub("T001", 100)).unwrap();
    let close = |sub_mchid: Option<&str>| CloseOrder {
        mchid: MCHID.into(),
        sub_mchid: sub_mchid.map(str::to_owned),
        out_trade_no: "T001".into(),
    };
    assert_eq!(world.run(&close(None)), Err(CloseOrderRefusal::NotFound));
    world.run(&close(Some(SUB))).unwrap();
    assert_eq!(order(&world, "T001").state, OrderState::Closed);
}

#[test]
fn an_order_for_one_payer_under_the_sub_merchants_app_is_nobody_elses() {
    let mut world = provider(0);
    let openid = |user: u32| {
        let user = Person::numbered(user).user;
        crate::merchant::Openid {
            openid: OpenidKeys::for_tests().newest(SUB_APPID, user),
            appid: SUB_APPID.into(),
            user,
        }
    };
    for (number, user) in [("T001", 7), ("T002", 1)] {
        let openid = openid(user);
        let sub_openid = Some(openid.openid.clone());
        world.put(openid);
        let partner = Some(Partner { sub_openid, ..partner() });
        world.run(&CreateOrder { partner, ..place(number, 100) }).unwrap();
    }
    assert_eq!(world.run(&pay("T001", 100)), Err(PayOrderRefusal::PayerMismatch));
    world.run(&pay("T002", 100)).unwrap();
    world.check_ledger();
}

#[test]
fn a_relation_is_between_two_merchants_and_ends_only_if_it_began() {
    let mut world = world(0);
    let unknown = world.run(&bind(SubMerchantState::Active));
    assert_eq!(unknown, Err(BindSubMerchantRefusal::Unknown));
    let itself = BindSubMerchant { sub_mchid: MCHID.into(), ..bind(SubMerchantState::Active) };
    assert_eq!(world.run(&itself), Err(BindSubMerchantRefusal::Itself));
    let mut world = provider(0);
    let reversed = BindSubMerchant {
        mchid: SUB.into(),
        sub_mchid: MCHID.into(),
        state: SubMerchantState::Ended,
    };
    assert_eq!(world.run(&reversed), Err(BindSubMerchantRefusal::Unknown));
}
