//! A command on its way through a batch, its kind forgotten: it can be decided and it can be told
//! its answer.

use crate::failed::{Failed, Failure};
use crate::once::Ticket;
use domain::record::RowKey;
use domain::tx::{Changes, Cursor, View};
use domain::{Command, Halt, Once, Refusal, Rules, Stop, Tx};
use kernel::Timestamp;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::sync::oneshot;

/// What all commands of a batch share.
pub(crate) struct Setting<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) now: Timestamp,
    /// Which idempotency table is written.
    pub(crate) turn: i64,
}

/// What deciding once came to.
pub(crate) enum Step {
    /// Rows are missing; whatever else came out does not count.
    Missing,
    /// An answer, with what it wants written and where it leaves the numbers.
    Through(Changes, Cursor),
    /// A defect, if it comes again on freshly loaded rows.
    Doubtful(String),
}

/// How a rider leaves.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// With the answer it came to when it was decided last.
    Decided,
    /// Nobody knows.
    Unknown,
    /// Nothing was tried.
    Busy(Duration),
    /// Our fault.
    Defect,
}

/// See the module.
pub(crate) trait Rider: Send {
    /// The command's name.
    fn name(&self) -> &'static str;

    /// Whose share of the queue it takes.
    fn owner(&self) -> &str;

    /// Where an answer to the same request would be recorded.
    fn record_keys(&self) -> &[RowKey] {
        &[]
    }

    /// Decides, as often as it takes; only the last time counts.
    fn decide(
        &mut self,
        setting: &Setting<'_>,
        view: &dyn View,
        missing: &mut BTreeSet<RowKey>,
        cursor: Cursor,
    ) -> Step;

    /// By how many microseconds it moves business time forward.
    fn clock_step(&self) -> i64 {
        0
    }

    /// Whether others may be decided in the same batch.
    fn shares_batch(&self) -> bool {
        true
    }

    /// Tells the caller, who may be gone, and gives a word for metrics.
    fn leave(self: Box<Self>, ending: Ending) -> &'static str;
}

/// What a command comes to.
pub(crate) type Answer<C> = Result<<C as Command>::Done, Failed<<C as Command>::Refusal>>;

/// A command whose caller waits.
pub(crate) struct Pending<C: Command> {
    command: C,
    owner: String,
    ticket: Option<Ticket>,
    answer: Option<Answer<C>>,
    caller: oneshot::Sender<Answer<C>>,
}

impl<C: Command> Pending<C> {
    pub(crate) fn new(command: C) -> (Self, oneshot::Receiver<Answer<C>>) {
        let (caller, answer) = oneshot::channel();
        let ticket = match command.once() {
            Once::Key { owner, key, fingerprint } => Some(Ticket::new(owner, key, fingerprint)),
            Once::Business | Once::State => None,
        };
        let owner = command.owner();
        (Self { command, owner, ticket, answer: None, caller }, answer)
    }

    fn doubt(&mut self, what: String) -> Step {
        self.answer = Some(Err(Failed::Defect));
        Step::Doubtful(what)
    }

    fn through(&mut self, answer: Answer<C>, changes: Changes, cursor: Cursor) -> Step {
        self.answer = Some(answer);
        Step::Through(changes, cursor)
    }

    /// Done keeps its changes, a refusal keeps its marks; both are recorded under the key.
    fn conclude(
        &mut self,
        verdict: Result<C::Done, C::Refusal>,
        mut changes: Changes,
        setting: &Setting<'_>,
    ) -> Result<(Answer<C>, Changes), String> {
        let (turn, now) = (setting.turn, setting.now);
        let (answer, record) = match verdict {
            Ok(done) => {
                let record = self.ticket.as_ref().map(|ticket| ticket.done(&done, turn, now));
                (Ok(done), record)
            }
            Err(refusal) => {
                changes = Changes { marks: changes.marks, ..Changes::default() };
                let ticket = self.ticket.as_ref().filter(|_| !refusal.is_about_secret());
                let record = ticket.map(|ticket| ticket.refused(&Failure::of(&refusal), turn, now));
                (Err(Failed::Refused(refusal)), record)
            }
        };
        if let Some((key, row)) = record.transpose()? {
            changes.rows.insert(key, Some(row));
        }
        Ok((answer, changes))
    }
}

impl<C: Command> Rider for Pending<C> {
    fn name(&self) -> &'static str {
        self.command.name()
    }

    fn owner(&self) -> &str {
        &self.owner
    }

    fn record_keys(&self) -> &[RowKey] {
        self.ticket.as_ref().map_or(&[], Ticket::record_keys)
    }

    fn decide(
        &mut self,
        setting: &Setting<'_>,
        view: &dyn View,
        missing: &mut BTreeSet<RowKey>,
        cursor: Cursor,
    ) -> Step {
        let mut tx = Tx::new(view, missing, setting.rules, setting.now, cursor);
        match catch_unwind(AssertUnwindSafe(|| self.command.admit(&mut tx))) {
            Ok(Ok(())) => {}
            Ok(Err(Stop::Missing)) => return Step::Missing,
            Ok(Err(Stop::Refused(refusal))) => {
                let refused = Err(Failed::Refused(refusal));
                return self.through(refused, Changes::default(), cursor);
            }
            Ok(Err(Stop::Stale)) => {
                return self.through(Err(Failed::Stale), Changes::default(), cursor);
            }
            Ok(Err(Stop::Defect(what))) => return self.doubt(what),
            Err(panic) => return self.doubt(format!("panicked: {}", panic_text(&*panic))),
        }
        let record = self.ticket.as_ref().map_or(Ok(None), |ticket| ticket.look_up(&mut tx));
        match (record, &self.ticket) {
            (Ok(Some(record)), Some(ticket)) => {
                return match ticket.replay::<C>(record) {
                    Ok(answer) => self.through(answer, Changes::default(), cursor),
                    Err(what) => self.doubt(what),
                };
            }
            (Err(Halt::Missing), _) => return Step::Missing,
            (Err(Halt::Defect(what)), _) => return self.doubt(what),
            (Err(Halt::Stale) | Ok(_), _) => {}
        }
        let verdict = catch_unwind(AssertUnwindSafe(|| self.command.decide(&mut tx)));
        let (changes, after) = tx.finish();
        if !missing.is_empty() {
            return Step::Missing;
        }
        let (verdict, after) = match verdict {
            Ok(Ok(done)) => (Ok(done), after),
            Ok(Err(Stop::Refused(refusal))) => (Err(refusal), cursor),
            Ok(Err(Stop::Stale)) => {
                return self.through(Err(Failed::Stale), Changes::default(), cursor);
            }
            Ok(Err(Stop::Missing)) => return self.doubt("left for a row it did not name".into()),
            Ok(Err(Stop::Defect(what))) => return self.doubt(what),
            Err(panic) => return self.doubt(format!("panicked: {}", panic_text(&*panic))),
        };
        match self.conclude(verdict, changes, setting) {
            Ok((answer, changes)) => self.through(answer, changes, after),
            Err(what) => self.doubt(what),
        }
    }

    fn leave(self: Box<Self>, ending: Ending) -> &'static str {
        let answer = match ending {
            Ending::Decided => self.answer.unwrap_or(Err(Failed::Defect)),
            Ending::Unknown => Err(Failed::Unknown),
            Ending::Busy(retry_after) => Err(Failed::Busy { retry_after }),
            Ending::Defect => Err(Failed::Defect),
        };
        let outcome = answer.as_ref().map_or_else(Failed::outcome, |_| "done");
        // A caller that went away does not take the command back.
        let _ = self.caller.send(answer);
        outcome
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// Moves business time forward, in a batch that is otherwise empty. With a step of 0 it writes
/// only if another process has committed since.
pub(crate) struct MoveClock {
    step: i64,
    caller: oneshot::Sender<Result<(), Failed<domain::Never>>>,
}

impl MoveClock {
    /// `step` is in microseconds, not below zero.
    pub(crate) fn new(step: i64) -> (Self, oneshot::Receiver<Result<(), Failed<domain::Never>>>) {
        let (caller, answer) = oneshot::channel();
        (Self { step, caller }, answer)
    }
}

impl Rider for MoveClock {
    fn name(&self) -> &'static str {
        "MoveClock"
    }

    fn owner(&self) -> &str {
        "system"
    }

    fn decide(
        &mut self,
        _setting: &Setting<'_>,
        _view: &dyn View,
        _missing: &mut BTreeSet<RowKey>,
        cursor: Cursor,
    ) -> Step {
        Step::Through(Changes::default(), cursor)
    }

    fn clock_step(&self) -> i64 {
        self.step
    }

    fn shares_batch(&self) -> bool {
        false
    }

    fn leave(self: Box<Self>, ending: Ending) -> &'static str {
        let answer = match ending {
            Ending::Decided => Ok(()),
            Ending::Unknown => Err(Failed::Unknown),
            Ending::Busy(retry_after) => Err(Failed::Busy { retry_after }),
            Ending::Defect => Err(Failed::Defect),
        };
        let outcome = answer.as_ref().map_or_else(Failed::outcome, |()| "done");
        let _ = self.caller.send(answer);
        outcome
    }
}
