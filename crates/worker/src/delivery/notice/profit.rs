//! What a receiver of profit sharing is told.

use super::{Unmade, absent};
use apiv3::notification::Event;
use domain::fact::{Fact, FactKind};
use domain::profit::{ProfitOrder, ProfitReturn, ProfitShare};
use store::Queries;
use store::queries::find;

/// The fact is told to the receiver, so its subject names the merchant that shared.
pub(super) async fn event(queries: &dyn Queries, fact: &Fact) -> Result<Event, Unmade> {
    let (mchid, number) = fact.subject.split_once(':').ok_or_else(|| absent("subject", fact))?;
    if fact.kind == FactKind::ProfitReturned {
        let key = (mchid.to_owned(), number.to_owned());
        let back = find::<ProfitReturn>(queries, &key).await?;
        let back = back.ok_or_else(|| absent("return", fact))?;
        let order = order(queries, fact, mchid, &back.out_order_no).await?;
        return Event::profit_returned(&order, &back).ok_or_else(|| absent("moved money", fact));
    }
    let (number, place) = number.rsplit_once(':').ok_or_else(|| absent("place", fact))?;
    let place = place.parse().map_err(|_| absent("place", fact))?;
    let key = (mchid.to_owned(), number.to_owned(), place);
    let share = find::<ProfitShare>(queries, &key).await?;
    let share = share.ok_or_else(|| absent("share", fact))?;
    let order = order(queries, fact, mchid, number).await?;
    Event::profit_shared(&order, &share).ok_or_else(|| absent("moved money", fact))
}

async fn order(
    queries: &dyn Queries,
    fact: &Fact,
    mchid: &str,
    number: &str,
) -> Result<ProfitOrder, Unmade> {
    let order = find::<ProfitOrder>(queries, &(mchid.to_owned(), number.to_owned())).await?;
    order.ok_or_else(|| absent("request of sharing", fact))
}
