//! Bills of profit sharing: what receivers got and gave back on a business day.

use kernel::money::yuan;
use kernel::time::Timestamp;

use crate::bill::{BYTE_ORDER_MARK, Bill, Content, Packing, clean, clock, push_line};
use crate::bill::{find_sub_mchid, read_date, read_packing};
use crate::error::ApiError;
use crate::request::Query;

/// Reads the query of `GET /v3/profitsharing/bills`.
///
/// # Errors
/// PARAM_ERROR for a variable of another form.
pub fn profit_bill(raw: Option<&str>) -> Result<(Bill, Packing), ApiError> {
    let query = Query::new(raw);
    let sub_mchid = find_sub_mchid(&query)?;
    let date = read_date(&query)?;
    Ok((Bill { content: Content::Profit, date, sub_mchid }, read_packing(&query)?))
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfitMove {
    /// A receiver got its share.
    Shared,
    /// The merchant that was paid got what it unfroze.
    Unfrozen,
    /// A receiver gave back.
    Returned,
}

impl ProfitMove {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "分账",
            Self::Unfrozen => "解冻",
            Self::Returned => "分账回退",
        }
    }
}

/// A line of a bill of profit sharing.
#[derive(Clone, Debug)]
pub struct ProfitRow {
    /// When money moved.
    pub at: Timestamp,
    /// Who asked for it.
    pub mchid: String,
    /// Whose money it was: that merchant, or its sub-merchant.
    pub payee: String,
    /// Our number of the payment.
    pub transaction_id: String,
    /// Our number of the request or of the return.
    pub order_id: String,
    /// Our number of the share; empty for a return.
    pub detail_id: String,
    /// The merchant's number of the request or of the return.
    pub out_order_no: String,
    /// The order's total, in fen.
    pub total: i64,
    /// The receiver's merchant number or openid.
    pub account: String,
    /// How much, in fen.
    pub amount: i64,
    /// What it was.
    pub moved: ProfitMove,
    /// What for.
    pub description: String,
}

const HEADER: &str = "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,\
    商户分账/回退单号,订单金额,分账接收方,分账金额,业务类型,处理状态,分账描述,备注\r\n";
const SUMMARY: &str = "总条数,分账总金额,解冻总金额,回退总金额\r\n";

/// Writes bills of profit sharing, and adds them up.
#[derive(Clone, Debug, Default)]
pub struct ProfitWriter {
    rows: i64,
    shared: i64,
    unfrozen: i64,
    returned: i64,
}

impl ProfitWriter {
    /// How many lines it has.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.rows
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> String {
        format!("{BYTE_ORDER_MARK}{HEADER}")
    }

    /// Adds a line.
    pub fn push(&mut self, out: &mut String, row: &ProfitRow) {
        self.rows += 1;
        match row.moved {
            ProfitMove::Shared => self.shared += row.amount,
            ProfitMove::Unfrozen => self.unfrozen += row.amount,
            ProfitMove::Returned => self.returned += row.amount,
        }
        let cells = [
            clock(row.at),
            row.mchid.clone(),
            row.payee.clone(),
            row.transaction_id.clone(),
            row.order_id.clone(),
            row.detail_id.clone(),
            row.out_order_no.clone(),
            yuan(row.total),
            clean(&row.account),
            yuan(row.amount),
            row.moved.as_str().into(),
            "SUCCESS".into(),
            clean(&row.description),
            String::new(),
        ];
        push_line(out, cells.iter().map(String::as_str));
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = SUMMARY.to_owned();
        let sums = [self.shared, self.unfrozen, self.returned].map(yuan);
        let rows = self.rows.to_string();
        push_line(&mut out, [rows.as_str()].into_iter().chain(sums.iter().map(String::as_str)));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(moved: ProfitMove, amount: i64) -> ProfitRow {
        ProfitRow {
            at: Timestamp::from_micros(1_795_226_400_000_000),
            mchid: "1900000001".into(),
            payee: "1900000002".into(),
            transaction_id: "4200".into(),
            order_id: "30".into(),
            detail_id: "3001".into(),
            out_order_no: "P1".into(),
            total: 1_000,
            account: "o`1".into(),
            amount,
            moved,
            description: "tea, leaves".into(),
        }
    }

    #[test]
    fn every_line_has_the_headers_columns_and_the_summary_its_sums() {
        let (mut writer, mut out) = (ProfitWriter::default(), String::new());
        let moves = [ProfitMove::Shared, ProfitMove::Unfrozen, ProfitMove::Returned];
        for (moved, amount) in moves.into_iter().zip([105, 20, 3]) {
            writer.push(&mut out, &row(moved, amount));
        }
        let columns = writer.header().split(',').count();
        assert_eq!(columns, 14);
        for line in out.split_terminator("\r\n") {
            assert_eq!(line.split(',').count(), columns, "{line}");
        }
        let first = "`2026-11-21 10:00:00,`1900000001,`1900000002,`4200,`30,`3001,`P1,`10.00,`o'1,\
            `1.05,`分账,`SUCCESS,`tea， leaves,`";
        assert_eq!(out.split("\r\n").next(), Some(first));
        assert_eq!(writer.summary(), format!("{SUMMARY}`3,`1.05,`0.20,`0.03\r\n"));
    }

    #[test]
    fn a_bill_may_name_a_sub_merchant() {
        let (bill, packing) = profit_bill(Some("bill_date=2026-11-21&tar_type=GZIP")).unwrap();
        assert_eq!((bill.sub_mchid, packing), (None, Packing::Gzip));
        let (bill, _) = profit_bill(Some("bill_date=2026-11-21&sub_mchid=1900000002")).unwrap();
        assert_eq!(bill.sub_mchid.as_deref(), Some("1900000002"));
        for (query, field) in [
            ("sub_mchid=1", "bill_date"),
            ("bill_date=2026-11-21&sub_mchid=", "sub_mchid"),
            ("bill_date=2026-11-21&tar_type=ZIP", "tar_type"),
        ] {
            let error = profit_bill(Some(query)).unwrap_err();
            assert_eq!(error.field_error().unwrap().field, field, "{query}");
        }
    }
}
