//! Verifying who holds a wallet: a document is submitted, the authority is asked, and the answer
//! makes or finds the person behind the wallet.

mod record_verification;
mod submit_verification;
mod verification;

#[cfg(test)]
mod tests;

pub use record_verification::{AuthorityAnswer, RecordVerification};
pub use submit_verification::{SubmitVerification, SubmitVerificationRefusal};
pub use verification::{RejectReason, Verification, VerificationByWallet, VerificationState};
