//! Starts all tasks of a worker, and ends them in order.

use crate::delivery::Delivery;
use crate::delivery::courier::{Courier, Witness};
use crate::delivery::notice::Notices;
use crate::delivery::recorder::Recorder;
use crate::delivery::retries::Retries;
use crate::delivery::sender::Sender;
use crate::egress::Egress;
use crate::follow;
use crate::jobs::{Jobs, Providers};
use crate::orders::Expiry;
use crate::pulse::Pulse;
use crate::runner::Runner;
use crate::shell::Shell;
use crate::slots::{self, Slots};
use apiv3::notify_url::UrlRule;
use apiv3::signers::Signers;
use engine::Engine;
use kernel::keys::KeyRing;
use std::sync::Arc;
use store::Queries;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What a worker works with.
#[derive(Clone)]
pub struct Deps {
    /// Where results are recorded.
    pub engine: Engine,
    /// Where what is due is read.
    pub queries: Arc<dyn Queries>,
    /// Opens what is sealed for the outside world.
    pub keys: Arc<KeyRing>,
    /// The outside world.
    pub providers: Providers,
    /// Protocol time and random bytes.
    pub shell: Arc<dyn Shell>,
    /// Sign what merchants are notified of.
    pub signers: Arc<Signers>,
    /// Is told of every attempt to notify a merchant, in the sandbox.
    pub witness: Option<Arc<dyn Witness>>,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of this process in its leases. Processes that can run at the same time have
    /// different ones; one that follows another that is surely gone may take its name, and with it
    /// its work, before the leases end.
    pub holder: String,
    /// Whether other processes may commit to the same database.
    pub has_rivals: bool,
    /// Whether merchants may be notified at private addresses and over plain http, as in the
    /// sandbox.
    pub relaxed_addresses: bool,
    /// Whether merchants are notified at all; facts are kept until somebody does.
    pub deliver: bool,
}

/// The running tasks.
pub struct Worker {
    stopping: watch::Sender<bool>,
    finished: watch::Sender<bool>,
    tasks: JoinSet<()>,
    keeper: JoinHandle<()>,
    courier: Option<Courier>,
}

impl Worker {
    /// Starts all tasks. Must be called within a runtime.
    pub fn start(deps: Deps, config: Config) -> Self {
        let Deps { engine, queries, keys, providers, shell, signers, witness } = deps;
        let (stopping, stopped) = watch::channel(false);
        let (finished, all_done) = watch::channel(false);
        let slots = Slots::new();
        let pulse = Pulse::new(&engine, Arc::clone(&shell));
        let mut tasks = JoinSet::new();

        let expiry =
            Expiry { engine: engine.clone(), queries: Arc::clone(&queries), pulse: pulse.clone() };
        tasks.spawn(Runner::new(expiry).go(pulse.clone(), slots.held(), stopped.clone()));
        let jobs = Jobs {
            engine: engine.clone(),
            queries: Arc::clone(&queries),
            keys: Arc::clone(&keys),
            shell: Arc::clone(&shell),
            providers,
            pulse: pulse.clone(),
        };
        tasks.spawn(Runner::new(jobs).go(pulse.clone(), slots.held(), stopped.clone()));
        if config.has_rivals {
            let (engine, queries) = (engine.clone(), Arc::clone(&queries));
            tasks.spawn(follow::keep_up(engine, queries, slots.held(), stopped.clone()));
        }
        let mut courier = None;
        if config.deliver {
            let rule = match config.relaxed_addresses {
                true => UrlRule::Relaxed,
                false => UrlRule::Public,
            };
            let notices = Notices::new(Arc::clone(&queries), keys, shell, signers, pulse.clone());
            let recorder = Recorder::start(engine.clone());
            let sender = Sender::new(notices, Egress::new(rule), recorder, witness);
            courier = Some(Courier::new(Arc::clone(&queries), sender.clone()));
            let retries = Retries { queries: Arc::clone(&queries), sender: sender.clone() };
            tasks.spawn(Runner::new(retries).go(pulse.clone(), slots.held(), stopped.clone()));
            let delivery = Delivery::new(queries, sender, slots.clone());
            tasks.spawn(delivery.go(pulse, stopped));
        }
        let keeper = tokio::spawn(slots::keep(slots, engine, config.holder, all_done));
        Self { stopping, finished, tasks, keeper, courier }
    }

    /// Sends notifications again at somebody's word; `None` if this worker sends none.
    pub fn courier(&self) -> Option<Courier> {
        self.courier.clone()
    }

    /// Begins nothing more, finishes what was begun, and gives the slots back.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker task panicked");
            }
        }
        self.finished.send_replace(true);
        if let Err(error) = self.keeper.await {
            tracing::error!(%error, "the keeper of slots panicked");
        }
    }
}
