//! Bills of a business day: what is asked for, and the lines of the files, as spreadsheets of
//! merchants have read them for years: a byte order mark, CRLF, every cell of data behind a grave
//! accent, amounts in yuan, and a summary at the end.

use jiff::civil::Date;
use kernel::money::yuan;
use kernel::time::Timestamp;

use crate::error::{ApiError, FieldError};
use crate::fields::check_length;
use crate::issue::Issue;
use crate::request::{Query, refuse_partner_query};

/// What the file begins with, before the header.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Which rows and columns a trade bill has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TradeKind {
    /// Payments and refunds.
    All,
    /// Payments.
    Success,
    /// Refunds.
    Refund,
    /// Kinds about coupons that come back as money, of which there are none.
    Nothing,
}

/// Which account a fund-flow bill is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowAccount {
    /// The merchant's balance.
    Basic,
    /// Accounts that merchants do not have here.
    Nothing,
}

/// What a bill is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// Payments and refunds.
    Trade(TradeKind),
    /// Movements of an account.
    Flow(FlowAccount),
    /// What was shared of orders, and given back.
    Profit,
}

/// A bill as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bill {
    /// What it is about.
    pub content: Content,
    /// The business day.
    pub date: Date,
    /// The only sub-merchant that it is about, if a service provider asks for one.
    pub sub_mchid: Option<String>,
}

/// How the file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// With gzip.
    Gzip,
}

const TRADE_KINDS: [(&str, TradeKind); 7] = [
    ("ALL", TradeKind::All),
    ("SUCCESS", TradeKind::Success),
    ("REFUND", TradeKind::Refund),
    ("RECHARGE_REFUND", TradeKind::Nothing),
    ("ALL_SPECIAL", TradeKind::Nothing),
    ("SUC_SPECIAL", TradeKind::Nothing),
    ("REF_SPECIAL", TradeKind::Nothing),
];
const TRADE_LITERALS: &[&str] =
    &["ALL", "SUCCESS", "REFUND", "RECHARGE_REFUND", "ALL_SPECIAL", "SUC_SPECIAL", "REF_SPECIAL"];
const ACCOUNT_LITERALS: &[&str] = &["BASIC", "OPERATION", "FEES"];

/// Reads the query of `GET /v3/bill/tradebill`.
///
/// # Errors
/// PARAM_ERROR for a variable of another form.
pub fn trade_bill(raw: Option<&str>) -> Result<(Bill, Packing), ApiError> {
    let query = Query::new(raw);
    let date = read_date(&query)?;
    let kind = match query.find("bill_type")?.as_deref() {
        None => TradeKind::All,
        Some(text) => {
            let known = TRADE_KINDS.iter().find(|(literal, _)| *literal == text);
            let issue = Issue::NotOneOf(TRADE_LITERALS);
            known.ok_or_else(|| Query::fault("bill_type", Some(text), issue))?.1
        }
    };
    Ok((
        Bill { content: Content::Trade(kind), date, sub_mchid: find_sub_mchid(&query)? },
        read_packing(&query)?,
    ))
}

/// Reads the query of `GET /v3/bill/fundflowbill`.
///
/// # Errors
/// PARAM_ERROR for a variable of another form, NO_AUTH for a service provider's call.
pub fn fund_flow_bill(raw: Option<&str>) -> Result<(Bill, Packing), ApiError> {
    refuse_partner_query(raw)?;
    let query = Query::new(raw);
    let date = read_date(&query)?;
    let account = match query.find("account_type")?.as_deref() {
        None | Some("BASIC") => FlowAccount::Basic,
        Some("OPERATION" | "FEES") => FlowAccount::Nothing,
        Some(text) => {
            let issue = Issue::NotOneOf(ACCOUNT_LITERALS);
            return Err(Query::fault("account_type", Some(text), issue).into());
        }
    };
    Ok((Bill { content: Content::Flow(account), date, sub_mchid: None }, read_packing(&query)?))
}

/// Reads the token of a download.
///
/// # Errors
/// PARAM_ERROR if there is none.
pub fn download_token(raw: Option<&str>) -> Result<String, ApiError> {
    Ok(Query::new(raw).get("token")?)
}

/// The answer that says where the file is.
#[must_use]
pub fn answer(sha1_hex: &str, download_url: &str) -> Vec<u8> {
    let wire = serde_json::json!({
        "hash_type": "SHA1",
        "hash_value": sha1_hex,
        "download_url": download_url,
    });
    wire.to_string().into_bytes()
}

/// The sub-merchant that a service provider names.
pub(crate) fn find_sub_mchid(query: &Query<'_>) -> Result<Option<String>, FieldError> {
    let sub_mchid = query.find("sub_mchid")?;
    if let Some(text) = &sub_mchid {
        let checked = check_length(text, 1..=32);
        checked.map_err(|issue| Query::fault("sub_mchid", Some(text), issue))?;
    }
    Ok(sub_mchid)
}

pub(crate) fn read_date(query: &Query<'_>) -> Result<Date, FieldError> {
    let text = query.get("bill_date")?;
    let shaped = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let date = shaped.then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| Query::fault("bill_date", Some(&text), Issue::Date))
}

pub(crate) fn read_packing(query: &Query<'_>) -> Result<Packing, FieldError> {
    match query.find("tar_type")?.as_deref() {
        None => Ok(Packing::Plain),
        Some("GZIP") => Ok(Packing::Gzip),
        Some(other) => Err(Query::fault("tar_type", Some(other), Issue::NotOneOf(&["GZIP"]))),
    }
}

/// A line of a trade bill.
#[derive(Clone, Debug)]
pub struct TradeRow {
    /// When money moved.
    pub at: Timestamp,
    /// The app id.
    pub appid: String,
    /// The merchant.
    pub mchid: String,
    /// Who is paid, if that merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's device.
    pub device_id: String,
    /// Our number of the payment.
    pub transaction_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// The payer.
    pub openid: String,
    /// How it was paid.
    pub trade_type: &'static str,
    /// The bank that paid, such as `ICBC_DEBIT`, or `OTHERS`.
    pub bank_type: String,
    /// What was bought.
    pub description: String,
    /// The merchant's own data.
    pub attach: String,
    /// The order's total, in fen.
    pub total: i64,
    /// The fee of the order, in fen.
    pub order_fee: i64,
    /// The fee of this line: the order's, or what of it went back with a refund, in fen.
    pub fee: i64,
    /// The refund, in a line about one.
    pub refund: Option<RefundCells>,
}

/// Why money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundCause {
    /// The merchant refunded a part of an order, or all of it.
    Refund,
    /// The merchant reversed a payment by code.
    Reversal,
}

impl RefundCause {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "REFUND",
            Self::Reversal => "REVOKED",
        }
    }
}

/// What a line about a refund says more.
#[derive(Clone, Debug)]
pub struct RefundCells {
    /// Why.
    pub cause: RefundCause,
    /// Our number of it.
    pub refund_id: String,
    /// The merchant's number of it.
    pub out_refund_no: String,
    /// How much, in fen.
    pub amount: i64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Which way it went.
    pub channel: &'static str,
    /// Where it stood at the end of the day.
    pub state: RefundedState,
}

/// Where a refund stood at the end of the day of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundedState {
    /// On its way.
    Processing,
    /// Arrived at this time.
    Success(Timestamp),
    /// The card did not take it.
    Abnormal,
    /// The merchant had it back.
    Closed,
}

impl RefundedState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success(_) => "SUCCESS",
            Self::Abnormal => "CHANGE",
            Self::Closed => "FAIL",
        }
    }

    fn arrival(self) -> String {
        match self {
            Self::Success(at) => clock(at),
            Self::Processing | Self::Abnormal | Self::Closed => String::new(),
        }
    }
}

/// One column: its header, and whether bills of payments have it.
const TRADE_COLUMNS: [(&str, bool); 29] = [
    ("交易时间", true),
    ("公众账号ID", true),
    ("商户号", true),
    ("特约商户号", true),
    ("设备号", true),
    ("微信订单号", true),
    ("商户订单号", true),
    ("用户标识", true),
    ("交易类型", true),
    ("交易状态", true),
    ("付款银行", true),
    ("货币种类", true),
    ("应结订单金额", true),
    ("代金券金额", true),
    ("退款申请时间", false),
    ("退款成功时间", false),
    ("微信退款单号", false),
    ("商户退款单号", false),
    ("退款金额", false),
    ("充值券退款金额", false),
    ("退款类型", false),
    ("退款状态", false),
    ("商品名称", true),
    ("商户数据包", true),
    ("手续费", true),
    ("费率", true),
    ("订单金额", true),
    ("申请退款金额", false),
    ("费率备注", true),
];
/// The two columns that only bills of refunds have.
const REFUND_TIMES: std::ops::Range<usize> = 14..16;
const TRADE_SUMMARY: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n";

/// Writes trade bills, and adds them up.
#[derive(Clone, Debug)]
pub struct TradeWriter {
    kind: TradeKind,
    rows: i64,
    settled: i64,
    refunded: i64,
    fees: i64,
}

impl TradeWriter {
    /// A bill without lines.
    #[must_use]
    pub fn new(kind: TradeKind) -> Self {
        Self { kind, rows: 0, settled: 0, refunded: 0, fees: 0 }
    }

    /// How many lines it has.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.rows
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> String {
        let headers = TRADE_COLUMNS.iter().map(|(header, _)| (*header).to_owned());
        let headers: Vec<String> = headers.collect();
        let kept: Vec<&str> = self.kept(&headers).collect();
        format!("{BYTE_ORDER_MARK}{}\r\n", kept.join(","))
    }

    /// Adds a line, if this kind of bill has it.
    pub fn push(&mut self, out: &mut String, row: &TradeRow) {
        let fits = match self.kind {
            TradeKind::All => true,
            TradeKind::Success => row.refund.is_none(),
            TradeKind::Refund => row.refund.is_some(),
            TradeKind::Nothing => false,
        };
        if !fits {
            return;
        }
        self.rows += 1;
        match &row.refund {
            None => {
                self.settled += row.total;
                self.fees += row.fee;
            }
            Some(refund) => {
                self.refunded += refund.amount;
                self.fees -= row.fee;
            }
        }
        let cells = cells(row);
        let kept: Vec<&str> = self.kept(&cells).collect();
        push_line(out, kept);
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = TRADE_SUMMARY.to_owned();
        let (settled, refunded) = (yuan(self.settled), yuan(self.refunded));
        let (rows, fees) = (self.rows.to_string(), yuan(self.fees));
        let none = yuan(0);
        push_line(&mut out, [&rows, &settled, &refunded, &none, &fees, &settled, &refunded]);
        out
    }

    fn kept<'a>(&self, cells: &'a [String]) -> impl Iterator<Item = &'a str> {
        let kind = self.kind;
        let keeps = move |place: usize| match kind {
            TradeKind::Refund => true,
            TradeKind::Success => TRADE_COLUMNS[place].1,
            TradeKind::All | TradeKind::Nothing => !REFUND_TIMES.contains(&place),
        };
        let cells = cells.iter().enumerate();
        cells.filter(move |(place, _)| keeps(*place)).map(|(_, cell)| cell.as_str())
    }
}

/// The cells of a line, in the order of the columns.
fn cells(row: &TradeRow) -> [String; 29] {
    let refund = row.refund.as_ref();
    let of_refund =
        |cell: fn(&RefundCells) -> String, none: &str| refund.map_or_else(|| none.to_owned(), cell);
    let paid = if refund.is_none() { row.total } else { 0 };
    let rate = match row.total {
        0 => 0,
        total => (i128::from(row.order_fee) * 20_000 / i128::from(total) + 1) / 2,
    };
    [
        clock(row.at),
        clean(&row.appid),
        row.mchid.clone(),
        row.sub_mchid.clone().unwrap_or_else(|| "0".into()),
        clean(&row.device_id),
        row.transaction_id.clone(),
        row.out_trade_no.clone(),
        clean(&row.openid),
        row.trade_type.into(),
        refund.map_or("SUCCESS", |refund| refund.cause.as_str()).into(),
        clean(&row.bank_type),
        "CNY".into(),
        yuan(paid),
        yuan(0),
        of_refund(|refund| clock(refund.asked_at), ""),
        of_refund(|refund| refund.state.arrival(), ""),
        of_refund(|refund| refund.refund_id.clone(), "0"),
        of_refund(|refund| refund.out_refund_no.clone(), "0"),
        yuan(refund.map_or(0, |refund| refund.amount)),
        yuan(0),
        of_refund(|refund| refund.channel.into(), ""),
        of_refund(|refund| refund.state.as_str().into(), ""),
        clean(&row.description),
        clean(&row.attach),
        yuan(if refund.is_none() { row.fee } else { -row.fee }),
        rate_text(rate),
        yuan(paid),
        yuan(refund.map_or(0, |refund| refund.amount)),
        String::new(),
    ]
}

/// Hundredths of a percent as `0.60%`.
fn rate_text(bp: i128) -> String {
    format!("{}.{:02}%", bp / 100, bp % 100)
}

/// A line of a fund-flow bill.
#[derive(Clone, Debug)]
pub struct FlowRow {
    /// When money moved.
    pub at: Timestamp,
    /// Our number of what moved it.
    pub business_no: String,
    /// The number of the movement.
    pub flow_no: String,
    /// What it was, in words.
    pub name: &'static str,
    /// What exactly, in words.
    pub kind: &'static str,
    /// What it did to the balance, in fen; not 0.
    pub amount: i64,
    /// The balance after it, in fen.
    pub balance: i64,
    /// Who asked for it.
    pub applicant: String,
    /// A note.
    pub note: String,
    /// The merchant's number of what moved it.
    pub voucher: String,
}

const FLOW_HEADER: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,\
    收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\r\n";
const FLOW_SUMMARY: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n";

/// Writes fund-flow bills, and adds them up.
#[derive(Clone, Debug, Default)]
pub struct FlowWriter {
    income: (i64, i64),
    expense: (i64, i64),
}

impl FlowWriter {
    /// How many lines it has.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.income.0 + self.expense.0
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> String {
        format!("{BYTE_ORDER_MARK}{FLOW_HEADER}")
    }

    /// Adds a line.
    pub fn push(&mut self, out: &mut String, row: &FlowRow) {
        let side = if row.amount < 0 { &mut self.expense } else { &mut self.income };
        side.0 += 1;
        side.1 += row.amount.abs();
        let cells = [
            clock(row.at),
            row.business_no.clone(),
            row.flow_no.clone(),
            row.name.into(),
            row.kind.into(),
            if row.amount < 0 { "支出" } else { "收入" }.into(),
            yuan(row.amount.abs()),
            yuan(row.balance),
            row.applicant.clone(),
            clean(&row.note),
            clean(&row.voucher),
        ];
        push_line(out, cells.iter().map(String::as_str));
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = FLOW_SUMMARY.to_owned();
        let cells = [
            self.rows().to_string(),
            self.income.0.to_string(),
            yuan(self.income.1),
            self.expense.0.to_string(),
            yuan(self.expense.1),
        ];
        push_line(&mut out, cells.iter().map(String::as_str));
        out
    }
}

pub(crate) fn push_line<'a, T: AsRef<str> + ?Sized + 'a>(
    out: &mut String,
    cells: impl IntoIterator<Item = &'a T>,
) {
    for (place, cell) in cells.into_iter().enumerate() {
        out.push_str(if place == 0 { "`" } else { ",`" });
        out.push_str(cell.as_ref());
    }
    out.push_str("\r\n");
}

/// `2026-11-21 18:05:09` in the business zone.
pub(crate) fn clock(at: Timestamp) -> String {
    at.rfc3339()[..19].replace('T', " ")
}

/// A text of others as one cell: many readers cut lines at every comma.
pub(crate) fn clean(text: &str) -> String {
    let one = |character: char| match character {
        ',' => '，',
        '`' => '\'',
        '"' => '＂',
        other if other.is_control() => ' ',
        other => other,
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
#[path = "bill_tests.rs"]
mod tests;
