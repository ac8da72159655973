//! Obligations that only time brings about. Nobody outside is asked.

use super::{Jobs, Met, Unmet};
use domain::complaint::ForgetPicture;
use domain::job::Job;
use domain::merchant_transfer::ExpireTransfer;
use domain::profit::{FinishProfit, ReleaseUnsettled};
use domain::refund::CloseRefund;
use domain::transfer_batch::ExpireTransferBatch;

pub(super) async fn release_unsettled(jobs: &Jobs, job: &Job) -> Met {
    let (mchid, out_trade_no) = merchants_number(job)?;
    jobs.record(ReleaseUnsettled { mchid, out_trade_no }).await
}

pub(super) async fn finish_profit(jobs: &Jobs, job: &Job) -> Met {
    let (mchid, out_order_no) = merchants_number(job)?;
    jobs.record(FinishProfit { mchid, out_order_no }).await
}

pub(super) async fn expire_merchant_transfer(jobs: &Jobs, job: &Job) -> Met {
    jobs.record(ExpireTransfer { transfer_bill_no: job.subject.clone() }).await
}

pub(super) async fn forget_picture(jobs: &Jobs, job: &Job) -> Met {
    jobs.record(ForgetPicture { media_id: job.subject.clone() }).await
}

pub(super) async fn expire_transfer_batch(jobs: &Jobs, job: &Job) -> Met {
    let (mchid, out_batch_no) = merchants_number(job)?;
    jobs.record(ExpireTransferBatch { mchid, out_batch_no }).await
}

pub(super) async fn close_refund(jobs: &Jobs, job: &Job) -> Met {
    let (mchid, out_refund_no) = merchants_number(job)?;
    jobs.record(CloseRefund { mchid, out_refund_no }).await
}

/// The merchant and its number that a job is about.
fn merchants_number(job: &Job) -> Result<(String, String), Unmet> {
    let parts = job.subject.split_once(':');
    let (mchid, number) =
        parts.ok_or_else(|| Unmet::Defect(format!("job about {:?}", job.subject)))?;
    Ok((mchid.to_owned(), number.to_owned()))
}
