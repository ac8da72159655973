//! A fund-flow bill names what each line is about as the API does, and who asked for it.

use crate::bills::{cells, file, file_of};
use crate::transfers::{self, ready};
use crate::world::{Party, World};
use crate::{profit, transfer_batches};
use domain::merchant::AllowProfitReturn;
use domain::profit::ReleaseUnsettled;
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const BILL: &str = "/v3/bill/fundflowbill?bill_date=2026-12-21";

/// Pays an order for sharing; gives the payment's number.
async fn paid(world: &World, out_trade_no: &str) -> String {
    let mut order = world.order(out_trade_no);
    order["settle_info"] = json!({ "profit_sharing": true });
    let placed = world.post("/v3/pay/transactions/native", &order).await.json();
    let url = placed["code_url"].as_str().unwrap();
    world.pay(apiv3::create::parse_code_url(url).unwrap()).await
}

async fn made(world: &World, target: &str, body: &Value, id: &str) -> String {
    let made = world.post(target, body).await;
    assert_eq!(made.status, 200, "{made:?}");
    made.json()[id].as_str().unwrap().to_owned()
}

/// What moved on one day, as the API named it: a release, a share, what was unfrozen, a return, a
/// batch and a transfer.
struct Ids {
    released: String,
    shared: String,
    unfrozen: String,
    returned: String,
    batch: String,
    transfer: String,
}

async fn day_of_everything() -> (World, Party, Ids) {
    let world = ready().await;
    let mchid = world.merchant.made.mchid.clone();
    let partner = world.add_merchant("Tea garden").await;
    assert_eq!(profit::add(&world, &partner, "Tea garden").await.status, 200);
    let agree = AllowProfitReturn { mchid: partner.made.mchid.clone(), is_allowed: true };
    world.app.engine.run(agree).await.unwrap();
    let released = paid(&world, "T2026-0001").await;
    world.advance(30 * DAY).await;
    let release = ReleaseUnsettled { mchid, out_trade_no: "T2026-0001".into() };
    world.app.engine.run(release).await.unwrap();
    let payment = paid(&world, "T2026-0002").await;
    world.advance(60).await;
    let orders = "/v3/profitsharing/orders";
    let share = profit::share(&world, &partner, &payment, 300);
    let shared = made(&world, orders, &share, "order_id").await;
    world.finish_sharing("P@1").await;
    let rest = json!({
        "transaction_id": payment, "out_order_no": "P@2", "description": "rest",
    });
    let unfrozen = made(&world, &format!("{orders}/unfreeze"), &rest, "order_id").await;
    world.finish_sharing("P@2").await;
    let back = json!({
        "out_order_no": "P@1", "out_return_no": "B@1", "return_mchid": partner.made.mchid,
        "amount": 100, "description": "back",
    });
    let returned = made(&world, "/v3/profitsharing/return-orders", &back, "return_id").await;
    let body = transfer_batches::body(&world);
    let batch = made(&world, transfer_batches::BATCHES, &body, "batch_id").await;
    transfer_batches::pay(&world).await;
    let body = transfers::body(&world, "M1", 500);
    let transfer = made(&world, transfers::BILLS, &body, "transfer_bill_no").await;
    world.advance(DAY).await;
    (world, partner, Ids { released, shared, unfrozen, returned, batch, transfer })
}

/// Kind, amount, our number, the merchant's number and who asked.
fn told(file: &str) -> Vec<[String; 5]> {
    let (rows, _) = cells(file);
    rows.into_iter().map(|row| [4, 6, 1, 10, 8].map(|at| row[at].clone())).collect()
}

#[tokio::test]
async fn every_line_has_the_numbers_of_what_it_is_about_and_who_asked() {
    let (world, partner, ids) = day_of_everything().await;
    let asked = format!("{}API", world.merchant.made.mchid);
    let detail = format!("{}0002", ids.batch);
    let lines = told(&file(&world, BILL).await);
    let expected = [
        ["解冻", "10.00", &ids.released, "T2026-0001", "system"],
        ["解冻", "7.00", &ids.unfrozen, "P@2", &asked],
        ["分账回退", "1.00", &ids.returned, "B@1", &asked],
        ["转账", "4.00", &ids.batch, "B1", &asked],
        ["转账退回", "2.00", &detail, "D2", "system"],
        ["转账", "5.00", &ids.transfer, "M1", &asked],
    ];
    assert_eq!(lines, expected);
    // The receiver's own numbers stand nowhere: it asked for nothing.
    let lines = told(&file_of(&world, &partner, BILL).await);
    let expected = [
        ["分账", "3.00", &ids.shared, "P@1", &asked],
        ["分账回退", "1.00", &ids.returned, "B@1", &asked],
    ];
    assert_eq!(lines, expected);
    world.check_books().await;
}
