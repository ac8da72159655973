//! What the product is put through before it may keep money: connections that break, servers that
//! die. The binary never depends on this crate.

pub mod cluster;
pub mod model;
pub mod payers;
pub mod proxy;
