//! What a process has used of the machine, as Linux tells it under `/proc`.

use std::io;
use std::time::Duration;

/// What the kernel counts CPU time in, on every architecture that Linux runs on: 10 ms.
const TICK: Duration = Duration::from_millis(10);

/// Totals since the process began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// CPU time, in user mode and in the kernel.
    pub(super) cpu: Duration,
    /// Bytes it made the kernel write to disks.
    pub(super) written: u64,
    /// The most memory it ever had, in bytes.
    pub(super) memory: u64,
}

impl Sample {
    /// Reads them.
    pub(super) fn of(process: u32) -> io::Result<Self> {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}"));
        let stat = read("stat")?;
        // The second field is the program's name in parentheses, which may hold anything.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<u32>().ok());
        let ticks = ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0);
        Ok(Self {
            cpu: TICK * ticks,
            written: figure(&read("io")?, "write_bytes:"),
            memory: figure(&read("status")?, "VmHWM:") * 1_024,
        })
    }
}

fn figure(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}
