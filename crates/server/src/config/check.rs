//! `jiaozi config check`: every key, its value, where that comes from, what it may be
//! and what it means.

use super::key;
use super::{Config, ConfigError, Flags, Layers};
use std::path::Path;

/// Reads the configuration as `serve` would and prints it.
pub(crate) fn print_all(file: Option<&Path>, flags: Flags) -> Result<(), ConfigError> {
    let layers = Layers::read(file, flags, std::env::vars())?;
    Config::of(&layers)?;
    for key in key::all() {
        let (value, layer) = layers.shown(&key)?;
        say!("{:<30} = {value:<18} {layer}", key.name);
        match key.range_shown() {
            Some(range) => say!("    {} ({range})", key.doc),
            None => say!("    {}", key.doc),
        }
    }
    Ok(())
}
