//! All rules of the wallet: areas with their commands, states, refusals and postings, and the
//! facts they stand on (failure catalogue, validators, calendar, fees). It names no database, no
//! clock, no network and no source of random numbers; everything it needs is handed in.

pub mod catalogue;
