//! Facts on their way to the senders: a bounded queue per merchant, served in turn. Pure.
//!
//! Nobody waits for a merchant that is dead. One that has not answered yet, or failed last, is sent
//! one notification at a time; each that it acknowledges allows one more. When it fails several
//! times in a row its queue is given up, and all that fail together keep only a part of the senders
//! busy.

use crate::shell::Instant;
use crate::slots::Held;
use domain::fact::Fact;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Failures in a row that make a merchant count as failing.
const STRIKES_MAX: u32 = 3;

/// A full queue whose first fact has waited for longer holds the reader up no more: its merchant
/// answers, but too slowly for what it is owed.
const SLOW: Duration = Duration::from_secs(5);

/// Neither does a full queue whose merchant has acknowledged nothing for so long.
const SILENT: Duration = Duration::from_secs(1);

/// Merchants that fail share this part of the senders.
const FAILING_SHARE: usize = 4;

/// The bounds of all lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Facts sent at once.
    pub(super) senders: usize,
    /// Facts sent at once to one merchant.
    pub(super) per_merchant: usize,
    /// Facts that wait for one merchant.
    pub(super) waiting: usize,
}

struct Lane {
    waiting: VecDeque<(Fact, Instant)>,
    sending: usize,
    /// How many may be sent at once.
    window: usize,
    /// When it last acknowledged something, or was sent something after a pause.
    moved: Instant,
    strikes: u32,
    in_turn: bool,
}

impl Lane {
    fn new(now: Instant) -> Self {
        let waiting = VecDeque::new();
        Self { waiting, sending: 0, window: 1, moved: now, strikes: 0, in_turn: false }
    }

    /// Whether what waits has waited for too long to wait for it.
    fn is_stuck(&self, now: Instant) -> bool {
        let first = self.waiting.front();
        first.is_some_and(|(_, since)| now.duration_since(*since) >= SLOW)
            || (self.sending > 0 && now.duration_since(self.moved) >= SILENT)
    }

    fn is_failing(&self) -> bool {
        self.strikes >= STRIKES_MAX
    }
}

/// What became of an offered fact.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// It waits for a sender.
    Taken,
    /// The merchant's queue is full.
    Full(Fact),
    /// The merchant fails, or is too slow: it is to be tried again later.
    Later(Fact),
}

/// See the module.
pub(super) struct Lanes {
    bounds: Bounds,
    lanes: HashMap<String, Lane>,
    turns: VecDeque<String>,
    sending: usize,
    /// How many of them to merchants that fail.
    failing: usize,
}

impl Lanes {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, lanes: HashMap::new(), turns: VecDeque::new(), sending: 0, failing: 0 }
    }

    /// Offers a fact to its merchant's queue.
    pub(super) fn offer(&mut self, fact: Fact, now: Instant) -> Offered {
        let most_failing = self.bounds.senders / FAILING_SHARE;
        let lane = self.lanes.entry(fact.mchid.clone()).or_insert_with(|| Lane::new(now));
        // While a merchant fails, one fact at a time finds out whether it still does.
        let is_asked = lane.sending > 0 || !lane.waiting.is_empty();
        if lane.is_failing() && (is_asked || self.failing >= most_failing) {
            return Offered::Later(fact);
        }
        if lane.waiting.len() >= self.bounds.waiting {
            let stuck = lane.is_stuck(now);
            return if stuck { Offered::Later(fact) } else { Offered::Full(fact) };
        }
        let mchid = fact.mchid.clone();
        lane.waiting.push_back((fact, now));
        self.take_turn(&mchid);
        Offered::Taken
    }

    /// The next fact to send, if a sender is free.
    pub(super) fn next(&mut self, now: Instant) -> Option<Fact> {
        if self.sending >= self.bounds.senders {
            return None;
        }
        while let Some(mchid) = self.turns.pop_front() {
            let Some(lane) = self.lanes.get_mut(&mchid) else { continue };
            lane.in_turn = false;
            let Some((fact, _)) = lane.waiting.pop_front() else { continue };
            if lane.sending == 0 {
                lane.moved = now;
            }
            self.failing += usize::from(lane.is_failing());
            lane.sending += 1;
            self.sending += 1;
            self.take_turn(&mchid);
            return Some(fact);
        }
        None
    }

    /// A sender is done with a merchant's fact. Gives what is to be tried again later because the
    /// merchant counts as failing now.
    pub(super) fn sent(&mut self, mchid: &str, acknowledged: bool, now: Instant) -> Vec<Fact> {
        let Some(lane) = self.lanes.get_mut(mchid) else { return Vec::new() };
        let failing = |lane: &Lane| if lane.is_failing() { lane.sending } else { 0 };
        self.failing -= failing(lane);
        lane.sending -= 1;
        self.sending -= 1;
        if acknowledged {
            lane.strikes = 0;
            lane.window = self.bounds.per_merchant.min(lane.window + 1);
            lane.moved = now;
        } else {
            lane.strikes = lane.strikes.saturating_add(1);
            lane.window = 1;
        }
        self.failing += failing(lane);
        let given_up = match lane.is_failing() {
            true => lane.waiting.drain(..).map(|(fact, _)| fact).collect(),
            false => Vec::new(),
        };
        if lane.sending == 0 && lane.waiting.is_empty() && lane.strikes == 0 {
            self.lanes.remove(mchid);
        } else {
            self.take_turn(mchid);
        }
        given_up
    }

    /// Everything that waits for a merchant whose queue has been full for too long.
    pub(super) fn give_up(&mut self, mchid: &str) -> Vec<Fact> {
        let lane = self.lanes.get_mut(mchid);
        lane.map_or_else(Vec::new, |lane| lane.waiting.drain(..).map(|(fact, _)| fact).collect())
    }

    /// Forgets what waits and belongs to slots that are no longer held.
    pub(super) fn keep(&mut self, held: &Held) {
        for lane in self.lanes.values_mut() {
            lane.waiting.retain(|(fact, _)| held.contains_key(&fact.slot));
        }
    }

    /// How many facts are being sent.
    pub(super) fn sending(&self) -> usize {
        self.sending
    }

    fn take_turn(&mut self, mchid: &str) {
        let Some(lane) = self.lanes.get_mut(mchid) else { return };
        if !lane.in_turn && !lane.waiting.is_empty() && lane.sending < lane.window {
            lane.in_turn = true;
            self.turns.push_back(mchid.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::testing::fact;
    use crate::shell::instant;

    const BOUNDS: Bounds = Bounds { senders: 4, per_merchant: 2, waiting: 3 };

    fn offer_all(lanes: &mut Lanes, mchid: &str, count: i64) -> Vec<Offered> {
        (1..=count).map(|place| lanes.offer(fact(mchid, 1, place), instant())).collect()
    }

    fn next_all(lanes: &mut Lanes) -> Vec<String> {
        std::iter::from_fn(|| lanes.next(instant())).map(|fact| fact.mchid).collect()
    }

    #[test]
    fn merchants_are_served_in_turn_and_none_gets_more_senders_than_its_share() {
        let mut lanes = Lanes::new(BOUNDS);
        offer_all(&mut lanes, "a", 3);
        offer_all(&mut lanes, "b", 1);
        assert_eq!(next_all(&mut lanes), ["a", "b"]);
        lanes.sent("a", true, instant());
        assert_eq!(next_all(&mut lanes), ["a", "a"]);
        offer_all(&mut lanes, "a", 1);
        assert_eq!(lanes.sending(), 3);
        assert_eq!(next_all(&mut lanes), [""; 0]);
    }

    #[test]
    fn a_merchant_that_never_answered_keeps_one_sender() {
        let mut lanes = Lanes::new(BOUNDS);
        for mchid in ["a", "b", "c"] {
            offer_all(&mut lanes, mchid, 3);
        }
        assert_eq!(next_all(&mut lanes), ["a", "b", "c"]);
        offer_all(&mut lanes, "d", 1);
        assert_eq!(next_all(&mut lanes), ["d"]);
    }

    #[test]
    fn merchants_that_fail_share_a_part_of_the_senders() {
        let mut lanes = Lanes::new(BOUNDS);
        for mchid in ["a", "b"] {
            for _ in 0..STRIKES_MAX {
                offer_all(&mut lanes, mchid, 1);
                assert_eq!(next_all(&mut lanes), [mchid]);
                lanes.sent(mchid, false, instant());
            }
        }
        assert_eq!(offer_all(&mut lanes, "a", 1), [Offered::Taken]);
        assert_eq!(next_all(&mut lanes), ["a"]);
        assert_eq!(offer_all(&mut lanes, "b", 1), [Offered::Later(fact("b", 1, 1))]);
        lanes.sent("a", true, instant());
        assert_eq!(offer_all(&mut lanes, "b", 1), [Offered::Taken]);
        assert_eq!(next_all(&mut lanes), ["b"]);
        lanes.sent("b", false, instant());
        assert_eq!(lanes.failing, 0);
    }

    #[test]
    fn a_silent_merchant_with_a_full_queue_holds_the_reader_up_no_more() {
        let mut lanes = Lanes::new(BOUNDS);
        let began = instant();
        offer_all(&mut lanes, "a", 3);
        lanes.next(began);
        offer_all(&mut lanes, "a", 1);
        assert_eq!(lanes.offer(fact("a", 2, 1), began), Offered::Full(fact("a", 2, 1)));
        let later = began + SILENT;
        assert_eq!(lanes.offer(fact("a", 2, 1), later), Offered::Later(fact("a", 2, 1)));
        lanes.sent("a", true, later);
        lanes.next(later);
        assert_eq!(lanes.offer(fact("a", 2, 1), later), Offered::Taken);
        assert_eq!(lanes.offer(fact("a", 2, 2), later), Offered::Full(fact("a", 2, 2)));
    }

    #[test]
    fn a_full_queue_takes_nothing_more() {
        let mut lanes = Lanes::new(BOUNDS);
        let offered = offer_all(&mut lanes, "a", 4);
        assert_eq!(offered[..3], [Offered::Taken, Offered::Taken, Offered::Taken]);
        assert_eq!(offered[3], Offered::Full(fact("a", 1, 4)));
        assert_eq!(lanes.give_up("a").len(), 3);
    }

    #[test]
    fn after_three_failures_the_queue_is_given_up_and_one_fact_at_a_time_is_tried() {
        let mut lanes = Lanes::new(BOUNDS);
        offer_all(&mut lanes, "a", 3);
        lanes.next(instant());
        assert_eq!(lanes.sent("a", false, instant()), []);
        offer_all(&mut lanes, "a", 1);
        assert_eq!(lanes.next(instant()).map(|fact| fact.place), Some(2));
        assert_eq!(lanes.next(instant()), None);
        assert_eq!(lanes.sent("a", false, instant()), []);
        lanes.next(instant());
        assert_eq!(lanes.sent("a", false, instant()), [fact("a", 1, 1)]);
        assert_eq!(lanes.offer(fact("a", 2, 1), instant()), Offered::Taken);
        assert_eq!(lanes.offer(fact("a", 2, 2), instant()), Offered::Later(fact("a", 2, 2)));
        lanes.next(instant());
        lanes.sent("a", true, instant());
        assert_eq!(lanes.offer(fact("a", 2, 3), instant()), Offered::Taken);
        assert_eq!(lanes.offer(fact("a", 2, 4), instant()), Offered::Taken);
    }

    #[test]
    fn what_waits_in_a_lost_slot_is_forgotten() {
        let mut lanes = Lanes::new(BOUNDS);
        lanes.offer(Fact { slot: 1, ..fact("a", 1, 1) }, instant());
        lanes.offer(Fact { slot: 2, ..fact("b", 1, 2) }, instant());
        lanes.keep(&Held::new([(2, (0, 0))].into()));
        assert_eq!(lanes.next(instant()).unwrap().mchid, "b");
        assert_eq!(lanes.next(instant()), None);
    }

    #[test]
    fn a_merchant_that_answers_too_slowly_holds_the_reader_up_only_so_long() {
        let mut lanes = Lanes::new(BOUNDS);
        let began = instant();
        (1..=3)
            .for_each(|place| assert_eq!(lanes.offer(fact("a", 1, place), began), Offered::Taken));
        let soon = began + Duration::from_secs(4);
        assert_eq!(lanes.offer(fact("a", 2, 1), soon), Offered::Full(fact("a", 2, 1)));
        let late = began + SLOW;
        assert_eq!(lanes.offer(fact("a", 2, 1), late), Offered::Later(fact("a", 2, 1)));
        lanes.next(instant());
        assert_eq!(lanes.offer(fact("a", 2, 2), late), Offered::Taken);
    }
}
