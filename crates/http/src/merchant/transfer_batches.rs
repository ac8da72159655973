//! Batches of transfers to people: sending and showing them.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::request::refuse_partner_query;
use apiv3::transfer_batch::{self, CreateBatch, WantedDetails, wanted_details};
use domain::transfer_batch::{
    BatchState, CreateTransferBatch, NewDetail, TransferBatch, TransferBatchById, TransferDetail,
    detail_name_place,
};
use kernel::crypto;
use kernel::time::DAY;
use store::queries::{Value, select};

pub(super) const SENDING: &[Route] =
    &[Route::post_large("/v3/transfer/batches", |call| Box::pin(create(call)))];

pub(super) const QUERIES: &[Route] = &[
    Route::get("/v3/transfer/batches/batch-id/{batch_id}", |call| Box::pin(by_id(call))),
    Route::get("/v3/transfer/batches/out-batch-no/{out_batch_no}", |call| {
        Box::pin(by_number(call))
    }),
    Route::get("/v3/transfer/batches/batch-id/{batch_id}/details/detail-id/{detail_id}", |call| {
        Box::pin(detail_by_id(call))
    }),
    Route::get(
        "/v3/transfer/batches/out-batch-no/{out_batch_no}/details/out-detail-no/{out_detail_no}",
        |call| Box::pin(detail_by_number(call)),
    ),
];

const UNKNOWN: ApiError =
    ApiError::saying(Code::NotFound, "转账批次或明细不存在", "the batch or detail does not exist");

/// Random digits of our number of a batch, after `1030` and the time.
const DRAWN_DIGITS: usize = 16;
/// How long a batch can be queried.
const SHOWN: i64 = 30 * DAY;

async fn create(call: Call) -> Result<Reply, Fault> {
    let asked = CreateBatch::parse(&call.body, &call.caller(), call.named_key())?;
    let app = &call.face.app;
    let hash = |name: &str| app.keys.idempotency.hash(&[b"transfer/user_name", name.as_bytes()]);
    let names = asked.details.iter().map(|one| one.user_name.as_ref().map(|name| hash(name)));
    let fingerprint = asked.fingerprint(&names.collect::<Vec<_>>());
    let details = (1..).zip(&asked.details).map(|(place, detail)| {
        let at = detail_name_place(&call.mchid, &asked.out_batch_no, place);
        NewDetail {
            out_detail_no: detail.out_detail_no.clone(),
            amount: detail.transfer_amount,
            remark: detail.transfer_remark.clone(),
            openid: detail.openid.clone(),
            user_name: detail.user_name.as_ref().map(|name| app.seal(&at, name)),
        }
    });
    let details: Vec<NewDetail> = details.collect();
    run(&call.face, || CreateTransferBatch {
        mchid: call.mchid.clone(),
        appid: asked.appid.clone(),
        out_batch_no: asked.out_batch_no.clone(),
        name: asked.batch_name.clone(),
        remark: asked.batch_remark.clone(),
        total: asked.total_amount,
        scene_id: asked.transfer_scene_id.clone(),
        notify_url: asked.notify_url.clone(),
        details: details.clone(),
        fingerprint,
        batch_id: format!("1030{}", app.draw_number(DRAWN_DIGITS)),
    })
    .await?;
    let batch = call.find::<TransferBatch>(&(call.mchid.clone(), asked.out_batch_no)).await?;
    let batch = batch.ok_or_else(|| Fault::defect("an accepted batch has no row"))?;
    Ok(Reply::json(transfer_batch::created(&batch)))
}

async fn by_id(call: Call) -> Result<Reply, Fault> {
    let wanted = wanted_details(call.query())?;
    let batch = find_by_id(&call).await?;
    show(&call, &batch, wanted).await
}

async fn by_number(call: Call) -> Result<Reply, Fault> {
    let wanted = wanted_details(call.query())?;
    let batch = find_by_number(&call).await?;
    show(&call, &batch, wanted).await
}

async fn find_by_id(call: &Call) -> Result<TransferBatch, Fault> {
    refuse_partner_query(call.query())?;
    let found = call.find::<TransferBatchById>(&call.variable("batch_id")).await?;
    let found = found.filter(|found| found.mchid == call.mchid).ok_or(UNKNOWN)?;
    find(call, found.out_batch_no).await
}

async fn find_by_number(call: &Call) -> Result<TransferBatch, Fault> {
    refuse_partner_query(call.query())?;
    find(call, call.variable("out_batch_no")).await
}

async fn find(call: &Call, out_batch_no: String) -> Result<TransferBatch, Fault> {
    let batch = call.find::<TransferBatch>(&(call.mchid.clone(), out_batch_no)).await?;
    let now = call.face.app.business_now();
    let batch = batch.filter(|batch| now.since(batch.created_at) <= SHOWN);
    Ok(batch.ok_or(UNKNOWN)?)
}

async fn show(
    call: &Call,
    batch: &TransferBatch,
    wanted: Option<WantedDetails>,
) -> Result<Reply, Fault> {
    let wanted = wanted.filter(|_| batch.state == BatchState::Finished);
    let details = match wanted {
        None => None,
        Some(wanted) => {
            let state = wanted.state.map_or(String::new(), |_| " AND state = $3".into());
            let condition = format!(
                "mchid = $1 AND out_batch_no = $2{state} ORDER BY place LIMIT {} OFFSET {}",
                wanted.limit, wanted.offset
            );
            let mut parameters = texts([&batch.mchid, &batch.out_batch_no]);
            parameters.extend(wanted.state.map(|state| Value::Text(state.to_owned())));
            let queries = call.face.app.queries.as_ref();
            Some(select::<TransferDetail>(queries, &condition, parameters).await?)
        }
    };
    Ok(Reply::json(transfer_batch::shown(batch, details.as_deref())))
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<Value> {
    texts.into_iter().map(|text| Value::Text(text.to_owned())).collect()
}

async fn detail_by_id(call: Call) -> Result<Reply, Fault> {
    let batch = find_by_id(&call).await?;
    let id = call.variable("detail_id");
    let place = id.strip_prefix(batch.batch_id.as_str()).and_then(|place| place.parse().ok());
    let place: i64 = place.ok_or(UNKNOWN)?;
    let key = (batch.mchid.clone(), batch.out_batch_no.clone(), place);
    let detail = call.find::<TransferDetail>(&key).await?;
    show_detail(&call, &batch, detail)
}

async fn detail_by_number(call: Call) -> Result<Reply, Fault> {
    let batch = find_by_number(&call).await?;
    let number = call.variable("out_detail_no");
    let found = select::<TransferDetail>(
        call.face.app.queries.as_ref(),
        "mchid = $1 AND out_batch_no = $2 AND out_detail_no = $3",
        texts([&batch.mchid, &batch.out_batch_no, &number]),
    );
    show_detail(&call, &batch, found.await?.pop())
}

fn show_detail(
    call: &Call,
    batch: &TransferBatch,
    detail: Option<TransferDetail>,
) -> Result<Reply, Fault> {
    let detail = detail.ok_or(UNKNOWN)?;
    let name = match &detail.user_name {
        None => None,
        Some(sealed) => {
            let at = detail_name_place(&batch.mchid, &batch.out_batch_no, detail.place);
            let opened = crypto::open(&call.face.app.keys.personal_data, &at, sealed);
            let opened = opened.map_err(|error| Fault::defect(&error.to_string()))?;
            let text =
                std::str::from_utf8(&opened).map_err(|_| Fault::defect("name of a payee"))?;
            Some(call.seal(text)?)
        }
    };
    Ok(Reply::json(transfer_batch::detail_shown(batch, &detail, name)))
}
