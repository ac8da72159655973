//! What a payer does about complaints on one business day: pictures are large, and of each word a
//! merchant is told, so a day has a bounded number of both.

use crate::calendar::day_from;
use crate::catalogue::{Param, Params};
use crate::command::Halt;
use crate::ids::UserId;
use crate::record;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::DAY;

/// Most pictures that a person keeps on a business day.
pub const PICTURES_A_DAY: i64 = 20;
/// How often a person complains or says something about complaints on a business day. Who ends a
/// complaint may always say so.
pub const WORDS_A_DAY: i64 = 50;

/// What a person did on one business day. A day that is over counts as zero without a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplaintUsage {
    /// The person.
    pub user: UserId,
    /// When that day began.
    pub day_from: Timestamp,
    /// Pictures kept that day.
    pub pictures: i64,
    /// How often the person complained or said something that day.
    pub words: i64,
}

record!(ComplaintUsage, "complaint_usage", Kept, user: UserId);

impl ComplaintUsage {
    /// Counts one picture more; where the day has no more, tells when the next one begins.
    pub(super) fn count_picture(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Timestamp>, Halt> {
        Self::count(tx, user, PICTURES_A_DAY, |usage| &mut usage.pictures)
    }

    /// Counts one word more; where the day has no more, tells when the next one begins.
    pub(super) fn count_word(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Timestamp>, Halt> {
        Self::count(tx, user, WORDS_A_DAY, |usage| &mut usage.words)
    }

    fn count(
        tx: &mut Tx<'_>,
        user: UserId,
        most: i64,
        which: impl Fn(&mut Self) -> &mut i64,
    ) -> Result<Option<Timestamp>, Halt> {
        let today = day_from(tx.now());
        let usage = tx.find::<Self>(&user)?.filter(|usage| usage.day_from == today);
        let nothing = Self { user, day_from: today, pictures: 0, words: 0 };
        let mut usage = usage.unwrap_or(nothing);
        let count = which(&mut usage);
        if *count >= most {
            return Ok(Some(today.plus(DAY)));
        }
        *count += 1;
        tx.put(usage);
        Ok(None)
    }
}

/// What a text says of one who has to wait.
pub(super) fn wait_until(until: Timestamp) -> Params {
    Params(vec![("time", Param::Time(until.micros()))])
}
