//! Who may do what with an open file: SQLite's locks on the database file, and its memory shared
//! between connections. Both belong to processes: a power cut or a kill ends them.

use super::Trouble;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// How far a handle has locked a database file, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    #[default]
    None,
    Shared,
    Reserved,
    Pending,
    Exclusive,
}

/// The locks of one file, by handle.
#[derive(Debug, Default)]
pub(super) struct Locks(BTreeMap<u64, Level>);

impl Locks {
    /// Locks further; `Err` when another handle is in the way.
    pub(super) fn lock(&mut self, handle: u64, wanted: Level) -> Result<(), Trouble> {
        let own = self.0.get(&handle).copied().unwrap_or_default();
        if own >= wanted {
            return Ok(());
        }
        let others = self.0.iter().filter(|(other, _)| **other != handle);
        let most = others.map(|(_, level)| *level).max().unwrap_or_default();
        let is_free = match wanted {
            Level::None | Level::Shared => most < Level::Pending,
            Level::Reserved | Level::Pending => most < Level::Reserved,
            Level::Exclusive => most == Level::None,
        };
        if is_free {
            self.0.insert(handle, wanted);
            return Ok(());
        }
        if wanted == Level::Exclusive && own == Level::Reserved {
            self.0.insert(handle, Level::Pending);
        }
        Err(Trouble::Busy)
    }

    pub(super) fn unlock(&mut self, handle: u64, left: Level) {
        if left == Level::None {
            self.0.remove(&handle);
        } else {
            self.0.insert(handle, left);
        }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.0.values().any(|level| *level >= Level::Reserved)
    }
}

/// Eight bytes that any thread may change.
type Words = Box<[AtomicU64]>;

/// The memory that connections to one database share: the index of its log. Never on the disk.
#[derive(Debug, Default)]
pub(super) struct SharedMemory {
    regions: Mutex<Vec<Words>>,
    /// By handle: its shared locks and its exclusive locks, a bit each.
    locks: Mutex<BTreeMap<u64, (u32, u32)>>,
}

impl SharedMemory {
    /// Where a region lies, as long as this lives; `None` when it is not there and not to be made.
    pub(super) fn region(&self, number: usize, size: usize, is_made: bool) -> Option<*mut u8> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        while is_made && regions.len() <= number {
            regions.push((0..size.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        regions.get(number).map(|words| words.as_ptr().cast_mut().cast::<u8>())
    }

    /// Takes locks for a handle; `Err` when another holds one of them against it.
    pub(super) fn lock(&self, handle: u64, mask: u32, exclusive: bool) -> Result<(), Trouble> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        let against =
            |(shared, alone): &(u32, u32)| if exclusive { shared | alone } else { *alone };
        let others = locks.iter().filter(|(other, _)| **other != handle);
        if others.map(|(_, held)| against(held)).any(|held| held & mask != 0) {
            return Err(Trouble::Busy);
        }
        let (shared, alone) = locks.entry(handle).or_default();
        *(if exclusive { alone } else { shared }) |= mask;
        Ok(())
    }

    pub(super) fn unlock(&self, handle: u64, mask: u32) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((shared, alone)) = locks.get_mut(&handle) {
            *shared &= !mask;
            *alone &= !mask;
        }
    }

    /// A handle lets go of the memory.
    pub(super) fn leave(&self, handle: u64) {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).remove(&handle);
    }
}

/// The shared memory of one file and how many handles have it. The last to leave clears it.
#[derive(Debug, Default)]
pub(super) struct Shared {
    memory: Arc<SharedMemory>,
    handles: usize,
}

impl Shared {
    pub(super) fn join(&mut self) -> Arc<SharedMemory> {
        self.handles += 1;
        Arc::clone(&self.memory)
    }

    pub(super) fn leave(&mut self) {
        self.handles = self.handles.saturating_sub(1);
        if self.handles == 0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_locks_keep_others_out_as_sqlite_expects() {
        let mut locks = Locks::default();
        locks.lock(1, Level::Shared).unwrap();
        locks.lock(2, Level::Shared).unwrap();
        locks.lock(1, Level::Reserved).unwrap();
        assert!(locks.lock(2, Level::Reserved).is_err());
        assert!(locks.lock(1, Level::Exclusive).is_err());
        assert!(locks.lock(3, Level::Shared).is_err(), "a writer waits for readers to leave");
        locks.unlock(2, Level::None);
        locks.lock(1, Level::Exclusive).unwrap();
        assert!(locks.lock(2, Level::Shared).is_err());
        locks.unlock(1, Level::None);
        locks.lock(2, Level::Shared).unwrap();
    }

    #[test]
    fn shared_memory_is_one_for_all_and_cleared_by_the_last() {
        let mut shared = Shared::default();
        let (first, second) = (shared.join(), shared.join());
        assert_eq!(first.region(0, 32_768, false), None);
        let place = first.region(0, 32_768, true);
        assert_eq!(second.region(0, 32_768, false), place);
        first.lock(1, 0b11, true).unwrap();
        assert!(second.lock(2, 0b10, false).is_err());
        second.lock(2, 0b100, false).unwrap();
        first.unlock(1, 0b10);
        second.lock(2, 0b10, false).unwrap();
        shared.leave();
        shared.leave();
        assert_eq!(shared.join().region(0, 32_768, false), None);
    }
}
