//! Many payments by many people, made by the commands themselves.

use crate::story::{order, payment, top_up_commands};
use domain::testing::{Person, merchant};
use engine::Engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Commands that go on at once.
const AT_ONCE: usize = 512;
/// Payments of one person, each of 2.00 with a fee for the merchant, so with three entries.
const EACH: u32 = 100;
const MINOR: i64 = 200;

/// Seeds so many payments.
pub async fn seed(engine: &Engine, payments: u32) {
    engine.run(merchant()).await.unwrap();
    let people = payments.div_ceil(EACH);
    at_once(people, engine, |engine, number| async move {
        let person = Person::numbered(number);
        engine.run(person.move_in()).await.unwrap();
        let (start, record) = top_up_commands(person, number, i64::from(EACH) * MINOR);
        engine.run(start).await.unwrap();
        engine.run(record).await.unwrap();
    })
    .await;
    at_once(payments, engine, move |engine, number| async move {
        let name = format!("N{number:09}");
        engine.run(order(&name, MINOR)).await.unwrap();
        engine.run(payment(Person::numbered(number % people), &name, MINOR)).await.unwrap();
    })
    .await;
}

/// Does it for every number below `count`, many at once.
async fn at_once<F>(
    count: u32,
    engine: &Engine,
    work: impl Fn(Engine, u32) -> F + Copy + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, engine) = (Arc::clone(&next), engine.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                work(engine.clone(), number).await;
            }
        });
    }
    tasks.join_all().await;
}
