//! A disk in memory under the real product: SQLite, the store, the engine and the commands run on
//! it, the power goes at an operation of one's choice, and what survives is opened again.
//!
//! [`Disk`] holds files, remembers which changes are not synced, and strikes with a [`Fault`];
//! SQLite reaches it through the VFS named [`VFS`]. A [`Case`] says what happens in one cycle, and
//! [`run`] runs it. The binary never depends on this crate.

mod act;
mod books;
mod case;
mod clock;
mod cycle;
mod device;
mod handle;
mod locks;
mod media;
mod people;
mod planted;
mod random;
mod rig;
mod script;
#[allow(unsafe_code, reason = "SQLite asks for a table of C functions")]
mod vfs;
mod world;

pub use case::{ALWAYS, Case};
pub use cycle::{Kind, Met, Violation, run};
pub use device::{Disk, Fault};
pub use media::{Image, Survivors};
pub use planted::Planted;
pub use random::Chance;
pub use rig::Setup;
pub use script::{Named, Script};
pub use vfs::NAME as VFS;
pub use world::{Reference, Which, World};

/// Why an operation is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// There is no power, or the process that asks is dead.
    Off,
    /// Another handle is in the way.
    Busy,
    /// No such file.
    Missing,
    /// No space.
    Full,
    /// A write fails.
    Write,
    /// A sync fails.
    Sync,
}
