//! Wrong tries of a secret, counted across requests, processes and restarts.

use crate::{record, text_enum};
use kernel::Timestamp;
use kernel::time::{DAY, SECOND};

text_enum!(
    /// Which secret was tried.
    AttemptPurpose {
        /// A wallet's payment password.
        PaymentPassword = "PAYMENT_PASSWORD",
        /// A one-time password of a challenge.
        Otp = "OTP",
        /// Challenges of a phone and purpose that were guessed to death.
        OtpVoid = "OTP_VOID",
        /// Verifications of a wallet's holder that the authority rejected.
        Identity = "IDENTITY",
        /// Proofs of identity that did not let a payment password be reset.
        PasswordReset = "PASSWORD_RESET",
        /// The bank's code of a card binding.
        BankCode = "BANK_CODE",
        /// Payment codes that a merchant presented and nobody showed.
        PaymentCode = "PAYMENT_CODE",
    }
);

/// The tries of one secret. A mark: it survives the refusal that counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Whose secret: an id or a blind index in text.
    pub subject: String,
    /// Which secret.
    pub purpose: AttemptPurpose,
    /// Wrong tries in a row.
    pub failed: i64,
    /// Locked until then; a lock is over when its time is over, without a write.
    pub locked_until: Timestamp,
    /// Locks in the 24 hours since `first_lock_at`.
    pub locks: i64,
    /// When the first of these locks began; for what is counted per window, when the window began.
    pub first_lock_at: Timestamp,
    /// Keyed hash of request and secret of the last counted try: the same again counts once.
    pub last_try: [u8; 32],
}

record!(Attempts, "attempts", Mark, subject: String, purpose: AttemptPurpose);

/// Where a secret stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It may be tried.
    Open,
    /// It may be tried again from then.
    Until(Timestamp),
    /// It must be reset.
    Hard,
}

impl Attempts {
    /// No tries yet.
    pub fn none(subject: String, purpose: AttemptPurpose) -> Self {
        let (locked_until, first_lock_at) = (Timestamp::default(), Timestamp::default());
        Self {
            subject,
            purpose,
            failed: 0,
            locked_until,
            locks: 0,
            first_lock_at,
            last_try: [0; 32],
        }
    }

    /// Whether the secret may be tried now; `hard_locks` temporary locks within a day lock it for
    /// good (0: never).
    pub fn lock(&self, now: Timestamp, hard_locks: i64) -> Lock {
        if hard_locks > 0 && self.locks >= hard_locks {
            Lock::Hard
        } else if self.locked_until > now {
            Lock::Until(self.locked_until)
        } else {
            Lock::Open
        }
    }

    /// Whether this very try was counted before, so that its refusal is repeated without counting.
    pub fn is_counted(&self, last_try: &[u8; 32]) -> bool {
        self.last_try == *last_try && *last_try != [0; 32]
    }

    /// After a wrong try: one more, and from `allowed` on a lock of `lock_s` seconds.
    pub fn after_wrong(
        mut self,
        now: Timestamp,
        last_try: [u8; 32],
        allowed: i64,
        lock_s: i64,
    ) -> Self {
        if self.locked_until <= now && self.failed >= allowed {
            self.failed = 0;
        }
        self.failed += 1;
        self.last_try = last_try;
        if self.failed >= allowed {
            if now.since(self.first_lock_at) >= DAY {
                self.first_lock_at = now;
                self.locks = 0;
            }
            self.locks += 1;
            self.locked_until = now.plus(lock_s.saturating_mul(SECOND));
        }
        self
    }

    /// After a wrong try of something that is counted per `window` microseconds: one more in the
    /// window that the first of them opened, and from `allowed` on a lock of `lock_s` seconds.
    pub fn after_wrong_within(
        mut self,
        now: Timestamp,
        window: i64,
        allowed: i64,
        lock_s: i64,
    ) -> Self {
        if self.failed == 0 || now.since(self.first_lock_at) >= window {
            self.first_lock_at = now;
            self.failed = 0;
        }
        self.failed += 1;
        if self.failed >= allowed {
            self.failed = 0;
            self.locked_until = now.plus(lock_s.saturating_mul(SECOND));
        }
        self
    }

    /// After a right try; `None` when there is nothing to forget, so that nothing is written.
    pub fn after_right(self) -> Option<Self> {
        let clean = self.failed == 0 && self.locks == 0;
        (!clean).then(|| Self::none(self.subject, self.purpose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::time::HOUR;

    fn wrong(attempts: Attempts, now: Timestamp, tag: u8) -> Attempts {
        attempts.after_wrong(now, [tag; 32], 5, 10_800)
    }

    #[test]
    fn five_wrong_tries_lock_and_the_third_lock_in_a_day_is_hard() {
        let mut attempts = Attempts::none("wal_1".into(), AttemptPurpose::PaymentPassword);
        let mut now = Timestamp::from_seconds(1_800_000_000);
        for lock in 1..=3 {
            for tag in 1..=5 {
                assert_eq!(attempts.lock(now, 3), Lock::Open, "lock {lock} try {tag}");
                attempts = wrong(attempts, now, tag);
            }
            let until = now.plus(3 * HOUR);
            let expected = if lock < 3 { Lock::Until(until) } else { Lock::Hard };
            assert_eq!(attempts.lock(now, 3), expected);
            now = until;
        }
    }

    #[test]
    fn a_right_try_forgets_and_writes_nothing_when_there_is_nothing_to_forget() {
        let none = Attempts::none("wal_1".into(), AttemptPurpose::PaymentPassword);
        assert_eq!(none.clone().after_right(), None);
        let now = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(wrong(none.clone(), now, 1).after_right(), Some(none));
    }

    #[test]
    fn tries_lock_only_when_they_fall_into_one_window() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let mut attempts = Attempts::none("ver_1".into(), AttemptPurpose::Identity);
        for (after, locked) in [(0, false), (1, false), (HOUR, false), (HOUR, false), (HOUR, true)]
        {
            attempts = attempts.after_wrong_within(now.plus(after), HOUR, 3, 86_400);
            assert_eq!(attempts.lock(now.plus(HOUR), 0) != Lock::Open, locked, "{after}");
        }
        assert_eq!(attempts.lock(now.plus(HOUR + DAY), 0), Lock::Open);
    }

    #[test]
    fn a_resent_try_is_known() {
        let none = Attempts::none("wal_1".into(), AttemptPurpose::PaymentPassword);
        assert!(!none.is_counted(&[0; 32]));
        let tried = wrong(none, Timestamp::from_seconds(1_800_000_000), 7);
        assert!(tried.is_counted(&[7; 32]) && !tried.is_counted(&[8; 32]));
    }
}
