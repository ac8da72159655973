//! The merchant API through its router: signed requests, a real engine, a SQLite file. Every answer
//! of every test is checked against the platform's keys.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod bills;
mod card_refunds;
mod cashier;
mod certificates;
mod codes;
mod combined;
mod complaints;
mod faults;
mod fields;
mod fields_money;
mod flow_bills;
mod input;
mod onboarding;
mod orders;
mod partner;
mod partner_profit;
mod pay_sheets;
mod payer;
mod profit;
mod queries;
mod rates;
mod refunds;
mod sandbox;
mod schema;
mod signatures;
mod till_turns;
mod tills;
mod transfer_batches;
mod transfers;
mod trials;
mod uploads;
mod world;
mod xml_refunds;
mod xml_sandbox;
