//! What a disk holds without power, and which unsynced changes reach it when the power goes.

use super::random::Chance;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The unit that a disk writes: a write reaches it sector by sector, in any order.
const SECTOR: usize = 512;
/// One of so many surviving sectors is torn: its beginning is new, its end is old.
const TORN: u64 = 16;

/// Files by name, as they lie on a disk without power.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image(pub(super) BTreeMap<String, Arc<Vec<u8>>>);

impl Image {
    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|file| file.len()).sum()
    }
}

/// Which of the changes that were never synced survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// None: the disk wrote nothing that it was not made to write.
    None,
    /// All: the system had just written everything back.
    All,
    /// Every sector and every change of a name by the toss of a coin, some sectors torn.
    Random,
    /// What came first, up to a point inside one write.
    Prefix,
}

impl Survivors {
    /// All patterns.
    pub const ALL: [Self; 4] = [Self::None, Self::All, Self::Random, Self::Prefix];

    /// A short word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Random => "random",
            Self::Prefix => "prefix",
        }
    }
}

/// One change of a disk's contents. Files have numbers: a name may come to mean another file.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Write { file: usize, at: usize, bytes: Box<[u8]> },
    Truncate { file: usize, size: usize },
    Link { name: String, file: usize },
    Unlink { name: String },
}

impl Change {
    /// The file whose contents it changes.
    pub(super) fn file(&self) -> Option<usize> {
        match self {
            Self::Write { file, .. } | Self::Truncate { file, .. } => Some(*file),
            Self::Link { .. } | Self::Unlink { .. } => None,
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// In memory only; a sync or chance may write it.
    Pending,
    /// On the disk.
    Durable,
    /// Dropped by a sync that failed: it is still read back, but never written.
    Dropped,
}

/// Contents with their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) files: Vec<Vec<u8>>,
    pub(super) names: BTreeMap<String, usize>,
}

impl Contents {
    pub(super) fn of(image: &Image) -> Self {
        let mut contents = Self::default();
        for (name, bytes) in &image.0 {
            contents.names.insert(name.clone(), contents.files.len());
            contents.files.push(bytes.as_ref().clone());
        }
        contents
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Write { file, at, bytes } => write(&mut self.files[*file], *at, bytes),
            Change::Truncate { file, size } => self.files[*file].resize(*size, 0),
            Change::Link { name, file } => {
                self.names.insert(name.clone(), *file);
            }
            Change::Unlink { name } => {
                self.names.remove(name);
            }
        }
    }

    /// Applies as much of a change as chance leaves.
    fn apply_some(&mut self, change: &Change, chance: &mut Chance) {
        let Change::Write { file, at, bytes } = change else {
            if chance.once_in(2) {
                self.apply(change);
            }
            return;
        };
        let mut from = 0;
        while from < bytes.len() {
            let sector_end = SECTOR - (at + from) % SECTOR;
            let to = bytes.len().min(from + sector_end);
            if chance.once_in(2) {
                let torn = chance.once_in(TORN);
                let kept = if torn { from + chance.below((to - from) as u64) as usize } else { to };
                write(&mut self.files[*file], at + from, &bytes[from..kept]);
            }
            from = to;
        }
    }

    pub(super) fn into_image(mut self) -> Image {
        let files = &mut self.files;
        let names = self.names.into_iter();
        Image(
            names.map(|(name, file)| (name, Arc::new(std::mem::take(&mut files[file])))).collect(),
        )
    }
}

fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

/// What is on the disk after the power went: the image, then in order what is durable, and of the
/// pending changes those that the pattern keeps.
pub(super) fn after_power_cut(
    image: &Image,
    created: usize,
    log: &[(Change, Fate)],
    pattern: Survivors,
    chance: &mut Chance,
) -> Image {
    let mut contents = Contents::of(image);
    contents.files.resize(contents.files.len() + created, Vec::new());
    let pending = log.iter().filter(|(_, fate)| *fate == Fate::Pending).count();
    let first = chance.below(pending as u64 + 1) as usize;
    let mut place = 0;
    for (change, fate) in log {
        match fate {
            Fate::Durable => contents.apply(change),
            Fate::Dropped => {}
            Fate::Pending => {
                match pattern {
                    Survivors::None => {}
                    Survivors::All => contents.apply(change),
                    Survivors::Random => contents.apply_some(change, chance),
                    Survivors::Prefix if place < first => contents.apply(change),
                    Survivors::Prefix if place == first => contents.apply_some(change, chance),
                    Survivors::Prefix => {}
                }
                place += 1;
            }
        }
    }
    contents.into_image()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        Image([("a".to_owned(), Arc::new(vec![0; 4 * SECTOR]))].into())
    }

    fn write_all(byte: u8, fate: Fate) -> (Change, Fate) {
        (Change::Write { file: 0, at: 0, bytes: vec![byte; 4 * SECTOR].into() }, fate)
    }

    fn survivors(log: &[(Change, Fate)], pattern: Survivors, seed: u64) -> Vec<u8> {
        let left = after_power_cut(&image(), 0, log, pattern, &mut Chance::new(seed));
        left.0["a"].to_vec()
    }

    #[test]
    fn only_what_is_durable_survives_for_certain() {
        let log = [write_all(1, Fate::Durable), write_all(2, Fate::Pending)];
        assert_eq!(survivors(&log, Survivors::None, 1), vec![1; 4 * SECTOR]);
        assert_eq!(survivors(&log, Survivors::All, 1), vec![2; 4 * SECTOR]);
        let log = [write_all(1, Fate::Dropped)];
        assert_eq!(survivors(&log, Survivors::All, 1), vec![0; 4 * SECTOR]);
    }

    #[test]
    fn sectors_survive_one_by_one_and_some_are_torn() {
        let log = [write_all(1, Fate::Pending)];
        let (mut mixed, mut torn) = (0, 0);
        for seed in 0..200 {
            let left = survivors(&log, Survivors::Random, seed);
            let kept = |sector: &[u8]| sector.iter().filter(|byte| **byte == 1).count();
            let sectors: Vec<usize> = left.chunks(SECTOR).map(kept).collect();
            mixed += usize::from(sectors.contains(&SECTOR) && sectors.contains(&0));
            torn += sectors.iter().filter(|kept| (1..SECTOR).contains(*kept)).count();
        }
        assert!(mixed > 100 && torn > 5, "{mixed} mixed, {torn} torn");
    }

    #[test]
    fn file_whose_name_was_never_synced_can_be_gone() {
        let log = [
            (Change::Link { name: "b".into(), file: 1 }, Fate::Pending),
            (Change::Write { file: 1, at: 0, bytes: vec![7; 8].into() }, Fate::Durable),
        ];
        let left = |pattern| after_power_cut(&image(), 1, &log, pattern, &mut Chance::new(1)).0;
        assert!(!left(Survivors::None).contains_key("b"));
        assert_eq!(*left(Survivors::All)["b"], vec![7; 8]);
    }
}
