//! Fills the database of a bench, or finds it filled.

use super::dice::Dice;
use super::flags::Seeded;
use super::orders::{NOWHERE, Orders, Shop};
use super::people::People;
use super::pipeline::each;
use super::place::{Manifest, Merchant, Place};
use crate::database::{self, Database};
use crate::key_file;
use http_api::SystemShell;
use http_api::merchant::{MerchantRequest, add_merchant};
use std::error::Error;
use std::sync::Arc;

/// Entries of one payment: the payer's and the merchant's.
const ENTRIES_EACH: u64 = 2;

/// A database in this process, while something is put into it.
pub(super) struct Seeding<'a> {
    place: &'a Place,
    database: Database,
    people: People,
    manifest: Manifest,
}

impl<'a> Seeding<'a> {
    /// Opens the database and sees to it that people, merchants and history are there.
    pub(super) async fn open(place: &'a Place, seeded: Seeded) -> Result<Self, Box<dyn Error>> {
        let config = place.seeding()?;
        let keys = Arc::new(key_file::load(&config.key_file())?);
        let is_new = !database::has_data(&config).await?;
        let known = if is_new { None } else { place.manifest()? };
        let database = Database::open(&config).await?;
        let dice = Dice { seed: seeded.seed };
        let people = People { engine: database.engine.clone(), keys, dice };
        let manifest = match known {
            Some(known) if known.seeded == seeded => known,
            None if is_new => fill(&people, seeded).await?,
            Some(_) => return Err("the folder was seeded with other figures".into()),
            None => return Err("the folder has a database that no bench has seeded".into()),
        };
        place.keep(&manifest)?;
        Ok(Self { place, database, people, manifest })
    }

    /// Places new orders and gives the number of the first.
    pub(super) async fn place_orders(
        &mut self,
        count: u64,
        notify_url: impl Fn(u64) -> String + Send + Sync + 'static,
    ) -> Result<u64, Box<dyn Error>> {
        let first = self.manifest.next_order;
        self.manifest.next_order += count;
        self.place.keep(&self.manifest)?;
        let shop = shop(&self.people, &self.manifest, notify_url);
        let place = move |order| {
            let shop = shop.clone();
            async move { shop.place(order).await }
        };
        each("orders", first, count, place).await?;
        Ok(first)
    }

    /// How orders are named here.
    pub(super) fn orders(&self) -> Orders {
        Orders { dice: self.people.dice, seeded: self.manifest.seeded }
    }

    /// Leaves the database to the server; gives what is in it.
    pub(super) async fn close(self) -> Manifest {
        self.database.close().await;
        self.manifest
    }
}

async fn fill(people: &People, seeded: Seeded) -> Result<Manifest, Box<dyn Error>> {
    let mut merchants = Vec::new();
    for number in 0..seeded.merchants {
        merchants.push(merchant(people, number).await?);
    }
    let settle = {
        let people = people.clone();
        move |number| {
            let people = people.clone();
            async move { people.settle(number).await }
        }
    };
    each("people", 0, seeded.users, settle).await?;
    let payments = seeded.entries / ENTRIES_EACH;
    let manifest = Manifest { seeded, merchants, next_order: payments };
    let shop = shop(people, &manifest, |_| NOWHERE.into());
    let pay = move |order| {
        let shop = shop.clone();
        async move { shop.place_and_pay(order).await }
    };
    each("history", 0, payments, pay).await?;
    Ok(manifest)
}

async fn merchant(people: &People, number: u64) -> Result<Merchant, Box<dyn Error>> {
    let request = MerchantRequest {
        name: format!("Tea House {number}"),
        mchid: Some(format!("19{number:08}")),
        ..MerchantRequest::default()
    };
    let shell = SystemShell::default();
    let new = add_merchant(&people.engine, &people.keys, &shell, &request).await?;
    Ok(Merchant {
        mchid: new.mchid,
        appid: new.appid,
        serial_no: new.serial_no,
        private_key: new.private_key,
    })
}

fn shop(
    people: &People,
    manifest: &Manifest,
    notify_url: impl Fn(u64) -> String + Send + Sync + 'static,
) -> Shop {
    Shop {
        people: people.clone(),
        orders: Orders { dice: people.dice, seeded: manifest.seeded },
        merchants: manifest.merchants.as_slice().into(),
        notify_url: Arc::new(notify_url),
    }
}
