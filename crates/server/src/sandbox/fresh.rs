//! Beginning anew: a sandbox without its data, and a running one that starts itself again like
//! that. What tells it from other sandboxes stays: its secret keys and its certificate authority.

use crate::config::Config;
use crate::database::Location;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Removes everything that a sandbox has done. A database server that somebody named is not ours
/// to empty.
pub(crate) fn wipe(config: &Config) -> Result<(), Box<dyn Error>> {
    match &config.location {
        Location::Sqlite(path) => {
            let name = path.as_os_str();
            for ending in ["", "-wal", "-shm"] {
                let mut file = name.to_owned();
                file.push(ending);
                gone(fs::remove_file(file))?;
            }
        }
        // It is new at each start.
        Location::ThrowAway => {}
        Location::Postgres(_) => {
            return Err("a database that was named is not emptied: drop and make it anew".into());
        }
    }
    gone(fs::remove_dir_all(config.bank_data()))?;
    gone(fs::remove_file(config.data.join("demo-people.json")))?;
    Ok(())
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Starts this program again in its own place, without its data and at the same addresses. Comes
/// back only when the system refuses.
pub(crate) fn start_again(addresses: &[(&str, SocketAddr)]) -> io::Error {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut given = std::env::args_os().skip(1);
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy().into_owned();
        let pinned = addresses.iter().find(|(flag, _)| {
            text == *flag || text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
        });
        match pinned {
            Some((flag, _)) if text == *flag => drop(given.next()),
            Some(_) => {}
            None if text == FRESH => {}
            None => arguments.push(argument),
        }
    }
    for (flag, address) in addresses {
        arguments.extend([OsString::from(flag), address.to_string().into()]);
    }
    arguments.push(FRESH.into());
    match std::env::current_exe() {
        Ok(program) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

/// The flag of `serve` that has it begin without its data.
const FRESH: &str = "--fresh";

/// Names one run of a sandbox, so that who waits for the next one can tell.
pub(crate) fn life(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let told: serde_json::Value = serde_json::from_str(&text).ok()?;
    told["life"].as_str().map(str::to_owned)
}
