//! The audit on PostgreSQL: every rule finds its fault, and random tampers are found.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../../store-sqlite/tests/verify/planted.rs"]
mod planted;
#[expect(dead_code, reason = "the story has more than these tests tell")]
#[path = "../../store-sqlite/tests/verify/story.rs"]
mod story;
#[path = "../../store-sqlite/tests/verify/tampers.rs"]
mod tampers;

use engine::Engine;
use jiaozi_store_postgres::{Options, PostgresReaders, PostgresStore, ReaderOptions, Temporary};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The database's owner, whom neither triggers nor conditions stop any more.
struct Owner(Client);

impl Owner {
    async fn of(database: &Temporary) -> Self {
        let url = database.url().revealed();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let free = "DO $$ DECLARE t record; BEGIN \
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP \
            EXECUTE format('ALTER TABLE %I DISABLE TRIGGER ALL', t.tablename); END LOOP; \
            FOR t IN SELECT conname, conrelid::regclass AS tablename FROM pg_constraint \
            WHERE contype = 'c' AND connamespace = current_schema()::regnamespace LOOP \
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', t.tablename, t.conname); \
            END LOOP; END $$; SET synchronous_commit = off";
        client.batch_execute(free).await.unwrap();
        Self(client)
    }
}

impl tampers::Attacker for Owner {
    async fn run(&mut self, sql: &str) -> Result<u64, String> {
        let messages = self.0.simple_query(sql).await.map_err(|error| error.to_string())?;
        let count = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        };
        Ok(messages.iter().rev().find_map(count).unwrap_or(0))
    }

    fn bytes(hex: &str) -> String {
        format!("decode('{hex}', 'hex')")
    }
}

async fn played(play: fn(&Engine)) -> (Temporary, PostgresReaders) {
    let playing = move || {
        let database = Temporary::new().unwrap();
        let store = PostgresStore::open(database.url(), Options::default()).unwrap();
        play(&story::engine(Box::new(store)));
        let readers = PostgresReaders::open(database.url(), ReaderOptions::default()).unwrap();
        (database, readers)
    };
    tokio::task::spawn_blocking(playing).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_planted_fault_is_found_and_a_good_story_is_silent() {
    let (database, readers) = played(story::play).await;
    planted::each_is_found(&readers, &mut Owner::of(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_tamper_with_the_ledger_is_found() {
    let (database, readers) = played(|engine| {
        story::play(engine);
        story::play_more(engine, 10, 20);
    })
    .await;
    tampers::all_are_found(&readers, &mut Owner::of(&database).await, 1..201).await;
}
