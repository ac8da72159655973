//! One cycle: run, fault, power cut or kill, start again, check, go on, cut the power once more.
//!
//! Expected is what the same script comes to on a sound disk. After a restart the books must be
//! those after the last acknowledged step, or those after the step that was under way: whatever
//! was acknowledged is stored, what was not is there as a whole or not at all. Then the clients ask
//! again for what nobody answered, under the same keys; in the end everything has happened once.

use crate::act::{Act, Answer, Attempt};
use crate::books::{self, Books};
use crate::case::Case;
use crate::clock::Clock;
use crate::device::{Disk, Fault};
use crate::media::Survivors;
use crate::random::Chance;
use crate::rig::{REACH, Rig, database, wait_for};
use crate::world::{Reference, World};
use rusqlite::Connection;
use std::fmt;
use std::sync::Arc;
use store_sqlite::{ReaderOptions, SqliteReaders};

/// What a cycle found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something that was acknowledged is not stored.
    Lost,
    /// Something is stored in part, twice, or although it never was asked for.
    Wrong,
    /// An answer differs from the one on a sound disk, or from the one given before.
    Answer,
    /// The file is damaged, cannot be opened, or breaks a rule of the audit.
    Damaged,
    /// The product does not come back although nothing is wrong any more.
    Stuck,
}

/// See [`Kind`].
#[derive(Clone, Debug)]
pub struct Violation {
    /// What sort.
    pub kind: Kind,
    /// What exactly.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.what)
    }
}

/// What a sound cycle met.
#[derive(Clone, Debug, Default)]
pub struct Met {
    /// The operation that the fault struck first, if the run came to it.
    pub struck: Option<String>,
    /// Answers that told nothing, after which the client asked again.
    pub unclear: u64,
    /// Steps that were under way at a fault and turned out to have happened.
    pub happened_unheard: u64,
}

/// One cycle of so many is followed by a whole audit.
const AUDIT_EVERY: u64 = 8;
/// How often a client asks again before it gives up until somebody helps.
const TRIES: u32 = 3;

struct Run<'w> {
    case: &'w Case,
    reference: &'w Reference,
    clock: Clock,
    disk: Arc<Disk>,
    /// Steps that are acknowledged.
    done: usize,
    /// How often the present step was asked for.
    tries: u32,
    /// The attempts under which orders were acknowledged.
    orders: Vec<(u8, u32)>,
    said: Vec<Vec<String>>,
    met: Met,
}

/// Runs a case to its end.
pub fn run(world: &World, case: &Case) -> Result<Met, Violation> {
    let reference = world.reference(case.which);
    let mut run = Run {
        case,
        reference: &reference,
        clock: Clock::new(),
        disk: Disk::new(world.image(), case.seed),
        done: 0,
        tries: 0,
        orders: Vec::new(),
        said: Vec::new(),
        met: Met::default(),
    };
    run.phase(case.fault)?;
    if case.second != Fault::None {
        run.phase(case.second)?;
    }
    run.last_phase()?;
    run.check_durable()?;
    Ok(run.met)
}

fn wrong<T>(kind: Kind, what: impl fmt::Display) -> Result<T, Violation> {
    Err(Violation { kind, what: what.to_string() })
}

impl Run<'_> {
    /// Starts, works until the script or the fault ends it, and then the power goes or the process
    /// dies.
    fn phase(&mut self, fault: Fault) -> Result<(), Violation> {
        self.disk.plan(fault);
        let process = self.disk.process();
        let rig = Rig::start(&self.disk, &self.clock, self.case.setup);
        let outcome = match &rig {
            Ok(rig) => self.look_and_work(rig, process),
            Err(_) if self.disk.struck().is_some() => Ok(()),
            Err(what) => wrong(Kind::Damaged, what),
        };
        let struck = self.disk.struck();
        self.met.struck = self.met.struck.take().or(struck);
        let is_killed = self.disk.process() != process;
        // A disk that fails is taken out of its misery either way.
        let is_to_be_killed = !matches!(fault, Fault::PowerCut { .. }) && self.case.seed % 2 == 1;
        if !is_killed && !is_to_be_killed {
            self.disk.cut_power();
        }
        self.disk.kill(process);
        if let Ok(rig) = rig {
            rig.stop();
        }
        if !is_killed && !is_to_be_killed {
            self.replace_disk(self.case.survivors);
        }
        outcome
    }

    fn look_and_work(&mut self, rig: &Rig, process: u64) -> Result<(), Violation> {
        if self.done + self.tries as usize > 0 {
            match books::open(&database(&self.disk)) {
                Ok(reader) => self.compare_books(&reader, process)?,
                Err(_) if self.disk.is_down(process) => return Ok(()),
                Err(error) => return wrong(Kind::Damaged, error),
            }
        }
        self.work(rig, process)
    }

    fn replace_disk(&mut self, survivors: Survivors) {
        let seed = self.case.seed ^ self.disk.operations();
        self.disk = Disk::new(&self.disk.survivors(survivors, seed), seed);
    }

    /// Starts without a fault, lets the clients finish, and looks at everything.
    fn last_phase(&mut self) -> Result<(), Violation> {
        self.disk.plan(Fault::None);
        let process = self.disk.process();
        let rig = match Rig::start(&self.disk, &self.clock, self.case.setup) {
            Ok(rig) => rig,
            Err(what) => return wrong(Kind::Damaged, format!("does not start again: {what}")),
        };
        let outcome = self.finish(&rig, process);
        self.disk.cut_power();
        rig.stop();
        self.replace_disk(Survivors::None);
        outcome
    }

    fn finish(&mut self, rig: &Rig, process: u64) -> Result<(), Violation> {
        let reader = match books::open(&database(&self.disk)) {
            Ok(reader) => reader,
            Err(error) => return wrong(Kind::Damaged, error),
        };
        self.compare_books(&reader, process)?;
        self.work(rig, process)?;
        if self.done < self.reference.script.steps.len() {
            return wrong(Kind::Stuck, format!("step {} is never answered", self.done));
        }
        self.repeat_all(rig)?;
        self.compare_books(&reader, process)?;
        // The books are those of a sound disk, which the audit found in order; it sees in addition
        // how batches are chained.
        if Chance::new(self.case.seed + 1_000 * self.case.fault.at()).once_in(AUDIT_EVERY) {
            self.audit()?;
        }
        match books::integrity(&reader) {
            Ok(said) if said == "ok" => Ok(()),
            said => wrong(Kind::Damaged, format!("integrity check: {said:?}")),
        }
    }

    /// Nothing that was acknowledged so far may depend on what was not synced.
    fn check_durable(&mut self) -> Result<(), Violation> {
        let process = self.disk.process();
        match books::open(&database(&self.disk)) {
            Ok(reader) => self.compare_books(&reader, process),
            Err(error) => wrong(Kind::Damaged, format!("does not open a last time: {error}")),
        }
    }

    /// The books must be those after the last acknowledged step or after the step under way.
    fn compare_books(&mut self, reader: &Connection, process: u64) -> Result<(), Violation> {
        let found = match Books::read(reader, &self.reference.script) {
            Ok(found) => found,
            Err(_) if self.disk.is_down(process) => return Ok(()),
            Err(error) => return wrong(Kind::Damaged, format!("books: {error}")),
        };
        let books = &self.reference.books;
        if found == books[self.done] {
            return Ok(());
        }
        if self.tries > 0 && books.get(self.done + 1) == Some(&found) {
            self.met.happened_unheard += 1;
            return Ok(());
        }
        let earlier = books[..self.done].iter().position(|earlier| *earlier == found);
        match earlier {
            Some(earlier) => wrong(
                Kind::Lost,
                format!("{} steps are acknowledged, {earlier} are stored", self.done),
            ),
            None => {
                let difference = found.difference(&books[self.done]).unwrap_or_default();
                wrong(Kind::Wrong, format!("after step {}: {difference}", self.done))
            }
        }
    }

    /// Goes on with the script until it ends, the disk or process is gone, or nothing moves.
    fn work(&mut self, rig: &Rig, process: u64) -> Result<(), Violation> {
        let mut is_helped = false;
        while self.done < self.reference.script.steps.len() {
            self.clock.step(self.done, self.reference.script.days(self.done));
            match self.ask_step(rig, process) {
                Some(said) => {
                    self.take_answers(said)?;
                    (self.done, self.tries) = (self.done + 1, 0);
                }
                None if self.disk.is_down(process) || is_helped => return Ok(()),
                None => {
                    // Somebody makes space or mends the disk; a disk that never syncs stays so.
                    if !matches!(self.case.fault, Fault::SyncFails { .. }) {
                        let struck = self.disk.struck();
                        self.met.struck = self.met.struck.take().or(struck);
                        self.disk.plan(Fault::None);
                    }
                    is_helped = true;
                    self.clock.resume();
                }
            }
        }
        Ok(())
    }

    /// Asks until every act of the step is answered; `None` when it does not come to that.
    fn ask_step(&mut self, rig: &Rig, process: u64) -> Option<Vec<String>> {
        let step = &self.reference.script.steps[self.done];
        let mut said: Vec<Option<(String, u32)>> = vec![None; step.len()];
        for _ in 0..TRIES {
            if self.disk.is_down(process) {
                return None;
            }
            if !rig.is_ready() {
                self.clock.resume();
                if !rig.is_ready() {
                    continue;
                }
            }
            let number = self.tries;
            self.tries += 1;
            let open: Vec<usize> = (0..step.len()).filter(|at| said[*at].is_none()).collect();
            let asked: Vec<(Act, Attempt)> =
                open.iter().map(|at| (step[*at], self.attempt(step[*at], number))).collect();
            for (at, answer) in open.into_iter().zip(rig.ask(&asked)) {
                match answer {
                    Answer::Said(words) => said[at] = Some((words, number)),
                    Answer::Unclear => self.met.unclear += 1,
                }
            }
            if said.iter().all(Option::is_some) {
                let said: Vec<(String, u32)> = said.into_iter().flatten().collect();
                for (act, (_, number)) in step.iter().zip(&said) {
                    if let Act::Order(order) = act {
                        self.orders.push((*order, *number));
                    }
                }
                return Some(said.into_iter().map(|(words, _)| words).collect());
            }
        }
        None
    }

    fn attempt(&self, act: Act, number: u32) -> Attempt {
        let order_at = match act {
            Act::Pay { order, .. } | Act::Guess { order, .. } => {
                let placed = self.orders.iter().find(|(placed, _)| *placed == order);
                placed.map_or(0, |(_, number)| *number)
            }
            _ => 0,
        };
        Attempt { number, order_at }
    }

    fn take_answers(&mut self, said: Vec<String>) -> Result<(), Violation> {
        let expected = &self.reference.answers[self.done];
        for (said, expected) in said.iter().zip(expected) {
            if books::mask(said) != *expected {
                let what = format!("step {}: {said}, expected {expected}", self.done);
                return wrong(Kind::Answer, what);
            }
        }
        self.said.push(said);
        Ok(())
    }

    /// Asks again for everything that has a key or number of its own: the same answers as before.
    fn repeat_all(&mut self, rig: &Rig) -> Result<(), Violation> {
        let mut asked = Vec::new();
        let mut expected = Vec::new();
        let script = &self.reference.script;
        let steps = script.steps.iter().zip(&self.said).skip(script.kept_from());
        for (step, said) in steps {
            for (act, said) in step.iter().zip(said) {
                // A refusal without a key may be another one later.
                if act.repeats_its_answer() && said.starts_with("done") {
                    asked.push((*act, self.attempt(*act, 0)));
                    expected.push(said);
                }
            }
        }
        let answers = rig.ask(&asked);
        for (answer, expected) in answers.into_iter().zip(expected) {
            if answer != Answer::Said(expected.clone()) {
                let what = format!("asked again: {answer:?}, answered before: {expected}");
                return wrong(Kind::Answer, what);
            }
        }
        Ok(())
    }

    /// Every rule of the audit.
    fn audit(&self) -> Result<(), Violation> {
        let options = ReaderOptions { threads: 1, reach: REACH, ..Default::default() };
        let readers = SqliteReaders::open(&database(&self.disk), options);
        let report = readers.map_err(|error| error.to_string()).and_then(|readers| {
            let report = wait_for(store::verify::verify(&readers, &|_, _, _| ()));
            report.map_err(|error| error.to_string())
        });
        match report {
            Ok(report) if report.findings.is_empty() => Ok(()),
            Ok(report) => wrong(Kind::Damaged, format!("audit: {:?}", report.findings)),
            Err(error) => wrong(Kind::Damaged, format!("audit: {error}")),
        }
    }
}
