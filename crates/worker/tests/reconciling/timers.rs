//! What only time brings about.

use crate::stage::Stage;
use domain::order::{Order, OrderState};
use kernel::time::HOUR;

#[tokio::test]
async fn unpaid_orders_close_by_themselves_however_many_there_are() {
    let stage = Stage::new().await;
    stage.add_unpaid("1900000001", 600, OrderState::NotPay).await;
    let worker = stage.start_worker("one");
    stage.advance(HOUR - 1).await;
    let open = async || {
        let orders = stage.all::<Order>().await;
        orders.iter().filter(|order| order.state == OrderState::NotPay).count()
    };
    assert_eq!(open().await, 600);
    stage.advance(1).await;
    stage.until("all are closed", async || open().await == 0).await;
    worker.stop().await;
}

#[tokio::test]
async fn payments_by_code_that_nobody_confirms_are_revoked() {
    let stage = Stage::new().await;
    stage.add_unpaid("1900000001", 3, OrderState::UserPaying).await;
    let worker = stage.start_worker("one");
    stage.advance(HOUR).await;
    let revoked = async || {
        let orders = stage.all::<Order>().await;
        orders.iter().all(|order| order.state == OrderState::Revoked)
    };
    stage.until("all are revoked", revoked).await;
    worker.stop().await;
}
