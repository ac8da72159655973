//! A payer keeps a picture that a complaint is to show. One that no complaint shows in time is
//! forgotten.

use super::usage::{ComplaintUsage, wait_until};
use super::{Media, MediaKind, forget_picture};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;
use kernel::Timestamp;

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
            Self::TooMany { .. } => Code::RateLimited,
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::TooMany { until } => wait_until(*until),
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
        if let Some(until) = ComplaintUsage::count_picture(tx, self.user)? {
            return Err(UploadPictureRefusal::TooMany { until }.into());
        }
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
