//! Orders that nobody paid in time close by themselves.

use crate::due;
use crate::pulse::Pulse;
use crate::runner::Work;
use crate::slots::Held;
use domain::order::{ExpireOrder, Order};
use engine::Engine;
use kernel::Timestamp;
use std::sync::Arc;
use store::{Queries, QueryError};

/// See the module.
pub(crate) struct Expiry {
    pub(crate) engine: Engine,
    pub(crate) queries: Arc<dyn Queries>,
    pub(crate) pulse: Pulse,
}

impl Work for Expiry {
    type Item = Order;
    type Key = (String, String);

    const NAME: &'static str = "order_expiry";
    const AT_ONCE: usize = 256;
    const PER_LANE: usize = 256;

    async fn list(
        &self,
        _held: &Held,
        _full_lanes: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Order>, QueryError> {
        // This is asked after nearly every batch, and mostly no order is due: one row says so.
        let first = due::unpaid_orders(self.queries.as_ref(), 1).await?;
        match first.first() {
            Some(order) if order.expires_at <= self.pulse.now() => {
                due::unpaid_orders(self.queries.as_ref(), limit).await
            }
            _ => Ok(first),
        }
    }

    fn key(order: &Order) -> (String, String) {
        (order.mchid.clone(), order.out_trade_no.clone())
    }

    fn due_at(order: &Order) -> Timestamp {
        order.expires_at
    }

    fn lane(_order: &Order) -> String {
        String::new()
    }

    async fn run(self: Arc<Self>, order: Order) -> bool {
        let Order { mchid, out_trade_no, .. } = order;
        self.engine.run(ExpireOrder { mchid, out_trade_no }).await.is_ok()
    }
}
