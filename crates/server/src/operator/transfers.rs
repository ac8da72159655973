//! What an operator does about the transfers of merchants to people.

use super::perform::Operator;
use super::request::Answer;
use domain::merchant::GrantTransferScene;
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
        }
    }
}
