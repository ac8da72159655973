//! `jiaozi merchant transfer`: what a merchant may send to people, and for its staff.

use crate::cli::{ConfigFlags, TransferAction, TransferBatchFlags};
use crate::operator::{self, Request, TransferRequest, Verdict};
use std::error::Error;

/// Does what was typed about a merchant's transfers.
pub(crate) async fn run(action: TransferAction) -> Result<(), Box<dyn Error>> {
    let (config, request) = match action {
        TransferAction::Scene(flags) => {
            let (mchid, scene_id, is_granted) = (flags.mchid, flags.scene, !flags.end);
            (flags.config, TransferRequest::Scene { mchid, scene_id, is_granted })
        }
        TransferAction::Approval(flags) => {
            let (mchid, approves_batches) = (flags.mchid, !flags.end);
            (flags.config, TransferRequest::BatchApproval { mchid, approves_batches })
        }
        TransferAction::Approve(flags) => verdict(flags, Verdict::Approve),
        TransferAction::Reject(flags) => verdict(flags, Verdict::Reject),
    };
    operator::tell(&config, &Request::Transfers(request)).await
}

fn verdict(flags: TransferBatchFlags, verdict: Verdict) -> (ConfigFlags, TransferRequest) {
    let (mchid, out_batch_no) = (flags.mchid, flags.out_batch_no);
    (flags.config, TransferRequest::Batch { mchid, out_batch_no, verdict })
}
