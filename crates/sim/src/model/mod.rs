//! The product against a reference model: the same asks, the same answers, the same balances.

pub mod ask;
pub mod cards;
mod cast;
mod codes;
mod house;
pub mod market;
mod product;
mod reference;
mod sequences;
mod twin;

pub use house::House;
pub use product::Product;
pub use reference::Reference;
pub use sequences::{Sequences, prelude};
pub use twin::{Seen, Twin};
