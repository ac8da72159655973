//! `jiaozi complaint`: what the operator's staff sees and does of complaints that a payer asked it
//! to step in.

use crate::cli::{ComplaintAction, ComplaintFlags, ComplaintListFlags, ListFlags};
use crate::database;
use crate::operator::{self, ComplaintRequest, Request};
use apiv3::complaint_text::step_details;
use domain::catalogue::Language;
use domain::complaint::{Complaint, ComplaintLog};
use serde_json::{Value, json};
use std::error::Error;
use store::queries::{self, count, find, select};

/// Does what was typed.
pub(crate) async fn run(action: ComplaintAction) -> Result<(), Box<dyn Error>> {
    match action {
        ComplaintAction::List(flags) => list(&flags).await,
        ComplaintAction::Show(flags) => show(&flags).await,
        ComplaintAction::Respond(flags) => {
            let ComplaintFlags { complaint_id, config } = flags.complaint;
            let (staff, content) = (operator::staff(), flags.content);
            let request = ComplaintRequest::Respond { complaint_id, staff, content };
            operator::tell(&config, &Request::Complaints(request)).await
        }
        ComplaintAction::Finish(flags) => {
            let ComplaintFlags { complaint_id, config } = flags.complaint;
            let (staff, content) = (operator::staff(), flags.content);
            let request = ComplaintRequest::Finish { complaint_id, staff, content };
            operator::tell(&config, &Request::Complaints(request)).await
        }
    }
}

/// Those that wait, the oldest first, so many at once.
async fn list(flags: &ComplaintListFlags) -> Result<(), Box<dyn Error>> {
    let ComplaintListFlags { limit, after, list: ListFlags { json, config } } = flags;
    let database = database::read_only(&config.load()?)?;
    let queries = database.as_ref();
    let since = match after {
        None => (0, ""),
        Some(id) => {
            let last = find::<Complaint>(queries, id).await?;
            (last.ok_or("there is no such complaint")?.created_at.micros(), id.as_str())
        }
    };
    let parameters = vec![queries::Value::Int(since.0), queries::Value::Text(since.1.to_owned())];
    let behind = "in_platform_service = 1 \
                  AND (created_at > $1 OR created_at = $1 AND complaint_id > $2)";
    let total = count::<Complaint>(queries, behind, parameters.clone()).await?;
    let condition = format!("{behind} ORDER BY created_at, complaint_id LIMIT {limit}");
    let waiting = select::<Complaint>(queries, &condition, parameters).await?;
    let left = total.saturating_sub(i64::try_from(waiting.len())?);
    if let Some(last) = waiting.last().filter(|_| left > 0) {
        eprintln!("{left} more: add --after {}", last.complaint_id);
    }
    if *json {
        say!("{}", waiting.iter().map(row).collect::<Value>());
        return Ok(());
    }
    for complaint in &waiting {
        let Complaint { complaint_id, mchid, out_trade_no, .. } = complaint;
        let (state, at) = (complaint.state.as_str(), complaint.created_at.rfc3339());
        say!("{complaint_id}  {at}  {state:<10}  merchant {mchid}, order {out_trade_no}");
        // Whatever a payer wrote stays on its line and moves no cursor.
        say!("    {}", complaint.detail.escape_debug());
    }
    Ok(())
}

async fn show(flags: &ComplaintFlags) -> Result<(), Box<dyn Error>> {
    let database = database::read_only(&flags.config.load()?)?;
    let queries = database.as_ref();
    let complaint = find::<Complaint>(queries, &flags.complaint_id).await?;
    let complaint = complaint.ok_or("there is no such complaint")?;
    let condition = "complaint_id = $1 ORDER BY number";
    let parameters = vec![queries::Value::Text(flags.complaint_id.clone())];
    let logs = select::<ComplaintLog>(queries, condition, parameters).await?;
    let mut shown = row(&complaint);
    let step = |log: &ComplaintLog| {
        json!({
            "step": log.step, "at": log.at.rfc3339(), "details": step_details(log, Language::En),
            "staff": (!log.staff.is_empty()).then_some(&log.staff),
            "pictures": log.image_ids().collect::<Vec<_>>(),
        })
    };
    shown["steps"] = logs.iter().map(step).collect();
    say!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}

fn row(complaint: &Complaint) -> Value {
    json!({
        "complaint_id": complaint.complaint_id,
        "mchid": complaint.mchid,
        "sub_mchid": complaint.sub_mchid,
        "out_trade_no": complaint.out_trade_no,
        "transaction_id": complaint.transaction_id,
        "amount_minor": complaint.amount.minor(),
        "apply_refund_minor": complaint.apply_refund_minor,
        "problem": complaint.problem,
        "detail": complaint.detail,
        "state": complaint.state,
        "ended": complaint.ended,
        "in_platform_service": complaint.in_platform_service,
        "satisfaction": complaint.satisfaction,
        "created_at": complaint.created_at.rfc3339(),
    })
}
