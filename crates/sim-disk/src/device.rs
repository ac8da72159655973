//! A disk in memory that SQLite works on, with faults that strike at a chosen operation.

use super::Trouble;
use super::locks::{Locks, Shared};
use super::media::{self, Change, Contents, Fate, Image, Survivors};
use super::random::Chance;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// What strikes, and when. Operations are those that change something: writes, truncations, syncs,
/// and files made or removed, counted from 1 when the fault is planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The power goes in operation `at`.
    PowerCut {
        /// The operation.
        at: u64,
    },
    /// The process dies before operation `at`; what it wrote stays in the system's memory.
    Kill {
        /// The operation.
        at: u64,
    },
    /// Syncs fail from operation `at` on, and what they should have written is dropped, half of it.
    SyncFails {
        /// The first operation at which a sync fails.
        at: u64,
        /// How many syncs fail.
        times: u64,
    },
    /// Writes fail from operation `at` on.
    WriteFails {
        /// The first operation at which a write fails.
        at: u64,
        /// How many writes fail.
        times: u64,
    },
    /// The disk is full for writes from operation `at` on.
    Full {
        /// The first operation at which a write finds no space.
        at: u64,
        /// How many writes find none.
        times: u64,
    },
    /// The disk has so many bytes left.
    Space {
        /// How many.
        bytes: u64,
    },
}

impl Fault {
    /// From which operation on it strikes; 0 for one that waits for something else.
    pub fn at(&self) -> u64 {
        match self {
            Self::None | Self::Space { .. } => 0,
            Self::PowerCut { at }
            | Self::Kill { at }
            | Self::SyncFails { at, .. }
            | Self::WriteFails { at, .. }
            | Self::Full { at, .. } => *at,
        }
    }

    /// A short word for the kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "calm",
            Self::PowerCut { .. } => "cut",
            Self::Kill { .. } => "kill",
            Self::SyncFails { .. } => "sync",
            Self::WriteFails { .. } => "write",
            Self::Full { .. } => "full",
            Self::Space { .. } => "space",
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    image: Image,
    pub(super) now: Contents,
    log: Vec<(Change, Fate)>,
    pub(super) created: usize,
    pub(super) locks: HashMap<usize, Locks>,
    pub(super) shared: HashMap<usize, Shared>,
    is_off: bool,
    pub(super) process: u64,
    fault: Fault,
    operations: u64,
    struck: u64,
    at_fault: Option<String>,
    pub(super) space: u64,
    pub(super) chance: Option<Chance>,
}

/// A disk. Its files are reached through the VFS [`super::VFS`] below [`Disk::path`].
pub struct Disk {
    number: u64,
    state: Mutex<State>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {}", self.number)
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

fn disks() -> &'static Mutex<HashMap<u64, Weak<Disk>>> {
    static DISKS: OnceLock<Mutex<HashMap<u64, Weak<Disk>>>> = OnceLock::new();
    DISKS.get_or_init(Mutex::default)
}

fn known() -> MutexGuard<'static, HashMap<u64, Weak<Disk>>> {
    disks().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Disk {
    fn drop(&mut self) {
        known().remove(&self.number);
    }
}

impl Disk {
    /// A disk with power that holds an image. `seed` decides what chance decides.
    pub fn new(image: &Image, seed: u64) -> Arc<Self> {
        super::vfs::register();
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let state = State {
            image: image.clone(),
            now: Contents::of(image),
            chance: Some(Chance::new(seed)),
            ..State::default()
        };
        let disk = Arc::new(Self { number, state: Mutex::new(state) });
        known().insert(number, Arc::downgrade(&disk));
        disk
    }

    /// Where its only folder is, for the process that lives now. Whoever opens a file by this path
    /// belongs to that process.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/{}/{}", self.number, self.process()))
    }

    /// The disk that a path leads to, the process that comes by it, and the name.
    pub(super) fn at(path: &str) -> Option<(Arc<Self>, u64, String)> {
        let (number, rest) = path.strip_prefix('/')?.split_once('/')?;
        let (process, name) = rest.split_once('/')?;
        let disk = known().get(&number.parse().ok()?)?.upgrade()?;
        Some((disk, process.parse().ok()?, name.to_owned()))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans what strikes next, in place of what was planned, and counts operations anew.
    pub fn plan(&self, fault: Fault) {
        let mut state = self.lock();
        (state.operations, state.struck, state.at_fault) = (0, 0, None);
        state.fault = fault;
        if let Fault::Space { bytes } = fault {
            state.space = bytes;
        }
    }

    /// Operations since the last plan.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// The first operation that the planned fault struck, in words.
    pub fn struck(&self) -> Option<String> {
        self.lock().at_fault.clone()
    }

    /// Whether whoever had files open on it is gone: the power was cut or the process killed.
    pub fn is_down(&self, process: u64) -> bool {
        let state = self.lock();
        state.is_off || state.process != process
    }

    /// The process that opens files now.
    pub fn process(&self) -> u64 {
        self.lock().process
    }

    /// The power goes, if it is still there.
    pub fn cut_power(&self) {
        self.lock().is_off = true;
    }

    /// The process dies, if it lives: its locks and its memory go, its files stay as it wrote them.
    pub fn kill(&self, process: u64) {
        let mut state = self.lock();
        if state.process == process {
            state.kill();
        }
    }

    /// What is on the disk after a power cut.
    pub fn survivors(&self, pattern: Survivors, seed: u64) -> Image {
        let state = self.lock();
        let chance = &mut Chance::new(seed);
        media::after_power_cut(&state.image, state.created, &state.log, pattern, chance)
    }

    /// What everybody reads now, as if the system had written everything back.
    pub fn contents(&self) -> Image {
        self.lock().now.clone().into_image()
    }
}

impl State {
    fn kill(&mut self) {
        self.process += 1;
        self.locks.clear();
        self.shared.clear();
    }

    pub(super) fn alive(&self, process: u64) -> Result<(), Trouble> {
        if self.is_off || self.process != process { Err(Trouble::Off) } else { Ok(()) }
    }

    /// Counts an operation and tells whether it is the first that the fault strikes from.
    pub(super) fn strike(
        &mut self,
        process: u64,
        what: impl Fn() -> String,
    ) -> Result<bool, Trouble> {
        self.alive(process)?;
        self.operations += 1;
        match self.fault {
            Fault::PowerCut { at } if self.operations >= at => {
                self.is_off = true;
                self.at_fault = Some(what());
                Ok(true)
            }
            Fault::Kill { at } if self.operations >= at => {
                self.kill();
                self.at_fault = Some(what());
                Err(Trouble::Off)
            }
            _ => Ok(false),
        }
    }

    /// Whether this write or sync is one of those that fail.
    pub(super) fn fails(
        &mut self,
        is_sync: bool,
        growth: u64,
        what: impl Fn() -> String,
    ) -> Option<Trouble> {
        let (at, times, trouble) = match self.fault {
            Fault::SyncFails { at, times } if is_sync => (at, times, Trouble::Sync),
            Fault::WriteFails { at, times } if !is_sync => (at, times, Trouble::Write),
            Fault::Full { at, times } if !is_sync => (at, times, Trouble::Full),
            Fault::Space { .. } if !is_sync && growth > self.space => (0, u64::MAX, Trouble::Full),
            _ => return None,
        };
        if self.operations < at || self.struck >= times {
            return None;
        }
        self.struck += 1;
        self.at_fault.get_or_insert_with(what);
        Some(trouble)
    }

    /// A new empty file that has no name yet.
    pub(super) fn create(&mut self) -> usize {
        self.created += 1;
        self.now.files.push(Vec::new());
        self.now.files.len() - 1
    }

    pub(super) fn keep(&mut self, change: Change) {
        self.now.apply(&change);
        self.log.push((change, Fate::Pending));
    }

    /// Gives a fate to what is pending of a file, or of the names.
    pub(super) fn settle(&mut self, file: Option<usize>, mut fate: impl FnMut() -> Fate) {
        let of_it = |change: &Change| change.file() == file;
        for (change, now) in &mut self.log {
            if *now == Fate::Pending && of_it(change) {
                *now = fate();
            }
        }
    }
}
