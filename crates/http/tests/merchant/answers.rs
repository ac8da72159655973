//! The shape of every answer: `World::send` compares each one that a test gets.

use crate::schema;
use crate::world::Answer;

/// Refusals: what `detail` holds depends on the code.
const REFUSAL: &str = "code*:str(32), message*:str(256)";

macro_rules! order {
    ($names:literal, $payer:literal) => {
        concat!(
            $names,
            "out_trade_no*:str(32), transaction_id:str(32), ",
            "trade_type:<JSAPI/NATIVE/APP/MICROPAY/MWEB>, ",
            "trade_state*:<SUCCESS/REFUND/NOTPAY/CLOSED/REVOKED/USERPAYING/PAYERROR>, ",
            "trade_state_desc*:str(256), bank_type:str(32), attach:str(128), success_time:time, ",
            $payer,
            "amount*:{total*:int, payer_total:int, currency*:str(3), payer_currency:str(3)}, ",
            "scene_info:{device_id:str(32)}, promotion_detail:[{}]",
        )
    };
}

const ORDER: &str = order!("appid*:str(32), mchid*:str(32), ", "payer:{openid*:str(128)}, ");
const PARTNERS_ORDER: &str = order!(
    "sp_appid*:str(32), sp_mchid*:str(32), sub_appid:str(32), sub_mchid*:str(32), ",
    "payer:{sp_openid:str(128), sub_openid:str(128)}, "
);
const CHARGED: &str = order!(
    "code:<USERPAYING>, message:str(256), appid*:str(32), mchid*:str(32), ",
    "payer:{openid*:str(128)}, "
);
const PARTNERS_CHARGED: &str = order!(
    "code:<USERPAYING>, message:str(256), sp_appid*:str(32), sp_mchid*:str(32), \
     sub_appid:str(32), sub_mchid*:str(32), ",
    "payer:{sp_openid:str(128), sub_openid:str(128)}, "
);
const COMBINED: &str = concat!(
    "combine_appid*:str(32), combine_mchid*:str(32), combine_out_trade_no*:str(32), ",
    "combine_transaction_id:str(32), scene_info:{device_id:str(16)}, ",
    "sub_orders*:[{mchid*:str(32), trade_type:<NATIVE/JSAPI/APP/MWEB>, ",
    "trade_state*:<SUCCESS/REFUND/NOTPAY/CLOSED/PAYERROR>, bank_type:str(32), attach*:str(128), ",
    "success_time:time, transaction_id:str(32), out_trade_no*:str(32), sub_mchid:str(32), ",
    "sub_appid:str(32), sub_openid:str(128), amount*:{total_amount*:int, currency*:str(3), ",
    "payer_amount:int, payer_currency:str(3)}, promotion_detail:[{}]}], ",
    "combine_payer_info:{openid*:str(128)}",
);
const REFUND: &str = concat!(
    "refund_id*:str(32), out_refund_no*:str(64), transaction_id*:str(32), out_trade_no*:str(32), ",
    "channel*:<ORIGINAL/BALANCE/OTHER_BALANCE/OTHER_BANKCARD>, user_received_account*:str(64), ",
    "success_time:time, create_time*:time, status*:<SUCCESS/CLOSED/PROCESSING/ABNORMAL>, ",
    "funds_account:<UNSETTLED/AVAILABLE/UNAVAILABLE/OPERATION/BASIC>, ",
    "amount*:{total*:int, refund*:int, from:[{account*:<AVAILABLE/UNAVAILABLE>, amount*:int}], ",
    "payer_total*:int, payer_refund*:int, settlement_refund*:int, settlement_total*:int, ",
    "discount_refund*:int, currency*:str(3), refund_fee:int}, promotion_detail:[{}]",
);
const TRANSFER_STATE: &str = "<ACCEPTED/PROCESSING/WAIT_USER_CONFIRM/TRANSFERING/SUCCESS/FAIL/\
                              CANCELING/CANCELLED>";
const TRANSFER: &str = concat!(
    "mch_id*:str(32), out_bill_no*:str(32), transfer_bill_no*:str(64), appid*:str(32), ",
    "state*:STATE, transfer_amount*:int, transfer_remark*:str(32), fail_reason:str(64), ",
    "openid:str(64), user_name:enc, create_time*:time, update_time*:time",
);
const BATCH: &str = concat!(
    "transfer_batch*:{mchid*:str(32), out_batch_no*:str(32), batch_id*:str(64), appid*:str(32), ",
    "batch_status*:<WAIT_PAY/ACCEPTED/PROCESSING/FINISHED/CLOSED>, batch_type*:<API/WEB>, ",
    "batch_name*:str(32), batch_remark*:str(32), close_reason:str(64), total_amount*:int, ",
    "total_num*:int, create_time:time, update_time:time, success_amount:int, success_num:int, ",
    "fail_amount:int, fail_num:int, transfer_scene_id:str(36)}, ",
    "transfer_detail_list:[{detail_id*:str(64), out_detail_no*:str(32), ",
    "detail_status*:<INIT/WAIT_PAY/PROCESSING/SUCCESS/FAIL>}]",
);
const DETAIL: &str = concat!(
    "mchid*:str(32), out_batch_no*:str(32), batch_id*:str(64), appid*:str(32), ",
    "out_detail_no*:str(32), detail_id*:str(64), ",
    "detail_status*:<INIT/WAIT_PAY/PROCESSING/SUCCESS/FAIL>, transfer_amount*:int, ",
    "transfer_remark*:str(32), fail_reason:str(64), openid*:str(64), user_name:enc, ",
    "initiate_time*:time, update_time*:time",
);
const SHARED: &str = concat!(
    "sub_mchid:str(32), transaction_id*:str(32), out_order_no*:str(64), order_id*:str(64), ",
    "state*:<PROCESSING/FINISHED>, receivers:[{account*:str(64), amount*:int, create_time*:time, ",
    "description*:str(80), detail_id*:str(64), fail_reason:<ACCOUNT_ABNORMAL/NO_RELATION/",
    "RECEIVER_HIGH_RISK/RECEIVER_REAL_NAME_NOT_VERIFIED/NO_AUTH>, finish_time*:time, ",
    "result*:<PENDING/SUCCESS/CLOSED>, type*:<MERCHANT_ID/PERSONAL_OPENID/PERSONAL_SUB_OPENID>}]",
);
const RECEIVER: &str = concat!(
    "sub_mchid:str(32), account*:str(64), custom_relation:str(30), name:enc, ",
    "relation_type:str(32), type*:<MERCHANT_ID/PERSONAL_OPENID/PERSONAL_SUB_OPENID>",
);
const RETURNED: &str = concat!(
    "sub_mchid:str(32), amount*:int, create_time*:time, description*:str(80), ",
    "fail_reason:<ACCOUNT_ABNORMAL/BALANCE_NOT_ENOUGH/TIME_OUT_CLOSED>, finish_time*:time, ",
    "order_id*:str(64), out_order_no*:str(64), out_return_no*:str(64), ",
    "result*:<PROCESSING/SUCCESS/FAILED>, return_id*:str(64), return_mchid*:str(32)",
);
macro_rules! complaint {
    () => {
        concat!(
            "complaint_id*:str(64), complaint_time*:time, complaint_detail*:str, ",
            "complaint_state*:<PENDING/PROCESSING/PROCESSED>, complainted_mchid*:str(64), ",
            "payer_phone:enc, payer_openid:str(128), complaint_order_info:[",
            "{transaction_id*:str(64), out_trade_no*:str(64), amount*:int}], ",
            "complaint_media_list:[{media_type*:<USER_COMPLAINT_IMAGE/OPERATION_IMAGE>, ",
            "media_url:[str]}], ",
            "complaint_full_refunded*:bool, incoming_user_response*:bool, ",
            "problem_description*:str(256), user_complaint_times*:int, ",
            "problem_type:<REFUND/SERVICE_NOT_WORK/OTHERS>, apply_refund_amount:int, ",
            "in_platform_service:bool, need_immediate_service:bool, is_agent_mode:bool",
        )
    };
}
const HISTORY: &str = concat!(
    "data*:[{log_id*:str(64), operator*:str(64), operate_time*:time, operate_type*:str, ",
    "operate_details:str, complaint_media_list:{",
    "media_type:<USER_COMPLAINT_IMAGE/OPERATION_IMAGE>, media_url:[str]}, image_list:[str], ",
    "user_appy_platform_service_reason:str, user_appy_platform_service_reason_description:str}], ",
    "limit*:int, offset*:int, total_count:int",
);
const BILL: &str = "hash_type*:<SHA1>, hash_value*:str(40), download_url*:str(2048)";
const CERTIFICATES: &str = concat!(
    "data*:[{serial_no*:str(40), effective_time*:time, expire_time*:time, ",
    "encrypt_certificate*:{algorithm*:<AEAD_AES_256_GCM>, nonce*:str(12), ",
    "associated_data*:str(16), ciphertext*:enc}}]",
);

/// A call and the shape of its answer with 200. Braces stand for one step of the path.
const SHAPES: &[(&str, &str)] = &[
    ("POST /v3/pay/{}/native", "code_url*:str(64)"),
    ("POST /v3/pay/{}/h5", "h5_url*:str(512)"),
    ("POST /v3/pay/{}/jsapi", "prepay_id*:str(64)"),
    ("POST /v3/pay/{}/app", "prepay_id*:str(64)"),
    ("GET /v3/pay/transactions/{}/{}", ORDER),
    ("POST /v3/pay/partner/{}/native", "code_url*:str(64)"),
    ("POST /v3/pay/partner/{}/h5", "h5_url*:str(512)"),
    ("POST /v3/pay/partner/{}/jsapi", "prepay_id*:str(64)"),
    ("POST /v3/pay/partner/{}/miniprogram", "prepay_id*:str(64)"),
    ("POST /v3/pay/partner/{}/app", "prepay_id*:str(64)"),
    ("GET /v3/pay/partner/transactions/{}/{}", PARTNERS_ORDER),
    ("POST /v3/pay/transactions/codepay", CHARGED),
    (
        "POST /v3/pay/transactions/out-trade-no/{}/reverse",
        "appid*:str(32), mchid*:str(32), out_trade_no*:str(32)",
    ),
    ("POST /v3/pay/partner/transactions/codepay", PARTNERS_CHARGED),
    ("POST /v3/pay/partner/transactions/scannedpos", PARTNERS_CHARGED),
    (
        "POST /v3/pay/partner/transactions/out-trade-no/{}/reverse",
        "sp_appid*:str(32), sp_mchid*:str(32), sub_appid:str(32), sub_mchid*:str(32), \
         out_trade_no*:str(32)",
    ),
    ("POST /v3/combine-transactions/native", "code_url*:str(64)"),
    ("POST /v3/combine-transactions/h5", "h5_url*:str(512)"),
    ("POST /v3/combine-transactions/jsapi", "prepay_id*:str(64)"),
    ("POST /v3/combine-transactions/app", "prepay_id*:str(64)"),
    ("GET /v3/combine-transactions/out-trade-no/{}", COMBINED),
    ("POST /v3/refund/domestic/refunds", REFUND),
    ("GET /v3/refund/domestic/refunds/{}", REFUND),
    ("POST /v3/refund/domestic/refunds/{}/apply-abnormal-refund", REFUND),
    (
        "POST /v3/fund-app/mch-transfer/transfer-bills",
        "out_bill_no*:str(32), transfer_bill_no*:str(64), create_time*:time, state*:STATE, \
         fail_reason:str(64), package_info:str",
    ),
    ("GET /v3/fund-app/mch-transfer/transfer-bills/{}/{}", TRANSFER),
    (
        "POST /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{}/cancel",
        "out_bill_no*:str(32), transfer_bill_no*:str(64), state*:<CANCELING/CANCELLED>, \
         update_time*:time",
    ),
    (
        "POST /v3/transfer/batches",
        "out_batch_no*:str(32), batch_id*:str(64), create_time*:time, batch_status:str(16)",
    ),
    ("GET /v3/transfer/batches/{}/{}", BATCH),
    ("GET /v3/transfer/batches/{}/{}/details/{}/{}", DETAIL),
    ("GET /v3/profitsharing/bills", BILL),
    ("GET /v3/profitsharing/merchant-configs/{}", "max_ratio*:int, sub_mchid*:str(32)"),
    ("POST /v3/profitsharing/orders", SHARED),
    ("POST /v3/profitsharing/orders/unfreeze", SHARED),
    ("GET /v3/profitsharing/orders/{}", SHARED),
    ("POST /v3/profitsharing/receivers/{}", RECEIVER),
    ("POST /v3/profitsharing/return-orders", RETURNED),
    ("GET /v3/profitsharing/return-orders/{}", RETURNED),
    (
        "GET /v3/profitsharing/transactions/{}/amounts",
        "transaction_id*:str(32), unsplit_amount*:int",
    ),
    (
        "GET /v3/merchant-service/complaints-v2",
        concat!("data*:[{", complaint!(), "}], limit*:int, offset*:int, total_count:int"),
    ),
    ("GET /v3/merchant-service/complaints-v2/{}", complaint!()),
    ("GET /v3/merchant-service/complaints-v2/{}/negotiation-historys", HISTORY),
    ("POST /v3/merchant-service/complaints-v2/{}/response-immediate-service", "log_id*:str(64)"),
    ("POST /v3/merchant-service/complaint-notifications", "mchid*:str(64), url*:str(255)"),
    ("GET /v3/merchant-service/complaint-notifications", "mchid*:str(64), url*:str(255)"),
    ("PUT /v3/merchant-service/complaint-notifications", "mchid*:str(64), url*:str(255)"),
    ("POST /v3/merchant-service/images/upload", "media_id*:str(256)"),
    ("POST /v3/merchant/media/{}", "media_id*:str(256)"),
    ("POST /v3/marketing/favor/media/image-upload", "media_url*:str(256)"),
    ("GET /v3/bill/{}", BILL),
    ("GET /v3/certificates", CERTIFICATES),
    ("POST /v3/security/echo", "echo_message*:str(214), encrypted_echo_message:enc"),
];

/// Compares an answer with the shape of its call.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    if answer.status == 204 || method == "HEAD" {
        assert!(answer.body.is_empty(), "{method} {path}");
        return;
    }
    let mut body = answer.json();
    if answer.status != 200 && answer.status != 202 {
        assert!(answer.status >= 400, "{method} {path} {answer:?}");
        body.as_object_mut().unwrap().remove("detail");
        return schema::check(REFUSAL, &body);
    }
    let fits = |(call, _): &&(&str, &str)| {
        let (wanted, shape) = call.split_once(' ').unwrap();
        let (mut steps, mut shape) = (path.split('/'), shape.split('/'));
        let same =
            shape.by_ref().all(|part| steps.next().is_some_and(|s| part == "{}" || part == s));
        wanted == method && same && steps.next().is_none()
    };
    let (_, shape) = SHAPES.iter().find(fits).unwrap_or_else(|| panic!("{method} {path}"));
    schema::check(&shape.replace("STATE", TRANSFER_STATE), &body);
}
