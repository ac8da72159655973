//! `kill -9` at random moments of a running story, on one data folder: whatever was acknowledged is
//! there afterwards, whatever was not has one effect when it is sent again, and what was under way
//! goes on by itself. `JIAOZI_CRASH_SEED` brings back the choices of a run, `JIAOZI_CRASH_ROUNDS`
//! changes its length, `JIAOZI_TEST_DATABASE=postgres` the database.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod dice;
mod newcomer;
mod payer;
mod server;
mod world;

use dice::Dice;
use jiaozi_server::audit::Audit;
use jiaozi_server::demo::{Api, Person, Shop};
use payer::Payer;
use serde_json::Value;
use server::{Place, Server};
use std::collections::{HashMap, HashSet};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use store_sqlite::Temporary;
use tokio::sync::watch;
use tokio::task::JoinSet;
use world::{PATIENCE, World};

const PAYERS: usize = 6;
const NEWCOMERS: usize = 3;
/// What each payer has at first, in fen.
const MONEY: i64 = 400_000;
/// Withdrawals and pending top-ups end within that much business time, in seconds.
const ROUND_S: i64 = 4 * 3_600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let seed = number("JIAOZI_CRASH_SEED").unwrap_or_else(fresh_seed);
    let rounds = number("JIAOZI_CRASH_ROUNDS").unwrap_or(50);
    // Dropped at the end only: what failed can be looked at.
    let folder = ManuallyDrop::new(Temporary::empty().unwrap());
    let place = Place::new(folder.folder());
    println!("{rounds} rounds, JIAOZI_CRASH_SEED={seed}, in {}", folder.folder().display());
    let mut story = Story::begin(&place, Dice::new(seed)).await;
    for round in 1..=rounds {
        let outcome = story.round(&place, round).await;
        if let Err(lost) = outcome {
            panic!("round {round}, seed {seed}: {lost}\n{}", place.last_words());
        }
    }
    story.end(&place).await;
    drop(ManuallyDrop::into_inner(folder));
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

fn fresh_seed() -> u64 {
    u64::from_be_bytes(jiaozi_server::demo::random::bytes())
}

const DAY_US: i64 = 24 * 3_600 * 1_000_000;

/// The days between two times in microseconds, as statements name them.
fn days(from: i64, to: i64) -> Vec<String> {
    let count = (to - from) / DAY_US;
    let day = |one: i64| kernel::Timestamp::from_micros(from + one * DAY_US).business_date();
    (0..=count).map(|one| day(one).to_string()).collect()
}

struct Story {
    dice: Dice,
    server: Server,
    world: Arc<World>,
    place: watch::Sender<world::Place>,
    payers: JoinSet<Payer>,
    newcomers: JoinSet<usize>,
}

impl Story {
    /// Everybody arrives in peace.
    async fn begin(place: &Place, mut dice: Dice) -> Self {
        let server = place.start();
        let demo = server.demo().clone();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE / 3).build().unwrap();
        let api = Api::new(&http, &demo.consumer_api);
        let mut people = Vec::new();
        for _ in 0..PAYERS {
            people.push(Person::with_money(&api, MONEY).await.unwrap());
        }
        let shop = Shop::open(&http, &demo.merchant_api, demo.merchant).await.unwrap();
        let first = world::Place { epoch: 0, base: Some(demo.consumer_api), finishing: false };
        let (sender, receiver) = watch::channel(first);
        let world = Arc::new(World {
            http,
            place: receiver,
            shop,
            completed: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            advanced: AtomicI64::new(0),
            advancing: AtomicI64::new(0),
        });
        let (mut payers, mut newcomers) = (JoinSet::new(), JoinSet::new());
        for person in people {
            payers.spawn(Payer::new(&world, dice.other(), person, MONEY).live());
        }
        for _ in 0..NEWCOMERS {
            newcomers.spawn(newcomer::arrive(Arc::clone(&world), dice.other()));
        }
        Self { dice, server, world, place: sender, payers, newcomers }
    }

    /// Lets them act for a while, kills, starts again, and audits.
    async fn round(&mut self, place: &Place, round: u64) -> Result<(), String> {
        let goal = self.world.completed.load(Relaxed) + self.dice.below(120);
        self.act_until(goal).await?;
        if self.dice.once_in(8) {
            self.server.kill_bank();
            let goal = self.world.completed.load(Relaxed) + 20;
            self.act_until(goal).await?;
        }
        let bank = self.server.hold_bank();
        self.server.kill();
        self.place.send_modify(|place| place.base = None);
        if self.dice.once_in(2) {
            bank.wait_for_end();
        }
        if self.dice.once_in(4) {
            place.start_and_kill(self.dice.below(60));
        }
        self.server = place.start();
        let demo = self.server.demo();
        self.world.shop.moved(&demo.merchant_api);
        let base = demo.consumer_api.clone();
        self.place.send_modify(|place| {
            *place = world::Place { epoch: round, base: Some(base), finishing: false };
        });
        self.audit().await?;
        if self.dice.once_in(2) {
            self.world.advance(ROUND_S).await;
        }
        Ok(())
    }

    async fn act_until(&mut self, goal: u64) -> Result<(), String> {
        let began = Instant::now();
        while self.world.completed.load(Relaxed) < goal {
            if let Some(ended) = self.payers.try_join_next() {
                return Err(format!("a payer gave up: {:?}", ended.err()));
            }
            if let Some(ended) = self.newcomers.try_join_next() {
                return Err(format!("a newcomer gave up: {ended:?}"));
            }
            if began.elapsed() > PATIENCE {
                return Err("nothing goes on".into());
            }
            // The moment of the kill is a count of answers, not a time: this is only a glance.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn audit(&self) -> Result<(), String> {
        let audit = Audit::of(&self.server.demo().database).await.unwrap();
        let sum = audit.trial_balance.last().map(|line| line.balance);
        if audit.is_clean() && sum == Some(0) {
            return Ok(());
        }
        Err(format!("the audit: {:?}, sum {sum:?}", audit.findings))
    }

    /// Everybody finishes; then all that was written down is compared.
    async fn end(mut self, place: &Place) {
        self.place.send_modify(|place| place.finishing = true);
        let arrived: usize = joined(&mut self.newcomers).await.into_iter().sum();
        let mut payers = joined(&mut self.payers).await;
        self.world.advance(ROUND_S).await;
        for payer in &mut payers {
            payer.compare_all().await.unwrap();
        }
        self.everything_was_told(&payers).await;
        self.bank_agrees(place).await;
        self.audit().await.unwrap();
        let count = |what: fn(&Payer) -> usize| payers.iter().map(what).sum::<usize>();
        println!(
            "{} answers, {} lost at first, {} payments, {} refused, {arrived} newcomers",
            self.world.completed.load(Relaxed),
            self.world.unknown.load(Relaxed),
            count(|payer| payer.paid.len()),
            count(|payer| payer.refused),
        );
        let liar = &mut payers[0];
        liar.pretend().await;
        assert!(liar.compare_all().await.is_err(), "a lost payment would not be noticed");
    }

    /// Outside, too, everything happened once: what the bank's statements add up to is what our
    /// books say of it.
    async fn bank_agrees(&self, place: &Place) {
        let secret = place.bank_secret();
        let bank = self.server.bank();
        let ask = async |path: String| -> Value {
            let request = self.world.http.get(format!("http://{bank}{path}"));
            let answer = request.bearer_auth(secret.trim()).send().await.unwrap();
            answer.json().await.unwrap()
        };
        let clock = ask("/clock".into()).await;
        let number = |value: &Value| value.as_i64().unwrap();
        let (now, offset) = (number(&clock["now_us"]), number(&clock["offset_us"]));
        let (mut sum, mut lines) = (0, 0);
        for day in days(now - offset - DAY_US, now + DAY_US) {
            let statement = ask(format!("/bank/v1/statement?day={day}")).await;
            for line in statement["lines"].as_array().unwrap() {
                let amount = number(&line["amount"]);
                sum += match line["direction"].as_str().unwrap() {
                    "DEBIT" | "CREDIT_RETURN" => amount,
                    _ => -amount,
                };
                lines += 1;
            }
        }
        let audit = Audit::of(&self.server.demo().database).await.unwrap();
        let ours = audit.trial_balance.iter().find(|line| line.account == "SYSTEM/BANK").unwrap();
        assert_eq!(-ours.balance, sum, "the bank's statements say otherwise");
        println!("{lines} lines of the bank's statements agree with the books");
    }

    /// Every payment and refund was notified, each under one id however often.
    async fn everything_was_told(&self, payers: &[Payer]) {
        let all = || payers.iter().flat_map(|payer| &payer.paid);
        let refunds = all().filter_map(|paid| paid.refund.as_ref());
        let mut missing: HashSet<(String, String)> = all()
            .map(|paid| ("TRANSACTION.SUCCESS".to_owned(), paid.number.clone()))
            .chain(refunds.map(|refund| ("REFUND.SUCCESS".to_owned(), refund.number.clone())))
            .collect();
        let began = Instant::now();
        loop {
            let mut ids: HashMap<(String, String), HashSet<String>> = HashMap::new();
            for one in self.world.shop.opened().unwrap() {
                let pointer = if one.event_type.starts_with("REFUND") {
                    "/out_refund_no"
                } else {
                    "/out_trade_no"
                };
                let number = one.resource.pointer(pointer).and_then(|n| n.as_str()).unwrap();
                let about = (one.event_type.clone(), number.to_owned());
                missing.remove(&about);
                ids.entry(about).or_default().insert(one.id);
            }
            assert!(ids.values().all(|ids| ids.len() == 1), "one notification has two ids");
            if missing.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "never notified: {missing:?}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn joined<T: 'static>(set: &mut JoinSet<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(ended) = set.join_next().await {
        all.push(ended.unwrap());
    }
    all
}
