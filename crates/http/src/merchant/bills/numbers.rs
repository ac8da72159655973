//! The numbers of what moved money: ours, as the API shows it, and the number of the merchant that
//! asked, whoever's line it is.

use super::file::{Moved, Source, places};
use super::orders::{Key, Orders, key_of};
use crate::merchant::fault::Fault;
use domain::ledger::Journal;
use domain::merchant_transfer::MerchantTransfer;
use domain::profit::{ProfitOrder, ProfitReturn};
use domain::transfer_batch::{TransferBatch, TransferDetail, detail_id};
use std::collections::{BTreeMap, HashMap};
use store::queries::{Described, Value, select};

/// Our number and the merchant's.
pub(super) type Pair = (String, String);

/// See the module. By the subjects of journals.
pub(super) struct Numbers(HashMap<String, Pair>);

impl Numbers {
    /// Reads what the journals name; payments have theirs from their orders.
    pub(super) async fn load(
        source: &Source,
        moved: &[Moved],
        orders: &Orders,
    ) -> Result<Self, Fault> {
        let mut known = Self(HashMap::new());
        for Moved { journal, .. } in moved {
            let subject = journal.subject.as_str().to_owned();
            if let Some((refund, _)) = orders.refunded(journal) {
                let pair = (refund.refund_id.clone(), refund.out_refund_no.clone());
                known.0.insert(subject, pair);
            } else if let Some(order) = orders.alone(journal) {
                let paid = order.transaction_id.clone().unwrap_or_default();
                known.0.insert(subject, (paid, order.out_trade_no.clone()));
            }
        }
        let all = (source, moved);
        known
            .read(all, "merchant_transfer", "out_bill_no", |transfer: MerchantTransfer| {
                (transfer.mchid, (transfer.transfer_bill_no, transfer.out_bill_no))
            })
            .await?;
        known
            .read(all, "transfer_batch", "out_batch_no", |batch: TransferBatch| {
                (batch.mchid, (batch.batch_id, batch.out_batch_no))
            })
            .await?;
        known
            .read(all, "profit_order", "out_order_no", |request: ProfitOrder| {
                (request.mchid, (request.order_id, request.out_order_no))
            })
            .await?;
        known
            .read(all, "profit_return", "out_return_no", |back: ProfitReturn| {
                (back.mchid, (back.return_id, back.out_return_no))
            })
            .await?;
        known.read_details(source, moved).await?;
        Ok(known)
    }

    /// The numbers of what a journal is about.
    pub(super) fn of(&self, journal: &Journal) -> Option<&Pair> {
        self.0.get(journal.subject.as_str())
    }

    /// Reads rows of one kind by their merchants' numbers.
    async fn read<R: Described>(
        &mut self,
        (source, moved): (&Source, &[Moved]),
        kind: &str,
        column: &str,
        take: impl Fn(R) -> (String, Pair),
    ) -> Result<(), Fault> {
        let named = moved.iter().filter_map(|one| key_of(&one.journal, kind)).collect();
        for row in source.rows_by::<R>(column, named).await? {
            let (mchid, pair) = take(row);
            self.0.insert(format!("{kind}:{mchid}:{}", pair.1), pair);
        }
        Ok(())
    }

    /// Reads the named details of batches: our number of one is made from that of its batch.
    async fn read_details(&mut self, source: &Source, moved: &[Moved]) -> Result<(), Fault> {
        let mut wanted: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        for (mchid, detail) in
            moved.iter().filter_map(|one| key_of(&one.journal, "transfer_detail"))
        {
            let place = detail.split_once(':').and_then(|(batch, place)| {
                Some((batch.to_owned(), place.parse().ok().map(Value::Int)?))
            });
            let Some((batch, place)) = place else { continue };
            wanted.entry((mchid, batch)).or_default().push(place);
        }
        let batches = wanted.keys().cloned().collect();
        for batch in source.rows_by::<TransferBatch>("out_batch_no", batches).await? {
            let TransferBatch { mchid, out_batch_no, batch_id, .. } = batch;
            let named = wanted.remove(&(mchid.clone(), out_batch_no.clone())).unwrap_or_default();
            let condition = format!(
                "mchid = $1 AND out_batch_no = $2 AND place IN ({})",
                places(3, named.len())
            );
            let mut parameters =
                [&mchid, &out_batch_no].map(|key| Value::Text(key.clone())).to_vec();
            parameters.extend(named);
            let queries = source.queries.as_ref();
            for detail in select::<TransferDetail>(queries, &condition, parameters).await? {
                let TransferDetail { place, out_detail_no, .. } = detail;
                let subject = format!("transfer_detail:{mchid}:{out_batch_no}:{place}");
                self.0.insert(subject, (detail_id(&batch_id, place), out_detail_no));
            }
        }
        Ok(())
    }
}
