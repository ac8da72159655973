//! What handlers take from a request. Each extractor fails with the one problem that fits.

mod body;
mod caller;
mod id;
mod idempotency;
mod paging;
mod reader;

pub(crate) use body::read_bytes;
pub use body::{Body, Wire};
pub use caller::{Caller, KnownCaller, SessionToken};
pub use id::Id;
pub use idempotency::{Keyed, RequestKey};
pub(crate) use paging::PagingQuery;
pub use paging::{Page, Paging, Query};
pub use reader::Reader;
