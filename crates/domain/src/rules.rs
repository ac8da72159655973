//! The figures that rules use, as configuration: every one has a key, a default, a range and a
//! sentence. The limits of banks are figures too; they live in a table of their own.

use crate::calendar::WorkingDays;
use crate::card::BankLimits;
use crate::ledger::SystemAccounts;

/// One figure's key, default, range and meaning.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The configuration key.
    pub key: &'static str,
    /// The default.
    pub default: i64,
    /// The smallest value that makes sense.
    pub min: i64,
    /// The largest value that makes sense.
    pub max: i64,
    /// What it means, with its unit.
    pub doc: &'static str,
}

impl Figure {
    /// Whether the figure may have this value.
    pub fn allows(&self, value: i64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

/// The largest sum of money, in fen.
pub(crate) const FEN: i64 = kernel::Amount::MAX_MINOR;
/// Large enough for any count that is compared with a row's counter.
const MANY: i64 = 1_000_000;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
/// Ten years: longer than anything here lives.
const LONG_S: i64 = 3_653 * DAY_S;

macro_rules! figures {
    ($($field:ident, $key:literal = $default:literal, $min:tt ..= $max:tt, $doc:literal;)+) => {
        /// An immutable snapshot of the configuration.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Rules {
            /// The operator's own accounts.
            pub system: SystemAccounts,
            /// Which days banks work.
            pub working_days: WorkingDays,
            /// What banks let a card pay.
            pub bank_limits: BankLimits,
            $(#[doc = $doc] pub $field: i64,)+
        }

        impl Default for Rules {
            fn default() -> Self {
                Self {
                    system: SystemAccounts::default(),
                    working_days: WorkingDays::mainland(),
                    bank_limits: BankLimits::default(),
                    $($field: $default,)+
                }
            }
        }

        const FIGURES: &[Figure] = &[$(
            Figure { key: $key, default: $default, min: $min, max: $max, doc: $doc },
        )+];

        impl Rules {
            /// Reads a figure by its key.
            pub fn figure(&self, key: &str) -> Option<i64> {
                match key {
                    $($key => Some(self.$field),)+
                    _ => self.bank_limits.figure(key),
                }
            }

            /// Sets a figure by its key; `false` when there is no such key. The range is for the
            /// caller to check.
            pub fn set_figure(&mut self, key: &str, value: i64) -> bool {
                match key {
                    $($key => self.$field = value,)+
                    _ => return self.bank_limits.set_figure(key, value),
                }
                true
            }
        }
    };
}

/// Pairs of figures of which the first may not be above the second.
const ORDERED: &[[&str; 2]] = &[
    ["age.wallet", "age.own_consent"],
    ["identity.class2_channels", "identity.class3_channels"],
    ["order.ttl_min_s", "order.ttl_s"],
    ["order.ttl_s", "order.ttl_max_s"],
    ["merchant_transfer.single_min", "merchant_transfer.single_max"],
    ["merchant_transfer.single_max", "merchant_transfer.payee_day"],
    ["merchant_transfer.payee_day", "merchant_transfer.merchant_day"],
    ["merchant_transfer.name_min", "merchant_transfer.name_must"],
    ["bank.query_s", "bank.query_max_s"],
    ["paycode.prefix_first", "paycode.prefix_last"],
    ["paycode.refresh_s", "paycode.ttl_s"],
    ["session.idle_s", "session.absolute_s"],
];

impl Rules {
    /// Every figure: those of the rules, then the limits of the banks.
    pub fn figures() -> impl Iterator<Item = &'static Figure> {
        FIGURES.iter().chain(BankLimits::FIGURES)
    }

    /// Two keys whose figures contradict each other: the first may not be above the second.
    pub fn contradiction(&self) -> Option<[&'static str; 2]> {
        ORDERED.iter().copied().find(|[low, high]| self.figure(low) > self.figure(high))
    }
}

figures! {
    class1_lifetime_minor, "limit.balance.class1.lifetime" = 100_000, 0..=FEN,
        "Balance payments of a class I identity, lifetime, in fen; 0 for no limit.";
    class2_year_minor, "limit.balance.class2.year" = 10_000_000, 0..=FEN,
        "Balance payments of a class II identity, calendar year, in fen; 0 for no limit.";
    class3_year_minor, "limit.balance.class3.year" = 20_000_000, 0..=FEN,
        "Balance payments of a class III identity, calendar year, in fen; 0 for no limit.";
    verify_one_day_minor, "limit.verify.one.day" = 100_000, 0..=FEN,
        "Balance payments a day with fewer than two factors, in fen; 0 for no limit.";
    verify_two_day_minor, "limit.verify.two.day" = 500_000, 0..=FEN,
        "Balance payments a day with two factors, in fen; 0 for no limit.";
    withdraw_fee_bp, "withdraw.fee_bp" = 10, 0..=10_000,
        "Withdrawal fee, in basis points of the chargeable part.";
    withdraw_fee_min_minor, "withdraw.fee_min" = 10, 0..=1_000_000,
        "Smallest withdrawal fee when any part is chargeable, in fen.";
    withdraw_free_lifetime_minor, "withdraw.free_lifetime" = 100_000, 0..=FEN,
        "Withdrawn without fee per identity, lifetime, in fen.";
    withdraw_dust_free_minor, "withdraw.dust_free" = 10, 0..=1_000_000,
        "A whole balance up to this leaves without fee, in fen.";
    withdraw_single_max_minor, "withdraw.single.max" = 5_000_000, 1..=FEN,
        "Largest single withdrawal, in fen.";
    withdraw_day_max_minor, "withdraw.day.max" = 10_000_000, 1..=FEN,
        "Withdrawals a day per identity, in fen.";
    withdraw_count_day, "withdraw.count_day" = 3, 1..=MANY, "Withdrawals a day per identity.";
    withdraw_arrival_days, "withdraw.arrival_days" = 3, 1..=3,
        "Working days within which a withdrawal arrives; people are told at most three.";
    withdraw_delay_told_s, "withdraw.delay_told_s" = 7_200, 60..=DAY_S,
        "After this an open withdrawal's holder is told that the bank takes its time, in seconds.";
    withdraw_overdue_s, "withdraw.overdue_s" = 1_209_600, DAY_S..=LONG_S,
        "When a withdrawal is overdue whose working days could not be counted, in seconds.";
    topup_single_max_minor, "topup.single.max" = 5_000_000, 1..=FEN,
        "Largest single top-up, in fen.";
    topup_day_max_minor, "topup.day.max" = 20_000_000, 1..=FEN,
        "Top-ups a day per identity, in fen.";
    topup_send_s, "topup.send_s" = 86_400, 60..=LONG_S,
        "How long a top-up that the bank never saw may still be sent to it, in seconds.";
    topup_delay_told_s, "topup.delay_told_s" = 60, 1..=DAY_S,
        "After this an open top-up's owner is told not to pay again, in seconds.";
    balance_cap_minor, "balance.cap" = 0, 0..=FEN,
        "Largest balance of a wallet, in fen; 0 for none.";
    card_count_max, "card.count" = 10, 1..=MANY, "Cards bound to one wallet.";
    card_wallets_max, "card.wallets" = 3, 1..=MANY, "Wallets one card is bound to.";
    card_hard_declines_max, "card.hard_declines" = 3, 1..=MANY,
        "Hard declines in a row that suspend a card.";
    card_issuer_s, "card.issuer_s" = 300, 10..=DAY_S,
        "How long an issuer is asked about a card before it counts as unavailable, in seconds.";
    binding_ttl_s, "card.binding_ttl_s" = 900, 60..=DAY_S,
        "Life of an unfinished card binding, in seconds.";
    binding_code_tries, "card.code_tries" = 5, 1..=MANY, "Wrong bank codes per binding.";
    binding_fails_card, "card.fails_card" = 5, 1..=MANY,
        "Failed bindings per card in 24 hours.";
    binding_fails_user, "card.fails_user" = 10, 1..=MANY,
        "Failed bindings per wallet in 24 hours.";
    binding_block_s, "card.block_s" = 86_400, 1..=LONG_S,
        "How long a card or wallet with that many waits for its next binding, in seconds.";
    otp_ttl_s, "otp.ttl_s" = 300, 30..=DAY_S, "Life of a one-time password, in seconds.";
    otp_resend_s, "otp.resend_s" = 60, 0..=DAY_S,
        "Wait between two one-time passwords, in seconds.";
    otp_hour_max, "otp.hour_max" = 5, 1..=MANY,
        "One-time passwords per phone and purpose in an hour.";
    otp_day_max, "otp.day_max" = 10, 1..=MANY, "One-time passwords per phone in a day.";
    otp_tries, "otp.tries" = 5, 1..=1_000, "Wrong tries of a one-time password.";
    otp_voids_hour, "otp.voids_hour" = 3, 1..=1_000,
        "One-time passwords of a phone and purpose guessed to the end in an hour before a block.";
    otp_block_s, "otp.block_s" = 86_400, 1..=LONG_S, "Length of that block, in seconds.";
    password_tries, "payment_password.tries" = 5, 1..=1_000,
        "Wrong payment passwords in a row before a lock.";
    password_lock_s, "payment_password.lock_s" = 10_800, 1..=LONG_S,
        "Length of a temporary lock of the payment password, in seconds.";
    password_locks_hard, "payment_password.locks_hard" = 3, 0..=1_000,
        "Temporary locks within 24 hours that make the lock a hard one; 0 for never.";
    password_reset_tries, "payment_password.reset_tries" = 3, 1..=1_000,
        "Failed proofs of identity in 24 hours before resetting the password is blocked.";
    password_reset_block_s, "payment_password.reset_block_s" = 86_400, 1..=LONG_S,
        "Length of that block, in seconds.";
    password_reset_cap_minor, "payment_password.reset_cap_day" = 100_000, 1..=FEN,
        "Withdrawals a day while the payment password was reset a short time ago, in fen.";
    password_reset_cap_s, "payment_password.reset_cap_s" = 86_400, 0..=LONG_S,
        "How long that cap holds after a reset, in seconds.";
    identity_fails_day, "identity.fails_day" = 5, 1..=1_000,
        "Rejected verifications per wallet in 24 hours.";
    identity_block_s, "identity.block_s" = 86_400, 1..=LONG_S,
        "How long a wallet with that many waits for its next verification, in seconds.";
    identity_wallets_max, "identity.wallets" = 5, 1..=MANY, "Wallets per identity.";
    class2_channels, "identity.class2_channels" = 3, 2..=5,
        "Independent verification channels that make an identity class II.";
    class3_channels, "identity.class3_channels" = 5, 2..=5,
        "Independent verification channels that make an identity class III.";
    wallet_age, "age.wallet" = 8, 0..=150, "Below this age nobody has a wallet, in years.";
    own_consent_age, "age.own_consent" = 16, 0..=150,
        "From this age a wallet needs no guardian's consent, in years.";
    session_idle_s, "session.idle_s" = 2_592_000, 60..=LONG_S,
        "Idle life of a session, in seconds.";
    session_absolute_s, "session.absolute_s" = 15_552_000, 60..=LONG_S,
        "Absolute life of a session, in seconds.";
    order_ttl_s, "order.ttl_s" = 604_800, 1..=LONG_S,
        "Life of an order without time_expire, in seconds.";
    order_ttl_min_s, "order.ttl_min_s" = 60, 1..=LONG_S, "Shortest time_expire ahead, in seconds.";
    order_ttl_max_s, "order.ttl_max_s" = 7_776_000, 1..=LONG_S,
        "Longest time_expire ahead, in seconds.";
    prepay_ttl_s, "order.prepay_ttl_s" = 7_200, 60..=LONG_S,
        "Life of a prepay id and code_url, in seconds.";
    code_prefix_first, "paycode.prefix_first" = 10, 10..=99,
        "Smallest prefix of a payment code; tills tell networks apart by it.";
    code_prefix_last, "paycode.prefix_last" = 15, 10..=99, "Largest prefix of a payment code.";
    code_refresh_s, "paycode.refresh_s" = 60, 5..=HOUR_S,
        "When a device shows another payment code, in seconds.";
    code_ttl_s, "paycode.ttl_s" = 90, 5..=HOUR_S,
        "How long a payment code is taken after it was made, in seconds.";
    code_free_max_minor, "paycode.free_max" = 100_000, 0..=FEN,
        "Largest payment by code without the payment password, in fen.";
    code_free_count_day, "paycode.free_count_day" = 10, 0..=MANY,
        "Payments by code a day without the payment password, per identity.";
    barcode_b_day_minor, "limit.barcode.dynamic_b.day" = 500_000, 0..=FEN,
        "Payments by code a day when one is confirmed with the password, in fen; 0 for no limit.";
    barcode_c_day_minor, "limit.barcode.dynamic_c.day" = 100_000, 0..=FEN,
        "Payments by code a day when one goes without the password, in fen; 0 for no limit.";
    code_confirm_s, "paycode.confirm_s" = 45, 5..=HOUR_S,
        "How long a payment by code waits for its payer's password, in seconds.";
    code_reverse_wait_s, "paycode.reverse_wait_s" = 15, 0..=HOUR_S,
        "Wait between a payment by code and its reversal, in seconds.";
    code_reverse_window_s, "paycode.reverse_window_s" = 604_800, 60..=LONG_S,
        "How long after a payment by code it can be reversed, in seconds.";
    code_unknown_minute, "paycode.unknown_minute" = 20, 1..=MANY,
        "Payment codes that nobody showed, presented in a minute, before a merchant must wait.";
    refund_window_s, "refund.window_s" = 31_536_000, 1..=LONG_S,
        "How long after payment an order can be refunded, in seconds.";
    refund_count_max, "refund.count" = 50, 1..=MANY, "Refunds per order.";
    refund_spacing_s, "refund.spacing_s" = 60, 0..=DAY_S,
        "Wait between two refunds of one order, in seconds.";
    refund_abnormal_s, "refund.abnormal_s" = 604_800, 60..=LONG_S,
        "How long a refund waits that a card did not take, or whose bank never saw it, in seconds.";
    card_payment_send_s, "card_payment.send_s" = 600, 60..=DAY_S,
        "How long a card payment that the bank never saw may still be sent to it, in seconds.";
    profit_delay_s, "profit_sharing.delay_s" = 60, 0..=DAY_S,
        "Wait after a payment before its money can be shared or unfrozen, in seconds.";
    profit_finish_s, "profit_sharing.finish_s" = 1, 0..=DAY_S,
        "After this, an accepted request of sharing moves the money, in seconds.";
    profit_orders_max, "profit_sharing.orders" = 20, 1..=MANY,
        "How often the money of one order can be shared or unfrozen.";
    profit_max_bp, "profit_sharing.max_bp" = 10_000, 0..=10_000,
        "Largest part of a sub-merchant's order that receivers get, in hundredths of a percent.";
    profit_release_s, "profit_sharing.release_s" = 2_592_000, 60..=LONG_S,
        "After this, what of an order nobody shared is the merchant's, in seconds.";
    profit_return_s, "profit_sharing.return_s" = 15_552_000, 60..=LONG_S,
        "How long after sharing a receiver can give money back, in seconds.";
    profit_returns_max, "profit_sharing.returns" = 50, 1..=MANY,
        "How often shares of one request can be given back.";
    transfer_single_min_minor, "merchant_transfer.single_min" = 10, 1..=FEN,
        "Smallest amount that a merchant sends to a person, in fen.";
    transfer_single_max_minor, "merchant_transfer.single_max" = 20_000, 1..=FEN,
        "Largest amount that a merchant sends to a person at once, in fen.";
    transfer_payee_day_minor, "merchant_transfer.payee_day" = 20_000, 1..=FEN,
        "What one merchant sends to one person a day, in fen.";
    transfer_payee_count_day, "merchant_transfer.payee_count_day" = 10, 1..=MANY,
        "How often one merchant sends to one person a day.";
    transfer_merchant_day_minor, "merchant_transfer.merchant_day" = 10_000_000, 1..=FEN,
        "What one merchant sends to people a day, in fen.";
    transfer_name_min_minor, "merchant_transfer.name_min" = 30, 1..=FEN,
        "Below this a transfer names no payee to be checked, in fen.";
    transfer_name_must_minor, "merchant_transfer.name_must" = 200_000, 1..=FEN,
        "From this on a transfer must name its payee, in fen.";
    transfer_ttl_s, "merchant_transfer.ttl_s" = 86_400, 60..=LONG_S,
        "How long a person has to take what a merchant sent, in seconds.";
    batch_approval_s, "merchant_transfer.batch_approval_s" = 86_400, 60..=LONG_S,
        "How long a merchant's staff has to approve a batch, in seconds.";
    complaint_window_s, "complaint.window_s" = 15_552_000, 1..=LONG_S,
        "How long after payment a payer can complain, in seconds.";
    complaint_picture_s, "complaint.picture_s" = 86_400, 60..=LONG_S,
        "How long a payer's picture that no complaint shows is kept, in seconds.";
    bill_ready_s, "bill.ready_s" = 32_400, 0..=DAY_S,
        "When after midnight the merchants' bills of the day before are given, in seconds.";
    bill_days, "bill.days" = 93, 1..=3_653,
        "How many days back merchants' bills are given.";
    bank_query_s, "bank.query_s" = 10, 1..=DAY_S,
        "Wait before the bank is asked again about an unknown answer, in seconds.";
    bank_query_max_s, "bank.query_max_s" = 1_800, 1..=DAY_S,
        "Longest wait between two questions to the bank, in seconds.";
    lease_s, "worker.lease_s" = 30, 20..=HOUR_S,
        "Life of a worker's lease on its slots, in seconds.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_figure_has_its_own_key_a_default_in_range_and_a_sentence() {
        let keys: HashSet<&str> = Rules::figures().map(|figure| figure.key).collect();
        assert_eq!(keys.len(), Rules::figures().count());
        for figure in Rules::figures() {
            let key = figure.key;
            assert!(figure.allows(figure.default), "{key}");
            assert!(figure.min >= 0 && figure.min < figure.max, "{key}");
            assert!(!figure.allows(figure.min - 1) && !figure.allows(figure.max + 1), "{key}");
            assert!(figure.doc.ends_with('.'), "{key}");
            let says_seconds = figure.doc.contains("in seconds.");
            assert_eq!(key.ends_with("_s"), says_seconds, "the key of {key} tells its unit");
        }
    }

    #[test]
    fn a_figure_is_read_as_it_was_set_and_nothing_else_changes() {
        for figure in Rules::figures() {
            let mut rules = Rules::default();
            assert_eq!(rules.figure(figure.key), Some(figure.default), "{}", figure.key);
            assert!(rules.set_figure(figure.key, -7));
            assert_eq!(rules.figure(figure.key), Some(-7), "{}", figure.key);
            assert!(rules.set_figure(figure.key, figure.default));
            assert_eq!(rules, Rules::default(), "{}", figure.key);
        }
        assert_eq!(Rules::default().figure("withdraw.fee_pb"), None);
        assert!(!Rules::default().set_figure("bank_limit.icbc", 1));
    }

    #[test]
    fn figures_that_contradict_each_other_are_found() {
        assert_eq!(Rules::default().contradiction(), None);
        for pair in ORDERED {
            let mut rules = Rules::default();
            let high = rules.figure(pair[1]).unwrap();
            assert!(rules.set_figure(pair[0], high + 1), "{pair:?}");
            assert!(rules.contradiction().is_some(), "{pair:?}");
        }
        let rules = Rules { own_consent_age: 7, ..Rules::default() };
        assert_eq!(rules.contradiction(), Some(["age.wallet", "age.own_consent"]));
    }
}
