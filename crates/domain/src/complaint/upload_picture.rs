//! A payer keeps a picture that a complaint is to show. Pictures are large, so a day has few, and
//! one that no complaint shows in time is forgotten.

use super::{Media, MediaKind, forget_picture};
use crate::calendar::day_from;
use crate::catalogue::{Code, Param, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::record;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::DAY;

/// Most pictures that a person keeps on a business day.
pub const PICTURES_A_DAY: i64 = 20;

/// How many pictures a person kept on one business day. A day that is over counts as zero without a
/// write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureUsage {
    /// The person.
    pub user: UserId,
    /// When that day began.
    pub day_from: Timestamp,
    /// Pictures kept that day.
    pub pictures: i64,
}

record!(PictureUsage, "picture_usage", Kept, user: UserId);

/// See the module. One that is there stays as it is and costs nothing; its time begins anew.
#[derive(Clone, Debug)]
pub struct UploadPicture {
    /// The person.
    pub user: UserId,
    /// Its id.
    pub media_id: String,
    /// Its type, as a web server names it.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Why it was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadPictureRefusal {
    /// The person kept too many today.
    TooMany {
        /// From when on another one is taken.
        until: Timestamp,
    },
}

impl Refusal for UploadPictureRefusal {
    fn code(&self) -> Code {
        match self {
            Self::TooMany { .. } => Code::FrequencyLimitExceeded,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooMany { until } => Params(vec![("time", Param::Time(until.micros()))]),
        }
    }
}

impl Command for UploadPicture {
    type Done = ();
    type Refusal = UploadPictureRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<UploadPictureRefusal>> {
        if tx.look::<Media>(&self.media_id)?.is_some() {
            if forget_picture::is_to_be_forgotten(tx, &self.media_id)? {
                forget_picture::forget_in_time(tx, &self.media_id);
            }
            return Ok(());
        }
        let today = day_from(tx.now());
        let usage = tx.find::<PictureUsage>(&self.user)?;
        let kept = usage.filter(|usage| usage.day_from == today).map_or(0, |usage| usage.pictures);
        if kept >= PICTURES_A_DAY {
            return Err(UploadPictureRefusal::TooMany { until: today.plus(DAY) }.into());
        }
        tx.put(PictureUsage { user: self.user, day_from: today, pictures: kept + 1 });
        tx.put(Media {
            media_id: self.media_id.clone(),
            mchid: None,
            user: Some(self.user),
            kind: MediaKind::Image,
            content_type: self.content_type.clone(),
            content: self.content.clone(),
            uploaded_at: tx.now(),
        });
        forget_picture::forget_in_time(tx, &self.media_id);
        Ok(())
    }
}
