//! What can be typed after `jiaozi merchant transfer`.

use super::ConfigFlags;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum TransferAction {
    /// Let a merchant send money to people for a scene, or no more.
    Scene(TransferSceneFlags),
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
