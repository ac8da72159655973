//! The pictures of complaints: who may show which, and who sees them.

use super::{Complaint, Media, MediaKind, forget_picture};
use crate::command::Halt;
use crate::ids::UserId;
use crate::record;
use crate::record::RowKey;
use crate::tx::Tx;

/// That a complaint shows a picture, so that payer and merchant may both look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPicture {
    /// The picture.
    pub media_id: String,
    /// The complaint.
    pub complaint_id: String,
    /// The complaint's merchant.
    pub mchid: String,
}

record!(ShownPicture, "shown_picture", Kept, media_id: String, complaint_id: String);

/// Who shows pictures.
#[derive(Clone, Copy)]
pub(super) enum Shower<'a> {
    Merchant(&'a str),
    Payer(UserId),
}

impl Media {
    fn is_of(&self, shower: Shower<'_>) -> bool {
        match shower {
            Shower::Merchant(mchid) => self.mchid.as_deref() == Some(mchid),
            Shower::Payer(user) => self.user == Some(user),
        }
    }
}

/// Whether these are pictures that who shows them has uploaded.
pub(super) fn are_own(
    tx: &mut Tx<'_>,
    shower: Shower<'_>,
    pictures: &[String],
) -> Result<bool, Halt> {
    tx.want(pictures.iter().map(RowKey::of::<Media>))?;
    for picture in pictures {
        let media = tx.look::<Media>(picture)?;
        let is_own = |media: &Media| media.kind == MediaKind::Image && media.is_of(shower);
        if !media.is_some_and(|media| is_own(&media)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets both sides of a complaint look at pictures that it shows from now on.
pub(super) fn show(
    tx: &mut Tx<'_>,
    complaint: &Complaint,
    pictures: &[String],
) -> Result<(), Halt> {
    let key = |picture: &String| (picture.clone(), complaint.complaint_id.clone());
    let shown = pictures.iter().map(|picture| RowKey::of::<ShownPicture>(&key(picture)));
    tx.want(shown.chain(pictures.iter().map(|picture| forget_picture::job_key(picture))))?;
    for picture in pictures {
        forget_picture::keep(tx, picture)?;
        if tx.look::<ShownPicture>(&key(picture))?.is_none() {
            tx.put(ShownPicture {
                media_id: picture.clone(),
                complaint_id: complaint.complaint_id.clone(),
                mchid: complaint.mchid.clone(),
            });
        }
    }
    Ok(())
}
