//! `jiaozi bench`: how fast the wallet is on this machine. The database is seeded by the product's
//! own commands through an engine in this process; what is measured is a server in a process of its
//! own, called over its public API.

mod bare;
mod child;
mod client;
mod counted;
mod create_order;
mod dice;
mod flags;
mod load;
pub(crate) mod noop;
mod notify;
mod orders;
mod pay;
mod people;
mod pipeline;
mod place;
mod postgres;
mod process;
mod report;
mod rivals;
mod seeding;
mod signing;
mod silent;

pub(crate) use flags::{BenchAction, UnderTest};

use crate::signals;
use std::error::Error;

/// Does what was typed.
pub(crate) async fn run(action: BenchAction) -> Result<(), Box<dyn Error>> {
    let measured = async {
        match action {
            BenchAction::Pay(flags) => pay::run(flags).await,
            BenchAction::Notify(flags) => notify::run(flags).await,
            BenchAction::SilentMerchants(flags) => silent::run(flags).await,
            BenchAction::CreateOrder(flags) => create_order::run(flags).await,
        }
    };
    // Folders and servers of this run go also when it is stopped.
    tokio::select! {
        ended = measured => ended,
        () = signals::end() => Err("stopped".into()),
    }
}

/// Returns when the benchmark that started this server is gone: it holds the other end of standard
/// input.
pub(crate) async fn left_alone() {
    let (gone, is_gone) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: the runtime would wait for one of its threads at the end.
    std::thread::spawn(move || {
        // Whatever ends it, nobody is there any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(gone);
    });
    // It is dropped, never sent.
    let _ = is_gone.await;
}
