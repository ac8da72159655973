//! The threads that sign. A signature keeps a core busy for a quarter of a millisecond and more, so
//! there are as many threads as cores, apart from those that serve people, and at a lower priority.
//! Answers, for which a merchant waits, go before notifications.
//!
//! Whoever is told of a signature wakes a thread that goes before these, and each such turn costs
//! about a tenth of a signature. So where many wait, a thread makes several and then tells of all.
//!
//! A lower priority does not help who waits for a disk: the system's threads that end a write need
//! a core several times in a row, and each time stand behind a signature. So notifications are not
//! signed for a moment while [`Courtesy`] says that somebody waits; where that is always so, they
//! are signed half of the time.

use crate::sign::{PlatformKey, SignedHeaders};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How much less of a busy core they get than other threads: a third.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// How long a thread can give way in one go, once it has earned that.
const GIVE_WAY: Duration = Duration::from_millis(200);
/// What it earns of that with each notification that it signs: about as long as that takes, so that
/// merchants hear at half the speed at least, however long somebody waits.
const EARNED: Duration = Duration::from_micros(250);
/// How often it is looked meanwhile whether that is over.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Whether somebody waits just now for whom the machine had better be free.
pub type Courtesy = Box<dyn Fn() -> bool + Send + Sync>;

/// Who waits for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// A merchant, for an answer.
    Answer,
    /// Nobody, for now.
    Notification,
}

/// What is signed: see [`PlatformKey::sign`].
#[derive(Debug)]
pub struct Unsigned<B> {
    /// The key.
    pub key: Arc<PlatformKey>,
    /// The exact bytes that are sent.
    pub body: B,
    /// 32 letters and digits.
    pub nonce: String,
    /// Unix seconds.
    pub timestamp_s: i64,
}

/// Most answers that a thread signs before it tells of them.
const ANSWERS_TOGETHER: usize = 32;
/// The same for notifications: fewer, because an answer that comes meanwhile waits for them.
const NOTIFICATIONS_TOGETHER: usize = 8;

/// So many waiting answers keep a thread busy for longer than a batch of commands may wait for more
/// and takes to be committed: about 12 ms.
const FAR_BEHIND: usize = 48;

/// Makes a signature; what it gives tells of it.
type Job = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce()>;

#[derive(Default)]
struct Waiting {
    answers: VecDeque<Job>,
    notifications: VecDeque<Job>,
    is_over: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, signing: Signing, job: Job) {
        let mut waiting = self.lock();
        match signing {
            Signing::Answer => waiting.answers.push_back(job),
            Signing::Notification => waiting.notifications.push_back(job),
        }
        self.came.notify_one();
    }

    /// What one of so many threads does next; nothing once all is done.
    fn take(&self, threads: usize, manners: &mut Manners) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        loop {
            let Waiting { answers, notifications, is_over } = &mut *waiting;
            let only_notifications = answers.is_empty() && !notifications.is_empty();
            if only_notifications && !*is_over && manners.gives_way() {
                let woken = self.came.wait_timeout(waiting, LOOK_AGAIN);
                waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let (next, most) = if answers.is_empty() {
                (notifications, NOTIFICATIONS_TOGETHER)
            } else {
                (answers, ANSWERS_TOGETHER)
            };
            if !next.is_empty() {
                let share = (next.len() / threads).clamp(1, most);
                if only_notifications {
                    manners.signs(share);
                }
                return Some(next.drain(..share).collect());
            }
            if *is_over {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// How one thread gives way.
struct Manners {
    is_awaited: Arc<Courtesy>,
    /// For how long it may.
    earned: Duration,
}

impl Manners {
    fn new(is_awaited: Arc<Courtesy>) -> Self {
        Self { is_awaited, earned: GIVE_WAY }
    }

    /// Whether it does not sign just now.
    fn gives_way(&mut self) -> bool {
        let left = self.earned.checked_sub(LOOK_AGAIN);
        let Some(left) = left.filter(|_| (self.is_awaited)()) else { return false };
        self.earned = left;
        true
    }

    fn signs(&mut self, notifications: usize) {
        let count = u32::try_from(notifications).unwrap_or(u32::MAX);
        self.earned = GIVE_WAY.min(self.earned + EARNED.saturating_mul(count));
    }
}

/// See the module.
pub struct Signers {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Signers {
    /// Starts as many threads as there are cores.
    #[must_use]
    pub fn start(is_awaited: Courtesy) -> Self {
        let is_awaited = Arc::new(is_awaited);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let queue = Arc::new(Queue::default());
        let threads = (0..cores).map(|number| {
            let queue = Arc::clone(&queue);
            let mut manners = Manners::new(Arc::clone(&is_awaited));
            let thread = std::thread::Builder::new().name(format!("signer-{number}"));
            let run = move || {
                step_back();
                while let Some(jobs) = queue.take(cores, &mut manners) {
                    // A defect costs one signature, whose waiter is told by the closed channel.
                    let made = jobs.into_iter().map(|job| catch_unwind(AssertUnwindSafe(job)));
                    let made: Vec<Tell> = made.flatten().collect();
                    made.into_iter().for_each(|tell| tell());
                }
            };
            thread.spawn(run).expect("a thread can be started when the signers are")
        });
        let threads = threads.collect();
        Self { queue, threads }
    }

    /// Tells whether answers wait so long for their signatures that one which comes some
    /// milliseconds later is signed no later.
    pub fn is_far_behind(&self) -> impl Fn() -> bool + Send + Sync + use<> {
        let (queue, far) = (Arc::clone(&self.queue), FAR_BEHIND * self.threads.len());
        move || queue.lock().answers.len() >= far
    }

    /// Signs when it is its turn. Whoever stops waiting is not signed for.
    pub async fn sign<B>(&self, signing: Signing, unsigned: Unsigned<B>) -> Option<SignedHeaders>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let (told, signed) = oneshot::channel();
        let job: Job = Box::new(move || {
            if told.is_closed() {
                return Box::new(|| {});
            }
            let Unsigned { key, body, nonce, timestamp_s } = unsigned;
            let signed = key.sign(body.as_ref(), nonce, timestamp_s);
            // Who has gone meanwhile needs no signature.
            Box::new(move || drop(told.send(signed)))
        });
        self.queue.put(signing, job);
        signed.await.ok()
    }
}

impl Drop for Signers {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.came.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Lets other threads go first.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // Signing goes on at the usual priority where the system does not allow a lower one.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_name::{KeyName, PublicKeyId};
    use crate::keys::PrivateKey;
    use crate::testing;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::{Context, Waker};

    fn unsigned(body: &'static [u8]) -> Unsigned<&'static [u8]> {
        let key = PrivateKey::from_pem(&testing::platform_key().to_pem()).unwrap();
        let name = KeyName::PublicKey(PublicKeyId::from_number(1));
        let key = Arc::new(PlatformKey { name, key });
        Unsigned { key, body, nonce: "A".repeat(32), timestamp_s: 1_700_000_000 }
    }

    #[test]
    fn what_is_signed_verifies() {
        let signers = Signers::start(Box::new(|| false));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for signing in [Signing::Answer, Signing::Notification] {
            let signed = runtime.block_on(signers.sign(signing, unsigned(b"{}"))).unwrap();
            assert!(signed.verifies(&testing::platform_key().public_key(), b"{}"));
        }
    }

    /// Says so often that somebody waits, and counts how often it was asked.
    fn somebody(times: usize) -> (Manners, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let courtesy: Courtesy = Box::new(move || count.fetch_add(1, Relaxed) < times);
        (Manners::new(Arc::new(courtesy)), asked)
    }

    #[test]
    fn notifications_give_way_for_a_moment_and_answers_never() {
        let signers = idle();
        let mut context = Context::from_waker(Waker::noop());
        let mut sign = |signing| {
            let mut signed = Box::pin(signers.sign(signing, unsigned(b"{}")));
            assert!(signed.as_mut().poll(&mut context).is_pending());
            signed
        };
        let take = |manners: &mut Manners| signers.queue.take(1, manners).unwrap().len();

        let (mut busy, asked) = somebody(usize::MAX);
        let _answer = sign(Signing::Answer);
        assert_eq!((take(&mut busy), asked.load(Relaxed)), (1, 0));

        let (mut for_a_while, asked_3) = somebody(3);
        let _first = sign(Signing::Notification);
        assert_eq!((take(&mut for_a_while), asked_3.load(Relaxed)), (1, 4));

        let _second = sign(Signing::Notification);
        assert_eq!(take(&mut busy), 1, "it is not held back for ever");
        let in_vain = GIVE_WAY.as_millis() as usize;
        assert_eq!(asked.load(Relaxed), in_vain);
        let each = (LOOK_AGAIN.as_micros() / EARNED.as_micros()) as usize;
        for round in 1..=3 {
            for _ in 0..each {
                let _next = sign(Signing::Notification);
                assert_eq!(take(&mut busy), 1);
            }
            assert_eq!(asked.load(Relaxed), in_vain + round, "once for each so many");
        }
    }

    fn nobody() -> Manners {
        Manners::new(Arc::new(Box::new(|| false)))
    }

    /// Signers whose threads have not come yet.
    fn idle() -> Signers {
        Signers { queue: Arc::default(), threads: Vec::new() }
    }

    #[test]
    fn many_answers_that_wait_are_told_of_and_notifications_are_not() {
        let mut signers = idle();
        signers.threads = (0..2).map(|_| std::thread::spawn(|| ())).collect();
        let is_far_behind = signers.is_far_behind();
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = Vec::new();
        let mut put = |signing, count| {
            for _ in 0..count {
                let mut signed = Box::pin(signers.sign(signing, unsigned(b"{}")));
                assert!(signed.as_mut().poll(&mut context).is_pending());
                waiting.push(signed);
            }
        };
        put(Signing::Notification, 2 * FAR_BEHIND);
        put(Signing::Answer, 2 * FAR_BEHIND - 1);
        assert!(!is_far_behind());
        put(Signing::Answer, 1);
        assert!(is_far_behind());
        signers.queue.take(2, &mut nobody()).unwrap();
        assert!(!is_far_behind());
    }

    #[test]
    fn answers_go_before_notifications_and_who_left_is_not_signed_for() {
        let signers = idle();
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(signers.sign(Signing::Notification, unsigned(b"1")));
        let mut left = Box::pin(signers.sign(Signing::Answer, unsigned(b"2")));
        let mut last = Box::pin(signers.sign(Signing::Answer, unsigned(b"3")));
        for waiting in [&mut first, &mut left, &mut last] {
            assert!(waiting.as_mut().poll(&mut context).is_pending());
        }
        drop(left);
        let one = || one_after_another(signers.queue.take(2, &mut nobody()).unwrap());
        assert_eq!(one(), 1);
        assert!(last.as_mut().poll(&mut context).is_pending(), "the one who left was first");
        assert_eq!(one(), 1);
        assert!(last.as_mut().poll(&mut context).is_ready());
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert_eq!(one(), 1);
        assert!(first.as_mut().poll(&mut context).is_ready());
    }

    /// Signs and tells; gives how many it were.
    fn one_after_another(jobs: Vec<Job>) -> usize {
        jobs.into_iter().map(|job| job()()).count()
    }

    #[test]
    fn a_thread_takes_its_share_of_what_waits_up_to_a_bound() {
        let signers = idle();
        let mut context = Context::from_waker(Waker::noop());
        let answers = [32, 32, 18, 9, 4, 2, 1, 1, 1];
        let notifications = [8, 5, 3, 1, 1, 1];
        for (signing, shares) in
            [(Signing::Answer, &answers[..]), (Signing::Notification, &notifications)]
        {
            let sign = |_| Box::pin(signers.sign(signing, unsigned(b"{}")));
            let mut all: Vec<_> = (0..shares.iter().sum()).map(sign).collect();
            assert!(all.iter_mut().all(|one| one.as_mut().poll(&mut context).is_pending()));
            for share in shares {
                let taken = signers.queue.take(2, &mut nobody()).unwrap();
                assert_eq!(one_after_another(taken), *share, "{signing:?}");
            }
            assert!(all.iter_mut().all(|one| one.as_mut().poll(&mut context).is_ready()));
        }
    }
}
