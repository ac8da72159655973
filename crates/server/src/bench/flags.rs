//! What can be typed after `jiaozi bench`.

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchAction {
    /// Payments through the public API, next to a route that only parses and answers.
    Pay(PayFlags),
    /// Notifications of payments, next to how many signatures this machine makes.
    Notify(NotifyFlags),
    /// Notifications while some merchants never answer, next to the same when all do.
    SilentMerchants(SilentFlags),
    /// Orders placed by merchants with signed requests, next to what signing and checking cost.
    CreateOrder(CreateOrderFlags),
}

/// What the server under test does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnderTest {
    /// Notifies nobody: facts are written only.
    Quiet,
    /// Notifies merchants, also at private addresses.
    Notifying,
}

/// Who is there, and what they did before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Ten thousand people pay a hundred merchants.
    Uniform,
    /// Ten thousand people pay one merchant.
    Hot,
    /// A million people pay a hundred merchants.
    #[value(name = "users-1m")]
    Users1M,
    /// The same with 20 million entries of history.
    #[value(name = "history-20m")]
    History20M,
}

impl Workload {
    fn seeded(self) -> Seeded {
        let uniform = Seeded { users: 10_000, merchants: 100, entries: 0, seed: 1 };
        match self {
            Self::Uniform => uniform,
            Self::Hot => Seeded { merchants: 1, ..uniform },
            Self::Users1M => Seeded { users: 1_000_000, ..uniform },
            Self::History20M => Seeded { users: 1_000_000, entries: 20_000_000, ..uniform },
        }
    }
}

/// How clients name their requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientKeys {
    /// UUIDs of version 7: later ones sort later.
    TimeOrdered,
    /// Random ones.
    Random,
}

/// What is seeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seeded {
    /// People.
    pub(crate) users: u64,
    /// Merchants.
    pub(crate) merchants: u64,
    /// Ledger entries of earlier payments.
    pub(crate) entries: u64,
    /// What everything else follows from.
    pub(crate) seed: u64,
}

/// Where the bench runs, and on what.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorldFlags {
    /// `sqlite`, in a folder of this run; `postgres`, a server of this run with its usual
    /// durability; or the address of a database, `postgres://…`.
    #[arg(long, default_value = "sqlite", env = "JIAOZI_DATABASE", hide_env_values = true)]
    pub(crate) database: String,
    /// A folder to be kept: what was seeded into it is used again.
    #[arg(long, visible_alias = "keep", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Who is there, and what they did before.
    #[arg(long, value_enum, default_value = "uniform")]
    pub(crate) workload: Workload,
    /// How many people, other than the workload says.
    #[arg(long)]
    pub(crate) users: Option<u64>,
    /// How many merchants, other than the workload says.
    #[arg(long)]
    pub(crate) merchants: Option<u64>,
    /// How many ledger entries of history, other than the workload says.
    #[arg(long)]
    pub(crate) entries: Option<u64>,
    /// Another seed gives other people.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Audits the books at the end also when there are many entries.
    #[arg(long)]
    pub(crate) audit: bool,
}

impl WorldFlags {
    /// What is to be in the database.
    pub(crate) fn seeded(&self) -> Seeded {
        let of_workload = self.workload.seeded();
        Seeded {
            users: self.users.unwrap_or(of_workload.users).max(1),
            merchants: self.merchants.unwrap_or(of_workload.merchants).max(1),
            entries: self.entries.unwrap_or(of_workload.entries),
            seed: self.seed,
        }
    }
}

/// How hard the server is driven.
#[derive(Args, Clone, Debug)]
pub(crate) struct LoadFlags {
    /// How many clients call, each on a connection of its own and one request at a time.
    #[arg(long, default_value_t = 256)]
    pub(crate) clients: usize,
    /// How long is measured, in seconds.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How long the clients call before it is measured, in seconds.
    #[arg(long, default_value_t = 2)]
    pub(crate) warmup: u64,
    /// How clients name their requests.
    #[arg(long, value_enum, default_value = "time-ordered")]
    pub(crate) keys: ClientKeys,
}

/// `jiaozi bench pay`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PayFlags {
    #[command(flatten)]
    pub(crate) world: WorldFlags,
    #[command(flatten)]
    pub(crate) load: LoadFlags,
    /// How many orders wait to be paid, per second that clients call. When they run out earlier,
    /// the measured time ends earlier.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) orders_per_second: u64,
    /// The scale of pgbench, which runs on the same PostgreSQL server; 0 leaves it out.
    #[arg(long, default_value_t = 50)]
    pub(crate) pgbench_scale: u32,
}

/// `jiaozi bench notify`.
#[derive(Args, Clone, Debug)]
pub(crate) struct NotifyFlags {
    #[command(flatten)]
    pub(crate) world: WorldFlags,
    #[command(flatten)]
    pub(crate) load: LoadFlags,
    /// How long clients pay as fast as they can, in seconds.
    #[arg(long, default_value_t = 10)]
    pub(crate) peak_seconds: u64,
    /// How many orders wait to be paid then, per second.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) orders_per_second: u64,
}

/// `jiaozi bench silent-merchants`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SilentFlags {
    #[command(flatten)]
    pub(crate) world: WorldFlags,
    #[command(flatten)]
    pub(crate) load: LoadFlags,
    /// How many of the merchants never answer.
    #[arg(long, default_value_t = 10)]
    pub(crate) silent: u64,
}

/// `jiaozi bench create-order`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CreateOrderFlags {
    #[command(flatten)]
    pub(crate) world: WorldFlags,
    #[command(flatten)]
    pub(crate) load: LoadFlags,
}
