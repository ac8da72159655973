//! What a phone can do on its way to a session, and what a guesser cannot.

use super::*;
use crate::command::{Refusal, Stop};
use crate::ids::{DeviceId, OtpId, UserId, WalletId};
use crate::job::{Job, JobKind};
use crate::testing::{World, id_bytes};
use crate::wallet::{AttemptPurpose, Attempts};
use kernel::time::{DAY, HOUR, MINUTE, SECOND};

const PHONE: [u8; 32] = [7; 32];

fn otp(n: u64) -> OtpId {
    OtpId::from_bytes(id_bytes(n))
}

fn request(n: u64, purpose: OtpPurpose) -> RequestOtp {
    RequestOtp { otp: otp(n), purpose, phone_index: PHONE, phone: vec![1, 2, 3] }
}

fn right() -> OtpTry {
    OtpTry { is_right: true, last_try: [255; 32] }
}

fn wrong(tag: u8) -> OtpTry {
    OtpTry { is_right: false, last_try: [tag; 32] }
}

fn session(n: u8) -> NewSession {
    let device = DeviceId::from_bytes([1; 16]);
    NewSession { device, device_name: "phone".into(), token_hash: [n; 32] }
}

fn register(n: u64, tried: OtpTry) -> Register {
    let user = UserId::from_bytes(id_bytes(100 + n));
    let session = session(n as u8);
    Register { otp: otp(n), tried, phone_index: PHONE, phone: vec![4], user, session }
}

fn log_in(n: u64, tried: OtpTry) -> LogIn {
    LogIn { otp: otp(n), tried, phone_index: PHONE, session: session(n as u8) }
}

fn registered() -> World {
    let mut world = World::new();
    world.run(&request(1, OtpPurpose::Register)).unwrap();
    assert!(world.run(&register(1, right())).unwrap().is_new);
    world
}

#[test]
fn a_code_is_sent_and_makes_a_user_with_a_session() {
    let mut world = World::new();
    let asked = world.run(&request(1, OtpPurpose::Register)).unwrap();
    assert_eq!(asked.expires_at, world.now().plus(5 * MINUTE));
    assert_eq!(asked.resend_at, world.now().plus(MINUTE));
    assert_eq!(world.job(JobKind::SendOtp, otp(1)).unwrap().due_at, world.now());
    assert_eq!(world.get::<Otp>(&otp(1)).phone, vec![1, 2, 3]);

    let done = world.run(&register(1, right())).unwrap();
    let user = world.get::<User>(&done.user);
    assert_eq!((user.wallet, user.phone.clone()), (None, vec![4]));
    assert_eq!(world.get::<UserByPhone>(&PHONE).user, done.user);
    assert_eq!(world.get::<Device>(&(done.user, done.device)).name, "phone");
    let session = world.get::<Session>(&[1; 32]);
    assert!(session.is_live(&user, world.now(), &world.rules().clone()));
    assert_eq!(world.find::<Otp>(&otp(1)), None, "a code is used once");
    assert_eq!(world.job(JobKind::SendOtp, otp(1)), None);
    assert_eq!(world.run(&register(1, right())), Err(OtpRefusal::Used));
}

#[test]
fn registering_a_known_phone_logs_its_holder_in() {
    let mut world = registered();
    world.wait(MINUTE).run(&request(2, OtpPurpose::Register)).unwrap();
    let done = world.run(&register(2, right())).unwrap();
    assert!(!done.is_new);
    assert_eq!(done.user, world.get::<UserByPhone>(&PHONE).user);
    assert_eq!(world.all::<User>().len(), 1);
    assert_eq!(world.all::<Device>().len(), 1, "the device is known");
    assert_eq!(world.all::<Session>().len(), 2);
}

#[test]
fn a_user_logs_in_and_a_stranger_is_told_to_register_only_after_the_code() {
    let mut world = registered();
    world.run(&request(2, OtpPurpose::LogIn)).unwrap();
    let wallet = Some(WalletId::from_bytes([8; 16]));
    let user = world.all::<User>().remove(0);
    world.put(User { wallet, ..user.clone() });
    let done = world.run(&log_in(2, right())).unwrap();
    assert_eq!((done.user, done.wallet, done.is_new), (user.id, wallet, false));

    let mut world = World::new();
    world.run(&request(2, OtpPurpose::LogIn)).unwrap();
    let wrong_code = LogInRefusal::Otp(OtpRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&log_in(2, wrong(1))), Err(wrong_code));
    assert_eq!(world.run(&log_in(2, right())), Err(LogInRefusal::NotRegistered));
    assert!(world.find::<Otp>(&otp(2)).is_some(), "nothing was used up");
    assert!(world.all::<Session>().is_empty());
}

#[test]
fn another_code_waits_a_minute_and_voids_the_one_before() {
    let mut world = World::new();
    world.run(&request(1, OtpPurpose::LogIn)).unwrap();
    world.wait(MINUTE - 1);
    let again = world.run(&request(2, OtpPurpose::LogIn));
    assert_eq!(again, Err(RequestOtpRefusal::TooSoon(world.now().plus(1))));
    world.run(&request(3, OtpPurpose::Register)).expect("the wait is per purpose");
    world.wait(1).run(&request(2, OtpPurpose::LogIn)).unwrap();
    assert_eq!(world.find::<Otp>(&otp(1)), None);
    assert_eq!(world.job(JobKind::SendOtp, otp(1)), None);
    let old = world.run(&log_in(1, right()));
    assert_eq!(old, Err(LogInRefusal::Otp(OtpRefusal::Used)));
}

#[test]
fn an_hour_has_five_codes_per_purpose_and_a_day_ten_per_phone() {
    let mut world = World::new();
    let start = world.now();
    for n in 0..5 {
        world.run(&request(n, OtpPurpose::LogIn)).unwrap();
        world.wait(MINUTE);
    }
    let sixth = world.run(&request(9, OtpPurpose::LogIn));
    assert_eq!(sixth, Err(RequestOtpRefusal::SendLimit(start.plus(HOUR))));
    world.wait(HOUR - 5 * MINUTE);
    for n in 10..15 {
        world.run(&request(n, OtpPurpose::LogIn)).unwrap();
        world.wait(MINUTE);
    }
    let midnight = kernel::Timestamp::parse_rfc3339("2026-11-22T00:00:00+08:00").unwrap();
    let eleventh = world.run(&request(20, OtpPurpose::Register));
    assert_eq!(eleventh, Err(RequestOtpRefusal::SendLimit(midnight)));
    world.at("2026-11-22T00:00:00+08:00").run(&request(20, OtpPurpose::Register)).unwrap();
}

#[test]
fn five_wrong_tries_void_a_code_and_a_resent_one_counts_once() {
    let mut world = registered();
    world.run(&request(2, OtpPurpose::LogIn)).unwrap();
    for left in (1..5).rev() {
        let expected = Err(LogInRefusal::Otp(OtpRefusal::Wrong { left }));
        assert_eq!(world.run(&log_in(2, wrong(left as u8))), expected);
        assert_eq!(world.run(&log_in(2, wrong(left as u8))), expected, "resent");
    }
    let exceeded = Err(LogInRefusal::Otp(OtpRefusal::AttemptsExceeded));
    assert_eq!(world.run(&log_in(2, wrong(9))), exceeded);
    assert_eq!(world.run(&log_in(2, wrong(9))), exceeded, "resent");
    assert_eq!(world.run(&log_in(2, right())), exceeded, "also the right one");
    assert_eq!(world.get::<Attempts>(&(otp(2).to_string(), AttemptPurpose::Otp)).failed, 5);
}

fn guess_to_death(world: &mut World, n: u64, purpose: OtpPurpose) {
    world.run(&request(n, purpose)).unwrap();
    for tag in 1..=5 {
        let _ = match purpose {
            OtpPurpose::LogIn => world.run(&log_in(n, wrong(tag))).map_err(|r| r.code()),
            OtpPurpose::Register => world.run(&register(n, wrong(tag))).map_err(|r| r.code()),
            OtpPurpose::ResetPaymentPassword => unreachable!("no test guesses it to death"),
        };
    }
    world.wait(MINUTE);
}

#[test]
fn three_voids_in_an_hour_block_their_purpose_for_a_day() {
    let mut world = registered();
    for n in 2..5 {
        guess_to_death(&mut world, n, OtpPurpose::LogIn);
    }
    let until = world.now().plus(DAY - MINUTE);
    world.wait(HOUR);
    let refused = world.run(&request(6, OtpPurpose::LogIn));
    assert_eq!(refused, Err(RequestOtpRefusal::LogInLocked(until)));
    for n in 10..13 {
        guess_to_death(&mut world, n, OtpPurpose::Register);
    }
    let refused = world.run(&request(13, OtpPurpose::Register));
    assert!(matches!(refused, Err(RequestOtpRefusal::CodesLocked(_))), "{refused:?}");
    world.at(&until.rfc3339()).run(&request(6, OtpPurpose::LogIn)).unwrap();
}

#[test]
fn voids_of_different_hours_do_not_block() {
    let mut world = registered();
    for n in 2..8 {
        guess_to_death(&mut world, n, OtpPurpose::LogIn);
        world.wait(31 * MINUTE);
    }
    world.run(&request(9, OtpPurpose::LogIn)).unwrap();
}

#[test]
fn a_code_serves_its_phone_purpose_and_five_minutes_in_this_order() {
    let mut world = registered();
    world.wait(MINUTE).run(&request(2, OtpPurpose::Register)).unwrap();
    let mismatch = Err(LogInRefusal::Otp(OtpRefusal::ChallengeMismatch));
    assert_eq!(world.run(&log_in(2, right())), mismatch);
    let other_phone = Register { phone_index: [8; 32], ..register(2, right()) };
    world.wait(5 * MINUTE);
    assert_eq!(world.run(&other_phone), Err(OtpRefusal::ChallengeMismatch));
    assert_eq!(world.run(&register(2, wrong(1))), Err(OtpRefusal::Expired), "not counted");
    assert_eq!(world.run(&register(2, right())), Err(OtpRefusal::Expired));
    world.put(Otp { state: OtpState::SendFailed, ..world.get(&otp(2)) });
    assert_eq!(world.run(&register(2, right())), Err(OtpRefusal::DeliveryFailed));
    world.put(Otp { state: OtpState::PhoneInvalid, ..world.get(&otp(2)) });
    assert_eq!(world.run(&register(2, right())), Err(OtpRefusal::PhoneInvalid));
    assert!(world.all::<Attempts>().is_empty());
}

#[test]
fn the_phone_leaves_the_challenge_with_the_message() {
    use OtpSendResult::{Accepted, Failed, PhoneInvalid};
    for (result, state) in [
        (Accepted, OtpState::Sent),
        (Failed, OtpState::SendFailed),
        (PhoneInvalid, OtpState::PhoneInvalid),
    ] {
        let mut world = World::new();
        world.run(&request(1, OtpPurpose::LogIn)).unwrap();
        world.run(&RecordOtpSent { otp: otp(1), result }).unwrap();
        let sent = world.get::<Otp>(&otp(1));
        assert_eq!((sent.state, sent.phone.len()), (state, 0));
        assert_eq!(world.job(JobKind::SendOtp, otp(1)), None);
        world.run(&RecordOtpSent { otp: otp(1), result: Failed }).unwrap();
        assert_eq!(world.get::<Otp>(&otp(1)).state, state, "a repeat changes nothing");
    }
}

#[test]
fn an_unclear_carrier_is_asked_again_until_the_code_is_old() {
    let mut world = World::new();
    world.run(&request(1, OtpPurpose::LogIn)).unwrap();
    let unknown = RecordOtpSent { otp: otp(1), result: OtpSendResult::Unknown };
    world.run(&unknown).unwrap();
    let job: Job = world.job(JobKind::SendOtp, otp(1)).unwrap();
    assert_eq!((job.attempts, job.due_at), (1, world.now().plus(3 * SECOND)));
    assert_eq!(world.get::<Otp>(&otp(1)).phone.len(), 3);
    world.wait(5 * MINUTE).run(&unknown).unwrap();
    assert_eq!(world.get::<Otp>(&otp(1)).state, OtpState::SendFailed);
    assert!(world.get::<Otp>(&otp(1)).phone.is_empty());
    assert_eq!(world.job(JobKind::SendOtp, otp(1)), None);
}

#[test]
fn a_session_ends_by_log_out_of_its_user_only() {
    let mut world = registered();
    let user = world.all::<User>().remove(0).id;
    let stranger = UserId::from_bytes([9; 16]);
    world.run(&LogOut { user: stranger, token_hash: [1; 32] }).unwrap();
    assert_eq!(world.all::<Session>().len(), 1);
    for _ in 0..2 {
        world.run(&LogOut { user, token_hash: [1; 32] }).unwrap();
        assert!(world.all::<Session>().is_empty());
    }
}

#[test]
fn a_session_idles_thirty_days_and_lives_half_a_year() {
    let mut world = registered();
    let user = world.all::<User>().remove(0);
    let touch = TouchSession { user: user.id, token_hash: [1; 32] };
    let rules = world.rules().clone();
    let start = world.now();
    world.wait(DAY - 1).run(&touch).unwrap();
    assert_eq!(world.get::<Session>(&[1; 32]).seen_at, start, "at most once a day");
    for _ in 0..6 {
        world.wait(29 * DAY).run(&touch).unwrap();
        assert_eq!(world.get::<Session>(&[1; 32]).seen_at, world.now());
    }
    let session = world.get::<Session>(&[1; 32]);
    assert!(session.is_live(&user, start.plus(180 * DAY - 1), &rules));
    assert!(!session.is_live(&user, start.plus(180 * DAY), &rules));

    let idle = Session { seen_at: start, ..session.clone() };
    assert!(idle.is_live(&user, start.plus(30 * DAY - 1), &rules));
    assert!(!idle.is_live(&user, start.plus(30 * DAY), &rules));
    let ended = User { session_epoch: 1, ..user };
    assert!(!session.is_live(&ended, session.seen_at, &rules));
    world.wait(DAY).put(ended);
    world.run(&touch).unwrap();
    assert_eq!(world.get::<Session>(&[1; 32]), session, "an ended session stays ended");
}

#[test]
fn a_session_of_nobody_is_a_defect_and_of_no_row_is_nothing() {
    let mut world = registered();
    let user = world.all::<User>().remove(0).id;
    world.run(&TouchSession { user, token_hash: [99; 32] }).unwrap();
    let nobody = TouchSession { user: UserId::from_bytes([9; 16]), token_hash: [1; 32] };
    assert!(matches!(world.decide(&nobody), Err(Stop::Defect(_))));
}
