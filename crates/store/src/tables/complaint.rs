//! The tables of complaints and of the files that merchants upload.

use crate::{Index, describe, text_cells};
use domain::complaint::{
    Complaint, ComplaintByOrder, ComplaintEnd, ComplaintLog, ComplaintState, ComplaintStep,
    ComplaintUsage, Media, MediaKind, PlatformReason, ProblemType, Satisfaction, ShownPicture,
};
use domain::ids::UserId;
use kernel::{Amount, Timestamp};

text_cells!(ComplaintState, ComplaintEnd, ComplaintStep, ProblemType, MediaKind);
text_cells!(PlatformReason, Satisfaction);

describe!(Complaint, Kept, key 1, "A complaint of a payer about an order.", {
    complaint_id: String, "Its number.";
    mchid: String, "The merchant.";
    sub_mchid: Option<String>, "Who was paid, if the merchant is its service provider.";
    out_trade_no: String, "The merchant's number of the order.";
    transaction_id: String, "The number of the payment.";
    amount: Amount, "What was paid, in fen.";
    payer: UserId, "Who complains.";
    openid: String, "The payer's name under the order's app id.";
    problem: ProblemType, "What the payer complains of.";
    detail: String, "The payer's words.";
    apply_refund_minor: i64, "What the payer wants back, in fen, 0 for nothing.";
    state: ComplaintState, "Where it stands.";
    ended: Option<ComplaintEnd>, "Who says that it is dealt with, while it is.";
    in_platform_service: bool, "Whether the payer asked us to step in, and we are not done.";
    satisfaction: Option<Satisfaction>, "How the payer finds what came of it, if it says so.";
    times: i64, "How often the payer complained.";
    payer_waits: bool, "Whether the payer waits for an answer.";
    steps: i64, "How many steps it has.";
    created_at: Timestamp, "When it was filed.";
}, checks [
    "apply_refund_minor BETWEEN 0 AND amount",
    "times >= 1 AND steps >= 1",
    "(state = 'PROCESSED') = (ended IS NOT NULL)",
    "satisfaction IS NULL OR state = 'PROCESSED'",
], indexes [
    Index { name: "merchant", columns: "mchid, created_at", filter: "" },
    Index { name: "platform", columns: "created_at", filter: "in_platform_service = 1" },
],
fixed ["mchid", "sub_mchid", "out_trade_no", "payer"]);

describe!(ComplaintByOrder, Kept, key 2, "Finds the complaint about an order.", {
    mchid: String, "The merchant.";
    out_trade_no: String, "The merchant's number of the order.";
    complaint_id: String, "The complaint.";
});

describe!(ComplaintLog, Kept, key 2, "One step of a complaint.", {
    complaint_id: String, "The complaint.";
    number: i64, "Its place, from 1.";
    step: ComplaintStep, "What was done.";
    state: ComplaintState, "Where the complaint stood then.";
    details: String, "The words of who did it.";
    staff: String, "Who of our staff did it, empty where it was somebody else.";
    remark: String, "The merchant's words besides.";
    launch_refund_day: Option<i64>, "In how many days the merchant will refund, if it says so.";
    platform_reason: Option<PlatformReason>, "Why the payer asks us to step in, if that is it.";
    satisfaction: Option<Satisfaction>, "How the payer finds what came of it, if that is it.";
    refunded: Option<Amount>, "What was refunded, in fen, if that is the step.";
    images: String, "The ids of pictures, with commas between.";
    at: Timestamp, "When.";
}, checks [
    "number >= 1",
    "(staff <> '') = (step = 'PLATFORM_RESPONSE' OR step = 'PLATFORM_SERVICE_FINISHED')",
    "launch_refund_day IS NULL OR step = 'MERCHANT_APPROVE_REFUND'",
    "(platform_reason IS NOT NULL) = (step = 'USER_APPLY_PLATFORM_SERVICE')",
    "(satisfaction IS NOT NULL) = (step = 'USER_SUBMIT_SATISFACTION')",
    "(refunded IS NOT NULL) = (step = 'COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE' \
     OR step = 'COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE' \
     OR step = 'COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE')",
], fixed [
    "step", "state", "details", "staff", "remark", "launch_refund_day", "platform_reason",
    "satisfaction", "refunded", "images", "at",
]);

describe!(ShownPicture, Kept, key 2, "That a complaint shows a picture.", {
    media_id: String, "The picture.";
    complaint_id: String, "The complaint.";
    mchid: String, "The complaint's merchant.";
}, checks [], fixed ["mchid"]);

describe!(ComplaintUsage, Kept, key 1, "What a person did about complaints on a day.", {
    user: UserId, "The person.";
    day_from: Timestamp, "When that day began.";
    pictures: i64, "Pictures kept that day.";
    words: i64, "How often the person complained or said something that day.";
}, checks ["pictures >= 0 AND words >= 0", "pictures + words >= 1"]);

describe!(Media, Removable, key 1, "A file that a merchant or a payer uploaded.", {
    media_id: String, "Its id, derived from whose it is and content.";
    mchid: Option<String>, "The merchant, unless it is a payer's.";
    user: Option<UserId>, "The payer, unless it is a merchant's.";
    kind: MediaKind, "What it is.";
    content_type: String, "Its type, as a web server names it.";
    content: Vec<u8>, "The bytes.";
    uploaded_at: Timestamp, "When it was uploaded first.";
}, checks [
    "LENGTH(content) BETWEEN 1 AND 5242880",
    "(mchid IS NULL) = (\"user\" IS NOT NULL)",
    "\"user\" IS NULL OR kind = 'IMAGE'",
], fixed ["mchid", "user", "content_type", "content"]);
