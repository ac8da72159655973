//! The tables of the calls that move money on, and of complaints. See `fields`.

use crate::fields::Kind::{Amount, Between, Flag, List, Literal, Object, Sealed, Text, Url, Words};
use crate::fields::{MAY, MUST, Row, breaks};
use crate::transfer_batches::BATCHES;
use crate::transfers::{BILLS, ready};
use crate::world::World;
use crate::{transfer_batches, transfers};
use serde_json::json;

const TRANSFER: &[Row] = &[
    ("/appid", Text(1, 32), MUST),
    ("/out_bill_no", Text(1, 32), MUST),
    ("/transfer_scene_id", Literal, MUST),
    ("/openid", Text(1, 64), MUST),
    ("/user_name", Sealed, MAY),
    ("/transfer_amount", Amount, MUST),
    ("/transfer_remark", Words(1, 32), MUST),
    ("/notify_url", Url(256), MAY),
    ("/user_recv_perception", Text(1, 128), MAY),
    ("/user_recv_style", Object, MAY),
    ("/user_recv_style/type", Literal, MUST),
    ("/transfer_scene_report_infos", List, MUST),
    ("/transfer_scene_report_infos/0/info_type", Words(1, 15), MUST),
    ("/transfer_scene_report_infos/0/info_content", Words(1, 32), MUST),
];

const BATCH: &[Row] = &[
    ("/appid", Text(1, 32), MUST),
    ("/out_batch_no", Text(1, 32), MUST),
    ("/batch_name", Words(1, 32), MUST),
    ("/batch_remark", Words(1, 32), MUST),
    ("/total_amount", Amount, MUST),
    ("/total_num", Amount, MUST),
    ("/transfer_scene_id", Text(1, 36), MAY),
    ("/notify_url", Url(256), MAY),
    ("/transfer_detail_list", List, MUST),
    ("/transfer_detail_list/1/out_detail_no", Text(1, 32), MUST),
    ("/transfer_detail_list/1/transfer_amount", Amount, MUST),
    ("/transfer_detail_list/1/transfer_remark", Words(1, 32), MUST),
    ("/transfer_detail_list/1/openid", Text(1, 64), MUST),
    ("/transfer_detail_list/1/user_name", Sealed, MAY),
];

const RECEIVER: &[Row] =
    &[("/appid", Text(1, 32), MUST), ("/type", Literal, MUST), ("/account", Text(1, 64), MUST)];

const SERVED: &[Row] = &[("/sub_mchid", Text(1, 32), MAY)];

const SERVED_UNDER: &[Row] = &[("/sub_mchid", Text(1, 32), MUST), ("/sub_appid", Text(1, 32), MAY)];

const RELATION: &[Row] = &[
    ("/name", Sealed, MAY),
    ("/relation_type", Literal, MUST),
    ("/custom_relation", Text(1, 30), MAY),
];

const SHARE: &[Row] = &[
    ("/appid", Text(1, 32), MUST),
    ("/receivers", List, MUST),
    ("/receivers/0/type", Literal, MUST),
    ("/receivers/0/account", Text(1, 64), MUST),
    ("/receivers/0/amount", Amount, MUST),
    ("/receivers/0/description", Text(1, 80), MUST),
    ("/receivers/0/name", Sealed, MAY),
    ("/unfreeze_unsplit", Flag, MUST),
];

const SHARED_ORDER: &[Row] =
    &[("/transaction_id", Text(1, 32), MUST), ("/out_order_no", Text(1, 64), MUST)];

const DESCRIPTION: &[Row] = &[("/description", Text(1, 80), MUST)];

const RETURN: &[Row] = &[
    ("/order_id", Text(1, 64), MAY),
    ("/out_order_no", Text(1, 64), MAY),
    ("/out_return_no", Text(1, 64), MUST),
    ("/return_mchid", Text(1, 32), MUST),
    ("/amount", Amount, MUST),
];

const COMPLAINED: &[Row] = &[("/complainted_mchid", Text(1, 64), MUST)];

const RESPONSE: &[Row] = &[
    ("/response_content", Words(1, 200), MUST),
    ("/response_images", List, MAY),
    ("/response_images/0", Text(1, 256), MAY),
    ("/jump_url", Text(0, 512), MAY),
    ("/jump_url_text", Text(0, 30), MAY),
    ("/mini_program_jump_info", Object, MAY),
    ("/mini_program_jump_info/appid", Text(1, 32), MUST),
    ("/mini_program_jump_info/path", Text(1, 512), MUST),
    ("/mini_program_jump_info/text", Text(1, 30), MUST),
];

const PROGRESS: &[Row] = &[
    ("/action", Literal, MUST),
    ("/launch_refund_day", Between(0, 365), MAY),
    ("/reject_reason", Words(1, 200), MUST),
    ("/reject_media_list", List, MAY),
    ("/reject_media_list/0", Text(1, 256), MAY),
    ("/remark", Words(0, 200), MAY),
];

const NOTIFIED: &[Row] = &[("/url", Url(255), MUST)];

#[tokio::test]
async fn transfers_to_people() {
    let world = ready().await;
    let mut body = transfers::body(&world, "B1", 500);
    body["transfer_remark"] = json!("字".repeat(32));
    body["user_recv_style"] = json!({ "type": "RED_PACKET" });
    breaks(&world, BILLS, &body, &[TRANSFER]).await;
    assert_eq!(world.post(BILLS, &body).await.status, 200, "the body is good");
    let mut body = transfer_batches::body(&world);
    body["batch_name"] = json!("字".repeat(32));
    body["transfer_detail_list"][1]["transfer_remark"] = json!("字".repeat(32));
    breaks(&world, BATCHES, &body, &[BATCH]).await;
    assert_eq!(world.post(BATCHES, &body).await.status, 200, "the body is good");
    world.check_books().await;
}

#[tokio::test]
async fn profit_sharing() {
    let world = World::new().await;
    let payer = world.payer_openid();
    let appid = &world.merchant.made.appid;
    let body = json!({
        "appid": appid, "type": "PERSONAL_OPENID", "account": payer, "relation_type": "CUSTOM",
        "custom_relation": "friend", "sub_mchid": "1900000002", "sub_appid": "wx1",
    });
    let add = "/v3/profitsharing/receivers/add";
    breaks(&world, add, &body, &[SERVED_UNDER, RECEIVER, RELATION]).await;
    breaks(&world, "/v3/profitsharing/receivers/delete", &body, &[SERVED_UNDER, RECEIVER]).await;
    let receiver = json!({
        "type": "PERSONAL_OPENID", "account": payer, "amount": 1, "description": "part",
    });
    let body = json!({
        "appid": appid, "transaction_id": "4200000001", "out_order_no": "P1",
        "receivers": [receiver], "unfreeze_unsplit": false, "description": "rest",
        "sub_mchid": "1900000002",
    });
    breaks(&world, "/v3/profitsharing/orders", &body, &[SERVED, SHARED_ORDER, SHARE]).await;
    let unfreeze = "/v3/profitsharing/orders/unfreeze";
    breaks(&world, unfreeze, &body, &[SERVED, SHARED_ORDER, DESCRIPTION]).await;
    let body = json!({
        "order_id": "30", "out_order_no": "P1", "out_return_no": "R1",
        "return_mchid": "1900000002", "amount": 1, "description": "back",
        "sub_mchid": "1900000002",
    });
    breaks(&world, "/v3/profitsharing/return-orders", &body, &[SERVED, RETURN, DESCRIPTION]).await;
    world.check_books().await;
}

#[tokio::test]
async fn complaints() {
    let world = World::new().await;
    let mchid = &world.merchant.made.mchid;
    let one = |act: &str| format!("/v3/merchant-service/complaints-v2/2000000001/{act}");
    let body = json!({
        "complainted_mchid": mchid, "response_content": "sorry", "response_images": ["m-1"],
        "mini_program_jump_info": { "appid": "wx1", "path": "/tea", "text": "look" },
    });
    for response in ["response", "response-immediate-service"] {
        breaks(&world, &one(response), &body, &[COMPLAINED, RESPONSE]).await;
    }
    breaks(&world, &one("complete"), &body, &[COMPLAINED]).await;
    let body = json!({
        "action": "REJECT", "reject_reason": "it was hot", "reject_media_list": ["m-1"],
    });
    breaks(&world, &one("update-refund-progress"), &body, &[PROGRESS]).await;
    let body = json!({ "url": "https://tea.example.com/complaints" });
    let target = "/v3/merchant-service/complaint-notifications";
    breaks(&world, target, &body, &[NOTIFIED]).await;
}
