//! Tests of bills: the files that merchants know, line by line.

use super::*;
use crate::code::Code;

fn row(refund: Option<i64>) -> TradeRow {
    let at = Timestamp::parse_rfc3339("2026-11-21T10:00:00+08:00").unwrap();
    TradeRow {
        at,
        appid: "wx1".into(),
        mchid: "1900000001".into(),
        sub_mchid: None,
        device_id: String::new(),
        transaction_id: "4200".into(),
        out_trade_no: "T1".into(),
        openid: "o1".into(),
        trade_type: "NATIVE",
        bank_type: "OTHERS".into(),
        description: "tea, \"green\"\r\n`1`".into(),
        attach: "a".into(),
        total: 10_000,
        order_fee: 60,
        fee: 60,
        refund: refund.map(|amount| RefundCells {
            cause: RefundCause::Refund,
            refund_id: "5000".into(),
            out_refund_no: "R1".into(),
            amount,
            asked_at: at,
            channel: "ORIGINAL",
            state: RefundedState::Success(at),
        }),
    }
}

#[test]
fn a_trade_bill_is_the_file_that_merchants_know() {
    let mut writer = TradeWriter::new(TradeKind::All);
    let mut file = writer.header();
    writer.push(&mut file, &row(None));
    writer.push(&mut file, &TradeRow { fee: 6, ..row(Some(1_000)) });
    file += &writer.summary();
    let expected = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,\
        用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,\
        退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,\
        费率备注\r\n\
        `2026-11-21 10:00:00,`wx1,`1900000001,`0,`,`4200,`T1,`o1,`NATIVE,`SUCCESS,`OTHERS,\
        `CNY,`100.00,`0.00,`0,`0,`0.00,`0.00,`,`,\
        `tea， ＂green＂  '1',`a,`0.60,`0.60%,`100.00,`0.00,`\r\n\
        `2026-11-21 10:00:00,`wx1,`1900000001,`0,`,`4200,`T1,`o1,`NATIVE,`REFUND,`OTHERS,\
        `CNY,`0.00,`0.00,`5000,`R1,`10.00,`0.00,`ORIGINAL,`SUCCESS,\
        `tea， ＂green＂  '1',`a,`-0.06,`0.60%,`0.00,`10.00,`\r\n\
        总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n\
        `2,`100.00,`10.00,`0.00,`0.54,`100.00,`10.00\r\n";
    assert_eq!(file, expected);
}

#[test]
fn the_kinds_differ_in_rows_and_columns() {
    for (kind, columns, rows) in
        [(TradeKind::All, 27, 2), (TradeKind::Success, 20, 1), (TradeKind::Refund, 29, 1)]
    {
        let mut writer = TradeWriter::new(kind);
        let mut lines = String::new();
        writer.push(&mut lines, &row(None));
        writer.push(&mut lines, &row(Some(1)));
        assert_eq!((writer.header().split(',').count(), writer.rows()), (columns, rows));
        assert!(lines.lines().all(|line| line.split(',').count() == columns), "{lines}");
    }
}

#[test]
fn a_fund_flow_bill_adds_up_what_came_and_went() {
    let at = row(None).at;
    let flow = |amount, balance| FlowRow {
        at,
        business_no: "4200".into(),
        flow_no: "1".into(),
        name: "交易",
        kind: "交易",
        amount,
        balance,
        applicant: "system".into(),
        note: String::new(),
        voucher: "T1".into(),
    };
    let mut writer = FlowWriter::default();
    let mut lines = String::new();
    writer.push(&mut lines, &flow(10_000, 10_000));
    writer.push(&mut lines, &flow(-60, 9_940));
    assert_eq!(
        lines,
        "`2026-11-21 10:00:00,`4200,`1,`交易,`交易,`收入,`100.00,`100.00,`system,`,`T1\r\n\
         `2026-11-21 10:00:00,`4200,`1,`交易,`交易,`支出,`0.60,`99.40,`system,`,`T1\r\n"
    );
    assert!(writer.summary().ends_with("`2,`1,`100.00,`1,`0.60\r\n"));
    assert_eq!(writer.header().split(',').count(), 11);
}

#[test]
fn the_query_is_checked() {
    let (bill, packing) =
        trade_bill(Some("bill_date=2026-11-20&bill_type=SUCCESS&tar_type=GZIP")).unwrap();
    assert_eq!(bill.date.to_string(), "2026-11-20");
    assert_eq!((bill.content, packing), (Content::Trade(TradeKind::Success), Packing::Gzip));
    let (bill, packing) = fund_flow_bill(Some("bill_date=2026-11-20")).unwrap();
    assert_eq!((bill.content, packing), (Content::Flow(FlowAccount::Basic), Packing::Plain));
    for (query, field) in [
        ("", "bill_date"),
        ("bill_date=20261120", "bill_date"),
        ("bill_date=2026-02-30", "bill_date"),
        ("bill_date=2026-11-20&bill_type=NONE", "bill_type"),
        ("bill_date=2026-11-20&tar_type=ZIP", "tar_type"),
    ] {
        let error = trade_bill(Some(query)).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, field, "{query}");
    }
    let error = fund_flow_bill(Some("bill_date=2026-11-20&account_type=X")).unwrap_err();
    assert_eq!(error.field_error().unwrap().field, "account_type");
    let partner = fund_flow_bill(Some("bill_date=2026-11-20&sub_mchid=1")).unwrap_err();
    assert_eq!(partner.code, Code::NoAuth);
    let (partner, _) = trade_bill(Some("bill_date=2026-11-20&sub_mchid=1")).unwrap();
    assert_eq!(partner.sub_mchid.as_deref(), Some("1"));
}
