//! Logs on standard error: for people when it is a terminal, JSON otherwise. No bodies and no
//! personal data; a panic tells its place, never its message, which could quote a value.

use std::io::IsTerminal;
use std::panic;
use tracing_subscriber::EnvFilter;

/// Whose lines below a warning would quote values, whatever the filter says.
const QUIET: &str = "tokio_postgres=warn";

/// Starts logging. `filter` is written as `tracing` filters are.
pub(crate) fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    // It tells the parameters of each statement.
    let filter = filter.add_directive(QUIET.parse().expect("it is written as filters are"));
    let is_terminal = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if is_terminal {
        logs.compact().with_target(false).try_init()
    } else {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(place, thread, "panicked");
    }));
    started.map_err(|error| error.to_string())
}
