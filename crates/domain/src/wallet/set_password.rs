//! The payment password is set, or changed by who knows the old one. Whether the new one is easy to
//! guess was looked at where the digits were read; here they are tags. It is told only to who knows
//! the old one: otherwise a stolen session could try birthdays and ends of numbers, uncounted.

use super::password::{
    PasswordRefusal, PasswordTry, PaymentPassword, check_password, password_keys,
};
use super::wallet_row::{Wallet, WalletState};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{UserId, WalletId};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::weak_password::WeakReason;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug)]
pub struct SetPaymentPassword {
    /// The user.
    pub user: UserId,
    /// Their wallet.
    pub wallet: WalletId,
    /// The old password, when one is set.
    pub old: Option<PasswordTry>,
    /// The new password under every live version of the key, the newest first.
    pub new: PasswordTry,
    /// What makes the new one easy to guess.
    pub weak: Option<WeakReason>,
    /// The caller's key.
    pub once: Once,
}

/// The password is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPasswordSet {
    /// The wallet.
    pub wallet: WalletId,
    /// Where it stands now.
    pub state: WalletState,
}

/// Why the password stays as it is, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetPaymentPasswordRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet is frozen.
    Frozen,
    /// The wallet is closing or closed.
    Closed,
    /// One is set, and the old one was not given.
    OldRequired,
    /// The old one was not accepted.
    Old(PasswordRefusal),
    /// The new one is easy to guess.
    Weak(WeakReason),
    /// The new one is the old one or one of the last three before it.
    Reused,
}

impl Refusal for SetPaymentPasswordRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::Frozen => Code::AccountFrozen,
            Self::Closed => Code::AccountStatusAbnormal,
            Self::OldRequired => Code::ParamInvalid,
            Self::Old(refusal) => refusal.code(),
            Self::Weak(_) => Code::PayPasswordTooWeak,
            Self::Reused => Code::PayPasswordReused,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Old(refusal) => refusal.params(),
            Self::WalletNotFound
            | Self::Frozen
            | Self::Closed
            | Self::OldRequired
            | Self::Weak(_)
            | Self::Reused => Params::default(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::OldRequired | Self::Old(PasswordRefusal::Wrong { .. }) => Some("/old_password"),
            Self::Weak(_) | Self::Reused => Some("/new_password"),
            Self::WalletNotFound | Self::Frozen | Self::Closed | Self::Old(_) => None,
        }
    }

    /// The digits are no part of the request's fingerprint, so whatever they decide is not kept.
    fn is_about_secret(&self) -> bool {
        matches!(self, Self::OldRequired | Self::Old(_) | Self::Weak(_) | Self::Reused)
    }
}

impl Command for SetPaymentPassword {
    type Done = PaymentPasswordSet;
    type Refusal = SetPaymentPasswordRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<PaymentPasswordSet, Stop<SetPaymentPasswordRefusal>> {
        let wallet_key = RowKey::of::<Wallet>(&self.wallet);
        tx.want(password_keys(self.wallet).into_iter().chain([wallet_key]))?;
        let wallet = tx
            .find::<Wallet>(&self.wallet)?
            .filter(|wallet| wallet.user == self.user)
            .ok_or(SetPaymentPasswordRefusal::WalletNotFound)?;
        match wallet.state {
            WalletState::Opening | WalletState::Active | WalletState::Restricted => {}
            WalletState::Frozen => return Err(SetPaymentPasswordRefusal::Frozen.into()),
            WalletState::Closing | WalletState::Closed => {
                return Err(SetPaymentPasswordRefusal::Closed.into());
            }
        }
        let before = tx.find::<PaymentPassword>(&self.wallet)?;
        match &self.old {
            Some(old) => {
                check_password(tx, self.wallet, old)?.map_err(SetPaymentPasswordRefusal::Old)?;
            }
            None if before.is_some() => return Err(SetPaymentPasswordRefusal::OldRequired.into()),
            None => {}
        }
        if let Some(reason) = self.weak {
            return Err(SetPaymentPasswordRefusal::Weak(reason).into());
        }
        if before.as_ref().is_some_and(|before| before.was(&self.new)) {
            return Err(SetPaymentPasswordRefusal::Reused.into());
        }
        let Some((version, tag)) = self.new.tags.first().copied() else {
            return Err(Stop::Defect("a new payment password has no tag".into()));
        };
        tx.put(PaymentPassword {
            wallet: self.wallet,
            tag,
            key_version: version.into(),
            reset_at: before.as_ref().and_then(|before| before.reset_at),
            earlier: before.map_or(Vec::new(), PaymentPassword::into_earlier),
            set_at: tx.now(),
        });
        let wallet = Wallet { has_password: true, ..wallet }.opened_if_complete();
        let done = PaymentPasswordSet { wallet: wallet.id, state: wallet.state };
        tx.put(wallet);
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::IdentityId;
    use crate::testing::{Person, World, id_bytes};
    use kernel::time::HOUR;

    const WALLET: WalletId = WalletId::from_bytes([5; 16]);
    const USER: UserId = UserId::from_bytes([6; 16]);

    fn digits(digits: u8) -> PasswordTry {
        PasswordTry { tags: vec![(1, [digits; 32])], last_try: [digits; 32] }
    }

    fn set(old: Option<u8>, new: u8) -> SetPaymentPassword {
        let (user, wallet, weak, once) = (USER, WALLET, None, Once::State);
        SetPaymentPassword { user, wallet, old: old.map(digits), new: digits(new), weak, once }
    }

    fn world_with(state: WalletState) -> World {
        let mut world = World::new();
        let owner = Person { user: USER, wallet: WALLET, ..Person::numbered(0) };
        let row = owner.wallet_row(1, world.now());
        world.put(Wallet { state, identity: None, has_password: false, cards: 0, ..row });
        world
    }

    #[test]
    fn the_first_password_is_set_and_opens_the_wallet_of_a_verified_person() {
        let mut world = world_with(WalletState::Opening);
        assert_eq!(world.run(&set(None, 1)).unwrap().state, WalletState::Opening);
        assert!(world.get::<Wallet>(&WALLET).has_password);

        let mut world = world_with(WalletState::Opening);
        let identity = Some(IdentityId::from_bytes(id_bytes(3)));
        world.put(Wallet { identity, ..world.get::<Wallet>(&WALLET) });
        assert_eq!(world.run(&set(None, 1)).unwrap().state, WalletState::Active);
    }

    #[test]
    fn a_wallet_of_another_or_blocked_is_refused_first() {
        let mut world = world_with(WalletState::Frozen);
        let foreign = SetPaymentPassword { user: UserId::from_bytes([9; 16]), ..set(None, 1) };
        assert_eq!(world.run(&foreign), Err(SetPaymentPasswordRefusal::WalletNotFound));
        assert_eq!(world.run(&set(None, 1)), Err(SetPaymentPasswordRefusal::Frozen));
        for state in [WalletState::Closing, WalletState::Closed] {
            let refused = world_with(state).run(&set(Some(1), 1));
            assert_eq!(refused, Err(SetPaymentPasswordRefusal::Closed));
        }
    }

    #[test]
    fn a_change_needs_the_old_password_and_counts_a_wrong_one() {
        let mut world = world_with(WalletState::Opening);
        let not_set = SetPaymentPasswordRefusal::Old(PasswordRefusal::NotSet);
        assert_eq!(world.run(&set(Some(1), 2)), Err(not_set));
        world.run(&set(None, 1)).unwrap();
        assert_eq!(world.run(&set(None, 2)), Err(SetPaymentPasswordRefusal::OldRequired));
        for left in (1..5).rev() {
            let refused = world.run(&set(Some(90 + left as u8), 1)).unwrap_err();
            let wrong = PasswordRefusal::Wrong { left };
            assert_eq!(refused, SetPaymentPasswordRefusal::Old(wrong), "before the reuse");
        }
        let until = world.now().plus(3 * HOUR);
        let locked = SetPaymentPasswordRefusal::Old(PasswordRefusal::Locked { until });
        assert_eq!(world.run(&set(Some(99), 2)), Err(locked));
        assert_eq!(world.run(&set(Some(1), 2)), Err(locked), "also the right one");
        world.wait(3 * HOUR);
        world.run(&set(Some(1), 2)).unwrap();
    }

    #[test]
    fn the_old_password_and_the_three_before_it_do_not_come_back() {
        let mut world = world_with(WalletState::Opening);
        world.run(&set(None, 1)).unwrap();
        for next in 2..=5 {
            world.run(&set(Some(next - 1), next)).unwrap();
        }
        for used in 2..=5 {
            let refused = world.run(&set(Some(5), used));
            assert_eq!(refused, Err(SetPaymentPasswordRefusal::Reused), "{used}");
        }
        world.run(&set(Some(5), 1)).unwrap();
        assert_eq!(world.get::<PaymentPassword>(&WALLET).earlier.len(), 3 * 33);
    }

    #[test]
    fn weakness_is_told_only_to_who_knows_the_old_password() {
        let mut world = world_with(WalletState::Opening);
        let weak = SetPaymentPasswordRefusal::Weak(WeakReason::Birthday);
        let try_weak = |old| SetPaymentPassword { weak: Some(WeakReason::Birthday), ..set(old, 9) };
        assert_eq!(world.run(&try_weak(None)), Err(weak));
        world.run(&set(None, 1)).unwrap();
        let required = SetPaymentPasswordRefusal::OldRequired;
        assert_eq!(world.run(&try_weak(None)), Err(required));
        let wrong = SetPaymentPasswordRefusal::Old(PasswordRefusal::Wrong { left: 4 });
        assert_eq!(world.run(&try_weak(Some(2))), Err(wrong));
        assert_eq!(world.run(&try_weak(Some(1))), Err(weak));
    }

    #[test]
    fn what_the_digits_decide_is_not_kept_under_the_key() {
        assert!(SetPaymentPasswordRefusal::Reused.is_about_secret());
        assert!(SetPaymentPasswordRefusal::Old(PasswordRefusal::NotSet).is_about_secret());
        assert!(!SetPaymentPasswordRefusal::Frozen.is_about_secret());
    }
}
