//! What is allowed where: the figures, arrows and exceptions that the other modules check.
//!
//! Change a rule here, with its reason; the checks themselves name no crate and no file.

/// Most lines a source file may have.
pub(crate) const FILE_LINES_MAX: usize = 600;
/// Most lines a function may have, from its `fn` to its closing brace.
pub(crate) const FUNCTION_LINES_MAX: usize = 70;
/// Most characters a line of Rust may have.
pub(crate) const LINE_COLUMNS_MAX: usize = 100;

/// Endings of the files that are source code in the sense of [`FILE_LINES_MAX`].
pub(crate) const SOURCE_ENDINGS: [&str; 5] = ["rs", "ts", "vue", "mjs", "js"];

/// One of our crates: its folder under `crates/`, the name others give it, and what it may name.
pub(crate) struct Crate {
    pub(crate) folder: &'static str,
    pub(crate) key: &'static str,
    pub(crate) may_name: &'static [&'static str],
}

const fn ours(folder: &'static str, key: &'static str, may_name: &'static [&'static str]) -> Crate {
    Crate { folder, key, may_name }
}

/// The arrows: the allowed direct `[dependencies]` of each crate among our own.
/// `[dev-dependencies]` are free, tests may wire what they need.
pub(crate) const CRATES: [Crate; 15] = [
    ours("kernel", "kernel", &[]),
    ours("domain", "domain", &["kernel"]),
    ours("store", "store", &["domain", "kernel"]),
    ours("store-sqlite", "store-sqlite", &["store", "domain", "kernel"]),
    ours("store-postgres", "store-postgres", &["store", "domain", "kernel"]),
    ours("engine", "engine", &["store", "domain", "kernel"]),
    ours("providers", "providers", &["kernel"]),
    ours("apiv3", "apiv3", &["domain", "kernel"]),
    ours("worker", "worker", &["engine", "providers", "apiv3", "store", "domain", "kernel"]),
    ours("http", "http-api", &["apiv3", "engine", "store", "domain", "kernel"]),
    ours("sandbox-bank", "sandbox-bank", &[]),
    ours("server", "server", &SERVER_MAY_NAME),
    ours("sim", "sim", &SIM_MAY_NAME),
    ours("sim-disk", "sim-disk", &["store-sqlite", "engine", "store", "domain", "kernel"]),
    ours("tidy", "tidy", &[]),
];

const SERVER_MAY_NAME: [&str; 11] = [
    "apiv3",
    "domain",
    "engine",
    "http-api",
    "kernel",
    "providers",
    "sandbox-bank",
    "store",
    "store-postgres",
    "store-sqlite",
    "worker",
];

const SIM_MAY_NAME: [&str; 11] = SERVER_MAY_NAME;

/// Arrows that reach only part of a crate: who, whom, and the names directly below it. Lists for a
/// reader are all that these may take from the store; rows are loaded and written by the engine.
pub(crate) const NARROW: [(&str, &str, &[&str]); 2] =
    [("http", "store", &STORE_FOR_READERS), ("worker", "store", &STORE_FOR_READERS)];

const STORE_FOR_READERS: [&str; 3] = ["Queries", "QueryError", "queries"];

/// Crates whose outside dependencies are a closed list.
pub(crate) const CLOSED_DEPENDENCIES: [(&str, &[&str]); 1] =
    [("domain", &["kernel", "serde", "jiff"])];

/// A feature that only tests have, and the crates that are tests altogether: their `[dependencies]`
/// may turn it on. The product is built without.
pub(crate) const TEST_FEATURE: (&str, [&str; 2]) = ("testing", ["sim", "sim-disk"]);

/// Names that read a clock or draw random numbers from the surroundings.
pub(crate) const AMBIENT: [&str; 15] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Utc::now",
    "Local::now",
    "thread_rng",
    "OsRng",
    "getrandom",
    "rand::fill",
    "rand::random",
    "Uuid::new_v4",
    "Uuid::now_v7",
    "tokio::time",
    "std::time::Instant",
];

/// Crates that know no database, no waiting and no wire.
pub(crate) const PURE: [&str; 2] = ["domain", "kernel"];

/// Names that a pure crate must not contain.
pub(crate) const IMPURE: [&str; 12] = [
    "async",
    "await",
    "tokio",
    "rusqlite",
    "tokio_postgres",
    "axum",
    "reqwest",
    "hyper",
    "std::env",
    "std::fs",
    "std::net",
    "std::thread",
];

/// Words that make a text SQL. Upper case only: English has the small ones.
pub(crate) const SQL: [&str; 12] = [
    "SELECT",
    "INSERT INTO",
    "INSERT OR",
    "UPDATE",
    "DELETE FROM",
    "CREATE TABLE",
    "CREATE INDEX",
    "WHERE",
    "ORDER BY",
    "GROUP BY",
    "PRAGMA",
    "ROLLBACK",
];

/// Database drivers, and the crates that may name them outside tests.
pub(crate) const DRIVERS: [(&str, &[&str]); 2] = [
    ("rusqlite", &["store-sqlite", "sandbox-bank", "sim-disk"]),
    ("tokio_postgres", &["store-postgres"]),
];

/// Module names that say nothing about what is inside.
pub(crate) const EMPTY_NAMES: [&str; 8] =
    ["helper", "helpers", "util", "utils", "common", "manager", "managers", "misc"];

/// Words of unfinished work, forbidden in every text.
pub(crate) const UNFINISHED: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// Macros of unfinished work, forbidden in Rust.
pub(crate) const UNFINISHED_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Calls that leave a JavaScript test out, or all others.
pub(crate) const UNRUN: [&str; 6] =
    ["test.only(", "it.only(", "describe.only(", "test.skip(", "it.skip(", "test.todo("];

/// Beginnings of paths that exist on one machine only.
pub(crate) const MACHINE_PATHS: [&str; 4] = ["/home/", "/root/", "/work/", "/Users/"];

/// Keys that a configuration must not set: which registry is used belongs to the machine.
pub(crate) const REGISTRY_KEYS: [&str; 4] = ["registry", "index", "replace-with", "proxy"];

/// The only source a locked crate may have.
pub(crate) const CRATE_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A place where a rule does not hold, and why.
struct Exception {
    rule: &'static str,
    /// A file, or a folder when it ends with `/`.
    path: &'static str,
    _why: &'static str,
}

const fn except(rule: &'static str, path: &'static str, why: &'static str) -> Exception {
    Exception { rule, path, _why: why }
}

const EXCEPTIONS: &[Exception] = &[
    except("ambient", "crates/server/", "the outermost shell: clocks and ids enter here"),
    except("ambient", "crates/sandbox-bank/", "another party, with its own clock"),
    except("ambient", "crates/worker/src/", "waits for due times and calls the outside world"),
    except("ambient", "crates/engine/src/thread.rs", "the engine's thread reads the clock"),
    except("ambient", "crates/http/src/shell.rs", "the edge draws ids and reads protocol time"),
    except("ambient", "crates/store-postgres/", "gives up on a server that does not answer"),
    except("ambient", "crates/sim/src/proxy/", "delays what real servers send"),
    except("ambient", "crates/sim/src/cluster/", "waits for real servers"),
    except("unfinished", "crates/tidy/src/", "names the words it forbids"),
    except("machine-path", "crates/tidy/src/", "names the paths it forbids"),
    except("registry-host", "crates/tidy/src/", "names the hosts it forbids"),
    except("tab", "Makefile", "make wants tabs"),
    except("tab", "tests/sdk-go/", "Go is formatted with tabs"),
    except("tab", "docs/sdk/wechatpay-go.md", "shows a program in Go"),
    except("tab", "docs/sdk/gopay.md", "shows a program in Go"),
];

/// Whether `rule` does not hold in the file `path`.
pub(crate) fn is_excepted(rule: &str, path: &str) -> bool {
    EXCEPTIONS.iter().any(|exception| {
        let inside = if exception.path.ends_with('/') {
            path.starts_with(exception.path)
        } else {
            path == exception.path
        };
        exception.rule == rule && inside
    })
}

/// The crate of ours that the file `path` belongs to.
pub(crate) fn crate_of(path: &str) -> Option<&'static Crate> {
    let folder = path.strip_prefix("crates/")?.split('/').next()?;
    CRATES.iter().find(|krate| krate.folder == folder)
}

/// The crate of ours that others call `key`, in a manifest or in source.
pub(crate) fn crate_called(key: &str) -> Option<&'static Crate> {
    let key = key.replace('_', "-");
    CRATES.iter().find(|krate| krate.key == key)
}
