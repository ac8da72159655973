//! What all cycles begin from, made once: a disk with people, merchants and orders on it, and for
//! each script what it comes to when nothing goes wrong.

use crate::act::{Act, Answer, Attempt, Says};
use crate::books::{self, Books};
use crate::clock::Clock;
use crate::device::{Disk, Fault};
use crate::media::Image;
use crate::people::{self, CAREFUL, NEWCOMERS, PEOPLE};
use crate::rig::{Rig, Setup, database};
use crate::script::{Named, ORDERS, Script};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// One that is written down.
    Named(Named),
    /// The one that chance writes from this seed.
    Chance(u64),
}

/// A script with what it comes to on a sound disk.
#[derive(Debug)]
pub struct Reference {
    pub(crate) script: Script,
    /// The books before the first step and after each.
    pub(crate) books: Vec<Books>,
    /// What was answered, times masked, by step and act.
    pub(crate) answers: Vec<Vec<String>>,
    /// How many operations the disk sees from the start of the engine to the last answer.
    pub operations: u64,
}

/// See the module.
pub struct World {
    image: Image,
    references: Mutex<HashMap<Which, Arc<Reference>>>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Makes the disk: money on every wallet, two merchants of whom each has sold something, orders
    /// that wait, and codes on their way to newcomers.
    ///
    /// # Panics
    /// When the product does not do on a sound disk what it is asked for.
    pub fn new() -> Self {
        let disk = Disk::new(&Image::default(), 0);
        let clock = Clock::new();
        let setup = Setup { migrates: true, ..Setup::default() };
        let rig = Rig::start(&disk, &clock, setup).expect("a sound disk is worked on");
        for number in 1..=PEOPLE {
            rig.must(people::person(number).move_in());
            do_all(&rig, Act::TopUp { person: number, id: number });
            do_all(&rig, Act::BankOnTopUp { id: number, says: Says::Done });
        }
        rig.must(people::person(CAREFUL).move_in());
        for newcomer in 0..NEWCOMERS {
            rig.must(people::ask_code(newcomer));
        }
        for number in 0..2 {
            do_all(&rig, Act::Merchant(number));
            do_all(&rig, Act::Order(200 + number));
            do_all(&rig, Act::Pay { person: 1, order: 200 + number });
        }
        (0..ORDERS).for_each(|order| do_all(&rig, Act::Order(order)));
        rig.stop();
        let image = disk.contents();
        Self { image, references: Mutex::default() }
    }

    /// The disk that every cycle begins with.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What a script comes to on a sound disk.
    ///
    /// # Panics
    /// As [`World::new`].
    pub fn reference(&self, which: Which) -> Arc<Reference> {
        let lock = || self.references.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reference) = lock().get(&which) {
            return Arc::clone(reference);
        }
        let reference = Arc::new(self.play(which));
        let mut references = lock();
        if references.len() > 100 {
            references.retain(|which, _| matches!(which, Which::Named(_)));
        }
        references.insert(which, Arc::clone(&reference));
        reference
    }

    fn play(&self, which: Which) -> Reference {
        let script = match which {
            Which::Named(name) => Script::named(name),
            Which::Chance(seed) => Script::by_chance(seed),
        };
        let disk = Disk::new(&self.image, 0);
        disk.plan(Fault::None);
        let clock = Clock::new();
        let rig = Rig::start(&disk, &clock, Setup::default()).expect("a sound disk is worked on");
        let reader = books::open(&database(&disk)).expect("a sound disk is read");
        let read = || Books::read(&reader, &script).expect("a sound disk is read");
        let mut books = vec![read()];
        let mut answers = Vec::new();
        for (place, step) in script.steps.iter().enumerate() {
            clock.step(place, script.days(place));
            let attempt = Attempt { number: 0, order_at: 0 };
            let asked: Vec<_> = step.iter().map(|act| (*act, attempt)).collect();
            let said = rig.ask(&asked).into_iter().map(|answer| match answer {
                Answer::Said(said) => books::mask(&said),
                Answer::Unclear => panic!("{step:?} is not answered on a sound disk"),
            });
            answers.push(said.collect());
            books.push(read());
        }
        let operations = disk.operations();
        rig.stop();
        Reference { script, books, answers, operations }
    }
}

fn do_all(rig: &Rig, act: Act) {
    let answers = rig.ask(&[(act, Attempt { number: 0, order_at: 0 })]);
    let is_done = matches!(&answers[..], [Answer::Said(said)] if !said.starts_with("refused"));
    assert!(is_done, "{act:?} on a sound disk ended with {answers:?}");
}
