//! Calls of which a developer chooses the answer, in a sandbox: see `sandbox::trials`.

use super::Face;
use super::answer::{Outcome, limited_code};
use super::call::Call;
use super::fault::Fault;
use super::route::Matched;
use crate::sandbox::{Act, CallOutcome, Tried, begin_trial, end_trial};
use apiv3::code::Code;
use apiv3::v2::xml::Fields;
use apiv3::v2::{Answer, Refused};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;

/// How long to wait after too many calls, in seconds.
const RETRY_AFTER_S: u64 = 1;

/// Serves a call, or what its developer chose in place of it.
pub(super) async fn serve(call: Call) -> Outcome {
    let Some((tried, minor)) = tried(&call) else { return Matched::serve(call).await };
    let face = Arc::clone(&call.face);
    let wish = call.wish.as_deref();
    match begin_trial(&face.app, &tried, (wish, minor))? {
        None => Matched::serve(call).await,
        Some(CallOutcome::SystemErrorDone) => match Matched::serve(call).await {
            Ok(_) => Err(Code::SystemError.into()),
            Err(fault) => {
                end_trial(&face.app, &tried);
                Err(fault)
            }
        },
        Some(CallOutcome::OnTheWay) => {
            let served = Matched::serve(call).await;
            served.inspect_err(|_| end_trial(&face.app, &tried))
        }
        Some(CallOutcome::SystemError) => Err(Code::SystemError.into()),
        Some(CallOutcome::BankError) => Err(Code::BankError.into()),
        Some(CallOutcome::FrequencyLimited) => {
            let limited = Fault::from(limited_code(call.matched.pattern()));
            Err(Fault { retry_after_s: Some(RETRY_AFTER_S), ..limited })
        }
    }
}

/// What a call makes and for how much, if its answer can be chosen.
fn tried(call: &Call) -> Option<(Tried, Option<i64>)> {
    call.face.app.inspector.as_ref()?;
    let (act, number, amount) = match call.matched.pattern() {
        "/v3/refund/domestic/refunds" => (Act::Refund, "/out_refund_no", "/amount/refund"),
        "/v3/fund-app/mch-transfer/transfer-bills" => {
            (Act::Transfer, "/out_bill_no", "/transfer_amount")
        }
        "/v3/transfer/batches" => (Act::TransferBatch, "/out_batch_no", "/total_amount"),
        "/v3/profitsharing/orders" => (Act::Sharing, "/out_order_no", "/receivers/0/amount"),
        place if place.starts_with("/v3/combine-transactions/") && !place.contains('{') => {
            (Act::CombinedOrder, "/combine_out_trade_no", "/sub_orders")
        }
        place if place.starts_with("/v3/pay/") && !place.contains('{') => {
            let is_charge = place.ends_with("/codepay") || place.ends_with("/scannedpos");
            let act = if is_charge { Act::CodePayment } else { Act::Order };
            (act, "/out_trade_no", "/amount/total")
        }
        _ => return None,
    };
    // What is not there is refused where the call is served.
    let body: Value = serde_json::from_slice(&call.body).ok()?;
    let number = body.pointer(number)?.as_str().filter(|number| is_short(number))?.to_owned();
    let minor = body.pointer(amount).and_then(fen);
    Some((Tried { act, mchid: call.mchid.clone(), number }, minor))
}

/// An amount, or what the parts of a combined order come to.
fn fen(amount: &Value) -> Option<i64> {
    let Some(parts) = amount.as_array() else { return amount.as_i64() };
    let part = |part: &Value| part.pointer("/amount/total_amount")?.as_i64();
    parts.iter().try_fold(0_i64, |sum, each| sum.checked_add(part(each)?))
}

/// Whether a number may be one; any other is refused where the call is served.
fn is_short(number: &str) -> bool {
    number.len() <= 64
}

/// What a message of the XML interface makes: its number and its amount are in fields of these
/// names.
pub(super) struct XmlTrial {
    pub(super) act: Act,
    pub(super) number: &'static str,
    pub(super) amount: &'static str,
}

impl XmlTrial {
    /// Answers with what is served, or with what the message's developer chose in place of it.
    pub(super) async fn serve(
        self,
        face: &Face,
        (mchid, fields, wish): (&str, &Fields, Option<&str>),
        served: impl Future<Output = Answer>,
    ) -> Answer {
        let field = |name: &str| fields.get(name).filter(|text| !text.is_empty());
        let number = field(self.number).filter(|number| is_short(number));
        let Some(number) = number else { return served.await };
        let minor = field(self.amount).and_then(|text| text.parse().ok());
        let tried = Tried { act: self.act, mchid: mchid.to_owned(), number: number.clone() };
        let refused = match begin_trial(&face.app, &tried, (wish, minor)) {
            Ok(None | Some(CallOutcome::OnTheWay)) => return served.await,
            Ok(Some(CallOutcome::SystemErrorDone)) => match served.await {
                Answer::Done(_) => Refused::system(),
                // The payer has to confirm what is charged.
                Answer::Refused(refused, _) if refused.code == "USERPAYING" => Refused::system(),
                other => {
                    end_trial(&face.app, &tried);
                    return other;
                }
            },
            Ok(Some(CallOutcome::SystemError)) => Refused::system(),
            Ok(Some(CallOutcome::BankError)) => {
                Refused::saying("BANKERROR", "银行系统异常，请查询结果")
            }
            Ok(Some(CallOutcome::FrequencyLimited)) => Refused::limited(),
            Err(_) => Refused::param("Sandbox-Outcome"),
        };
        Answer::Refused(refused, Fields::new())
    }
}
