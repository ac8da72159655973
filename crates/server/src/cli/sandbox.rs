//! What can be typed after `jiaozi sandbox`.

use super::ConfigFlags;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxAction {
    /// Print the certificate of the sandbox's own authority, which a client has to trust.
    Ca(ConfigFlags),
    /// Print shell lines that lead the SDKs started after them to the running sandbox, unchanged:
    /// `eval "$(jiaozi sandbox env)"`.
    Env(ConfigFlags),
    /// Play the payer of an order.
    Pay(SandboxPayFlags),
    /// Have the payer show a payment code, and print it: `auth_code` for a charge.
    Code(SandboxCodeFlags),
    /// Take a merchant's transfer for its payee.
    ConfirmTransfer(SandboxTransferFlags),
    /// Have the payee look at a merchant's transfer and not take it.
    RefuseTransfer(SandboxTransferFlags),
    /// Let a merchant's transfer expire: business time moves to its end.
    ExpireTransfer(SandboxTransferFlags),
    /// Have the payer complain about a payment that it made.
    Complain(SandboxComplainFlags),
    /// Have the payer go on with its complaint.
    Complaint(SandboxComplaintFlags),
    /// Move business time forward.
    Advance(SandboxAdvanceFlags),
    /// Have the running sandbox begin anew without its data, at the same addresses; waits until it
    /// is ready.
    Reset(ConfigFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxPayFlags {
    /// The order's `code_url`, `h5_url` or `prepay_id`; or, as JSON, what your page or app hands
    /// the wallet (`paySign` or `sign` and the rest), whose signature is then checked.
    pub(crate) order: String,
    /// What the payer does, as docs/sandbox.md lists it; left out, the order chooses.
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxCodeFlags {
    /// What the payer does once the code is charged, as docs/sandbox.md lists it.
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxTransferFlags {
    /// Its `out_bill_no` or `package_info`.
    pub(crate) transfer: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxComplainFlags {
    /// The payment's `transaction_id`.
    pub(crate) transaction_id: String,
    /// The payer's words.
    #[arg(long)]
    pub(crate) detail: Option<String>,
    /// What the payer wants back, in fen.
    #[arg(long, value_name = "FEN")]
    pub(crate) refund: Option<i64>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxComplaintFlags {
    /// The complaint's number.
    pub(crate) complaint_id: String,
    /// What the payer does.
    #[arg(value_enum)]
    pub(crate) action: Complainant,
    /// The payer's words, if it says something.
    #[arg(long)]
    pub(crate) content: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Complainant {
    /// Says something.
    Respond,
    /// Wants nothing any more.
    Withdraw,
    /// Says that it is settled.
    Confirm,
    /// Says that it is not settled, though the merchant says so.
    Reopen,
    /// Asks the platform to step in.
    ApplyPlatformService,
    /// Asks that no more.
    CancelPlatformService,
    /// Is satisfied with what came of it.
    Satisfied,
    /// Is not.
    Unsatisfied,
}

impl Complainant {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Respond => "respond",
            Self::Withdraw => "withdraw",
            Self::Confirm => "confirm",
            Self::Reopen => "reopen",
            Self::ApplyPlatformService => "apply_platform_service",
            Self::CancelPlatformService => "cancel_platform_service",
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
        }
    }
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxAdvanceFlags {
    /// How far: a number with `s`, `m`, `h` or `d`.
    #[arg(value_parser = crate::sandbox::parse_time)]
    pub(crate) time: i64,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}
