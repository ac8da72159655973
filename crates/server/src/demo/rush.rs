//! Many people pay at the same moment: how many payments one commit carries.

use super::client::{Api, Differs, Told, same, text};
use super::people::Person;
use super::shop::Shop;
use super::shopping::Placed;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// What each of them has at first, in fen.
const MONEY: i64 = 5_000;
/// What each order costs, in fen.
const PRICE: i64 = 100;
/// How many orders each of them pays, one after another.
const ORDERS_EACH: usize = 4;
/// How many people join at the same time.
const JOINING: usize = 24;

/// People with money, and an order for each of their payments.
pub(crate) struct Crowd {
    api: Api,
    payers: Vec<(Person, Vec<Value>)>,
}

impl Crowd {
    /// Lets so many people join and places their orders.
    pub(crate) async fn gather(api: &Api, shop: &Shop, count: usize) -> Told<Self> {
        let mut joining = JoinSet::new();
        let mut people = Vec::with_capacity(count);
        for _ in 0..count {
            if joining.len() >= JOINING {
                people.push(next(&mut joining).await?);
            }
            let api = api.clone();
            joining.spawn(async move { Person::with_money(&api, MONEY).await });
        }
        while !joining.is_empty() {
            people.push(next(&mut joining).await?);
        }
        let mut payers = Vec::with_capacity(count);
        for (person, _card) in people {
            let mut shown = Vec::with_capacity(ORDERS_EACH);
            for _ in 0..ORDERS_EACH {
                let Placed { code, .. } = shop.place(PRICE).await?;
                shown.push(api.resolved(&person, &code).await?);
            }
            payers.push((person, shown));
        }
        Ok(Self { api: api.clone(), payers })
    }

    /// Everybody pays at once, from a connection each.
    pub(crate) async fn pay(self) -> Told<((), String)> {
        let before = Counts::read(&self.api).await?;
        let payers = self.payers.len();
        let start = Arc::new(tokio::sync::Barrier::new(payers));
        let began = Instant::now();
        let mut paying = JoinSet::new();
        for (person, orders) in self.payers {
            let start = Arc::clone(&start);
            paying.spawn(async move {
                start.wait().await;
                for order in orders {
                    person.api.post("/v1/orders/pay", person.payment(&order)).await?;
                }
                person.balance().await
            });
        }
        while let Some(ended) = paying.join_next().await {
            let balance = ended.map_err(|error| Differs(error.to_string()))??;
            same("a balance after the rush", balance, MONEY - PRICE * ORDERS_EACH as i64)?;
        }
        let seconds = began.elapsed().as_secs_f64();
        let after = Counts::read(&self.api).await?;
        let payments = after.payments - before.payments;
        let commits = (after.commits - before.commits).max(1.0);
        same("payments counted", payments as usize, payers * ORDERS_EACH)?;
        let mean = payments / commits;
        let rate = payments / seconds;
        let told =
            format!("{payments} payments in {commits} commits, {mean:.1} a commit, {rate:.0}/s");
        Ok(((), told))
    }
}

type Joined = Told<(Person, String)>;

async fn next(joining: &mut JoinSet<Joined>) -> Joined {
    let joined = joining.join_next().await;
    let joined = joined.ok_or_else(|| Differs("nobody is joining".into()))?;
    joined.map_err(|error| Differs(error.to_string()))?
}

impl Api {
    async fn resolved(&self, person: &Person, code: &str) -> Told<Value> {
        let shown = person.api.post("/v1/codes/resolve", json!({ "code": code })).await?;
        text(&shown, "/order_ref")?;
        Ok(shown)
    }
}

/// What the server has counted.
struct Counts {
    payments: f64,
    commits: f64,
}

impl Counts {
    async fn read(api: &Api) -> Told<Self> {
        let metrics = api.metrics().await?;
        let sum = |name: &str, label: &str| {
            let lines = metrics.lines().filter(|line| line.starts_with(name));
            let matching = lines.filter(|line| line.contains(label));
            matching.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
        };
        Ok(Self {
            payments: sum("jiaozi_engine_commands_committed_total", "command=\"PayOrder\""),
            commits: sum("jiaozi_engine_commits_with_total", "command=\"PayOrder\""),
        })
    }
}
