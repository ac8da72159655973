//! What can be typed after `jiaozi complaint`.

use super::{ConfigFlags, ListFlags};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ComplaintAction {
    /// List the complaints that wait for us.
    List(ListFlags),
    /// Show a complaint with all that was said.
    Show(ComplaintFlags),
    /// Say something to both sides.
    Respond(ComplaintRespondFlags),
    /// Be done with it; the complaint stays as it is.
    Finish(ComplaintFinishFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ComplaintFlags {
    /// The complaint's number.
    pub(crate) complaint_id: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ComplaintRespondFlags {
    #[command(flatten)]
    pub(crate) complaint: ComplaintFlags,
    /// What there is to say.
    #[arg(long)]
    pub(crate) content: String,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ComplaintFinishFlags {
    #[command(flatten)]
    pub(crate) complaint: ComplaintFlags,
    /// What there is to say at the end.
    #[arg(long, default_value = "")]
    pub(crate) content: String,
}
