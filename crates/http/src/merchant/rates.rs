//! How often one merchant may call: a bucket for each merchant and family of calls, asked once the
//! signature holds, so that nobody uses up another one's calls, and before anything is read or run.
//! Two lower rates of refunds count what only the answer shows (`refund_rates`). Each process
//! counts for itself.

use crate::rate_limit::{Buckets, Rate};
use kernel::Timestamp;
use std::collections::HashMap;

/// Calls that share one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Placing orders, combined ones too.
    Orders,
    /// Asking for orders.
    OrderQueries,
    /// Ending orders that are not wanted any more.
    Closes,
    /// Charging payment codes.
    CodePayments,
    /// Refunds.
    Refunds,
    /// Those that are refused: counted once they are, and asked before the next one is served.
    FailedRefunds,
    /// Those of orders paid more than a month ago: counted once they are accepted.
    OldRefunds,
    /// Asking for refunds.
    RefundQueries,
    /// Sending money to a person.
    Transfers,
    /// Asking for transfers.
    TransferQueries,
    /// Taking transfers back.
    TransferCancels,
    /// Sending money to many people.
    TransferBatches,
    /// Asking for batches of transfers and their details.
    TransferBatchQueries,
    /// All about sharing an order's money, but for its bill.
    ProfitSharing,
    /// Bills and their files.
    Bills,
    /// Complaints and the address that is told of them.
    Complaints,
    /// Uploads and what was uploaded.
    Uploads,
    /// Everything else, calls that are not there included.
    Others,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Orders,
        Self::OrderQueries,
        Self::Closes,
        Self::CodePayments,
        Self::Refunds,
        Self::FailedRefunds,
        Self::OldRefunds,
        Self::RefundQueries,
        Self::Transfers,
        Self::TransferQueries,
        Self::TransferCancels,
        Self::TransferBatches,
        Self::TransferBatchQueries,
        Self::ProfitSharing,
        Self::Bills,
        Self::Complaints,
        Self::Uploads,
        Self::Others,
    ];

    /// The configuration's key of its rate.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Orders => "merchant_rate.orders",
            Self::OrderQueries => "merchant_rate.order_queries",
            Self::Closes => "merchant_rate.closes",
            Self::CodePayments => "merchant_rate.code_payments",
            Self::Refunds => "merchant_rate.refunds",
            Self::FailedRefunds => "merchant_rate.failed_refunds",
            Self::OldRefunds => "merchant_rate.old_refunds",
            Self::RefundQueries => "merchant_rate.refund_queries",
            Self::Transfers => "merchant_rate.transfers",
            Self::TransferQueries => "merchant_rate.transfer_queries",
            Self::TransferCancels => "merchant_rate.transfer_cancels",
            Self::TransferBatches => "merchant_rate.transfer_batches",
            Self::TransferBatchQueries => "merchant_rate.transfer_batch_queries",
            Self::ProfitSharing => "merchant_rate.profit_sharing",
            Self::Bills => "merchant_rate.bills",
            Self::Complaints => "merchant_rate.complaints",
            Self::Uploads => "merchant_rate.uploads",
            Self::Others => "merchant_rate.others",
        }
    }

    /// In how many seconds a merchant may make so many calls.
    const fn period_s(self) -> u32 {
        match self {
            Self::OldRefunds => 60,
            Self::Orders
            | Self::OrderQueries
            | Self::Closes
            | Self::CodePayments
            | Self::Refunds
            | Self::FailedRefunds
            | Self::RefundQueries
            | Self::Transfers
            | Self::TransferQueries
            | Self::TransferCancels
            | Self::TransferBatches
            | Self::TransferBatchQueries
            | Self::ProfitSharing
            | Self::Bills
            | Self::Complaints
            | Self::Uploads
            | Self::Others => 1,
        }
    }

    /// Calls a period unless the configuration says otherwise; as many may come at once. The
    /// protocol has figures for orders, code payments, refunds, transfers and queries of batches.
    /// The others are ours: far above what a shop needs, and low where a call costs much: a batch
    /// places a thousand transfers, a bill reads a day.
    pub const fn default_rate(self) -> u32 {
        match self {
            Self::Orders => 500,
            Self::OrderQueries => 500,
            Self::Closes => 500,
            Self::CodePayments => 33,
            Self::Refunds => 150,
            Self::FailedRefunds => 6,
            Self::OldRefunds => 5_000,
            Self::RefundQueries => 300,
            Self::Transfers => 100,
            Self::TransferQueries => 100,
            Self::TransferCancels => 100,
            Self::TransferBatches => 10,
            Self::TransferBatchQueries => 50,
            Self::ProfitSharing => 100,
            Self::Bills => 20,
            Self::Complaints => 50,
            Self::Uploads => 20,
            Self::Others => 50,
        }
    }

    /// What its rate is about.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Orders => "Orders placed a second, per merchant.",
            Self::OrderQueries => "Queries of orders a second, per merchant.",
            Self::Closes => "Orders closed and payments by code reversed a second, per merchant.",
            Self::CodePayments => "Payments by code a second, per merchant.",
            Self::Refunds => "Refunds asked for a second, per merchant.",
            Self::FailedRefunds => {
                "Refunds asked for in vain a second, per merchant; after so many the next one is \
                 not looked at."
            }
            Self::OldRefunds => {
                "Refunds a minute of orders that were paid more than 30 days ago, per merchant."
            }
            Self::RefundQueries => "Queries of refunds a second, per merchant.",
            Self::Transfers => "Transfers to people a second, per merchant.",
            Self::TransferQueries => "Queries of transfers a second, per merchant.",
            Self::TransferCancels => "Transfers cancelled a second, per merchant.",
            Self::TransferBatches => "Batches of transfers a second, per merchant.",
            Self::TransferBatchQueries => "Queries of batches of transfers a second, per merchant.",
            Self::ProfitSharing => "Calls of profit sharing a second, per merchant.",
            Self::Bills => "Bills and their downloads a second, per merchant.",
            Self::Complaints => "Calls about complaints a second, per merchant.",
            Self::Uploads => "Uploads and their downloads a second, per merchant.",
            Self::Others => "All other calls a second, per merchant.",
        }
    }
}

/// See the module. By default nobody is bounded. Each family has a lock of its own.
#[derive(Debug, Default)]
pub struct MerchantLimiter {
    bounded: HashMap<Family, (Rate, Buckets<String>)>,
}

impl MerchantLimiter {
    /// Lets so many calls of a family through each second (old refunds: each minute), and as many
    /// at once; 0 for no limit.
    pub fn new(calls: impl Fn(Family) -> u32) -> Self {
        let rate = |family: Family| match calls(family) {
            0 => None,
            calls => {
                let rate = Rate::every(family.period_s(), calls);
                Some((family, (rate, Buckets::default())))
            }
        };
        Self { bounded: Family::ALL.into_iter().filter_map(rate).collect() }
    }

    /// Takes a call of a merchant whose signature holds; `Err` with the seconds to wait when it is
    /// one too many. `now` is protocol time.
    pub(super) fn take(&self, mchid: &str, family: Family, now: Timestamp) -> Result<(), u32> {
        match self.bounded.get(&family) {
            Some((rate, buckets)) => buckets.take(mchid, *rate, now),
            None => Ok(()),
        }
    }

    /// The same before it is known whether the call counts to the family; nothing is taken.
    pub(super) fn check(&self, mchid: &str, family: Family, now: Timestamp) -> Result<(), u32> {
        match self.bounded.get(&family) {
            Some((rate, buckets)) => buckets.check(mchid, *rate, now),
            None => Ok(()),
        }
    }

    /// Counts a call that was checked, now that it is known to count.
    pub(super) fn charge(&self, mchid: &str, family: Family, now: Timestamp) {
        if let Some((rate, buckets)) = self.bounded.get(&family) {
            buckets.charge(mchid, *rate, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn each_merchant_has_a_bucket_for_each_family() {
        let limiter = MerchantLimiter::new(|family| u32::from(family != Family::Bills));
        let take = |mchid, family| limiter.take(mchid, family, NOW);
        assert_eq!(take("1900000001", Family::Orders), Ok(()));
        assert_eq!(take("1900000001", Family::Orders), Err(1));
        assert_eq!(take("1900000001", Family::Refunds), Ok(()));
        assert_eq!(take("1900000002", Family::Orders), Ok(()));
        for _ in 0..100 {
            assert_eq!(take("1900000001", Family::Bills), Ok(()), "0 is no limit");
        }
    }

    #[test]
    fn old_refunds_are_counted_by_the_minute() {
        let limiter = MerchantLimiter::new(|_| 2);
        for family in [Family::OldRefunds, Family::FailedRefunds] {
            limiter.charge("1900000001", family, NOW);
            assert_eq!(limiter.check("1900000001", family, NOW), Ok(()));
            limiter.charge("1900000001", family, NOW);
        }
        assert_eq!(limiter.check("1900000001", Family::OldRefunds, NOW), Err(30));
        assert_eq!(limiter.check("1900000001", Family::FailedRefunds, NOW), Err(1));
        assert_eq!(limiter.check("1900000002", Family::OldRefunds, NOW), Ok(()));
    }

    #[test]
    fn every_family_is_bounded_by_default_under_a_key_of_its_own() {
        let keys: HashSet<&str> = Family::ALL.iter().map(|family| family.key()).collect();
        assert_eq!(keys.len(), Family::ALL.len());
        assert!(Family::ALL.iter().all(|family| family.default_rate() > 0));
    }
}
