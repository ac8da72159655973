//! What a PostgreSQL server does by itself, measured on the server that the wallet ran on:
//! pgbench's own transaction, a plain transfer between two rows under row locks, and a bare insert.

use super::postgres::Postgres;
use serde::Serialize;
use std::error::Error;
use std::path::Path;

/// Less is over before all clients are connected.
const SECONDS_MIN: u64 = 3;

/// Clients of the plain transfer.
const TRANSFERRING: &str = "64";

const TRANSFER: &str = "\
CREATE TABLE plain_account (id bigint PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO plain_account SELECT id, 1000000 FROM generate_series(1, 10000) AS id;
CREATE TABLE plain_entry (id bigserial PRIMARY KEY, from_id bigint NOT NULL, to_id bigint NOT NULL,
    amount bigint NOT NULL);
CREATE TABLE bare (id bigserial PRIMARY KEY, amount bigint NOT NULL);
CREATE FUNCTION transfer(from_id bigint, to_id bigint, amount bigint) RETURNS void AS $$
BEGIN
    PERFORM 1 FROM plain_account WHERE id IN (from_id, to_id) ORDER BY id FOR UPDATE;
    UPDATE plain_account SET balance = balance - amount WHERE id = from_id;
    UPDATE plain_account SET balance = balance + amount WHERE id = to_id;
    INSERT INTO plain_entry (from_id, to_id, amount) VALUES (from_id, to_id, amount);
END $$ LANGUAGE plpgsql;
ANALYZE plain_account;";

const UNIFORM: &str = "\
\\set from random(1, 10000)
\\set step random(1, 9999)
\\set to (:from + :step - 1) % 10000 + 1
SELECT transfer(:from, :to, 1);
";

const HOT: &str = "\
\\set from random(2, 10000)
SELECT transfer(:from, 1, 1);
";

const BARE: &str = "INSERT INTO bare (amount) VALUES (1);\n";

/// Transactions a second.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Transfers {
    /// Between any two of ten thousand accounts.
    pub(super) uniform: f64,
    /// All to one account.
    pub(super) hot: f64,
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rivals {
    pub(super) pgbench_tps: f64,
    pub(super) transfers: Transfers,
}

/// A database of its own on the server, dropped by [`Bench::end`].
pub(super) struct Bench<'a> {
    server: &'a Postgres,
    own: Postgres,
    name: String,
    folder: &'a Path,
    seconds: String,
}

impl<'a> Bench<'a> {
    /// Makes the database. `folder` takes scripts.
    pub(super) async fn start(
        server: &'a Postgres,
        folder: &'a Path,
        seconds: u64,
    ) -> Result<Self, Box<dyn Error>> {
        let name = format!("bench_{}", std::process::id());
        server.ask(&format!("CREATE DATABASE {name}")).await?;
        let own = server.beside(&name);
        let bench =
            Self { server, own, name, folder, seconds: seconds.max(SECONDS_MIN).to_string() };
        bench.own.ask(TRANSFER).await?;
        Ok(bench)
    }

    /// pgbench at this scale, and the plain transfers.
    pub(super) async fn rivals(&self, scale: u32) -> Result<Rivals, Box<dyn Error>> {
        let scale = scale.to_string();
        self.own.run("pgbench", &["-i", "-q", "-s", &scale]).await?;
        let pgbench_tps = self.tps("32", &[]).await?;
        let uniform = self.script(TRANSFERRING, UNIFORM).await?;
        let hot = self.script(TRANSFERRING, HOT).await?;
        Ok(Rivals { pgbench_tps, transfers: Transfers { uniform, hot } })
    }

    /// The time of one insert of one row by one client, in milliseconds.
    pub(super) async fn bare_commit_ms(&self) -> Result<f64, Box<dyn Error>> {
        Ok(1e3 / self.script("1", BARE).await?.max(1e-9))
    }

    /// Drops the database.
    pub(super) async fn end(self) -> Result<(), Box<dyn Error>> {
        self.server.ask(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.map(drop)
    }

    async fn script(&self, clients: &str, text: &str) -> Result<f64, Box<dyn Error>> {
        let file = self.folder.join("script.sql");
        std::fs::write(&file, text)?;
        self.tps(clients, &["-n", "-f", &file.to_string_lossy()]).await
    }

    async fn tps(&self, clients: &str, more: &[&str]) -> Result<f64, Box<dyn Error>> {
        let threads = if clients == "1" { "1" } else { "2" };
        let mut arguments =
            vec!["-M", "prepared", "-c", clients, "-j", threads, "-T", &self.seconds];
        arguments.extend(more);
        let told = self.own.run("pgbench", &arguments).await?;
        let line = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|rest| rest.split_whitespace().next());
        Ok(number.ok_or_else(|| format!("pgbench told no rate: {told}"))?.parse()?)
    }
}
