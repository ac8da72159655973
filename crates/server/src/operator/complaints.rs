//! What the operator's staff does about complaints that a payer asked it to step in.

use super::perform::Operator;
use super::request::Answer;
use domain::complaint::{FinishPlatformService, RespondForPlatform, WORDS_CHARS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be done about a complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "complaints", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ComplaintRequest {
    /// Say something to both sides.
    Respond {
        /// The complaint.
        complaint_id: String,
        /// Who of the staff says so.
        staff: String,
        /// What there is to say.
        content: String,
    },
    /// Be done with it.
    Finish {
        /// The complaint.
        complaint_id: String,
        /// Who of the staff says so.
        staff: String,
        /// What there is to say at the end; may be empty.
        content: String,
    },
}

impl Operator {
    /// Performs a request about complaints.
    pub(super) async fn complaints(&self, request: &ComplaintRequest) -> Answer {
        let told = |complaint_id: &str, in_platform_service: bool| {
            let told = json!({ "complaint_id": complaint_id,
                "in_platform_service": in_platform_service });
            move |()| told
        };
        let (ComplaintRequest::Respond { staff, .. } | ComplaintRequest::Finish { staff, .. }) =
            request;
        if staff.trim().is_empty() {
            return Answer::Failed("who says so is missing".to_owned());
        }
        match request {
            ComplaintRequest::Respond { complaint_id, staff, content } => {
                let content = content.trim();
                if content.is_empty() {
                    return Answer::Failed("there is nothing to say".to_owned());
                }
                let Some(content) = checked(content) else { return too_long() };
                let (complaint_id, staff) = (complaint_id.clone(), staff.clone());
                let told = told(&complaint_id, true);
                self.run(RespondForPlatform { complaint_id, staff, content }, told).await
            }
            ComplaintRequest::Finish { complaint_id, staff, content } => {
                let Some(content) = checked(content.trim()) else { return too_long() };
                let (complaint_id, staff) = (complaint_id.clone(), staff.clone());
                let told = told(&complaint_id, false);
                self.run(FinishPlatformService { complaint_id, staff, content }, told).await
            }
        }
    }
}

fn checked(content: &str) -> Option<String> {
    (content.chars().count() <= WORDS_CHARS_MAX).then(|| content.to_owned())
}

fn too_long() -> Answer {
    Answer::Failed(format!("at most {WORDS_CHARS_MAX} characters are said at once"))
}
