//! Gives up a binding that was left, so that what was entered is erased. Nobody outside is asked.

use super::{Jobs, Met, subject};
use domain::card::ExpireCardBinding;
use domain::job::Job;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    jobs.record(ExpireCardBinding { binding: subject(job)? }).await
}
