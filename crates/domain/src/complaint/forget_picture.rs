//! A payer's picture that no complaint shows is kept for a while only. While it is not shown, a job
//! waits for its time to be over; showing it ends the job.

use super::Media;
use crate::command::{Halt, Timer};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::time::SECOND;

/// See the module. Early, late or again: the job and its time decide.
#[derive(Clone, Debug)]
pub struct ForgetPicture {
    /// The picture.
    pub media_id: String,
}

impl Timer for ForgetPicture {
    fn come_due(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        tx.want([job_key(&self.media_id), RowKey::of::<Media>(&self.media_id)])?;
        let key = (JobKind::ForgetPicture, self.media_id.clone());
        let Some(job) = tx.find::<Job>(&key)? else { return Ok(()) };
        if tx.now() < job.due_at {
            return Ok(());
        }
        if tx.look::<Media>(&self.media_id)?.is_some() {
            tx.remove::<Media>(&self.media_id);
        }
        tx.remove::<Job>(&key);
        Ok(())
    }
}

/// The job that forgets a picture.
pub(super) fn job_key(media_id: &str) -> RowKey {
    RowKey::of::<Job>(&(JobKind::ForgetPicture, media_id.to_owned()))
}

/// Forgets a picture in time from now, unless a complaint shows it by then.
pub(super) fn forget_in_time(tx: &mut Tx<'_>, media_id: &str) {
    let left = tx.rules().complaint_picture_s.saturating_mul(SECOND);
    let due_at = tx.now().plus(left);
    tx.schedule(Job::new(JobKind::ForgetPicture, media_id, due_at));
}

/// Whether a picture that is kept is not shown.
pub(super) fn is_to_be_forgotten(tx: &mut Tx<'_>, media_id: &str) -> Result<bool, Halt> {
    Ok(tx.find::<Job>(&(JobKind::ForgetPicture, media_id.to_owned()))?.is_some())
}

/// Keeps a picture for good.
pub(super) fn keep(tx: &mut Tx<'_>, media_id: &str) -> Result<(), Halt> {
    if is_to_be_forgotten(tx, media_id)? {
        tx.remove::<Job>(&(JobKind::ForgetPicture, media_id.to_owned()));
    }
    Ok(())
}
