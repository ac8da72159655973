//! Complaints that the operator steps in, and how payers find what came of theirs.

use super::tests::{PAYER, complaint, complete, confirm, file, paid, reopen, withdraw};
use super::*;
use crate::testing::{MCHID, World, id_bytes};

fn apply(user: UserId, images: &[&str]) -> ApplyPlatformService {
    ApplyPlatformService {
        user,
        complaint_id: "C1".into(),
        reason: PlatformReason::NoAnswer,
        content: "no word for a week".into(),
        images: images.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn cancel(user: UserId) -> CancelPlatformService {
    CancelPlatformService { user, complaint_id: "C1".into() }
}

fn respond(content: &str) -> RespondForPlatform {
    let (complaint_id, staff) = ("C1".into(), "amy".into());
    RespondForPlatform { complaint_id, staff, content: content.into() }
}

fn finish(content: &str) -> FinishPlatformService {
    let (complaint_id, staff) = ("C1".into(), "bob".into());
    FinishPlatformService { complaint_id, staff, content: content.into() }
}

fn rate(user: UserId, satisfaction: Satisfaction) -> RateComplaint {
    RateComplaint { user, complaint_id: "C1".into(), satisfaction, content: "so".into() }
}

fn last(world: &World) -> ComplaintLog {
    world.get::<ComplaintLog>(&("C1".into(), complaint(world).steps))
}

fn stranger() -> UserId {
    UserId::from_bytes(id_bytes(7))
}

#[test]
fn a_payer_asks_us_to_step_in_and_we_answer_until_we_are_done() {
    let mut world = paid();
    let not_found = Err(ApplyPlatformServiceRefusal::NotFound);
    assert_eq!(world.run(&apply(PAYER.user, &[])), not_found);
    assert_eq!(world.run(&respond("?")), Err(RespondForPlatformRefusal::NotFound));
    assert_eq!(world.run(&finish("")), Err(FinishPlatformServiceRefusal::NotFound));
    world.run(&file("C1")).unwrap();
    assert_eq!(world.run(&apply(stranger(), &[])), not_found);
    assert_eq!(world.run(&respond("?")), Err(RespondForPlatformRefusal::NotAsked));
    assert_eq!(world.run(&finish("")), Err(FinishPlatformServiceRefusal::NotAsked));
    let unknown = Err(ApplyPlatformServiceRefusal::Words(PayerWordsRefusal::ImageUnknown));
    assert_eq!(world.run(&apply(PAYER.user, &["P404"])), unknown);
    world.run(&apply(PAYER.user, &[])).unwrap();
    world.run(&apply(PAYER.user, &[])).expect("asked already");
    let asked = complaint(&world);
    assert_eq!((asked.in_platform_service, asked.steps), (true, 2));
    assert_eq!((asked.state, asked.payer_waits), (ComplaintState::Pending, true));
    let log = last(&world);
    assert_eq!(log.step, ComplaintStep::UserApplyPlatform);
    assert_eq!(log.platform_reason, Some(PlatformReason::NoAnswer));
    assert_eq!((log.details, log.staff), ("no word for a week".into(), String::new()));
    world.run(&respond("we look at it")).unwrap();
    assert_eq!((last(&world).details, last(&world).staff), ("we look at it".into(), "amy".into()));
    assert!(complaint(&world).in_platform_service);
    world.run(&finish("pay it back")).unwrap();
    assert_eq!((last(&world).step, last(&world).number), (ComplaintStep::PlatformFinish, 4));
    assert_eq!(last(&world).staff, "bob");
    let left = complaint(&world);
    assert_eq!((left.in_platform_service, left.state), (false, ComplaintState::Pending));
    assert_eq!(world.run(&finish("")), Err(FinishPlatformServiceRefusal::NotAsked));
    world.run(&apply(PAYER.user, &[])).expect("it may ask again");
    let told = world.facts().iter().filter(|fact| fact.kind == FactKind::ComplaintChanged).count();
    assert_eq!(told, 4, "asked, answered, finished, asked");
    world.check_ledger();
}

#[test]
fn a_payer_needs_us_no_more_by_saying_so_or_by_ending_the_complaint() {
    let mut world = paid();
    let not_found = Err(CancelPlatformServiceRefusal::NotFound);
    assert_eq!(world.run(&cancel(PAYER.user)), not_found);
    world.run(&file("C1")).unwrap();
    assert_eq!(world.run(&cancel(stranger())), not_found);
    world.run(&cancel(PAYER.user)).expect("nobody was asked");
    assert_eq!(complaint(&world).steps, 1);
    world.run(&apply(PAYER.user, &[])).unwrap();
    world.run(&cancel(PAYER.user)).unwrap();
    world.run(&cancel(PAYER.user)).expect("cancelled already");
    assert_eq!(last(&world).step, ComplaintStep::UserCancelPlatform);
    assert_eq!((complaint(&world).in_platform_service, complaint(&world).steps), (false, 3));
    world.run(&apply(PAYER.user, &[])).unwrap();
    world.run(&withdraw(PAYER.user)).unwrap();
    assert!(!complaint(&world).in_platform_service);
    let over = Err(ApplyPlatformServiceRefusal::Over);
    assert_eq!(world.run(&apply(PAYER.user, &[])), over);
    world.run(&file("C2")).unwrap();
    world.run(&apply(PAYER.user, &[])).unwrap();
    world.run(&complete(MCHID)).unwrap();
    assert!(complaint(&world).in_platform_service, "the merchant does not send us away");
    world.run(&respond("is it settled?")).expect("we answer as long as we are asked");
    world.run(&confirm(PAYER.user)).unwrap();
    assert!(!complaint(&world).in_platform_service);
    world.check_ledger();
}

#[test]
fn a_payer_says_how_it_finds_what_came_of_a_complaint() {
    use Satisfaction::{Neutral, Satisfied, Unsatisfied};
    let mut world = paid();
    let not_found = Err(RateComplaintRefusal::NotFound);
    assert_eq!(world.run(&rate(PAYER.user, Satisfied)), not_found);
    world.run(&file("C1")).unwrap();
    assert_eq!(world.run(&rate(PAYER.user, Satisfied)), Err(RateComplaintRefusal::Open));
    world.run(&complete(MCHID)).unwrap();
    assert_eq!(world.run(&rate(stranger(), Satisfied)), not_found);
    world.run(&rate(PAYER.user, Unsatisfied)).unwrap();
    world.run(&rate(PAYER.user, Unsatisfied)).expect("said already");
    assert_eq!((complaint(&world).satisfaction, complaint(&world).steps), (Some(Unsatisfied), 3));
    let log = last(&world);
    assert_eq!((log.step, log.satisfaction), (ComplaintStep::UserRate, Some(Unsatisfied)));
    assert_eq!(log.details, "so");
    let more = RateComplaint { content: "and why".into(), ..rate(PAYER.user, Unsatisfied) };
    world.run(&more).expect("the same with other words");
    assert_eq!((last(&world).details, complaint(&world).steps), ("and why".into(), 4));
    world.run(&rate(PAYER.user, Neutral)).expect("it thinks better of it");
    world.run(&reopen(PAYER.user, &[])).unwrap();
    assert_eq!(complaint(&world).satisfaction, None, "what comes of it is open again");
    world.run(&confirm(PAYER.user)).unwrap();
    world.run(&rate(PAYER.user, Satisfied)).unwrap();
    assert_eq!(complaint(&world).satisfaction, Some(Satisfied));
    world.check_ledger();
}
