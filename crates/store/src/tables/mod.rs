//! Every table. One module per area describes the rows of that area.

mod ledger;

use crate::registry::Registered;

/// Every table, in the order in which they are created.
pub(crate) const ALL: &[Registered] = &[
    Registered::of::<domain::ledger::Batch>(),
    Registered::of::<domain::ledger::Journal>(),
    Registered::of::<domain::ledger::Entry>(),
    Registered::of::<domain::ledger::Account>(),
    Registered::of::<domain::ledger::AccountPath>(),
    Registered::of::<domain::fact::Fact>(),
    Registered::of::<domain::job::Job>(),
    Registered::of::<domain::idempotency::IdempotencyEven>(),
    Registered::of::<domain::idempotency::IdempotencyOdd>(),
];
