//! The whole schedule of a merchant that is down, on business time.

use crate::merchant::MerchantServer;
use crate::stage::Stage;
use domain::notification::{ResendNotification, Retry, RetryState, SCHEDULE_S};
use kernel::time::SECOND;

#[tokio::test]
async fn a_merchant_that_is_down_is_tried_on_schedule_then_given_up_and_reached_by_a_resend() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(500).await;
    stage.add_paid("1900000001", &server, 1).await;
    let worker = stage.start_worker("one");
    let id = server.next().await.open().id;
    for (place, wait) in SCHEDULE_S.into_iter().enumerate() {
        let attempts = place as i64 + 1;
        let recorded = async || stage.retry().await.is_some_and(|r| r.attempts == attempts);
        stage.until("the attempt is recorded", recorded).await;
        let retry = stage.retry().await.unwrap();
        assert_eq!(retry.state, RetryState::Waiting);
        assert_eq!(retry.last_error, "status 500");
        assert_eq!(retry.due_at, stage.now().plus(wait * SECOND), "wait {attempts}");
        // A moment before its time nothing is due; everything is decided by the exact due time.
        stage.advance(wait * SECOND - 1).await;
        assert!(server.is_quiet(), "too early: wait {attempts}");
        stage.advance(1).await;
        assert_eq!(server.next().await.open().id, id);
    }
    let is_dead = async || stage.retry().await.is_some_and(|r| r.state == RetryState::Dead);
    stage.until("it is given up", is_dead).await;
    assert_eq!(stage.retry().await.unwrap().attempts, 16);
    stage.advance(7 * kernel::time::DAY).await;
    assert!(server.is_quiet(), "nothing is sent any more");

    server.now_answers(204);
    let Retry { batch, place, .. } = stage.retry().await.unwrap();
    stage.engine.run(ResendNotification { batch, place }).await.unwrap();
    assert_eq!(server.next().await.open().id, id);
    stage.until("it is acknowledged", async || stage.retry().await.is_none()).await;
    worker.stop().await;
}

#[tokio::test]
async fn after_an_hour_down_the_next_attempt_that_is_acknowledged_ends_it() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(302).await;
    stage.add_paid("1900000001", &server, 1).await;
    let worker = stage.start_worker("one");
    server.next().await;
    stage.until("it waits", async || stage.retry().await.is_some()).await;
    assert_eq!(stage.retry().await.unwrap().last_error, "status 302");
    server.now_answers(200);
    stage.advance(15 * SECOND).await;
    server.next().await;
    stage.until("it is acknowledged", async || stage.retry().await.is_none()).await;
    worker.stop().await;
}
