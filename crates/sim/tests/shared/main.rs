//! What threads of the product share in memory, under shuttle: each test runs its threads in
//! thousands of interleavings, and a thread that waits for ever is found, because no wait of
//! shuttle's ends by time.
//!
//! The files are the product's own, included here with `std` meaning this crate, so that
//! `std::sync` is shuttle's. The product needs no switch for it. One thread of shuttle's runs at a
//! time and changes places only inside shuttle's own primitives, so what tokio does with the real
//! ones stays undisturbed; before it does anything, others are let in.

extern crate self as std;
extern crate self as tokio;
extern crate std as real;
extern crate tokio as real_tokio;

pub use real::{borrow, collections, hash, mem, net, time};

/// Shuttle's in the place of the system's.
pub mod sync {
    pub use shuttle::sync::*;

    /// Tokio's, which lets other threads in before whatever it does.
    pub mod watch {
        use real_tokio::sync::watch;
        use shuttle::thread::yield_now;

        pub use watch::Receiver;

        /// Tells.
        pub struct Sender<T>(watch::Sender<T>);

        /// Both ends.
        pub fn channel<T>(first: T) -> (Sender<T>, Receiver<T>) {
            let (sender, receiver) = watch::channel(first);
            (Sender(sender), receiver)
        }

        impl<T> Sender<T> {
            /// Tells everyone who listens.
            pub fn send_replace(&self, value: T) -> T {
                yield_now();
                self.0.send_replace(value)
            }

            /// Listens from now on.
            pub fn subscribe(&self) -> Receiver<T> {
                yield_now();
                self.0.subscribe()
            }
        }
    }
}

/// What the queue knows of a command.
mod rider {
    pub(crate) trait Rider: Send {
        fn owner(&self) -> &str;
        fn number(&self) -> u64;
    }
}

/// What the queue knows of its bounds.
mod shell {
    use std::time::Duration;

    #[derive(Clone, Copy)]
    pub(crate) struct Limits {
        pub(crate) queue_places: usize,
        pub(crate) linger_commands: usize,
        pub(crate) linger: Duration,
    }
}

/// What the memory of nonces takes from its crate.
mod authorization {
    pub(crate) const WINDOW_S: i64 = 300;
}

#[path = "../../../apiv3/src/nonce_cache.rs"]
#[allow(unused_imports)]
mod nonce_cache;
#[path = "../../../engine/src/queue.rs"]
#[allow(dead_code)]
mod queue;
#[path = "../../../http/src/rate_limit.rs"]
#[allow(dead_code, unused_imports)]
mod rate_limit;

use nonce_cache::NonceCache;
use queue::{Queue, Taken};
use rate_limit::AddressLimiter;
use rider::Rider;
use shell::Limits;
use shuttle::rand::Rng;
use shuttle::thread;
use sync::{Arc, Mutex, mpsc};
use time::Duration;

/// How many interleavings each test sees, half of them drawn so that rare ones are not.
const SCHEDULES: usize = 10_000;
/// No wait ends by it here.
const LONG: Duration = Duration::from_secs(1);

const LIMITS: Limits = Limits { queue_places: 8, linger_commands: 2, linger: LONG };

struct Order(&'static str, u64);

impl Rider for Order {
    fn owner(&self) -> &str {
        self.0
    }

    fn number(&self) -> u64 {
        self.1
    }
}

/// Takes until the queue is stopped and empty, as the engine's thread does.
fn take_all(queue: &Queue, taken: &mpsc::Sender<u64>) {
    loop {
        match queue.take(2, LONG) {
            Taken::Batch(riders) => riders.iter().for_each(|rider| {
                taken.send(rider.number()).expect("somebody listens");
            }),
            Taken::Idle => panic!("no wait ends by time"),
            Taken::Stopped => return,
        }
    }
}

fn everyone_let_in_is_taken_once_and_in_turn() {
    let queue = Arc::new(Queue::new(LIMITS));
    let (taking, takes) = mpsc::channel();
    let taker = thread::spawn({
        let queue = Arc::clone(&queue);
        move || take_all(&queue, &taking)
    });
    let opener = thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.set_ready(true)
    });
    let pushers = ["ann", "bo"].into_iter().zip([10, 20]).map(|(owner, first)| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let numbers = first..first + 3;
            let is_in = |number: &u64| queue.push(Box::new(Order(owner, *number))).is_ok();
            numbers.filter(is_in).collect::<Vec<u64>>()
        })
    });
    let pushers: Vec<_> = pushers.collect();
    let let_in: Vec<Vec<u64>> = pushers.into_iter().map(|it| it.join().expect("pushes")).collect();
    opener.join().expect("opens");
    // Stopping would wake the taker: first all of them must come by themselves.
    let count = let_in.iter().map(Vec::len).sum();
    let taken: Vec<u64> = (0..count).map(|_| takes.recv().expect("one is taken")).collect();
    queue.stop();
    taker.join().expect("takes");
    for own in &let_in {
        let theirs = taken.iter().copied().filter(|number| own.contains(number));
        assert_eq!(theirs.collect::<Vec<u64>>(), *own, "each once, in the order they came");
    }
    assert!(takes.recv().is_err(), "nothing is taken twice");
    assert_eq!(queue.len(), 0);
}

fn a_batch_that_waits_for_more_goes_when_enough_have_come_or_something_else_must() {
    let queue = Arc::new(Queue::new(LIMITS));
    queue.linger_while(Box::new(|| true));
    queue.set_ready(true);
    let (taking, takes) = mpsc::channel();
    let taker = thread::spawn({
        let queue = Arc::clone(&queue);
        move || take_all(&queue, &taking)
    });
    let push = |owner, number| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || queue.push(Box::new(Order(owner, number))).is_ok())
    };
    let pushers = [push("ann", 1), push("bo", 2)];
    assert!(pushers.into_iter().all(|pusher| pusher.join().expect("pushes")));
    let mut taken: Vec<u64> = (0..2).map(|_| takes.recv().expect("one is taken")).collect();
    taken.sort_unstable();
    assert_eq!(taken, [1, 2], "two are enough");
    let alone = thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.push_alone(Box::new(Order("ann", 4))).is_ok()
    });
    assert!(push("ann", 3).join().expect("pushes") && alone.join().expect("pushes"));
    // The command may wait for more again once the operation has gone.
    queue.stop();
    taker.join().expect("takes");
    let mut rest = vec![takes.recv().expect("one is taken"), takes.recv().expect("the other")];
    rest.sort_unstable();
    assert_eq!(rest, [3, 4]);
}

fn nobody_let_in_is_left_when_the_engine_ends() {
    let queue = Arc::new(Queue::new(LIMITS));
    queue.set_ready(true);
    // As the engine's thread ends, whatever ended it: the gate is closed before the rest is sent
    // away, so nobody comes in behind it.
    let ending = thread::spawn({
        let queue = Arc::clone(&queue);
        move || {
            let mut left = match queue.take(1, LONG) {
                Taken::Batch(riders) => riders,
                Taken::Idle | Taken::Stopped => Vec::new(),
            };
            queue.stop();
            queue.set_ready(false);
            left.extend(queue.drain());
            left.len()
        }
    });
    let pushers = ["ann", "bo", "cy"].map(|owner| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let own = queue.push(Box::new(Order(owner, 1))).is_ok();
            let alone = owner == "ann" && queue.push_alone(Box::new(Order(owner, 2))).is_ok();
            usize::from(own) + usize::from(alone)
        })
    });
    let let_in: usize = pushers.into_iter().map(|pusher| pusher.join().expect("pushes")).sum();
    assert_eq!(ending.join().expect("ends"), let_in);
}

fn whoever_waits_at_the_gate_learns_of_it() {
    let queue = Arc::new(Queue::new(Limits { queue_places: 1, ..LIMITS }));
    let opens = shuttle::rand::thread_rng().r#gen::<bool>();
    let keeper = thread::spawn({
        let queue = Arc::clone(&queue);
        move || if opens { queue.set_ready(true) } else { queue.stop() }
    });
    let blocked = thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.wait_ready(LONG)
    });
    let waiting = thread::spawn({
        let queue = Arc::clone(&queue);
        move || shuttle::future::block_on(queue.opened())
    });
    keeper.join().expect("opens or stops");
    assert_eq!(blocked.join().expect("waits"), opens);
    assert_eq!(waiting.join().expect("waits"), opens);
}

fn an_address_gets_no_more_than_its_burst() {
    let limiter = Arc::new(AddressLimiter::new(1, 3));
    let now = kernel::Timestamp::from_seconds(1_000_000);
    let takers: Vec<_> = (0..3)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            thread::spawn(move || {
                let address = net::IpAddr::from([192, 0, 2, 1]);
                (0..2).filter(|_| limiter.take(address, now).is_ok()).count()
            })
        })
        .collect();
    let taken: usize = takers.into_iter().map(|taker| taker.join().expect("takes")).sum();
    assert_eq!(taken, 3);
}

fn a_nonce_stands_for_one_request_only() {
    let cache = Arc::new(NonceCache::new(4));
    let news = Arc::new(Mutex::new(Vec::new()));
    let requests: Vec<_> = (0..3)
        .map(|signature| {
            let (cache, news) = (Arc::clone(&cache), Arc::clone(&news));
            thread::spawn(move || {
                for nonce in ["a", "b"] {
                    if cache.remember("1900000001", nonce, &[signature], 1_000) {
                        news.lock().expect("nobody panics").push(nonce);
                    }
                }
            })
        })
        .collect();
    requests.into_iter().for_each(|request| request.join().expect("remembers"));
    let mut news = news.lock().expect("nobody panics").clone();
    news.sort_unstable();
    assert_eq!(news, ["a", "b"]);
}

/// A sentence and what is run in every interleaving.
type Test = (&'static str, fn());

const TESTS: &[Test] = &[
    ("everyone_let_in_is_taken_once_and_in_turn", everyone_let_in_is_taken_once_and_in_turn),
    (
        "a_batch_that_waits_for_more_goes_when_enough_have_come_or_something_else_must",
        a_batch_that_waits_for_more_goes_when_enough_have_come_or_something_else_must,
    ),
    ("nobody_let_in_is_left_when_the_engine_ends", nobody_let_in_is_left_when_the_engine_ends),
    ("whoever_waits_at_the_gate_learns_of_it", whoever_waits_at_the_gate_learns_of_it),
    ("an_address_gets_no_more_than_its_burst", an_address_gets_no_more_than_its_burst),
    ("a_nonce_stands_for_one_request_only", a_nonce_stands_for_one_request_only),
];

fn main() {
    let wanted = real::env::args().skip(1).find(|word| !word.starts_with('-'));
    for (name, test) in TESTS {
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted.as_str())) {
            continue;
        }
        shuttle::check_random(test, SCHEDULES / 2);
        shuttle::check_pct(test, SCHEDULES / 2, 3);
        println!("test {name} ... ok, {SCHEDULES} schedules");
    }
}
