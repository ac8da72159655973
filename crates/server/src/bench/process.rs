//! What processes have used of the machine, as Linux tells it under `/proc`.

use std::io;
use std::time::Duration;

/// What the kernel counts CPU time in, on every architecture that Linux runs on: 10 ms.
const TICK: Duration = Duration::from_millis(10);

/// The processes under test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    /// The server of the wallet.
    pub(super) wallet: u32,
    /// The main process of its database server, if that is on this machine.
    pub(super) database: Option<u32>,
}

/// Totals since the processes began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// CPU time, in user mode and in the kernel.
    pub(super) cpu: Duration,
    /// Bytes they made the kernel write to disks.
    pub(super) written: u64,
    /// The most memory that the wallet's server ever had, in bytes.
    pub(super) memory: u64,
}

impl Sample {
    /// Reads them.
    pub(super) fn of(watched: Watched) -> io::Result<Self> {
        let wallet = watched.wallet;
        let mut sample = Self { cpu: cpu(wallet, 2)?, written: written(wallet)?, memory: 0 };
        sample.memory = figure(&read(wallet, "status")?, "VmHWM:") * 1_024;
        let Some(main) = watched.database else { return Ok(sample) };
        // Those that have ended are in the last two figures of their parent.
        sample.cpu += cpu(main, 4)?;
        for process in children(main)? {
            // It may end while we look.
            sample.cpu += cpu(process, 2).unwrap_or_default();
            sample.written += written(process).unwrap_or_default();
        }
        Ok(sample)
    }
}

/// The process that started another.
pub(super) fn parent(process: u32) -> Option<u32> {
    fields(process).ok()?.get(1)?.parse().ok()
}

fn children(of: u32) -> io::Result<Vec<u32>> {
    let entries = std::fs::read_dir("/proc")?;
    let all = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    Ok(all.filter(|process| parent(*process) == Some(of)).collect())
}

/// The first so many of: own time in user mode, in the kernel, and both of ended children.
fn cpu(process: u32, figures: usize) -> io::Result<Duration> {
    let fields = fields(process)?;
    let ticks = fields.iter().skip(11).take(figures).filter_map(|text| text.parse::<u32>().ok());
    Ok(TICK * ticks.sum::<u32>())
}

fn written(process: u32) -> io::Result<u64> {
    Ok(figure(&read(process, "io")?, "write_bytes:"))
}

/// What follows the program's name, which may hold anything.
fn fields(process: u32) -> io::Result<Vec<String>> {
    let stat = read(process, "stat")?;
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

fn read(process: u32, name: &str) -> io::Result<String> {
    std::fs::read_to_string(format!("/proc/{process}/{name}"))
}

fn figure(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_is_a_child_of_another() {
        let own = std::process::id();
        let sample = Sample::of(Watched { wallet: own, database: None }).unwrap();
        assert!(sample.memory > 1 << 20, "{sample:?}");
        assert!(children(parent(own).unwrap()).unwrap().contains(&own));
    }
}
