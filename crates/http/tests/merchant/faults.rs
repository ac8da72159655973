//! When we fail, or are asked for what there is not: still an answer of the protocol, still signed.

use crate::tills::{REVERSE, Till, refusal};
use crate::world::{BALANCE, World};
use apiv3::v2::SignType;
use domain::Tx;
use domain::payment_code::Digits;
use domain::testing::Plant;
use std::future::pending;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use store::queries::Answer;
use store::{Kind, Queries, QueryError, Value};

const ORDERS: &str = "FROM \"order\"";

#[derive(Clone, Copy)]
enum Fault {
    Panic,
    Fail,
    Hang,
}

/// Reads orders badly and all else well.
struct Broken(Arc<dyn Queries>, Fault);

impl Queries for Broken {
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_> {
        if !sql.contains(ORDERS) {
            return self.0.rows(sql, parameters, kinds);
        }
        let fault = self.1;
        Box::pin(async move {
            match fault {
                Fault::Panic => panic!("planted by a test"),
                Fault::Fail => Err(QueryError::Failed("planted by a test".into())),
                Fault::Hang => pending().await,
            }
        })
    }
}

async fn broken(fault: Fault) -> World {
    World::with(|app| {
        app.queries = Arc::new(Broken(Arc::clone(&app.queries), fault));
        if let Fault::Hang = fault {
            app.limits.request = Duration::from_millis(500);
        }
    })
    .await
}

#[tokio::test]
async fn a_panic_and_a_deadline_are_system_errors() {
    for fault in [Fault::Panic, Fault::Hang] {
        let world = broken(fault).await;
        let answer = world.get(&world.by_number("T2026-0001")).await;
        answer.refuses(500, "SYSTEM_ERROR", "system error, query the outcome");
    }
}

#[tokio::test]
async fn a_till_is_told_of_a_panic_and_a_deadline_in_xml() {
    for fault in [Fault::Panic, Fault::Hang] {
        let till = Till::of(broken(fault).await, SignType::Md5).await;
        let answer = till.ask("/pay/orderquery", &[("out_trade_no", "T1")]).await;
        assert_eq!(refusal(&answer).0, "SYSTEMERROR");
    }
}

#[tokio::test]
async fn a_reversal_that_is_decided_late_is_to_be_called_again() {
    let world = World::with(|app| app.limits.request = Duration::from_secs(2)).await;
    let till = Till::of(world, SignType::Md5).await;
    let code = till.world.code(Digits::Hidden).await;
    assert_eq!(till.micropay("T1", &code).await["result_code"], "SUCCESS");
    let (release, held) = mpsc::channel::<()>();
    let (began, begins) = mpsc::channel();
    let held = Mutex::new(held);
    let busy = Plant(move |_: &mut Tx<'_>| {
        began.send(()).ok();
        held.lock().unwrap().recv().ok();
        Ok(())
    });
    let engine = till.world.app.engine.clone();
    let busy = tokio::spawn(async move { engine.run(busy).await });
    tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
    let late = till.ask(REVERSE, &[("out_trade_no", "T1")]).await;
    assert_eq!((refusal(&late).0, &*late["recall"]), ("SYSTEMERROR", "Y"));
    drop(release);
    busy.await.unwrap().unwrap();
    let again = till.ask(REVERSE, &[("out_trade_no", "T1")]).await;
    assert_eq!((&*again["result_code"], &*again["recall"]), ("SUCCESS", "N"));
    assert_eq!(till.world.payer_balance().await, BALANCE, "given back once");
    till.world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_read_that_failed_may_be_tried_again() {
    let world = broken(Fault::Fail).await;
    let answer = world.get(&world.by_number("T2026-0001")).await;
    answer.refuses(503, "SERVICE_UNAVAILABLE", "unavailable, try again");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_stopped_engine_takes_no_command_and_reads_go_on() {
    let world = World::new().await;
    let prepay_id = world.place("T2026-0001").await;
    world.pay(&prepay_id).await;
    world.app.engine.shutdown().await;
    let order = world.order("T2026-0002");
    let answer = world.post("/v3/pay/transactions/native", &order).await;
    answer.refuses(503, "SERVICE_UNAVAILABLE", "unavailable, try again");
    assert_eq!(world.get(&world.by_number("T2026-0001")).await.status, 200);
}

#[tokio::test]
async fn other_addresses_and_methods_are_told_so() {
    let world = World::new().await;
    for target in ["/v3/pay/transactions/other", "/v3/", "/", "/v2/pay"] {
        world.get(target).await.refuses(404, "NOT_FOUND", "nothing at this address");
    }
    let text = "this address has no such method";
    for (method, target) in [
        ("DELETE", "/v3/certificates"),
        ("GET", "/v3/pay/transactions/native"),
        ("PUT", "/v3/refund/domestic/refunds"),
    ] {
        let request = world.signed(&world.merchant, (method, target), b"");
        world.send(request).await.refuses(400, "INVALID_REQUEST", text);
    }
    let head = world.signed(&world.merchant, ("HEAD", "/v3/certificates"), b"");
    let answer = world.send(head).await;
    assert_eq!((answer.status, answer.body.len()), (400, 0));
}

#[tokio::test]
async fn texts_are_chinese_unless_english_is_asked_for() {
    let world = World::new().await;
    let target = world.by_number("T2026-0001");
    let mut request = world.signed(&world.merchant, ("GET", &target), b"");
    request.headers_mut().remove("accept-language");
    let answer = world.send(request).await;
    answer.refuses(404, "ORDER_NOT_EXIST", "订单不存在");
    assert_eq!(answer.header("content-language"), "zh-CN");
    assert_eq!(answer.header("connection"), "keep-alive");
    assert_eq!(answer.header("keep-alive"), "timeout=8");
    let answer = world.get(&target).await;
    assert_eq!(answer.header("content-language"), "en");
}
