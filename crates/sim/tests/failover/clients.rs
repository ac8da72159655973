//! People who pay without a break, ask again under the same key until they are told, and write down
//! what they were told.

use engine::{Engine, Failed};
use jiaozi_sim::payers::{Payer, Payment};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// An unknown outcome is resolved within this time, the failover included.
const RESOLVED_WITHIN: Duration = Duration::from_secs(60);
/// How soon somebody who was sent away comes again.
const COMES_AGAIN: Duration = Duration::from_millis(5);

/// What all were told.
#[derive(Default)]
pub(crate) struct Told {
    /// The number of each acknowledged payment, by the merchant's number.
    pub(crate) payments: BTreeMap<String, String>,
    /// Payments whose outcome was unknown at first.
    pub(crate) unknown: usize,
    /// How long the longest of them stayed so.
    pub(crate) longest_unknown: Duration,
}

/// Two engines on one database, as two processes have them, and those who use them.
pub(crate) struct Clients {
    pub(crate) engines: [Engine; 2],
    /// How many of the engines are used.
    pub(crate) used: AtomicUsize,
    pub(crate) stopping: AtomicBool,
    /// Whoever writes this has everybody between two payments.
    pub(crate) quiet: RwLock<()>,
    pub(crate) told: Mutex<Told>,
}

impl Clients {
    pub(crate) fn acknowledged(&self) -> usize {
        self.told.lock().unwrap().payments.len()
    }

    /// Pays until it is told to stop, and stops only when nothing is open.
    pub(crate) fn live(&self, payer: Payer) {
        for number in 0.. {
            if self.stopping.load(SeqCst) {
                return;
            }
            let _going_on = self.quiet.read().unwrap();
            let payment = Payment { payer, number };
            self.order(payment);
            self.pay(payment, 1);
        }
    }

    fn engine(&self, turn: u32) -> &Engine {
        &self.engines[turn as usize % self.used.load(SeqCst)]
    }

    /// Places an order, as often as it takes.
    pub(crate) fn order(&self, payment: Payment) {
        let mut is_unknown = false;
        for turn in payment.payer.0.. {
            match self.engine(turn).run_blocking(payment.order()) {
                Ok(_) => return,
                // The prepay id is taken: by a try of ours that was placed after all. An edge would
                // draw another one for every try.
                Err(Failed::Stale) if is_unknown => return,
                Err(Failed::Unknown) => is_unknown = true,
                Err(Failed::Busy { .. }) => sleep(COMES_AGAIN),
                Err(other) => panic!("order of {payment:?}: {other:?}"),
            }
        }
    }

    /// Pays, as often as it takes: every try under the same key, with payment numbers from `first`
    /// on, each on the next engine. Gives the number of the payment.
    pub(crate) fn pay(&self, payment: Payment, first: u32) -> String {
        let mut unknown_since: Option<Instant> = None;
        for attempt in first.. {
            match self.engine(payment.payer.0 + attempt).run_blocking(payment.pay(attempt)) {
                Ok(paid) => {
                    self.write_down(payment, &paid.transaction_id, unknown_since);
                    return paid.transaction_id;
                }
                Err(Failed::Unknown) => {
                    unknown_since.get_or_insert_with(Instant::now);
                }
                Err(Failed::Busy { .. }) => sleep(COMES_AGAIN),
                Err(other) => panic!("{payment:?}: {other:?}"),
            }
            let is_late = unknown_since.is_some_and(|since| since.elapsed() > RESOLVED_WITHIN);
            assert!(!is_late, "{payment:?} stays unknown");
        }
        unreachable!("attempts do not run out")
    }

    fn write_down(&self, payment: Payment, number: &str, unknown_since: Option<Instant>) {
        let mut told = self.told.lock().unwrap();
        let before = told.payments.insert(payment.out_trade_no(), number.to_owned());
        assert!(before.is_none_or(|before| before == number), "{payment:?} has two numbers");
        if let Some(since) = unknown_since {
            told.unknown += 1;
            told.longest_unknown = told.longest_unknown.max(since.elapsed());
        }
    }
}
