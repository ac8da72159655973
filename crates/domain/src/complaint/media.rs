//! Files that merchants upload, pictures and films; payers keep pictures alone.

use crate::command::{Command, Never, Once, Stop};
use crate::ids::UserId;
use crate::record::{Kept, Record, Removable};
use crate::text_enum;
use crate::tx::Tx;
use kernel::Timestamp;

text_enum!(
    /// What a file is.
    MediaKind {
        /// A picture.
        Image = "IMAGE",
        /// A film.
        Video = "VIDEO",
    }
);

/// A file that a merchant or a payer uploaded. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its id, derived from whose it is and content: the same file is kept once.
    pub media_id: String,
    /// The merchant, unless it is a payer's.
    pub mchid: Option<String>,
    /// The payer, unless it is a merchant's.
    pub user: Option<UserId>,
    /// What it is.
    pub kind: MediaKind,
    /// Its type, as a web server names it.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// When it was uploaded first.
    pub uploaded_at: Timestamp,
}

impl Record for Media {
    const NAME: &'static str = "media";
    const IS_LARGE: bool = true;
    type Key = String;

    fn key(&self) -> String {
        self.media_id.clone()
    }
}

impl Kept for Media {}
impl Removable for Media {}

/// Keeps a file. One that is there stays as it is.
#[derive(Clone, Debug)]
pub struct StoreMedia {
    /// The merchant that signed the request.
    pub mchid: String,
    /// Its id.
    pub media_id: String,
    /// What it is.
    pub kind: MediaKind,
    /// Its type, as a web server names it.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

impl Command for StoreMedia {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        if tx.look::<Media>(&self.media_id)?.is_none() {
            tx.put(Media {
                media_id: self.media_id.clone(),
                mchid: Some(self.mchid.clone()),
                user: None,
                kind: self.kind,
                content_type: self.content_type.clone(),
                content: self.content.clone(),
                uploaded_at: tx.now(),
            });
        }
        Ok(())
    }
}
