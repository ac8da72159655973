//! What a merchant has sent on a day: to one payee, and in all.

use crate::calendar::day_key;
use crate::command::Halt;
use crate::record;
use crate::record::RowKey;
use crate::rules::Rules;
use crate::tx::Tx;

/// The sums of one business day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferUsage {
    /// The merchant.
    pub mchid: String,
    /// The payee's openid; empty for all payees together.
    pub openid: String,
    /// The day, as yyyymmdd.
    pub day: i64,
    /// How many transfers.
    pub count: i64,
    /// How much, in fen.
    pub amount_minor: i64,
}

record!(TransferUsage, "transfer_usage", Kept, mchid: String, openid: String, day: i64);

/// A cap of the day that would be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferLimit {
    /// The payee would get too much.
    PayeeAmount,
    /// The payee would get too many.
    PayeeCount,
    /// The merchant would send too much.
    MerchantAmount,
}

impl TransferUsage {
    /// The rows that [`TransferUsage::add`] needs.
    pub(crate) fn keys(tx: &Tx<'_>, mchid: &str, openid: &str) -> [RowKey; 2] {
        let day = day_key(tx.now().business_date());
        let key = |openid: &str| (mchid.to_owned(), openid.to_owned(), day);
        [RowKey::of::<Self>(&key(openid)), RowKey::of::<Self>(&key(""))]
    }

    /// Counts a transfer, unless that breaks a cap. What fails later is not counted back.
    pub(crate) fn add(
        tx: &mut Tx<'_>,
        mchid: &str,
        openid: &str,
        minor: i64,
    ) -> Result<Result<(), TransferLimit>, Halt> {
        let all = Self::find(tx, mchid, "")?.plus(minor);
        if let Err(limit) = Self::add_payee(tx, mchid, openid, minor)? {
            return Ok(Err(limit));
        }
        Ok(all.put_all(tx))
    }

    /// Counts what goes to one payee.
    pub(crate) fn add_payee(
        tx: &mut Tx<'_>,
        mchid: &str,
        openid: &str,
        minor: i64,
    ) -> Result<Result<(), TransferLimit>, Halt> {
        let payee = Self::find(tx, mchid, openid)?.plus(minor);
        if let Err(limit) = payee.fits_payee(tx.rules()) {
            return Ok(Err(limit));
        }
        tx.put(payee);
        Ok(Ok(()))
    }

    /// Counts what a merchant sends to many payees at once.
    pub(crate) fn add_all(
        tx: &mut Tx<'_>,
        mchid: &str,
        minor: i64,
    ) -> Result<Result<(), TransferLimit>, Halt> {
        Ok(Self::find(tx, mchid, "")?.plus(minor).put_all(tx))
    }

    fn put_all(self, tx: &mut Tx<'_>) -> Result<(), TransferLimit> {
        if self.amount_minor > tx.rules().transfer_merchant_day_minor {
            return Err(TransferLimit::MerchantAmount);
        }
        tx.put(self);
        Ok(())
    }

    fn find(tx: &mut Tx<'_>, mchid: &str, openid: &str) -> Result<Self, Halt> {
        let day = day_key(tx.now().business_date());
        let (mchid, openid) = (mchid.to_owned(), openid.to_owned());
        let found = tx.find::<Self>(&(mchid.clone(), openid.clone(), day))?;
        Ok(found.unwrap_or(Self { mchid, openid, day, count: 0, amount_minor: 0 }))
    }

    fn plus(mut self, minor: i64) -> Self {
        self.count += 1;
        self.amount_minor = self.amount_minor.saturating_add(minor);
        self
    }

    fn fits_payee(&self, rules: &Rules) -> Result<(), TransferLimit> {
        if self.amount_minor > rules.transfer_payee_day_minor {
            return Err(TransferLimit::PayeeAmount);
        }
        if self.count > rules.transfer_payee_count_day {
            return Err(TransferLimit::PayeeCount);
        }
        Ok(())
    }
}
