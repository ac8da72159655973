//! A payment password that is locked for good is set anew by its holder, and by nobody else.

use super::*;
use crate::catalogue::Code;
use crate::command::{Once, Refusal};
use crate::ids::{DeviceId, IdentityId, OtpId, UserId, WalletId};
use crate::testing::{Person, World, id_bytes};
use crate::user::{OtpPurpose, OtpRefusal, OtpTry, RequestOtp, Session, User};
use crate::validate::weak_password::WeakReason;
use kernel::time::{DAY, HOUR, MINUTE};

const WALLET: WalletId = WalletId::from_bytes([5; 16]);
const USER: UserId = UserId::from_bytes([6; 16]);
const PERSON: IdentityId = IdentityId::from_bytes([7; 16]);
const PHONE: [u8; 32] = [8; 32];
const OWNER: Person = Person {
    user: USER,
    wallet: WALLET,
    identity: PERSON,
    index: PHONE,
    password: [1; 32],
    ..Person::numbered(0)
};

fn digits(digits: u8) -> PasswordTry {
    PasswordTry { tags: vec![(1, [digits; 32])], last_try: [digits; 32] }
}

fn session(token: u8) -> Session {
    let (device, at) = (DeviceId::from_bytes([1; 16]), kernel::Timestamp::default());
    Session { token_hash: [token; 32], device, ..OWNER.session_row(at) }
}

fn world() -> World {
    let mut world = World::new();
    let now = world.now();
    world.put(OWNER.user_row(now));
    world.put(session(1));
    world.put(session(2));
    world.put(OWNER.wallet_row(1, now));
    world.put(OWNER.password_row(now));
    world
}

fn ask(world: &mut World, otp: u64) {
    world.wait(2 * MINUTE);
    let (otp, purpose) = (OtpId::from_bytes(id_bytes(otp)), OtpPurpose::ResetPaymentPassword);
    world.run(&RequestOtp { otp, purpose, phone_index: PHONE, phone: vec![1] }).unwrap();
}

fn reset(otp: u64, new: u8) -> ResetPaymentPassword {
    ResetPaymentPassword {
        user: USER,
        wallet: WALLET,
        session: [1; 32],
        otp: OtpId::from_bytes(id_bytes(otp)),
        code: OtpTry { is_right: true, last_try: [9; 32] },
        person: IdentityTry { identity: Some(PERSON), is_right: true, last_try: [9; 32] },
        new: digits(new),
        weak: None,
        once: Once::State,
    }
}

fn by_other(otp: u64, tag: u8) -> ResetPaymentPassword {
    let person = IdentityTry { identity: Some(PERSON), is_right: false, last_try: [tag; 32] };
    ResetPaymentPassword { person, ..reset(otp, 2) }
}

#[test]
fn a_hard_lock_is_gone_after_a_reset_and_other_sessions_end() {
    let mut world = world();
    let (subject, purpose) = (WALLET.to_string(), AttemptPurpose::PaymentPassword);
    world.put(Attempts {
        failed: 5,
        locks: 3,
        first_lock_at: world.now(),
        locked_until: world.now().plus(3 * HOUR),
        ..Attempts::none(subject.clone(), purpose)
    });
    ask(&mut world, 1);
    let done = world.run(&reset(1, 2)).unwrap();
    assert_eq!(done.capped_until, world.now().plus(DAY));
    let password = world.get::<PaymentPassword>(&WALLET);
    assert!(password.is(&digits(2)) && password.was(&digits(1)));
    assert_eq!(password.reset_at, Some(world.now()));
    assert_eq!(
        world.get::<Attempts>(&(subject.clone(), purpose)),
        Attempts::none(subject, purpose)
    );
    let user = world.get::<User>(&USER);
    assert_eq!(user.session_epoch, world.get::<Session>(&[1; 32]).epoch);
    assert_ne!(user.session_epoch, world.get::<Session>(&[2; 32]).epoch);
    let again = world.run(&reset(1, 3));
    let used = ResetPaymentPasswordRefusal::Otp(OtpRefusal::Used);
    assert_eq!(again, Err(used), "a code is used once");
}

#[test]
fn three_failed_proofs_of_a_day_block_and_a_resent_one_counts_once() {
    let mut world = world();
    ask(&mut world, 1);
    for tag in [1, 1, 2] {
        let failed = ResetPaymentPasswordRefusal::IdentityFailed;
        assert_eq!(world.run(&by_other(1, tag)), Err(failed));
    }
    let until = world.now().plus(DAY);
    let limit = ResetPaymentPasswordRefusal::Limit { until };
    assert_eq!(world.run(&by_other(1, 3)), Err(limit));
    assert_eq!(world.run(&reset(1, 2)), Err(limit), "also the holder");
    assert_eq!(limit.code(), Code::PasswordResetLimit);
    world.wait(DAY);
    ask(&mut world, 2);
    world.run(&reset(2, 2)).unwrap();
}

#[test]
fn a_wrong_code_is_counted_and_no_proof_is_looked_at() {
    let mut world = world();
    ask(&mut world, 1);
    let code = OtpTry { is_right: false, last_try: [3; 32] };
    let wrong = ResetPaymentPassword { code, ..by_other(1, 1) };
    let refused = ResetPaymentPasswordRefusal::Otp(OtpRefusal::Wrong { left: 4 });
    assert_eq!(world.run(&wrong), Err(refused));
    let failed = (WALLET.to_string(), AttemptPurpose::PasswordReset);
    assert_eq!(world.find::<Attempts>(&failed), None);
    let other = ResetPaymentPassword { otp: OtpId::from_bytes(id_bytes(77)), ..reset(1, 2) };
    let unknown = ResetPaymentPasswordRefusal::Otp(OtpRefusal::Used);
    assert_eq!(world.run(&other), Err(unknown));
}

#[test]
fn what_is_wrong_with_the_new_one_is_told_to_the_holder_only() {
    let mut world = world();
    ask(&mut world, 1);
    let weak = Some(WeakReason::Birthday);
    let failed = ResetPaymentPasswordRefusal::IdentityFailed;
    assert_eq!(world.run(&ResetPaymentPassword { weak, ..by_other(1, 1) }), Err(failed));
    let refused = ResetPaymentPasswordRefusal::Weak(WeakReason::Birthday);
    assert_eq!(world.run(&ResetPaymentPassword { weak, ..reset(1, 2) }), Err(refused));
    assert_eq!(world.run(&reset(1, 1)), Err(ResetPaymentPasswordRefusal::Reused));
    world.run(&reset(1, 2)).expect("the code was not used up");
}

#[test]
fn a_wallet_is_looked_at_before_anything_secret() {
    use ResetPaymentPasswordRefusal as R;
    let mut world = world();
    let wallet = world.get::<Wallet>(&WALLET);
    let foreign = ResetPaymentPassword { user: UserId::from_bytes([9; 16]), ..reset(1, 2) };
    assert_eq!(world.run(&foreign), Err(R::WalletNotFound));
    world.put(Wallet { identity: None, ..wallet.clone() });
    assert_eq!(world.run(&reset(1, 2)), Err(R::IdentityRequired));
    world.put(Wallet { state: WalletState::Closing, ..wallet.clone() });
    assert_eq!(world.run(&reset(1, 2)), Err(R::Closed));
    let frozen = |by| Wallet { state: WalletState::Frozen, freeze: Some(by), ..wallet.clone() };
    world.put(frozen(FreezeKind::Judicial));
    assert_eq!(world.run(&reset(1, 2)), Err(R::Frozen));
    world.put(frozen(FreezeKind::User));
    ask(&mut world, 1);
    world.run(&reset(1, 2)).expect("who froze the wallet needs the password to lift that");
}
