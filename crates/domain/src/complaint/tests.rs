//! Complaints: filing, answering, and taking up again; whose they are.

use super::*;
use crate::command::Once;
use crate::ids::WalletId;
use crate::job::JobKind;
use crate::order::tests::{pay, place, world};
use crate::testing::{self, MCHID, Person, World, id_bytes};
use kernel::time::DAY;

pub(super) const PAYER: Person = Person::numbered(1);

pub(super) fn paid() -> World {
    let mut world = world(0);
    world.run(&place("T001", 1_000)).unwrap();
    world.run(&pay("T001", 1_000)).unwrap();
    world
}

pub(super) fn file(id: &str) -> FileComplaint {
    FileComplaint {
        user: PAYER.user,
        wallet: PAYER.wallet,
        transaction_id: "4200T001".into(),
        problem: ProblemType::Refund,
        detail: "cold tea".into(),
        apply_refund_minor: 500,
        images: Vec::new(),
        complaint_id: id.into(),
        once: Once::State,
    }
}

fn act(act: ComplaintAct) -> AnswerComplaint {
    AnswerComplaint { complaint_id: "C1".into(), act }
}

fn respond(images: &[&str]) -> AnswerComplaint {
    let images = images.iter().map(|id| (*id).to_owned()).collect();
    let (mchid, about, content) = (MCHID.into(), MCHID.into(), "sorry".into());
    act(ComplaintAct::Respond { mchid, about, content, images })
}

pub(super) fn complete(mchid: &str) -> AnswerComplaint {
    act(ComplaintAct::Complete { mchid: mchid.into(), about: mchid.into() })
}

fn say(user: UserId, images: &[&str]) -> ContinueComplaint {
    let images = images.iter().map(|id| (*id).to_owned()).collect();
    ContinueComplaint { user, complaint_id: "C1".into(), content: "still cold".into(), images }
}

pub(super) fn complaint(world: &World) -> Complaint {
    world.get::<Complaint>(&"C1".to_owned())
}

#[test]
fn a_complaint_is_answered_completed_and_taken_up_again() {
    let mut world = paid();
    world.run(&file("C1")).unwrap();
    let filed = complaint(&world);
    assert_eq!((filed.state, filed.payer_waits, filed.times), (ComplaintState::Pending, true, 1));
    assert_eq!(world.run(&file("C2")), Err(FileComplaintRefusal::Duplicate));
    assert_eq!(world.run(&respond(&[])), Ok(2), "the second step of its history");
    assert_eq!(complaint(&world).state, ComplaintState::Processing);
    assert!(!complaint(&world).payer_waits);
    world.run(&say(PAYER.user, &[])).unwrap();
    assert!(complaint(&world).payer_waits);
    world.run(&complete(MCHID)).unwrap();
    world.run(&complete(MCHID)).unwrap();
    assert_eq!(world.run(&respond(&[])), Err(AnswerComplaintRefusal::Over));
    assert_eq!(world.run(&say(PAYER.user, &[])), Err(ContinueComplaintRefusal::Over));
    let again = world.run(&file("C3")).unwrap();
    assert_eq!(again.complaint_id, "C1");
    let after = complaint(&world);
    assert_eq!((after.state, after.times), (ComplaintState::Processing, 2));
    let steps: Vec<ComplaintStep> = world.all::<ComplaintLog>().iter().map(|l| l.step).collect();
    use ComplaintStep::*;
    let expected = [UserCreate, MerchantResponse, UserResponse, MerchantComplete, UserContinue];
    assert_eq!(steps, expected);
    let told: Vec<String> = world.facts()[1..].iter().map(|fact| fact.subject.clone()).collect();
    assert_eq!(told, ["C1:1", "C1:2", "C1:3", "C1:4", "C1:5"]);
    world.check_ledger();
}

pub(super) fn withdraw(user: UserId) -> WithdrawComplaint {
    WithdrawComplaint { user, complaint_id: "C1".into() }
}

pub(super) fn confirm(user: UserId) -> ConfirmComplaint {
    ConfirmComplaint { user, complaint_id: "C1".into() }
}

pub(super) fn reopen(user: UserId, images: &[&str]) -> ReopenComplaint {
    let images = images.iter().map(|id| (*id).to_owned()).collect();
    ReopenComplaint { user, complaint_id: "C1".into(), content: "it is not".into(), images }
}

/// The state, who ended it, and whether the payer waits.
fn standing(world: &World) -> (ComplaintState, Option<ComplaintEnd>, bool) {
    let complaint = complaint(world);
    (complaint.state, complaint.ended, complaint.payer_waits)
}

#[test]
fn a_payer_withdraws_once_and_may_complain_again() {
    let mut world = paid();
    assert_eq!(world.run(&withdraw(PAYER.user)), Err(WithdrawComplaintRefusal::NotFound));
    world.run(&file("C1")).unwrap();
    let stranger = UserId::from_bytes(id_bytes(7));
    assert_eq!(world.run(&withdraw(stranger)), Err(WithdrawComplaintRefusal::NotFound));
    world.run(&withdraw(PAYER.user)).unwrap();
    world.run(&withdraw(PAYER.user)).expect("withdrawn already");
    let withdrawn = (ComplaintState::Processed, Some(ComplaintEnd::Withdrawn), false);
    assert_eq!((standing(&world), complaint(&world).steps), (withdrawn, 2));
    assert_eq!(world.run(&respond(&[])), Err(AnswerComplaintRefusal::Over));
    assert_eq!(world.run(&confirm(PAYER.user)), Err(ConfirmComplaintRefusal::Withdrawn));
    let reopened = world.run(&reopen(PAYER.user, &[]));
    assert_eq!(reopened, Err(ReopenComplaintRefusal::EndedByPayer));
    assert_eq!(world.run(&complete(MCHID)), Ok(2), "nothing is left to be done");
    world.run(&file("C2")).unwrap();
    assert_eq!(standing(&world), (ComplaintState::Processing, None, true));
    world.run(&complete(MCHID)).unwrap();
    assert_eq!(world.run(&withdraw(PAYER.user)), Err(WithdrawComplaintRefusal::Over));
    let log = world.get::<ComplaintLog>(&("C1".into(), 2));
    assert_eq!((log.step, log.details.as_str()), (ComplaintStep::UserWithdraw, ""));
    let states: Vec<ComplaintState> =
        world.all::<ComplaintLog>().iter().map(|log| log.state).collect();
    let [pending, processing, processed] =
        [ComplaintState::Pending, ComplaintState::Processing, ComplaintState::Processed];
    assert_eq!(states, [pending, processed, processing, processed], "each as it was then");
    let told = world.facts().iter().filter(|fact| fact.kind == FactKind::ComplaintChanged).count();
    assert_eq!(told, 3, "withdrawn, complained again, completed");
    world.check_ledger();
}

#[test]
fn a_payer_confirms_what_is_settled_with_or_without_the_merchant_saying_so() {
    let mut world = paid();
    assert_eq!(world.run(&confirm(PAYER.user)), Err(ConfirmComplaintRefusal::NotFound));
    world.run(&file("C1")).unwrap();
    let stranger = UserId::from_bytes(id_bytes(7));
    assert_eq!(world.run(&confirm(stranger)), Err(ConfirmComplaintRefusal::NotFound));
    let confirmed = (ComplaintState::Processed, Some(ComplaintEnd::Confirmed), false);
    for (merchant_completes, steps) in [(false, 2), (true, 5)] {
        if merchant_completes {
            world.run(&file("C2")).unwrap();
            world.run(&complete(MCHID)).unwrap();
        }
        world.run(&confirm(PAYER.user)).unwrap();
        world.run(&confirm(PAYER.user)).expect("confirmed already");
        assert_eq!((standing(&world), complaint(&world).steps), (confirmed, steps));
        assert_eq!(world.run(&withdraw(PAYER.user)), Err(WithdrawComplaintRefusal::Over));
        let reopened = world.run(&reopen(PAYER.user, &[]));
        assert_eq!(reopened, Err(ReopenComplaintRefusal::EndedByPayer));
    }
    let log = world.get::<ComplaintLog>(&("C1".into(), 5));
    assert_eq!(log.step, ComplaintStep::UserConfirm);
    world.check_ledger();
}

#[test]
fn a_payer_says_that_what_the_merchant_completed_is_not_settled() {
    let mut world = paid();
    assert_eq!(world.run(&reopen(PAYER.user, &[])), Err(ReopenComplaintRefusal::NotFound));
    world.run(&file("C1")).unwrap();
    assert_eq!(world.run(&reopen(PAYER.user, &[])), Err(ReopenComplaintRefusal::Open));
    world.run(&complete(MCHID)).unwrap();
    let stranger = UserId::from_bytes(id_bytes(7));
    assert_eq!(world.run(&reopen(stranger, &[])), Err(ReopenComplaintRefusal::NotFound));
    let unknown = world.run(&reopen(PAYER.user, &["P1"]));
    assert_eq!(unknown, Err(ReopenComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown)));
    world.run(&keep(PAYER.user, "P1")).unwrap();
    world.run(&reopen(PAYER.user, &["P1"])).unwrap();
    assert_eq!(standing(&world), (ComplaintState::Processing, None, true));
    assert_eq!((complaint(&world).times, complaint(&world).apply_refund_minor), (2, 500));
    let log = world.get::<ComplaintLog>(&("C1".into(), 3));
    assert_eq!((log.step, &log.details[..]), (ComplaintStep::UserContinue, "it is not"));
    assert_eq!(world.all::<ShownPicture>().len(), 1);
    world.run(&complete(MCHID)).unwrap();
    world.wait(181 * DAY);
    let late = world.run(&reopen(PAYER.user, &["P404"]));
    assert_eq!(late, Err(ReopenComplaintRefusal::WindowExpired));
    world.run(&confirm(PAYER.user)).expect("that can be said at any time");
    world.check_ledger();
}

#[test]
fn only_the_payer_complains_about_what_was_paid_lately() {
    let mut world = paid();
    let unknown = FileComplaint { transaction_id: "4200T404".into(), ..file("C1") };
    assert_eq!(world.run(&unknown), Err(FileComplaintRefusal::OrderNotFound));
    let stranger = FileComplaint { wallet: WalletId::from_bytes(id_bytes(9)), ..file("C1") };
    assert_eq!(world.run(&stranger), Err(FileComplaintRefusal::OrderNotFound));
    let greedy = FileComplaint { apply_refund_minor: 1_001, ..file("C1") };
    assert_eq!(world.run(&greedy), Err(FileComplaintRefusal::AmountExceeded));
    world.wait(181 * DAY);
    assert_eq!(world.run(&file("C1")), Err(FileComplaintRefusal::WindowExpired));
}

#[test]
fn a_complaint_is_its_merchants_and_its_payers() {
    let mut world = paid();
    world.run(&FileComplaint { apply_refund_minor: 0, ..file("C1") }).unwrap();
    let other = world.run(&complete("1900000009"));
    assert_eq!(other, Err(AnswerComplaintRefusal::OtherMerchant));
    let about = "1900000009".to_owned();
    let elsewhere = act(ComplaintAct::Complete { mchid: MCHID.into(), about });
    assert_eq!(world.run(&elsewhere), Err(AnswerComplaintRefusal::OtherMerchant), "about another");
    let stranger = say(UserId::from_bytes(id_bytes(7)), &[]);
    assert_eq!(world.run(&stranger), Err(ContinueComplaintRefusal::NotFound));
    let nothing = AnswerComplaint { complaint_id: "C9".into(), ..complete(MCHID) };
    assert_eq!(world.run(&nothing), Err(AnswerComplaintRefusal::NotFound));
    let approve = approve(None, "");
    assert_eq!(world.run(&approve), Err(AnswerComplaintRefusal::NoRefundAsked));
}

fn approve(launch_refund_day: Option<i64>, remark: &str) -> AnswerComplaint {
    let (mchid, remark) = (MCHID.into(), remark.into());
    act(ComplaintAct::ApproveRefund { mchid, remark, launch_refund_day })
}

#[test]
fn what_a_merchant_says_of_a_refund_is_all_in_the_history() {
    let mut world = paid();
    world.run(&file("C1")).unwrap();
    let reject = |remark: &str| {
        let (mchid, reason, remark) = (MCHID.into(), "it was hot".into(), remark.into());
        act(ComplaintAct::RejectRefund { mchid, reason, remark, images: Vec::new() })
    };
    for (answer, said) in [
        (approve(None, ""), ("", "", None)),
        (approve(None, "soon"), ("", "soon", None)),
        (approve(Some(0), ""), ("", "", Some(0))),
        (approve(Some(3), "soon"), ("", "soon", Some(3))),
        (reject(""), ("it was hot", "", None)),
        (reject("see the picture"), ("it was hot", "see the picture", None)),
    ] {
        let number = world.run(&answer).unwrap();
        let log = world.get::<ComplaintLog>(&("C1".into(), number));
        assert_eq!((&log.details[..], &log.remark[..], log.launch_refund_day), said);
    }
}

#[test]
fn an_answer_shows_only_pictures_that_the_merchant_uploaded() {
    let mut world = paid();
    world.run(&file("C1")).unwrap();
    assert_eq!(world.run(&respond(&["M1"])), Err(AnswerComplaintRefusal::ImageUnknown));
    let store = |mchid: &str, id: &str| StoreMedia {
        mchid: mchid.into(),
        media_id: id.into(),
        kind: MediaKind::Image,
        content_type: "image/png".into(),
        content: vec![1],
    };
    world.run(&store("1900000009", "M1")).unwrap();
    assert_eq!(world.run(&respond(&["M1"])), Err(AnswerComplaintRefusal::ImageUnknown));
    world.run(&store(MCHID, "M2")).unwrap();
    world.run(&StoreMedia { content: vec![2], ..store(MCHID, "M2") }).unwrap();
    assert_eq!(world.get::<Media>(&"M2".to_owned()).content, [1], "a file never changes");
    world.run(&respond(&["M2"])).unwrap();
    let log = world.get::<ComplaintLog>(&("C1".into(), 2));
    assert_eq!(log.image_ids().collect::<Vec<_>>(), ["M2"]);
}

fn keep(user: UserId, id: &str) -> UploadPicture {
    let (media_id, content_type) = (id.into(), "image/png".into());
    UploadPicture { user, media_id, content_type, content: vec![1] }
}

#[test]
fn a_payer_shows_only_own_pictures_and_then_both_sides_see_them() {
    let mut world = paid();
    let shows = |id: &str| FileComplaint { images: vec![id.into()], ..file("C1") };
    assert_eq!(
        world.run(&shows("P1")),
        Err(FileComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown))
    );
    world.run(&keep(UserId::from_bytes(id_bytes(7)), "P0")).unwrap();
    assert_eq!(
        world.run(&shows("P0")),
        Err(FileComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown)),
        "another's"
    );
    world.run(&keep(PAYER.user, "P1")).unwrap();
    world.run(&keep(PAYER.user, "P2")).unwrap();
    world.run(&shows("P1")).unwrap();
    world.run(&say(PAYER.user, &["P2"])).unwrap();
    world.run(&say(PAYER.user, &["P2"])).expect("shown twice");
    let foreign = world.run(&say(PAYER.user, &["P0"]));
    assert_eq!(foreign, Err(ContinueComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown)));
    assert_eq!(world.run(&respond(&["P1"])), Err(AnswerComplaintRefusal::ImageUnknown));
    let shown: Vec<_> = world.all::<ShownPicture>().iter().map(|p| p.media_id.clone()).collect();
    assert_eq!(shown, ["P1", "P2"]);
    assert!(world.all::<ShownPicture>().iter().all(|shown| shown.mchid == MCHID));
}

#[test]
fn a_picture_that_no_complaint_shows_is_forgotten_in_time() {
    let mut world = paid();
    let forget = |id: &str| ForgetPicture { media_id: id.into() };
    let left = |world: &World| -> Vec<String> {
        world.all::<Media>().into_iter().map(|media| media.media_id).collect()
    };
    for id in ["P1", "P2", "P3"] {
        world.run(&keep(PAYER.user, id)).unwrap();
    }
    world.run(&FileComplaint { images: vec!["P1".into()], ..file("C1") }).unwrap();
    assert!(world.job(JobKind::ForgetPicture, "P1").is_none(), "shown");
    world.wait(DAY - 1);
    world.run(&keep(PAYER.user, "P1")).unwrap();
    assert!(world.job(JobKind::ForgetPicture, "P1").is_none(), "shown once is shown for good");
    world.run(&keep(PAYER.user, "P3")).expect("its time begins anew");
    for id in ["P1", "P2", "P3", "P404"] {
        world.run(&forget(id)).unwrap();
    }
    assert_eq!(left(&world), ["P1", "P2", "P3"], "it is too early");
    world.wait(1);
    for id in ["P1", "P2", "P3", "P2"] {
        world.run(&forget(id)).unwrap();
    }
    assert_eq!(left(&world), ["P1", "P3"]);
    assert!(world.job(JobKind::ForgetPicture, "P2").is_none());
    world.wait(DAY);
    world.run(&forget("P3")).unwrap();
    assert_eq!(left(&world), ["P1"]);
    let forgotten = world.run(&say(PAYER.user, &["P3"]));
    assert_eq!(forgotten, Err(ContinueComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown)));
    world.run(&keep(PAYER.user, "P3")).expect("it can be uploaded again");
    world.check_ledger();
}

#[test]
fn a_person_keeps_so_many_pictures_a_day() {
    let mut world = paid();
    for number in 0..PICTURES_A_DAY {
        world.run(&keep(PAYER.user, &format!("P{number}"))).unwrap();
    }
    world.run(&keep(PAYER.user, "P1")).expect("what is there costs nothing");
    let refused = world.run(&keep(PAYER.user, "P20"));
    let Err(UploadPictureRefusal::TooMany { until }) = refused else { panic!("{refused:?}") };
    world.run(&keep(UserId::from_bytes(id_bytes(7)), "Q1")).unwrap();
    world.wait(until.since(world.now()));
    world.run(&keep(PAYER.user, "P20")).unwrap();
}

#[test]
fn a_person_says_so_much_about_complaints_a_day_and_ends_them_at_any_time() {
    let mut world = paid();
    world.run(&file("C1")).unwrap();
    world.run(&complete(MCHID)).unwrap();
    world.run(&reopen(PAYER.user, &[])).unwrap();
    for _ in 2..WORDS_A_DAY {
        world.run(&say(PAYER.user, &[])).unwrap();
    }
    let refused = world.run(&say(PAYER.user, &[]));
    let Err(ContinueComplaintRefusal::Words(too_many)) = refused else { panic!("{refused:?}") };
    let PayerWordsRefusal::TooMany { until } = too_many else { panic!("{too_many:?}") };
    let steps = complaint(&world).steps;
    let foreign = world.run(&say(PAYER.user, &["P0"]));
    assert_eq!(
        foreign,
        Err(ContinueComplaintRefusal::Words(PayerWordsRefusal::ImageUnknown)),
        "the limit comes last"
    );
    assert_eq!(world.run(&file("C2")), Err(FileComplaintRefusal::Duplicate));
    world.run(&respond(&[])).expect("what a merchant says is counted elsewhere");
    let apply = ApplyPlatformService {
        user: PAYER.user,
        complaint_id: "C1".into(),
        reason: PlatformReason::Others,
        content: String::new(),
        images: Vec::new(),
    };
    assert_eq!(world.run(&apply), Err(ApplyPlatformServiceRefusal::Words(too_many)));
    world.run(&complete(MCHID)).unwrap();
    let reopened = world.run(&reopen(PAYER.user, &[]));
    assert_eq!(reopened, Err(ReopenComplaintRefusal::Words(too_many)));
    let rate = RateComplaint {
        user: PAYER.user,
        complaint_id: "C1".into(),
        satisfaction: Satisfaction::Neutral,
        content: String::new(),
    };
    assert_eq!(world.run(&rate), Err(RateComplaintRefusal::Words(too_many)));
    world.run(&confirm(PAYER.user)).expect("a complaint may always be ended");
    assert_eq!(world.run(&file("C2")), Err(FileComplaintRefusal::Words(too_many)));
    assert_eq!(complaint(&world).steps, steps + 3, "answered, completed, confirmed");
    world.run(&keep(PAYER.user, "P1")).expect("pictures are counted for themselves");
    world.wait(until.since(world.now()) - 1);
    assert_eq!(world.run(&file("C2")), Err(FileComplaintRefusal::Words(too_many)));
    world.wait(1);
    world.run(&rate).unwrap();
    for _ in 1..WORDS_A_DAY - 1 {
        world.run(&rate).expect("the same once more costs nothing");
    }
    world.run(&file("C2")).unwrap();
    world.check_ledger();
}

#[test]
fn refunds_are_told_in_the_history_and_to_the_merchant() {
    let mut world = paid();
    let refund = |number: &str, minor| {
        testing::refund(&place("T001", 1_000), number, Amount::fen(minor).unwrap())
    };
    world.wait(kernel::time::MINUTE);
    world.run(&refund("R0", 100)).unwrap();
    world.run(&file("C1")).unwrap();
    for (number, minor) in [("R1", 500), ("R2", 400)] {
        world.wait(kernel::time::MINUTE);
        world.run(&refund(number, minor)).unwrap();
    }
    let logs = world.all::<ComplaintLog>();
    let refunded = |log: &ComplaintLog| log.refunded.map(Amount::minor);
    let told: Vec<_> = logs.iter().map(|log| (log.step, refunded(log))).collect();
    use ComplaintStep::*;
    let expected = [
        (UserCreate, None),
        (PartialRefunded, Some(500)),
        (RefundReceived, Some(500)),
        (FullRefunded, Some(400)),
        (RefundReceived, Some(400)),
    ];
    assert_eq!(told, expected);
    let facts = world.facts();
    let changed = facts.iter().filter(|fact| fact.kind == FactKind::ComplaintChanged);
    assert_eq!(changed.count(), 4);
    world.check_ledger();
}
