//! The lines of a bill of profit sharing: each share and each return that moved money, in the order
//! of their journals. Unlike the others it is about requests of the merchant, whoever was paid.

use super::file::{PIECE, Source};
use crate::merchant::fault::Fault;
use apiv3::bill::Bill;
use apiv3::profit_bill::{ProfitMove, ProfitRow, ProfitWriter};
use domain::order::Order;
use domain::profit::{ProfitOrder, ProfitOrderKind, ProfitReturn, ProfitShare, ShareResult};
use kernel::Timestamp;
use std::collections::HashMap;
use std::vec::IntoIter;
use store::queries::{Described, Value, select};

/// See the module.
pub(super) struct ProfitBill {
    writer: ProfitWriter,
    moves: IntoIter<(i64, Named)>,
}

/// What moved money, by the merchant's number of it.
enum Named {
    Order(String),
    Return(String),
}

/// Rows by their numbers.
#[derive(Default)]
struct Found {
    requests: HashMap<String, ProfitOrder>,
    shares: HashMap<String, Vec<ProfitShare>>,
    returns: HashMap<String, ProfitReturn>,
    totals: HashMap<String, i64>,
}

impl ProfitBill {
    /// Finds the requests of the day that moved money.
    pub(super) async fn open(source: &Source, bill: &Bill) -> Result<Self, Fault> {
        let starts = Timestamp::start_of_business_day(bill.date).unwrap_or_default();
        let span = (starts, source.day_ends);
        let sub_mchid = bill.sub_mchid.as_deref();
        let is_about = |of: &Option<String>| sub_mchid.is_none() || of.as_deref() == sub_mchid;
        let mut moves = Vec::new();
        each::<ProfitOrder>(source, span, ("finished_at", "out_order_no"), |order| {
            if order.journal > 0 && is_about(&order.sub_mchid) {
                moves.push((order.journal, Named::Order(order.out_order_no.clone())));
            }
            (order.finished_at.unwrap_or(order.created_at), order.out_order_no)
        })
        .await?;
        each::<ProfitReturn>(source, span, ("created_at", "out_return_no"), |back| {
            if back.journal > 0 && is_about(&back.sub_mchid) {
                moves.push((back.journal, Named::Return(back.out_return_no.clone())));
            }
            (back.created_at, back.out_return_no)
        })
        .await?;
        moves.sort_unstable_by_key(|(journal, _)| *journal);
        Ok(Self { writer: ProfitWriter::default(), moves: moves.into_iter() })
    }

    pub(super) fn rows(&self) -> i64 {
        self.writer.rows()
    }

    pub(super) fn header(&self) -> String {
        self.writer.header()
    }

    pub(super) fn summary(&self) -> String {
        self.writer.summary()
    }

    /// The next lines; `None` when there are no more.
    pub(super) async fn lines(&mut self, source: &Source) -> Result<Option<String>, Fault> {
        let piece: Vec<Named> = self.moves.by_ref().take(PIECE).map(|(_, named)| named).collect();
        if piece.is_empty() {
            return Ok(None);
        }
        let found = Found::load(source, &piece).await?;
        let mut out = String::new();
        for named in &piece {
            match named {
                Named::Order(number) => {
                    for row in found.shared(number)? {
                        self.writer.push(&mut out, &row);
                    }
                }
                Named::Return(number) => self.writer.push(&mut out, &found.returned(number)?),
            }
        }
        Ok(Some(out))
    }
}

/// Calls `take` with each row of the merchant within a time; it gives the row's place.
async fn each<R: Described>(
    source: &Source,
    (from, until): (Timestamp, Timestamp),
    (time, number): (&str, &str),
    mut take: impl FnMut(R) -> (Timestamp, String),
) -> Result<(), Fault> {
    let condition = format!(
        "mchid = $1 AND {time} < $2 AND ({time} > $3 OR {time} = $3 AND {number} > $4) \
         ORDER BY {time}, {number} LIMIT {PIECE}"
    );
    // Just before the first moment, and every number comes after none.
    let (mut at, mut after) = (from, String::new());
    loop {
        let parameters = vec![
            Value::Text(source.mchid.clone()),
            Value::Int(until.micros()),
            Value::Int(at.micros()),
            Value::Text(after.clone()),
        ];
        let rows = select::<R>(source.queries.as_ref(), &condition, parameters).await?;
        let is_last = rows.len() < PIECE;
        for row in rows {
            (at, after) = take(row);
        }
        if is_last {
            return Ok(());
        }
    }
}

impl Found {
    async fn load(source: &Source, piece: &[Named]) -> Result<Self, Fault> {
        let (mut orders, mut backs) = (Vec::new(), Vec::new());
        for named in piece {
            match named {
                Named::Order(number) => orders.push(number.clone()),
                Named::Return(number) => backs.push(number.clone()),
            }
        }
        let mut found = Self::default();
        for back in source.rows::<ProfitReturn>("out_return_no", backs).await? {
            found.returns.insert(back.out_return_no.clone(), back);
        }
        for share in source.rows::<ProfitShare>("out_order_no", orders.clone()).await? {
            found.shares.entry(share.out_order_no.clone()).or_default().push(share);
        }
        let returned = found.returns.values().map(|back| back.out_order_no.clone());
        orders.extend(returned);
        orders.sort_unstable();
        orders.dedup();
        for request in source.rows::<ProfitOrder>("out_order_no", orders).await? {
            found.requests.insert(request.out_order_no.clone(), request);
        }
        let mut paid: Vec<String> =
            found.requests.values().map(|request| request.out_trade_no.clone()).collect();
        paid.sort_unstable();
        paid.dedup();
        for order in source.rows::<Order>("out_trade_no", paid).await? {
            found.totals.insert(order.out_trade_no.clone(), order.amount.minor());
        }
        Ok(found)
    }

    fn request(&self, number: &str) -> Result<(&ProfitOrder, i64), Fault> {
        let request = self.requests.get(number);
        let total = request.and_then(|request| self.totals.get(&request.out_trade_no));
        request.zip(total.copied()).ok_or_else(|| absent(number))
    }

    /// The lines of a request, one for each receiver that got something.
    fn shared(&self, number: &str) -> Result<Vec<ProfitRow>, Fault> {
        let (request, total) = self.request(number)?;
        let moved = match request.kind {
            ProfitOrderKind::Share => ProfitMove::Shared,
            ProfitOrderKind::Unfreeze => ProfitMove::Unfrozen,
        };
        let payee = request.sub_mchid.as_ref().unwrap_or(&request.mchid).clone();
        let line = ProfitRow {
            at: request.finished_at.unwrap_or(request.created_at),
            mchid: request.mchid.clone(),
            payee: payee.clone(),
            transaction_id: request.transaction_id.clone(),
            order_id: request.order_id.clone(),
            detail_id: String::new(),
            out_order_no: request.out_order_no.clone(),
            total,
            account: payee,
            amount: request.unfrozen_minor,
            moved: ProfitMove::Unfrozen,
            description: String::new(),
        };
        let mut shares: Vec<&ProfitShare> = self.shares.get(number).into_iter().flatten().collect();
        shares.sort_unstable_by_key(|share| share.place);
        let given = shares.into_iter().filter(|share| share.result == ShareResult::Success);
        let mut rows: Vec<ProfitRow> = given
            .map(|share| ProfitRow {
                detail_id: share.detail_id(&request.order_id),
                account: share.account.clone(),
                amount: share.amount.minor(),
                moved,
                description: share.description.clone(),
                ..line.clone()
            })
            .collect();
        // What a request to share unfroze beside it.
        if request.kind == ProfitOrderKind::Share && request.unfrozen_minor > 0 {
            rows.push(line);
        }
        Ok(rows)
    }

    fn returned(&self, number: &str) -> Result<ProfitRow, Fault> {
        let back = self.returns.get(number).ok_or_else(|| absent(number))?;
        let (request, total) = self.request(&back.out_order_no)?;
        Ok(ProfitRow {
            at: back.created_at,
            mchid: back.mchid.clone(),
            payee: request.sub_mchid.as_ref().unwrap_or(&request.mchid).clone(),
            transaction_id: request.transaction_id.clone(),
            order_id: back.return_id.clone(),
            detail_id: String::new(),
            out_order_no: back.out_return_no.clone(),
            total,
            account: back.return_mchid.clone(),
            amount: back.amount.minor(),
            moved: ProfitMove::Returned,
            description: back.description.clone(),
        })
    }
}

fn absent(number: &str) -> Fault {
    Fault::defect(&format!("a bill names {number}, which is not there"))
}
