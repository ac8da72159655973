//! A TCP proxy in front of PostgreSQL that breaks connections at a planned place: after so many
//! bytes, before a COMMIT, after it, or when its answer comes. It also leads to another server when
//! it is told to, which is how clients are moved after a failover.
//!
//! It runs on a thread of its own. A plan is made before the traffic that it strikes, so a test
//! decides where the fault lies, and no clock does.

mod flow;
#[cfg(test)]
mod tests;
mod wire;

pub use wire::Side;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use wire::{Mark, Message};

/// Where a fault strikes. Bytes are counted over all connections, from when the plan became the
/// next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When exactly so many bytes of one side were passed on.
    Bytes(Side, u64),
    /// When a COMMIT came from the client and nothing of it was passed on.
    BeforeCommit,
    /// When a COMMIT was passed on whole.
    AfterCommit,
    /// When the server has answered a COMMIT and nothing of the answer was passed on.
    CommitAnswered,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends on both sides.
    Cut,
    /// The receiver is told that nothing more comes; the other direction goes on.
    HalfClose,
    /// Nothing more is passed on in this direction, and nobody is told, not even of the end.
    Silence,
    /// Nothing is passed on in this direction for so long.
    Delay(Duration),
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where it strikes.
    pub at: Moment,
    /// What happens.
    pub fault: Fault,
}

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// They are led to the server.
    Open,
    /// They end at once.
    Shut,
    /// They are taken and never answered.
    Mute,
}

/// What was passed on since the last plan became the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes from clients.
    pub client: u64,
    /// Bytes from the server.
    pub server: u64,
}

struct Shared {
    upstream: SocketAddr,
    door: Door,
    plans: VecDeque<Plan>,
    passed: Passed,
    struck: u64,
}

/// What the connections and the owner share.
pub(crate) struct State {
    shared: Mutex<Shared>,
    /// Grows when all connections are to end.
    cut: watch::Sender<u64>,
}

/// See the module. It ends when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a free port of the loopback interface and leads to `upstream`.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (plans, passed) = (VecDeque::new(), Passed::default());
        let shared = Mutex::new(Shared { upstream, door: Door::Open, plans, passed, struck: 0 });
        let state = Arc::new(State { shared, cut: watch::channel(0).0 });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("proxy".into()).spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)
                    .expect("the listener was just made non-blocking");
                tokio::select! {
                    () = flow::serve(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes these the plans from here on, each the next one when the one before has struck, and
    /// counts bytes from zero.
    pub fn plan(&self, plans: impl IntoIterator<Item = Plan>) {
        let mut shared = self.state.lock();
        shared.plans = plans.into_iter().collect();
        shared.passed = Passed::default();
    }

    /// What was passed on since the last plan became the next one.
    pub fn passed(&self) -> Passed {
        self.state.lock().passed
    }

    /// How many plans have struck since the start.
    pub fn struck(&self) -> u64 {
        self.state.lock().struck
    }

    /// Decides about new connections.
    pub fn set_door(&self, door: Door) {
        self.state.lock().door = door;
    }

    /// Ends all connections.
    pub fn cut(&self) {
        self.state.cut.send_modify(|times| *times += 1);
    }

    /// Ends all connections and leads new ones to another server: nothing more reaches the old one.
    pub fn switch(&self, upstream: SocketAddr) {
        self.state.lock().upstream = upstream;
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told when it happened.
            let _ = thread.join();
        }
    }
}

/// A fault that strikes within a message.
pub(crate) struct Strike {
    /// How many bytes of the message are passed on first.
    pub(crate) offset: usize,
    pub(crate) fault: Fault,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn upstream(&self) -> (SocketAddr, Door) {
        let shared = self.lock();
        (shared.upstream, shared.door)
    }

    pub(crate) fn watch_cut(&self) -> watch::Receiver<u64> {
        self.cut.subscribe()
    }

    /// Whether the next plan strikes before this message is passed on whole. Counts what of the
    /// message comes before the strike, or all of it.
    pub(crate) fn strike(&self, side: Side, message: &Message) -> Option<Strike> {
        let mut shared = self.lock();
        let length = message.bytes.len();
        let passed = match side {
            Side::Client => &mut shared.passed.client,
            Side::Server => &mut shared.passed.server,
        };
        let before = *passed;
        *passed += length as u64;
        let plan = *shared.plans.front()?;
        let offset = match (plan.at, message.mark) {
            (Moment::Bytes(whose, bytes), _) if whose == side => {
                usize::try_from(bytes.saturating_sub(before)).ok().filter(|&at| at <= length)?
            }
            (Moment::BeforeCommit, Some(Mark::CommitBegins | Mark::Commit)) => 0,
            (Moment::AfterCommit, Some(Mark::CommitEnds | Mark::Commit)) => length,
            (Moment::CommitAnswered, Some(Mark::CommitAnswered)) => 0,
            _ => return None,
        };
        shared.plans.pop_front();
        shared.passed = Passed::default();
        shared.struck += 1;
        Some(Strike { offset, fault: plan.fault })
    }
}
