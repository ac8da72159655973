//! Sending money to people, showing and cancelling it.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use crate::sandbox::look_at_transfer;
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::request::refuse_partner_query;
use apiv3::transfer::{self, CreateTransfer, SeenState};
use domain::merchant_transfer::{
    self, CancelTransfer, MerchantTransfer, MerchantTransferByNo, payee_name_place,
};
use kernel::crypto;
use kernel::time::DAY;

pub(super) const SENDING: &[Route] =
    &[Route::post("/v3/fund-app/mch-transfer/transfer-bills", |call| Box::pin(create(call)))];

pub(super) const QUERIES: &[Route] = &[
    Route::get("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}", |call| {
        Box::pin(by_number(call))
    }),
    Route::get(
        "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/{transfer_bill_no}",
        |call| Box::pin(by_our_number(call)),
    ),
];

pub(super) const CANCELLING: &[Route] = &[Route::post(
    "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel",
    |call| Box::pin(cancel(call)),
)];

const UNKNOWN: ApiError =
    ApiError::saying(Code::NotFound, "转账单不存在", "the transfer does not exist");

/// Random digits of our number of a transfer, after `1330` and the time.
const DRAWN_DIGITS: usize = 16;
/// How long a transfer can be queried.
const SHOWN: i64 = 30 * DAY;

async fn create(call: Call) -> Result<Reply, Fault> {
    let asked = CreateTransfer::parse(&call.body, &call.caller(), call.named_key())?;
    let face = call.face.as_ref();
    let keys = &face.app.keys;
    let name = asked.user_name.as_ref().map(|name| name.as_bytes());
    let hashed = name.map(|name| keys.idempotency.hash(&[b"transfer/user_name", name]));
    let fingerprint = asked.fingerprint(hashed);
    let place = payee_name_place(&call.mchid, &asked.out_bill_no);
    let sealed = name
        .map(|name| crypto::seal(&keys.personal_data, &place, name, &face.app.shell.seal_random()));
    run(face, || merchant_transfer::CreateTransfer {
        mchid: call.mchid.clone(),
        appid: asked.appid.clone(),
        out_bill_no: asked.out_bill_no.clone(),
        openid: asked.openid.clone(),
        user_name: sealed.clone(),
        amount: asked.transfer_amount,
        remark: asked.transfer_remark.clone(),
        scene_id: asked.transfer_scene_id.to_owned(),
        perception: asked.user_recv_perception.clone(),
        notify_url: asked.notify_url.clone(),
        fingerprint,
        transfer_bill_no: format!("1330{}", face.app.draw_number(DRAWN_DIGITS)),
    })
    .await?;
    let transfer = find(&call, asked.out_bill_no.clone()).await?;
    let transfer = transfer.ok_or_else(|| Fault::defect("an accepted transfer has no row"))?;
    Ok(Reply::json(transfer::created(&transfer, seen(&call, &transfer))))
}

async fn by_number(call: Call) -> Result<Reply, Fault> {
    refuse_partner_query(call.query())?;
    let transfer = find(&call, call.variable("out_bill_no")).await?;
    show(&call, transfer)
}

async fn by_our_number(call: Call) -> Result<Reply, Fault> {
    refuse_partner_query(call.query())?;
    let found = call.find::<MerchantTransferByNo>(&call.variable("transfer_bill_no")).await?;
    let found = found.filter(|found| found.mchid == call.mchid).ok_or(UNKNOWN)?;
    let transfer = find(&call, found.out_bill_no).await?;
    show(&call, transfer)
}

async fn cancel(call: Call) -> Result<Reply, Fault> {
    let out_bill_no = call.variable("out_bill_no");
    run(&call.face, || CancelTransfer {
        mchid: call.mchid.clone(),
        out_bill_no: out_bill_no.clone(),
    })
    .await?;
    let transfer = find(&call, out_bill_no).await?.ok_or(UNKNOWN)?;
    Ok(Reply::json(transfer::cancelled(&transfer, seen(&call, &transfer))))
}

async fn find(call: &Call, out_bill_no: String) -> Result<Option<MerchantTransfer>, Fault> {
    call.find::<MerchantTransfer>(&(call.mchid.clone(), out_bill_no)).await
}

/// What the merchant sees at this look.
fn seen(call: &Call, transfer: &MerchantTransfer) -> SeenState {
    look_at_transfer(&call.face.app, transfer)
}

fn show(call: &Call, transfer: Option<MerchantTransfer>) -> Result<Reply, Fault> {
    let now = call.face.app.business_now();
    let transfer = transfer.filter(|transfer| now.since(transfer.created_at) <= SHOWN);
    let transfer = transfer.ok_or(UNKNOWN)?;
    let name = match &transfer.user_name {
        None => None,
        Some(sealed) => {
            let place = payee_name_place(&transfer.mchid, &transfer.out_bill_no);
            let opened = crypto::open(&call.face.app.keys.personal_data, &place, sealed);
            let opened = opened.map_err(|error| Fault::defect(&error.to_string()))?;
            let text =
                std::str::from_utf8(&opened).map_err(|_| Fault::defect("name of a payee"))?;
            Some(call.seal(text)?)
        }
    };
    Ok(Reply::json(transfer::shown(&transfer, seen(call, &transfer), name)))
}
