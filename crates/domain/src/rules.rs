//! The figures that rules use, as configuration: every one has a key, a default and a sentence.

use crate::calendar::WorkingDays;
use crate::ledger::SystemAccounts;

/// One figure's key, default and meaning.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The configuration key.
    pub key: &'static str,
    /// The default.
    pub default: i64,
    /// What it means, with its unit.
    pub doc: &'static str,
}

macro_rules! figures {
    ($($field:ident, $key:literal = $default:literal, $doc:literal;)+) => {
        /// An immutable snapshot of the configuration.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Rules {
            /// The operator's own accounts.
            pub system: SystemAccounts,
            /// Which days banks work.
            pub working_days: WorkingDays,
            $(#[doc = $doc] pub $field: i64,)+
        }

        impl Default for Rules {
            fn default() -> Self {
                Self {
                    system: SystemAccounts::default(),
                    working_days: WorkingDays::mainland(),
                    $($field: $default,)+
                }
            }
        }

        impl Rules {
            /// Every figure.
            pub const FIGURES: &'static [Figure] =
                &[$(Figure { key: $key, default: $default, doc: $doc },)+];

            /// Reads a figure by its key.
            pub fn figure(&self, key: &str) -> Option<i64> {
                match key {
                    $($key => Some(self.$field),)+
                    _ => None,
                }
            }

            /// Sets a figure by its key; `false` when there is no such key.
            pub fn set_figure(&mut self, key: &str, value: i64) -> bool {
                match key {
                    $($key => self.$field = value,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

figures! {
    class1_lifetime_minor, "limit.balance.class1.lifetime" = 100_000,
        "Balance payments of a class I identity, lifetime, in fen.";
    class2_year_minor, "limit.balance.class2.year" = 10_000_000,
        "Balance payments of a class II identity, calendar year, in fen.";
    class3_year_minor, "limit.balance.class3.year" = 20_000_000,
        "Balance payments of a class III identity, calendar year, in fen.";
    verify_one_day_minor, "limit.verify.one.day" = 100_000,
        "Balance payments a day with fewer than two factors, in fen.";
    verify_two_day_minor, "limit.verify.two.day" = 500_000,
        "Balance payments a day with two factors, in fen.";
    withdraw_fee_bp, "withdraw.fee_bp" = 10,
        "Withdrawal fee, in basis points of the chargeable part.";
    withdraw_fee_min_minor, "withdraw.fee_min" = 10,
        "Smallest withdrawal fee when any part is chargeable, in fen.";
    withdraw_free_lifetime_minor, "withdraw.free_lifetime" = 100_000,
        "Withdrawn without fee per identity, lifetime, in fen.";
    withdraw_dust_free_minor, "withdraw.dust_free" = 10,
        "A whole balance up to this leaves without fee, in fen.";
    withdraw_single_max_minor, "withdraw.single.max" = 5_000_000,
        "Largest single withdrawal, in fen.";
    withdraw_day_max_minor, "withdraw.day.max" = 10_000_000,
        "Withdrawals a day per identity, in fen.";
    withdraw_count_day, "withdraw.count_day" = 3, "Withdrawals a day per identity.";
    topup_single_max_minor, "topup.single.max" = 5_000_000, "Largest single top-up, in fen.";
    topup_day_max_minor, "topup.day.max" = 20_000_000, "Top-ups a day per identity, in fen.";
    balance_cap_minor, "balance.cap" = 0, "Largest balance of a wallet, in fen; 0 for none.";
    card_count_max, "card.count" = 10, "Cards bound to one wallet.";
    card_wallets_max, "card.wallets" = 3, "Wallets one card is bound to.";
    binding_ttl_s, "card.binding_ttl_s" = 900, "Life of an unfinished card binding, in seconds.";
    binding_code_tries, "card.code_tries" = 5, "Wrong bank codes per binding.";
    binding_fails_card, "card.fails_card" = 5, "Failed bindings per card in 24 hours.";
    binding_fails_user, "card.fails_user" = 10, "Failed bindings per wallet in 24 hours.";
    otp_ttl_s, "otp.ttl_s" = 300, "Life of a one-time password, in seconds.";
    otp_resend_s, "otp.resend_s" = 60, "Wait between two one-time passwords, in seconds.";
    otp_hour_max, "otp.hour_max" = 5, "One-time passwords per phone and purpose in an hour.";
    otp_day_max, "otp.day_max" = 10, "One-time passwords per phone in a day.";
    otp_tries, "otp.tries" = 5, "Wrong tries of a one-time password.";
    otp_voids_hour, "otp.voids_hour" = 3,
        "One-time passwords of a phone and purpose guessed to the end in an hour before a block.";
    otp_block_s, "otp.block_s" = 86_400, "Length of that block, in seconds.";
    password_tries, "payment_password.tries" = 5, "Wrong payment passwords in a row before a lock.";
    password_lock_s, "payment_password.lock_s" = 10_800,
        "Length of a temporary lock of the payment password, in seconds.";
    password_locks_hard, "payment_password.locks_hard" = 3,
        "Temporary locks within 24 hours that make the lock a hard one.";
    identity_fails_day, "identity.fails_day" = 5, "Rejected verifications per wallet in 24 hours.";
    identity_block_s, "identity.block_s" = 86_400,
        "How long a wallet with that many waits for its next verification, in seconds.";
    identity_wallets_max, "identity.wallets" = 5, "Wallets per identity.";
    session_idle_s, "session.idle_s" = 2_592_000, "Idle life of a session, in seconds.";
    session_absolute_s, "session.absolute_s" = 15_552_000,
        "Absolute life of a session, in seconds.";
    order_ttl_s, "order.ttl_s" = 604_800, "Life of an order without time_expire, in seconds.";
    order_ttl_min_s, "order.ttl_min_s" = 60, "Shortest time_expire ahead, in seconds.";
    order_ttl_max_s, "order.ttl_max_s" = 7_776_000, "Longest time_expire ahead, in seconds.";
    prepay_ttl_s, "order.prepay_ttl_s" = 7_200, "Life of a prepay id and code_url, in seconds.";
    refund_window_s, "refund.window_s" = 31_536_000,
        "How long after payment an order can be refunded, in seconds.";
    refund_count_max, "refund.count" = 50, "Refunds per order.";
    refund_spacing_s, "refund.spacing_s" = 60, "Wait between two refunds of one order, in seconds.";
    bank_query_s, "bank.query_s" = 10,
        "Wait before the bank is asked again about an unknown answer, in seconds.";
    bank_query_max_s, "bank.query_max_s" = 1_800,
        "Longest wait between two questions to the bank, in seconds.";
    lease_s, "worker.lease_s" = 30, "Life of a worker's lease on its slots, in seconds.";
}
