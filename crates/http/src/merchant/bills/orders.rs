//! Which orders and refunds the journals of a bill are about: orders of the merchant itself, parts
//! of combined orders, what service providers did for it, and what it did for sub-merchants.

use super::file::{Moved, Source};
use crate::merchant::fault::Fault;
use domain::ledger::{Journal, JournalKind};
use domain::order::{CombinedPart, Order};
use domain::refund::Refund;
use std::collections::HashMap;

/// A merchant's number, and that merchant's number of an order or refund.
pub(super) type Key = (String, String);

/// See the module.
pub(super) struct Orders {
    orders: HashMap<Key, Order>,
    /// The parts of combined orders, by the number of the whole, in order of their places.
    parts: HashMap<Key, Vec<Key>>,
    refunds: HashMap<Key, Refund>,
}

impl Orders {
    /// Reads what the journals name.
    pub(super) async fn load(source: &Source, moved: &[Moved]) -> Result<Self, Fault> {
        let named = |kind: &str| -> Vec<Key> {
            moved.iter().filter_map(|one| key_of(&one.journal, kind)).collect()
        };
        let mut parts: HashMap<Key, Vec<Key>> = HashMap::new();
        let mut places =
            source.rows_by::<CombinedPart>("out_trade_no", named("combined_order")).await?;
        places.sort_unstable_by_key(|part| part.place);
        for part in places {
            let whole = (part.mchid, part.out_trade_no);
            parts.entry(whole).or_default().push((part.part_mchid, part.part_no));
        }
        let refunds = source.rows_by::<Refund>("out_refund_no", named("refund")).await?;
        let mut wanted = named("order");
        wanted.extend(parts.values().flatten().cloned());
        let refunded = refunds.iter();
        wanted.extend(refunded.map(|refund| (refund.mchid.clone(), refund.out_trade_no.clone())));
        let orders = source.rows_by::<Order>("out_trade_no", wanted).await?;
        let by_number = |order: Order| ((order.mchid.clone(), order.out_trade_no.clone()), order);
        let by_refund =
            |refund: Refund| ((refund.mchid.clone(), refund.out_refund_no.clone()), refund);
        Ok(Self {
            orders: orders.into_iter().map(by_number).collect(),
            parts,
            refunds: refunds.into_iter().map(by_refund).collect(),
        })
    }

    /// The orders that a payment paid to those whose bill it is, in order of their places.
    pub(super) fn paid(&self, source: &Source, journal: &Journal) -> Vec<&Order> {
        if journal.kind != JournalKind::Payment {
            return Vec::new();
        }
        let alone = key_of(journal, "order").into_iter();
        let whole = key_of(journal, "combined_order");
        let parts = whole.and_then(|whole| self.parts.get(&whole)).into_iter().flatten().cloned();
        let orders = alone.chain(parts).filter_map(|key| self.orders.get(&key));
        orders.filter(|order| source.owners.contains(order.payee())).collect()
    }

    /// The order that a journal is about alone.
    pub(super) fn alone(&self, journal: &Journal) -> Option<&Order> {
        self.orders.get(&key_of(journal, "order")?)
    }

    /// The refund that a journal is about, and its order.
    pub(super) fn refunded(&self, journal: &Journal) -> Option<(&Refund, &Order)> {
        let refund = self.refunds.get(&key_of(journal, "refund")?)?;
        let order = self.orders.get(&(refund.mchid.clone(), refund.out_trade_no.clone()))?;
        Some((refund, order))
    }
}

/// The merchant and its number that the subject of a journal names.
pub(super) fn key_of(journal: &Journal, kind: &str) -> Option<Key> {
    let (named, id) = journal.subject.parts();
    let (mchid, number) = id.split_once(':').filter(|_| named == kind)?;
    Some((mchid.to_owned(), number.to_owned()))
}
