//! The program `jiaozi` as a library: configuration, wiring, and what can be typed on a command
//! line. The whole-product tests drive the binary with the clients of [`demo`] and audit what it
//! left with [`audit`].

#[macro_use]
mod output;

pub mod audit;
mod bank_client;
mod bank_process;
mod bench;
mod cli;
mod complaints;
mod config;
mod database;
pub mod demo;
mod gauges;
mod home;
mod key_file;
mod keys;
mod logging;
mod merchant;
mod merchant_guide;
mod merchant_keys;
mod merchant_transfers;
mod notifications;
mod operator;
mod person;
mod providers_link;
mod sandbox;
mod serve;
mod signals;
mod surroundings;
mod suspense;
mod verified;

use clap::Parser;
use cli::{Action, Cli, ConfigAction, ConfigFlags, MigrateFlags};
use config::{Config, Flags};
use std::error::Error;

/// Does what was typed after `jiaozi`.
///
/// # Errors
///
/// Whatever kept it from being done, in words for who typed it.
pub async fn run() -> Result<(), Box<dyn Error>> {
    perform(Cli::parse().action).await
}

async fn perform(action: Action) -> Result<(), Box<dyn Error>> {
    match action {
        Action::Serve(flags) => serve::run(flags).await,
        Action::SandboxBank(flags) => {
            logging::start("info")?;
            Ok(bank_process::run(flags).await?)
        }
        Action::Migrate(flags) => migrate(&flags),
        Action::Demo(flags) => demo::run(flags).await,
        Action::Bench(action) => bench::run(action).await,
        Action::Sandbox(action) => sandbox::run(action).await,
        Action::Verify(flags) => audit::run(&flags).await,
        Action::User(action) => {
            logging::start("warn")?;
            person::run(action).await
        }
        Action::Merchant(action) => {
            logging::start("warn")?;
            merchant::run(action).await
        }
        Action::Suspense(action) => suspense::run(action).await,
        Action::Complaint(action) => {
            logging::start("warn")?;
            complaints::run(action).await
        }
        Action::Keys(action) => keys::run(action).await,
        Action::Config(ConfigAction::Check(flags)) => {
            Ok(config::print_all(flags.config.as_deref(), flags.layer())?)
        }
    }
}

fn migrate(flags: &MigrateFlags) -> Result<(), Box<dyn Error>> {
    let config = flags.config.load()?;
    let applied = database::migrate_only(&config)?;
    match applied.as_slice() {
        [] => say!("the schema is up to date"),
        steps => say!("applied: {}", steps.join(", ")),
    }
    if flags.distribute {
        for statement in database::distribute(&config)? {
            say!("{statement};");
        }
    }
    Ok(())
}

impl ConfigFlags {
    /// Reads the configuration as `serve` would.
    fn load(&self) -> Result<Config, config::ConfigError> {
        Config::load(self.config.as_deref(), self.layer())
    }

    fn layer(&self) -> Flags {
        Flags::default()
            .set_path("data", self.data.as_ref())
            .set("database", self.database.as_deref())
    }
}
