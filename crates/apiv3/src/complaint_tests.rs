//! Complaints on the wire: what is read and what merchants are told.

use super::*;

#[test]
fn a_list_has_bounds() {
    let parse = |query: &str| ListComplaints::parse(Some(query));
    let days = "begin_date=2026-11-01&end_date=2026-11-30";
    let list = parse(days).unwrap();
    assert_eq!(list.slice, Slice { limit: 10, offset: 0 });
    let own = format!("{days}&limit=50&offset=3&complainted_mchid=1900000001");
    let own = parse(&own).unwrap();
    assert_eq!(own.slice, Slice { limit: 50, offset: 3 });
    assert_eq!(own.complainted_mchid.as_deref(), Some("1900000001"));
    for (query, field) in [
        ("end_date=2026-11-30", "begin_date"),
        ("begin_date=2026-11-01", "end_date"),
        ("begin_date=2026-11-02&end_date=2026-11-01", "end_date"),
        ("begin_date=2026-11-01&end_date=2026-12-02", "end_date"),
        ("begin_date=2026-11-01&end_date=2026-11-30&limit=51", "limit"),
        ("begin_date=2026-11-01&end_date=2026-11-30&limit=0", "limit"),
        ("begin_date=2026-11-01&end_date=2026-11-30&offset=x", "offset"),
    ] {
        let error = parse(query).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, field, "{query}");
    }
    assert_eq!(history_slice(None).unwrap(), Slice { limit: 100, offset: 0 });
}

#[test]
fn answers_name_the_merchant_and_have_no_links() {
    let body = |extra: &str| {
        format!(r#"{{"complainted_mchid":"1900000001","response_content":"sorry"{extra}}}"#)
    };
    let parse = |body: &str| Response::parse(body.as_bytes());
    let response = parse(&body(r#","response_images":["a","b"]"#)).unwrap();
    assert_eq!((response.content.as_str(), response.images.len()), ("sorry", 2));
    assert_eq!(response.complainted_mchid, "1900000001");
    let many = parse(&body(r#","response_images":["a","b","c","d","e"]"#)).unwrap_err();
    assert_eq!(many.field_error().unwrap().issue, Issue::AboveMaximum(4));
    for link in [
        r#","jump_url":"https://tea.example.com/""#,
        r#","mini_program_jump_info":{"appid":"wx1","path":"a","text":"b"}"#,
    ] {
        assert_eq!(parse(&body(link)).unwrap_err().code, Code::NoAuth, "{link}");
    }
    let nobody = parse(&body("").replace("1900000001", "")).unwrap_err();
    assert_eq!(nobody.field_error().unwrap().field, "/complainted_mchid");
    assert_eq!(read_complete(br#"{"complainted_mchid":"1"}"#).unwrap(), "1");
    let reject = RefundProgress::parse(br#"{"action":"REJECT"}"#).unwrap_err();
    assert_eq!(reject.field_error().unwrap().field, "/reject_reason");
}

#[test]
fn a_merchant_is_told_what_the_payer_does_by_the_actions_that_are_listed() {
    let complaint = Complaint {
        complaint_id: "C1".into(),
        mchid: "1900000001".into(),
        sub_mchid: None,
        out_trade_no: "T1".into(),
        transaction_id: "4200".into(),
        amount: kernel::Amount::fen(1_000).unwrap(),
        payer: domain::ids::UserId::from_bytes([7; 16]),
        openid: "o1".into(),
        problem: ProblemType::Others,
        detail: "cold".into(),
        apply_refund_minor: 0,
        state: ComplaintState::Processed,
        ended: Some(domain::complaint::ComplaintEnd::Withdrawn),
        in_platform_service: true,
        satisfaction: None,
        times: 1,
        payer_waits: false,
        steps: 2,
        created_at: kernel::Timestamp::default(),
    };
    for (step, event_type, action) in [
        (ComplaintStep::UserCreate, "COMPLAINT.CREATE", "CREATE_COMPLAINT"),
        (ComplaintStep::UserContinue, "COMPLAINT.STATE_CHANGE", "CONTINUE_COMPLAINT"),
        (ComplaintStep::UserWithdraw, "COMPLAINT.STATE_CHANGE", "USER_RESPONSE"),
        (ComplaintStep::UserConfirm, "COMPLAINT.STATE_CHANGE", "USER_RESPONSE"),
        (ComplaintStep::UserApplyPlatform, "COMPLAINT.STATE_CHANGE", "USER_RESPONSE"),
        (ComplaintStep::UserRate, "COMPLAINT.STATE_CHANGE", "USER_RESPONSE"),
        (ComplaintStep::PlatformResponse, "COMPLAINT.STATE_CHANGE", "RESPONSE_BY_PLATFORM"),
        (ComplaintStep::PlatformFinish, "COMPLAINT.STATE_CHANGE", "RESPONSE_BY_PLATFORM"),
    ] {
        let log = ComplaintLog {
            complaint_id: "C1".into(),
            number: 1,
            step,
            state: ComplaintState::Pending,
            details: String::new(),
            staff: String::new(),
            remark: String::new(),
            launch_refund_day: None,
            platform_reason: None,
            satisfaction: None,
            refunded: None,
            images: String::new(),
            at: kernel::Timestamp::default(),
        };
        let event = Event::complaint(&complaint, &log, None);
        assert_eq!(event.event_type(), event_type);
        let told = event.into_resource();
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["action_type"], action);
        assert_eq!(told["complaint_state"], "PENDING", "as it was then");
    }
}
