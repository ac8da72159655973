//! Bills of a business day: trade, fund flow and profit sharing, offered with their hash and
//! downloaded by a token.
//!
//! A bill is no second truth: it is made anew from the ledger and the orders each time somebody
//! asks, the same bytes each time, because a day that is over does not change. Only its hash is
//! remembered. Nothing of a file is kept in memory but the piece that is being sent.

mod file;
mod flow;
mod journals;
mod numbers;
mod orders;
mod profit;
mod token;
mod trade;

use super::Face;
use super::answer::Reply;
use super::call::Call;
use super::fault::Fault;
use super::route::Route;
use apiv3::bill::{self, Bill, Packing};
use apiv3::code::Code;
use apiv3::error::ApiError;
use domain::merchant::SubMerchant;
use file::BillFile;
use kernel::Timestamp;
use kernel::time::SECOND;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use token::Token;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v3/bill/tradebill", |call| Box::pin(trade_bill(call))),
    Route::get("/v3/bill/fundflowbill", |call| Box::pin(fund_flow_bill(call))),
    Route::get("/v3/profitsharing/bills", |call| Box::pin(profit_bill(call))),
    Route::get("/v3/billdownload/file", |call| Box::pin(download(call))),
];

/// Most bills whose hash is remembered; with more, all are made anew.
const KEPT_MAX: usize = 16_384;

const OTHER_DAY: ApiError = ApiError::saying(
    Code::InvalidRequest,
    "账单日期超出可下载范围",
    "there is no bill of that day",
);
const TOKEN_OVER: ApiError = ApiError::saying(
    Code::InvalidRequest,
    "下载地址无效或已过期",
    "the download address is wrong or too old",
);

/// What is known of bills that were asked for.
#[derive(Default)]
pub(super) struct Bills(Mutex<HashMap<(String, Bill), Known>>);

#[derive(Clone)]
enum Known {
    /// Somebody waits for it.
    Making,
    /// Its SHA-1, in hexadecimal digits; `None` when nothing happened that day.
    Made(Option<String>),
}

async fn trade_bill(call: Call) -> Result<Reply, Fault> {
    let (bill, packing) = bill::trade_bill(call.query())?;
    offer(call, bill, packing).await
}

async fn fund_flow_bill(call: Call) -> Result<Reply, Fault> {
    let (bill, packing) = bill::fund_flow_bill(call.query())?;
    offer(call, bill, packing).await
}

async fn profit_bill(call: Call) -> Result<Reply, Fault> {
    let (bill, packing) = apiv3::profit_bill::profit_bill(call.query())?;
    offer(call, bill, packing).await
}

async fn offer(call: Call, bill: Bill, packing: Packing) -> Result<Reply, Fault> {
    if let Some(sub_mchid) = &bill.sub_mchid {
        check_ever_served(&call, sub_mchid).await?;
    }
    check_day(&call.face, &bill)?;
    let hash = hash(&call, &bill).await?.ok_or(Code::NoStatementExist)?;
    let now = call.face.app.shell.now();
    let token = Token::new(&call.mchid, bill, packing, now).seal(&call.face.app);
    let packed = if packing == Packing::Gzip { "&tartype=gzip" } else { "" };
    let url = format!("{}/v3/billdownload/file?token={token}{packed}", call.gateway);
    Ok(Reply::json(bill::answer(&hash, &url)))
}

/// Refuses a sub-merchant that the merchant never served. What was placed for one stays the
/// merchant's to read when the relation is over.
async fn check_ever_served(call: &Call, sub_mchid: &str) -> Result<(), Fault> {
    let relation = (call.mchid.clone(), sub_mchid.to_owned());
    let relation = call.find::<SubMerchant>(&relation).await?;
    relation.map(drop).ok_or_else(|| Code::NoAuth.into())
}

/// A bill is there from the morning after its day, for some months.
fn check_day(face: &Face, bill: &Bill) -> Result<(), Fault> {
    let (now, rules) = (face.app.business_now(), face.app.rules());
    let starts =
        |day: Result<jiff::civil::Date, _>| day.ok().and_then(Timestamp::start_of_business_day);
    let Some(over) = starts(bill.date.tomorrow()).filter(|over| *over <= now) else {
        return Err(OTHER_DAY.into());
    };
    let days = i64::from((now.business_date() - bill.date).get_days());
    if days > rules.bill_days {
        return Err(OTHER_DAY.into());
    }
    if now < over.plus(rules.bill_ready_s.saturating_mul(SECOND)) {
        return Err(Code::StatementCreating.into());
    }
    Ok(())
}

/// The hash of a bill. It is made in a task of its own, so that a day with very many lines is ready
/// when it is asked for again, even if nobody waited.
async fn hash(call: &Call, bill: &Bill) -> Result<Option<String>, Fault> {
    let face = &call.face;
    let key = (call.mchid.clone(), bill.clone());
    {
        let mut known = face.bills.known();
        match known.get(&key) {
            Some(Known::Made(hash)) => return Ok(hash.clone()),
            Some(Known::Making) => return Err(Code::StatementCreating.into()),
            None => {
                if known.len() >= KEPT_MAX {
                    known.clear();
                }
                known.insert(key.clone(), Known::Making);
            }
        }
    }
    let (app, making) = (face.app.clone(), Arc::clone(face));
    let task = tokio::spawn(async move {
        let made = BillFile::open(&app, &key.0, &key.1).await;
        let made = match made {
            Ok(file) => file.hash().await,
            Err(fault) => Err(fault),
        };
        let mut known = making.bills.known();
        match &made {
            Ok(hash) => known.insert(key, Known::Made(hash.clone())),
            Err(_) => known.remove(&key),
        };
        made
    });
    task.await.map_err(|error| Fault::defect(&error.to_string()))?
}

impl Bills {
    fn known(&self) -> MutexGuard<'_, HashMap<(String, Bill), Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn download(call: Call) -> Result<Reply, Fault> {
    let token = bill::download_token(call.query())?;
    let token = Token::open(&token, &call.face.app).ok_or(TOKEN_OVER)?;
    if !token.is_fresh(call.face.app.shell.now()) {
        return Err(TOKEN_OVER.into());
    }
    if token.mchid != call.mchid {
        return Err(Code::NoAuth.into());
    }
    let file = BillFile::open(&call.face.app, &call.mchid, &token.bill).await?;
    let kind = match token.packing {
        Packing::Plain => "text/plain; charset=utf-8",
        Packing::Gzip => "application/x-gzip",
    };
    Ok(Reply::file(kind, file.send(token.packing)))
}
