//! What can be typed after `jiaozi complaint`.

use super::{ConfigFlags, ListFlags};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ComplaintAction {
    /// List the complaints that wait for us.
    List(ComplaintListFlags),
    /// Show a complaint with all that was said.
    Show(ComplaintFlags),
    /// Say something to both sides.
    Respond(ComplaintRespondFlags),
    /// Be done with it; the complaint stays as it is.
    Finish(ComplaintFinishFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ComplaintListFlags {
    /// How many at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) limit: u32,
    /// Only those behind this one.
    #[arg(long, value_name = "COMPLAINT_ID")]
    pub(crate) after: Option<String>,
    #[command(flatten)]
    pub(crate) list: ListFlags,
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
