//! Open files: what a process does on a disk.

use super::Trouble;
use super::device::Disk;
use super::locks::{Level, Locks, SharedMemory};
use super::media::{Change, Fate, Image};
use super::random::Chance;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One open file of one process.
pub(super) struct Handle {
    disk: Arc<Disk>,
    process: u64,
    id: u64,
    file: usize,
    name: String,
    /// A file without a name: gone with the handle, and of no interest to faults.
    is_temporary: bool,
    /// Whether the first sync makes the names durable too, as SQLite's own VFS does it for files
    /// that it may have made.
    syncs_names: bool,
    shared: Option<Arc<SharedMemory>>,
}

fn next_id() -> u64 {
    static HANDLES: AtomicU64 = AtomicU64::new(1);
    HANDLES.fetch_add(1, Ordering::Relaxed)
}

/// How a file is to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) is_made: bool,
    pub(super) is_new: bool,
    pub(super) is_journal: bool,
}

impl Handle {
    pub(super) fn open(
        disk: Arc<Disk>,
        process: u64,
        name: Option<String>,
        how: Opening,
    ) -> Result<Self, Trouble> {
        let mut state = disk.lock();
        state.alive(process)?;
        let found = name.as_ref().and_then(|name| state.now.names.get(name).copied());
        let file = match (found, &name) {
            (Some(_), _) if how.is_new => return Err(Trouble::Missing),
            (Some(file), _) => file,
            (None, Some(_)) if !how.is_made => return Err(Trouble::Missing),
            (None, None) => state.create(),
            (None, Some(name)) => {
                let cut = state.strike(process, || format!("create {name}"))?;
                let file = state.create();
                state.keep(Change::Link { name: name.clone(), file });
                if cut {
                    return Err(Trouble::Off);
                }
                file
            }
        };
        drop(state);
        Ok(Self {
            disk,
            process,
            id: next_id(),
            file,
            is_temporary: name.is_none(),
            name: name.unwrap_or_default(),
            syncs_names: how.is_made && how.is_journal,
            shared: None,
        })
    }

    /// A file without a name, on a disk of its own.
    pub(super) fn temporary() -> Result<Self, Trouble> {
        let how = Opening { is_made: true, is_new: true, is_journal: false };
        Self::open(Disk::new(&Image::default(), 0), 0, None, how)
    }

    /// Fills `into` from `at` on; `false` when the file ends before, then the rest is zeros.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> Result<bool, Trouble> {
        let state = self.disk.lock();
        state.alive(self.process)?;
        let file = &state.now.files[self.file];
        let there = file.len().saturating_sub(at).min(into.len());
        if there > 0 {
            into[..there].copy_from_slice(&file[at..at + there]);
        }
        into[there..].fill(0);
        Ok(there == into.len())
    }

    pub(super) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let mut state = self.disk.lock();
        let change = Change::Write { file: self.file, at, bytes: bytes.into() };
        if self.is_temporary {
            state.alive(self.process)?;
            state.now.apply(&change);
            return Ok(());
        }
        let what = || format!("write {} bytes of {} at {at}", bytes.len(), self.name);
        let cut = state.strike(self.process, what)?;
        let growth = (at + bytes.len()).saturating_sub(state.now.files[self.file].len()) as u64;
        if let Some(trouble) = state.fails(false, growth, what) {
            return Err(trouble);
        }
        state.space = state.space.saturating_sub(growth);
        state.keep(change);
        if cut { Err(Trouble::Off) } else { Ok(()) }
    }

    pub(super) fn truncate(&self, size: usize) -> Result<(), Trouble> {
        let mut state = self.disk.lock();
        let change = Change::Truncate { file: self.file, size };
        if self.is_temporary {
            state.alive(self.process)?;
            state.now.apply(&change);
            return Ok(());
        }
        let what = || format!("truncate {} to {size}", self.name);
        let cut = state.strike(self.process, what)?;
        state.keep(change);
        if cut { Err(Trouble::Off) } else { Ok(()) }
    }

    pub(super) fn sync(&mut self) -> Result<(), Trouble> {
        let mut state = self.disk.lock();
        if self.is_temporary {
            return state.alive(self.process);
        }
        let what = || format!("sync {}", self.name);
        if state.strike(self.process, what)? {
            return Err(Trouble::Off);
        }
        if let Some(trouble) = state.fails(true, 0, what) {
            let mut chance = state.chance.take().unwrap_or_else(|| Chance::new(0));
            let mut toss = || if chance.once_in(2) { Fate::Durable } else { Fate::Dropped };
            state.settle(Some(self.file), &mut toss);
            state.chance = Some(chance);
            return Err(trouble);
        }
        state.settle(Some(self.file), || Fate::Durable);
        if std::mem::take(&mut self.syncs_names) {
            state.settle(None, || Fate::Durable);
        }
        Ok(())
    }

    pub(super) fn size(&self) -> Result<usize, Trouble> {
        let state = self.disk.lock();
        state.alive(self.process)?;
        Ok(state.now.files[self.file].len())
    }

    pub(super) fn lock(&self, level: Level) -> Result<(), Trouble> {
        let mut state = self.disk.lock();
        state.alive(self.process)?;
        state.locks.entry(self.file).or_default().lock(self.id, level)
    }

    pub(super) fn unlock(&self, level: Level) {
        let mut state = self.disk.lock();
        if state.alive(self.process).is_ok() {
            state.locks.entry(self.file).or_default().unlock(self.id, level);
        }
    }

    pub(super) fn is_reserved(&self) -> Result<bool, Trouble> {
        let state = self.disk.lock();
        state.alive(self.process)?;
        Ok(state.locks.get(&self.file).is_some_and(Locks::is_reserved))
    }

    /// The memory shared with the other connections of this process, joined when first asked for.
    pub(super) fn shared(&mut self) -> Result<&SharedMemory, Trouble> {
        let mut state = self.disk.lock();
        // What is mapped stays mapped in a dead process, or its threads would fault.
        if self.shared.is_none() {
            state.alive(self.process)?;
        }
        let join = || state.shared.entry(self.file).or_default().join();
        Ok(self.shared.get_or_insert_with(join))
    }

    pub(super) fn lock_shared(&mut self, mask: u32, exclusive: bool) -> Result<(), Trouble> {
        if self.disk.is_down(self.process) {
            return Err(Trouble::Off);
        }
        let id = self.id;
        self.shared()?.lock(id, mask, exclusive)
    }

    pub(super) fn unlock_shared(&mut self, mask: u32) {
        if let Some(memory) = &self.shared {
            memory.unlock(self.id, mask);
        }
    }

    pub(super) fn leave_shared(&mut self) {
        if let Some(memory) = self.shared.take() {
            memory.leave(self.id);
            let mut state = self.disk.lock();
            if state.process == self.process
                && let Some(shared) = state.shared.get_mut(&self.file)
            {
                shared.leave();
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.leave_shared();
        self.unlock(Level::None);
    }
}

/// Removes a name.
pub(super) fn remove(
    disk: &Disk,
    process: u64,
    name: &str,
    syncs_names: bool,
) -> Result<(), Trouble> {
    let mut state = disk.lock();
    state.alive(process)?;
    if !state.now.names.contains_key(name) {
        return Err(Trouble::Missing);
    }
    let cut = state.strike(process, || format!("remove {name}"))?;
    state.keep(Change::Unlink { name: name.to_owned() });
    if cut {
        return Err(Trouble::Off);
    }
    if syncs_names {
        state.settle(None, || Fate::Durable);
    }
    Ok(())
}

/// Whether a name leads to a file with something in it.
pub(super) fn exists(disk: &Disk, process: u64, name: &str) -> Result<bool, Trouble> {
    let state = disk.lock();
    state.alive(process)?;
    let file = state.now.names.get(name);
    Ok(file.is_some_and(|file| !state.now.files[*file].is_empty()))
}

/// Writes what a file holds to it once more and syncs it, as the store does it with its log.
pub(super) fn write_again(path: &Path) -> std::io::Result<()> {
    let failed = |trouble: Trouble| std::io::Error::other(format!("{trouble:?}"));
    let name = path.to_str().ok_or(std::io::ErrorKind::InvalidFilename)?;
    let (disk, process, name) = Disk::at(name).ok_or(std::io::ErrorKind::NotFound)?;
    if !exists(&disk, process, &name).map_err(failed)? {
        return Ok(());
    }
    let how = Opening { is_made: false, is_new: false, is_journal: true };
    let mut handle = Handle::open(disk, process, Some(name), how).map_err(failed)?;
    let mut bytes = vec![0; handle.size().map_err(failed)?];
    handle.read(0, &mut bytes).map_err(failed)?;
    handle.write(0, &bytes).map_err(failed)?;
    handle.sync().map_err(failed)
}
