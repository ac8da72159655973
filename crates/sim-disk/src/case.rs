//! One cycle in a few words, which is also the seed to repeat it by.

use crate::device::Fault;
use crate::media::Survivors;
use crate::random::Chance;
use crate::rig::Setup;
use crate::script::Named;
use crate::world::{Which, World};
use std::fmt;
use std::str::FromStr;

/// What happens in a cycle. Written `SCRIPT/FAULT/SURVIVORS/SEED`, such as
/// `shopping/cut@117/random/3`, or `chance-71` for what chance makes of 71.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The script.
    pub which: Which,
    /// What strikes, while the script runs.
    pub fault: Fault,
    /// What strikes next, while the product recovers and goes on.
    pub second: Fault,
    /// What survives each power cut.
    pub survivors: Survivors,
    /// Decides whatever else chance decides.
    pub seed: u64,
    /// Whether chance made the case from its seed.
    pub by_chance: bool,
    /// How the product is set up.
    pub setup: Setup,
}

/// As many times as something happens that goes on until somebody helps.
pub const ALWAYS: u64 = u64::MAX;

impl Case {
    /// One fault in a script.
    pub fn new(which: Which, fault: Fault, survivors: Survivors, seed: u64) -> Self {
        let (second, setup) = (Fault::None, Setup::default());
        Self { which, fault, second, survivors, seed, by_chance: false, setup }
    }

    /// What chance makes of a seed. Eight seeds share a script.
    pub fn by_chance(world: &World, seed: u64) -> Self {
        let which = Which::Chance(seed / 8);
        let operations = world.reference(which).operations;
        let mut chance = Chance::new(seed ^ 0x5eed);
        let fault = fault_by_chance(&mut chance, operations);
        let second = match chance.below(3) {
            0 => fault_by_chance(&mut chance, operations / 3 + 1),
            _ => Fault::None,
        };
        let survivors = Survivors::ALL[chance.below(4) as usize];
        let (migrates, checkpoints_beside) = (chance.once_in(4), chance.once_in(8));
        let setup = Setup { migrates, checkpoints_beside, ..Setup::default() };
        Self { which, fault, second, survivors, seed, by_chance: true, setup }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(world: &World, text: &str) -> Result<Self, String> {
        if let Some(seed) = text.strip_prefix("chance-") {
            let seed = seed.parse().map_err(|error| format!("{text}: {error}"))?;
            return Ok(Self::by_chance(world, seed));
        }
        let parts: Vec<&str> = text.split('/').collect();
        let [script, fault, survivors, seed] = parts[..] else {
            return Err(format!("{text}: a seed is SCRIPT/FAULT/SURVIVORS/SEED or chance-NUMBER"));
        };
        let which = Named::ALL.into_iter().find(|name| name.word() == script);
        let which = Which::Named(which.ok_or_else(|| format!("no script {script}"))?);
        let pattern = Survivors::ALL.into_iter().find(|pattern| pattern.word() == survivors);
        let pattern = pattern.ok_or_else(|| format!("no pattern {survivors}"))?;
        let seed = seed.parse().map_err(|error| format!("{seed}: {error}"))?;
        Ok(Self::new(which, fault.parse()?, pattern, seed))
    }
}

fn fault_by_chance(chance: &mut Chance, operations: u64) -> Fault {
    let at = 1 + chance.below(operations);
    let times = [1, 1, 2, 3, 5, ALWAYS][chance.below(6) as usize];
    match chance.below(16) {
        0..6 => Fault::PowerCut { at },
        6 | 7 => Fault::Kill { at },
        8..12 => Fault::SyncFails { at, times },
        12 => Fault::WriteFails { at, times },
        13 | 14 => Fault::Full { at, times },
        _ => Fault::Space { bytes: chance.below(400_000) },
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { which, fault, survivors, seed, .. } = self;
        match which {
            _ if self.by_chance => write!(f, "chance-{seed}"),
            Which::Named(name) => {
                write!(f, "{}/{fault}/{}/{seed}", name.word(), survivors.word())
            }
            Which::Chance(script) => write!(f, "script {script}/{fault}/{}", survivors.word()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Self::None => f.write_str(word),
            Self::PowerCut { at } | Self::Kill { at } => write!(f, "{word}@{at}"),
            Self::Space { bytes } => write!(f, "{word}@{bytes}"),
            Self::SyncFails { at, times: ALWAYS }
            | Self::WriteFails { at, times: ALWAYS }
            | Self::Full { at, times: ALWAYS } => write!(f, "{word}@{at}xalways"),
            Self::SyncFails { at, times }
            | Self::WriteFails { at, times }
            | Self::Full { at, times } => write!(f, "{word}@{at}x{times}"),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == Self::None.word() {
            return Ok(Self::None);
        }
        let wrong = || format!("{text} is no fault, such as cut@12 or sync@12x2");
        let (word, rest) = text.split_once('@').ok_or_else(wrong)?;
        let (at, times) = rest.split_once('x').unwrap_or((rest, "1"));
        let at: u64 = at.parse().map_err(|_| wrong())?;
        let times = if times == "always" { ALWAYS } else { times.parse().map_err(|_| wrong())? };
        Ok(match word {
            "cut" => Self::PowerCut { at },
            "kill" => Self::Kill { at },
            "sync" => Self::SyncFails { at, times },
            "write" => Self::WriteFails { at, times },
            "full" => Self::Full { at, times },
            "space" => Self::Space { bytes: at },
            _ => return Err(wrong()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_back_as_they_are_written() {
        for fault in [
            Fault::None,
            Fault::PowerCut { at: 3 },
            Fault::Kill { at: 4 },
            Fault::SyncFails { at: 5, times: 2 },
            Fault::WriteFails { at: 6, times: ALWAYS },
            Fault::Full { at: 7, times: 1 },
            Fault::Space { bytes: 8_000 },
        ] {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert!("flood@7".parse::<Fault>().is_err());
    }
}
