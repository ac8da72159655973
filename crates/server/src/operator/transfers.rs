//! What an operator does about the transfers of merchants to people.

use super::perform::Operator;
use super::request::Answer;
use domain::merchant::{GrantTransferScene, SetBatchApproval};
use domain::transfer_batch::{ApproveTransferBatch, BatchState, RejectTransferBatch};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be done about a merchant's transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "transfers", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum TransferRequest {
    /// Let a merchant send money for a scene, or no more.
    Scene {
        /// The merchant.
        mchid: String,
        /// The scene, as the protocol numbers it.
        scene_id: String,
        /// Whether it may.
        is_granted: bool,
    },
    /// Have a merchant's batches wait until its staff approves them, or no more.
    BatchApproval {
        /// The merchant.
        mchid: String,
        /// Whether they wait.
        approves_batches: bool,
    },
    /// Say for a merchant's staff what becomes of a batch that waits.
    Batch {
        /// The merchant.
        mchid: String,
        /// Its number of the batch.
        out_batch_no: String,
        /// What becomes of it.
        verdict: Verdict,
    },
}

/// What the staff of a merchant says of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is paid.
    Approve,
    /// It is not.
    Reject,
}

impl Operator {
    /// Performs a request about transfers.
    pub(super) async fn transfers(&self, request: &TransferRequest) -> Answer {
        match request {
            TransferRequest::Scene { mchid, scene_id, is_granted } => {
                let (scene_id, is_granted) = (scene_id.clone(), *is_granted);
                let command = GrantTransferScene { mchid: mchid.clone(), scene_id, is_granted };
                let told = |scenes: String| {
                    let scenes: Vec<&str> = scenes.split_terminator(',').collect();
                    json!({ "mchid": mchid, "transfer_scenes": scenes })
                };
                self.run(command, told).await
            }
            TransferRequest::BatchApproval { mchid, approves_batches } => {
                let (mchid, approves_batches) = (mchid.clone(), *approves_batches);
                let told = json!({ "mchid": mchid, "approves_batches": approves_batches });
                self.run(SetBatchApproval { mchid, approves_batches }, |()| told).await
            }
            TransferRequest::Batch { mchid, out_batch_no, verdict } => {
                let told =
                    |state: BatchState| json!({ "out_batch_no": out_batch_no, "state": state });
                let (mchid, out_batch_no) = (mchid.clone(), out_batch_no.clone());
                match verdict {
                    Verdict::Approve => {
                        self.run(ApproveTransferBatch { mchid, out_batch_no }, told).await
                    }
                    Verdict::Reject => {
                        let command = RejectTransferBatch { mchid, out_batch_no };
                        self.run(command, |()| told(BatchState::Finished)).await
                    }
                }
            }
        }
    }
}
