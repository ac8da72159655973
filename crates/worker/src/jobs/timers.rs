//! Obligations that only time brings about. Nobody outside is asked.

use super::{Jobs, Met, Unmet};
use domain::job::Job;
use domain::merchant_transfer::ExpireTransfer;
use domain::profit::ReleaseUnsettled;

pub(super) async fn release_unsettled(jobs: &Jobs, job: &Job) -> Met {
    let (mchid, out_trade_no) = job
        .subject
        .split_once(':')
        .ok_or_else(|| Unmet::Defect(format!("job about {:?}", job.subject)))?;
    let (mchid, out_trade_no) = (mchid.to_owned(), out_trade_no.to_owned());
    jobs.record(ReleaseUnsettled { mchid, out_trade_no }).await
}

pub(super) async fn expire_merchant_transfer(jobs: &Jobs, job: &Job) -> Met {
    jobs.record(ExpireTransfer { transfer_bill_no: job.subject.clone() }).await
}
