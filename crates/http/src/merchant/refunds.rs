//! Asking for refunds, showing them, and saying where one goes that a card did not take.

use super::Face;
use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, attempt, run};
use super::refund_rates::{check_failed, check_old, count_failed, count_old};
use super::route::Route;
use crate::personal::card_index;
use apiv3::abnormal_refund::{AbnormalRefund, AbnormalTarget, PayerCard};
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::refund::{CreateRefund, OrderName};
use apiv3::refund_view::RefundView;
use apiv3::request::find_query_sub_mchid;
use domain::ids::RefundPayoutId;
use domain::merchant_transfer::NameCheck;
use domain::order::Order;
use domain::refund::{
    self, ApplyAbnormalRefund, ApplyAbnormalRefundRefusal, CreateRefundRefusal, NoticeForm,
    OrderOfRefund, Refund,
};
use domain::validate::card_number::CardNumber;
use domain::wallet::{Identity, Wallet, name_place};
use kernel::crypto;
use store::queries;

pub(super) const ASKING: &[Route] = &[
    Route::post("/v3/refund/domestic/refunds", |call| Box::pin(create(call))),
    Route::post("/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund", |call| {
        Box::pin(apply_abnormal(call))
    }),
];

pub(super) const QUERIES: &[Route] =
    &[Route::get("/v3/refund/domestic/refunds/{out_refund_no}", |call| Box::pin(show(call)))];

/// Random digits of a refund number, after `50` and the time.
const DRAWN_DIGITS: usize = 7;

async fn create(call: Call) -> Result<Reply, Fault> {
    check_failed(&call.face, &call.mchid)?;
    let outcome = created(&call).await;
    match &outcome {
        Err(fault) if fault.is_callers() => count_failed(&call.face, &call.mchid),
        Ok(_) | Err(_) => {}
    }
    outcome
}

async fn created(call: &Call) -> Result<Reply, Fault> {
    let asked = CreateRefund::parse(&call.body, &call.caller())?;
    let refund = give_back(&call.face, &call.mchid, &asked, NoticeForm::Json).await?;
    reply(&refund.map_err(ApiError::from)?)
}

/// The order that a merchant names.
pub(super) fn order_of(name: &OrderName) -> OrderOfRefund {
    match name {
        OrderName::TransactionId(id) => OrderOfRefund::Transaction(id.clone()),
        OrderName::OutTradeNo(number) => OrderOfRefund::OutTradeNo(number.clone()),
        OrderName::Both { transaction_id, out_trade_no } => OrderOfRefund::Both {
            transaction_id: transaction_id.clone(),
            out_trade_no: out_trade_no.clone(),
        },
    }
}

/// Gives back what is asked for, over whichever interface, and shows it. `notice_form` is that of
/// its notifications.
pub(super) async fn give_back(
    face: &Face,
    mchid: &str,
    asked: &CreateRefund,
    notice_form: NoticeForm,
) -> Result<Result<Refund, CreateRefundRefusal>, Fault> {
    let make = || refund::CreateRefund {
        mchid: mchid.to_owned(),
        sub_mchid: asked.sub_mchid.clone(),
        order: order_of(&asked.order),
        out_refund_no: asked.out_refund_no.clone(),
        amount: asked.refund,
        total: asked.total,
        source: asked.source,
        reason: asked.reason.clone(),
        notify_url: asked.notify_url.clone(),
        notice_form,
        refund_id: draw_refund_id(face),
        payout: draw_payout(face),
    };
    check_old(face, mchid, &asked.order).await?;
    match attempt(face, make).await? {
        Ok(created) => count_old(face, mchid, created.paid_at),
        Err(refusal) => return Ok(Err(refusal)),
    }
    let key = (mchid.to_owned(), asked.out_refund_no.clone());
    let refund = queries::find::<Refund>(face.app.queries.as_ref(), &key).await?;
    refund.map(Ok).ok_or_else(|| Fault::defect("an accepted refund has no row"))
}

async fn show(call: Call) -> Result<Reply, Fault> {
    let sub_mchid = find_query_sub_mchid(call.query())?;
    let refund = find(&call, call.variable("out_refund_no")).await?;
    let refund = refund.filter(|refund| refund.sub_mchid == sub_mchid);
    reply(&refund.ok_or(Code::ResourceNotExists)?)
}

async fn apply_abnormal(call: Call) -> Result<Reply, Fault> {
    let asked = AbnormalRefund::parse(&call.body, call.named_key())?;
    let refund_id = call.variable("refund_id");
    let target = match &asked.target {
        AbnormalTarget::Merchant => refund::AbnormalTarget::Merchant,
        AbnormalTarget::Card(card) => {
            let known = find(&call, asked.out_refund_no.clone()).await?;
            let known = known.filter(|refund| refund.refund_id == refund_id);
            payers_card(&call, card, &known.ok_or(Code::ResourceNotExists)?).await?
        }
    };
    run(&call.face, || ApplyAbnormalRefund {
        mchid: call.mchid.clone(),
        sub_mchid: asked.sub_mchid.clone(),
        refund_id: refund_id.clone(),
        out_refund_no: asked.out_refund_no.clone(),
        target: target.clone(),
        payout: draw_payout(&call.face),
    })
    .await?;
    let refund = find(&call, asked.out_refund_no.clone()).await?;
    reply(&refund.ok_or_else(|| Fault::defect("an abnormal refund has no row"))?)
}

/// A card in our words: its number as a blind index, its holder compared with the payer.
async fn payers_card(
    call: &Call,
    card: &PayerCard,
    refund: &Refund,
) -> Result<refund::AbnormalTarget, Fault> {
    let app = &call.face.app;
    let number = CardNumber::parse(&card.bank_account);
    let number =
        number.map_err(|_| ApplyAbnormalRefundRefusal::CardUnknown).map_err(ApiError::from)?;
    let order = (refund.mchid.clone(), refund.out_trade_no.clone());
    let payer = call.find::<Order>(&order).await?.and_then(|order| order.payer);
    let wallet = match payer {
        Some(payer) => call.find::<Wallet>(&payer).await?,
        None => None,
    };
    let holder = match wallet.and_then(|wallet| wallet.identity) {
        None => NameCheck::None,
        Some(id) => {
            let identity = call.find::<Identity>(&id).await?;
            let identity = identity.ok_or_else(|| Fault::defect("a payer has no identity"))?;
            let place = name_place(&identity.document_index);
            let known = crypto::open(&app.keys.personal_data, &place, &identity.name);
            let known = known.map_err(|error| Fault::defect(&error.to_string()))?;
            let known = std::str::from_utf8(&known);
            let known = known.map_err(|_| Fault::defect("name of a payer"))?;
            NameCheck::compare(id, known, &card.real_name)
        }
    };
    Ok(refund::AbnormalTarget::Card {
        number_index: card_index(&app.keys, &number),
        bank_type: card.bank_type.to_owned(),
        holder,
    })
}

async fn find(call: &Call, number: String) -> Result<Option<Refund>, Fault> {
    call.find::<Refund>(&(call.mchid.clone(), number)).await
}

fn reply(refund: &Refund) -> Result<Reply, Fault> {
    let view = RefundView::of(refund).ok_or_else(|| Fault::defect("refund row"))?;
    Ok(Reply::json(view.to_json()))
}

pub(super) fn draw_refund_id(face: &Face) -> String {
    format!("50{}", face.app.draw_number(DRAWN_DIGITS))
}

pub(super) fn draw_payout(face: &Face) -> RefundPayoutId {
    RefundPayoutId::from_bytes(face.app.shell.id())
}
