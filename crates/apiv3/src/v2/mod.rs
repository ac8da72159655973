//! The older XML interface, as far as tills still use it: flat XML over HTTP, signed inside with a
//! key that merchant and platform share.

pub mod answer;
pub mod diagnosis;
pub mod notice;
pub mod order;
mod reader;
pub mod refund;
pub mod refusal;
pub mod sign;
pub mod xml;

pub use answer::{Answer, Refused};
pub use diagnosis::{Diagnosis, KeysToTry};
pub use sign::{ApiV2Key, SignType};
