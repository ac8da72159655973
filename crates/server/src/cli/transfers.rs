//! What can be typed after `jiaozi merchant transfer`.

use super::{ConfigFlags, SwitchFlags};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum TransferAction {
    /// Let a merchant send money to people for a scene, or no more.
    Scene(TransferSceneFlags),
    /// Have a merchant's batches wait until its staff approves them, or no more.
    Approval(SwitchFlags),
    /// Approve a batch that waits, for the merchant's staff.
    Approve(TransferBatchFlags),
    /// Reject a batch that waits, for the merchant's staff.
    Reject(TransferBatchFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct TransferBatchFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// Its `out_batch_no`.
    pub(crate) out_batch_no: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct TransferSceneFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The scene: the `transfer_scene_id` of transfers.
    pub(crate) scene: String,
    /// It may no more.
    #[arg(long)]
    pub(crate) end: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}
