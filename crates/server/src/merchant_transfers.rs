//! `jiaozi merchant transfer`: what a merchant may send to people.

use crate::cli::TransferAction;
use crate::operator::{self, Request, TransferRequest};
use std::error::Error;

/// Does what was typed about a merchant's transfers.
pub(crate) async fn run(action: TransferAction) -> Result<(), Box<dyn Error>> {
    let (config, request) = match action {
        TransferAction::Scene(flags) => {
            let (mchid, scene_id, is_granted) = (flags.mchid, flags.scene, !flags.end);
            (flags.config, TransferRequest::Scene { mchid, scene_id, is_granted })
        }
    };
    operator::tell(&config, &Request::Transfers(request)).await
}
