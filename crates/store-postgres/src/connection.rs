//! A connection with the settings that keep money safe, each read back after it was set.

use crate::error::OpenError;
use crate::outcome::describe;
use crate::tls::Tls;
use crate::url::Url;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Registered;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::Severity;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls, Statement};

/// How a database is worked with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tables besides the product's, which tests make up.
    pub extra_tables: &'static [Registered],
    /// How long a batch may take, the wait for its turn included, before its outcome is unknown.
    pub commit_deadline: Duration,
    /// Whether to work with a server that can lose acknowledged payments.
    pub unsafe_settings: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { extra_tables: &[], commit_deadline: Duration::from_secs(3), unsafe_settings: false }
    }
}

/// How long connecting may take, greeting included.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a read by the writer may take. The server gives up a second earlier.
pub(crate) const READ: Duration = Duration::from_secs(6);

/// What a connection is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Session {
    /// Commits batches. It waits this long for its turn.
    Write { turn: Duration },
    /// Lists, each as long as this.
    Read { limit: Duration },
    /// Changes the schema.
    Change,
}

impl Session {
    /// Settings of the session. They are sent with the greeting, so there is no moment without.
    fn settings(self) -> Vec<(&'static str, String)> {
        let millis = |time: Duration| time.as_millis().to_string();
        let mut settings = vec![
            // What a stranger creates in another schema is never taken for ours.
            ("search_path", "public,pg_temp".to_owned()),
            // A warning on COMMIT must reach us, whatever the role's setting is.
            ("client_min_messages", "warning".to_owned()),
            ("tcp_user_timeout", "5000".to_owned()),
            ("jit", "off".to_owned()),
        ];
        match self {
            Self::Write { turn } => settings.extend([
                ("lock_timeout", millis(turn)),
                ("statement_timeout", "5000".to_owned()),
                // A paused process lets the others through after this time.
                ("idle_in_transaction_session_timeout", "2000".to_owned()),
                // A server that waits for its turn sees that we have gone.
                ("client_connection_check_interval", "1000".to_owned()),
                // Every statement of a batch finds its rows by key, whatever the server believes of
                // the size of its tables.
                ("plan_cache_mode", "force_generic_plan".to_owned()),
                ("enable_seqscan", "off".to_owned()),
                ("enable_hashjoin", "off".to_owned()),
                ("enable_mergejoin", "off".to_owned()),
                ("enable_bitmapscan", "off".to_owned()),
            ]),
            Self::Read { limit } => settings.extend([
                ("statement_timeout", millis(limit)),
                ("idle_in_transaction_session_timeout", "300000".to_owned()),
            ]),
            Self::Change => settings.push(("lock_timeout", "60000".to_owned())),
        }
        settings
    }
}

/// One connection, with what it was told besides answers.
pub(crate) struct Link {
    pub client: Client,
    pub facts: Facts,
    warnings: Arc<Mutex<Vec<String>>>,
    statements: HashMap<(String, Vec<Type>), Prepared>,
    is_time_to_plan: bool,
    driver: JoinHandle<()>,
}

/// A prepared statement, and how often it was asked for.
struct Prepared {
    statement: Statement,
    uses: u64,
}

/// What the server says of itself.
pub(crate) struct Facts {
    version: i64,
    version_name: String,
    is_read_only: bool,
    weak: Vec<&'static str>,
}

/// Statements kept prepared on a connection. Texts that readers send are few, but not our choice.
const PREPARED_MAX: usize = 512;

impl Link {
    /// Connects within a bounded time. Must run inside the runtime that will drive the connection.
    pub async fn connect(url: &Url, session: Session) -> Result<Self, OpenError> {
        let unreachable = |what: String| OpenError::Unreachable { url: url.to_string(), what };
        let tls = match url.is_encrypted() {
            true => Some(Tls::of_system().map_err(|error| unreachable(error.to_string()))?),
            false => None,
        };
        Self::connect_by(url, session, tls).await
    }

    /// Connects with encryption of this kind or without.
    pub async fn connect_by(
        url: &Url,
        session: Session,
        tls: Option<Tls>,
    ) -> Result<Self, OpenError> {
        let unreachable = |what: String| OpenError::Unreachable { url: url.to_string(), what };
        match tokio::time::timeout(CONNECT, Self::try_connect(url, session, tls)).await {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(error)) => Err(unreachable(describe(&error))),
            Err(_) => Err(unreachable("no answer in time".into())),
        }
    }

    async fn try_connect(url: &Url, session: Session, tls: Option<Tls>) -> Result<Self, Error> {
        let mut config = url.config(CONNECT);
        let ours = session.settings();
        let ours = ours.iter().map(|(name, value)| format!("-c {name}={value}"));
        let given = config.get_options().unwrap_or_default().to_owned();
        let options: Vec<String> = std::iter::once(given).chain(ours).collect();
        config.options(options.join(" ").trim());
        let warnings = Arc::default();
        let (client, driver) = match tls {
            Some(tls) => {
                config.ssl_mode(SslMode::Require);
                let (client, connection) = config.connect(tls).await?;
                (client, tokio::spawn(drive(connection, Arc::clone(&warnings))))
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                (client, tokio::spawn(drive(connection, Arc::clone(&warnings))))
            }
        };
        let facts = Facts::read(&client).await?;
        if matches!(session, Session::Read { .. }) {
            // Not sent with the greeting: by what the server says of itself there, a copy is told.
            client.batch_execute("SET default_transaction_read_only = on").await?;
        }
        let (statements, is_time_to_plan) = (HashMap::new(), false);
        Ok(Self { client, facts, warnings, statements, is_time_to_plan, driver })
    }

    /// Prepares a statement unless it is prepared already. Types that are not given are found by
    /// the server. Counts how often it is asked for, for [`Link::plan_anew`].
    pub async fn prepare(&mut self, sql: &str, types: &[Type]) -> Result<Statement, Error> {
        let key = (sql.to_owned(), types.to_vec());
        if let Some(prepared) = self.statements.get_mut(&key) {
            prepared.uses += 1;
            let uses = prepared.uses;
            self.is_time_to_plan |= uses.is_power_of_two() || uses.is_multiple_of(256);
            return Ok(prepared.statement.clone());
        }
        let statement = self.client.prepare_typed(sql, types).await?;
        if self.statements.len() >= PREPARED_MAX {
            self.statements.clear();
        }
        self.statements.insert(key, Prepared { statement: statement.clone(), uses: 1 });
        self.is_time_to_plan = true;
        Ok(statement)
    }

    /// Lets the server plan its statements anew now and then. What it knows of the tables may be
    /// of a time when they were empty. Every statement is counted by itself, so a table hardly more
    /// than doubles between two of these moments, whenever it begins to grow. Before a transaction,
    /// not in its flight: a failure there would not keep the batch from being committed.
    pub async fn plan_anew(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.is_time_to_plan) {
            self.client.batch_execute("DISCARD PLANS").await?;
        }
        Ok(())
    }

    /// What the server warned of since this was asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Moves bytes until the connection ends, and keeps warnings. A warning that comes before an answer
/// is kept before the answer is given.
async fn drive<S, T>(mut connection: Connection<S, T>, warnings: Arc<Mutex<Vec<String>>>)
where
    Connection<S, T>: Unpin,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.parsed_severity() == Some(Severity::Warning)
        {
            let text = notice.message().to_owned();
            warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

impl Facts {
    async fn read(client: &Client) -> Result<Self, Error> {
        let sql = "SELECT current_setting('server_version_num')::bigint, \
                   current_setting('server_version'), \
                   current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(), \
                   current_setting('fsync'), current_setting('full_page_writes'), \
                   current_setting('synchronous_commit')";
        let row = client.query_one(sql, &[]).await?;
        let mut weak = Vec::new();
        for (place, setting) in DURABILITY.into_iter().enumerate() {
            // A commit that is only `local` is lost with the machine although a standby was asked.
            let value: &str = row.try_get(3 + place)?;
            if ["off", "local"].contains(&value) {
                weak.push(setting);
            }
        }
        Ok(Self {
            version: row.try_get(0)?,
            version_name: row.try_get(1)?,
            is_read_only: row.try_get(2)?,
            weak,
        })
    }

    /// Refuses a server that is too old or takes no writes: a copy of another one lags behind.
    pub fn refuse_unfit(&self) -> Result<(), OpenError> {
        if self.version < 150_000 {
            return Err(OpenError::TooOld { found: self.version_name.clone() });
        }
        if self.is_read_only { Err(OpenError::ReadOnly) } else { Ok(()) }
    }

    /// Refuses a server that can lose what it acknowledged.
    pub fn refuse_weak(&self) -> Result<(), OpenError> {
        self.weak.first().map_or(Ok(()), |setting| Err(OpenError::WeakSetting { setting }))
    }
}

const DURABILITY: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// The durability settings that are off on this server, as our sessions find them.
pub fn weak_settings(url: &Url) -> Result<Vec<&'static str>, OpenError> {
    crate::runtime::once(async {
        let link = Link::connect(url, Session::Change).await?;
        Ok(link.facts.weak.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Temporary;

    #[test]
    fn session_that_commits_waits_for_nothing_for_ever_and_hears_warnings() {
        let database = Temporary::new().unwrap();
        let turn = Duration::from_millis(2_500);
        crate::runtime::once(async {
            let link = Link::connect(database.url(), Session::Write { turn }).await.unwrap();
            for (setting, value) in [
                ("lock_timeout", "2500ms"),
                ("statement_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "2s"),
                ("client_connection_check_interval", "1s"),
                ("client_min_messages", "warning"),
            ] {
                let row = link.client.query_one("SELECT current_setting($1)", &[&setting]).await;
                assert_eq!(row.unwrap().get::<_, String>(0), value, "{setting}");
            }
        });
    }

    #[test]
    fn old_servers_and_copies_are_refused() {
        let facts = |version, is_read_only| Facts {
            version,
            version_name: "14.9".into(),
            is_read_only,
            weak: vec!["fsync"],
        };
        assert!(matches!(facts(149_999, false).refuse_unfit(), Err(OpenError::TooOld { .. })));
        assert!(matches!(facts(150_000, true).refuse_unfit(), Err(OpenError::ReadOnly)));
        facts(150_000, false).refuse_unfit().unwrap();
        let weak = facts(150_000, false).refuse_weak();
        assert!(matches!(weak, Err(OpenError::WeakSetting { setting: "fsync" })));
    }
}
