//! The HTTP faces: parse, authenticate, run a command or read, answer. Decides nothing.
//!
//! `consumer` is the API of people's apps (`/v1`), `merchant` the one of merchants' servers (`/v3`,
//! on its own listener), `sandbox` what only a sandbox has. GET reads through `Queries` and never
//! goes through the engine; everything that changes something is one command.

mod address;
pub mod app;
pub mod callers;
mod cashier;
pub mod consumer;
pub mod extract;
mod layers;
pub mod merchant;
pub mod openapi;
mod operations;
pub mod personal;
mod pictures;
pub mod problem;
pub mod rate_limit;
pub mod sandbox;
pub mod secret;
pub mod shell;
mod spelling;
pub mod wire;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use app::{AppParts, AppState, Limits};
pub use callers::Callers;
pub use layers::RequestId;
pub use shell::{Shell, SystemShell};

use axum::Router;

/// The routes of the consumer's listener: `/v1`, the document, the cashier page, and in the sandbox
/// its own routes and those of operators. `proven` are routes whose callers prove by a signature
/// who they are; they get what every route gets but are not bounded as strangers.
pub fn consumer_router(app: &AppState, proven: Router) -> Router {
    let mut described = openapi::described();
    if app.sandbox.is_some() {
        described = described.merge(sandbox::routes());
    }
    let (routes, mut document) = described.split_for_parts();
    openapi::complete(&mut document);
    let operations = if app.sandbox.is_some() { operations::routes() } else { operations::alive() };
    let routes = routes.merge(operations).merge(cashier::routes()).merge(openapi::pages(document));
    layers::around(routes.with_state(app.clone()), proven, app)
}

/// The routes of the operations listener: alive, ready, and the figures.
pub fn operations_router(app: &AppState) -> Router {
    layers::around(Router::new(), operations::routes().with_state(app.clone()), app)
}
