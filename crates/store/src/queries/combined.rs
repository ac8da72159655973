//! Reading combined orders, for answers and notifications.

use super::{Queries, QueryError, Value, find, select};
use crate::table::Described;
use crate::value::Corrupt;
use domain::order::{CombinedPart, Order};

/// The parts of a combined order, in order of their places.
pub async fn combined_parts(
    queries: &dyn Queries,
    (mchid, out_trade_no): &(String, String),
) -> Result<Vec<Order>, QueryError> {
    let names = [mchid, out_trade_no].map(|text| Value::Text(text.clone()));
    let condition = "mchid = $1 AND out_trade_no = $2 ORDER BY place";
    let places: Vec<CombinedPart> = select(queries, condition, names.to_vec()).await?;
    let mut parts = Vec::with_capacity(places.len());
    for place in places {
        let part = find::<Order>(queries, &(place.part_mchid, place.part_no)).await?;
        parts.push(part.ok_or_else(|| Corrupt {
            table: Order::TABLE.name,
            column: "combined_no",
            what: "a part of a combined order is not there".into(),
        })?);
    }
    Ok(parts)
}
