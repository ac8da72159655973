//! The threads that sign. A signature keeps a core busy for half a millisecond, so there are as
//! many threads as cores, apart from those that serve people, and at a lower priority. Answers, for
//! which a merchant waits, go before notifications.

use crate::sign::{PlatformKey, SignedHeaders};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// How much less of a busy core they get than other threads: a third.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

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

type Job = Box<dyn FnOnce() + Send>;

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

    fn take(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            let next = waiting.answers.pop_front();
            if let Some(job) = next.or_else(|| waiting.notifications.pop_front()) {
                return Some(job);
            }
            if waiting.is_over {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
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
    pub fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let queue = Arc::new(Queue::default());
        let threads = (0..cores).map(|number| {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name(format!("signer-{number}"));
            let run = move || {
                step_back();
                for job in std::iter::from_fn(|| queue.take()) {
                    // A defect costs one signature, whose waiter is told by the closed channel.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            thread.spawn(run).expect("a thread can be started when the signers are")
        });
        let threads = threads.collect();
        Self { queue, threads }
    }

    /// Signs when it is its turn. Whoever stops waiting is not signed for.
    pub async fn sign<B>(&self, signing: Signing, unsigned: Unsigned<B>) -> Option<SignedHeaders>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let (told, signed) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !told.is_closed() {
                let Unsigned { key, body, nonce, timestamp_s } = unsigned;
                // Who has gone meanwhile needs no signature.
                let _ = told.send(key.sign(body.as_ref(), nonce, timestamp_s));
            }
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
    use std::task::{Context, Waker};

    fn unsigned(body: &'static [u8]) -> Unsigned<&'static [u8]> {
        let key = PrivateKey::from_pem(&testing::platform_key().to_pem()).unwrap();
        let name = KeyName::PublicKey(PublicKeyId::from_number(1));
        let key = Arc::new(PlatformKey { name, key });
        Unsigned { key, body, nonce: "A".repeat(32), timestamp_s: 1_700_000_000 }
    }

    #[test]
    fn what_is_signed_verifies() {
        let signers = Signers::start();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for signing in [Signing::Answer, Signing::Notification] {
            let signed = runtime.block_on(signers.sign(signing, unsigned(b"{}"))).unwrap();
            assert!(signed.verifies(&testing::platform_key().public_key(), b"{}"));
        }
    }

    /// Signers whose threads have not come yet.
    fn idle() -> Signers {
        Signers { queue: Arc::default(), threads: Vec::new() }
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
        signers.queue.take().unwrap()();
        assert!(last.as_mut().poll(&mut context).is_pending(), "the one who left was first");
        signers.queue.take().unwrap()();
        assert!(last.as_mut().poll(&mut context).is_ready());
        assert!(first.as_mut().poll(&mut context).is_pending());
        signers.queue.take().unwrap()();
        assert!(first.as_mut().poll(&mut context).is_ready());
    }
}
