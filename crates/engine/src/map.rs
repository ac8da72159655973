//! Maps by row address, with a hash that is quick on short keys. Its seed is drawn anew in every
//! process, because callers choose some of the keys.

use domain::record::RowKey;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};

/// Values by row address.
pub(crate) type RowMap<T> = HashMap<RowKey, T, RandomState>;

/// A set of row addresses.
pub(crate) type RowSet = HashSet<RowKey, RandomState>;
