//! The tables of batches of transfers to people.

use crate::{Index, describe, text_cells};
use domain::transfer_batch::{
    BatchState, CloseReason, DetailFailure, DetailState, TransferBatch, TransferBatchById,
    TransferDetail,
};
use kernel::{Amount, Timestamp};

text_cells!(BatchState, CloseReason, DetailState, DetailFailure);

describe!(TransferBatch, Kept, key 2, "A batch of transfers to people.", {
    mchid: String, "The merchant.";
    out_batch_no: String, "The merchant's number of it.";
    batch_id: String, "Our number of it.";
    appid: String, "The app id.";
    name: String, "Its name.";
    remark: String, "What the merchant says about it.";
    total: Amount, "The sum of its details, in fen.";
    num: i64, "How many details it has.";
    scene_id: Option<String>, "What the merchant sends it for.";
    notify_url: Option<String>, "Where the end is notified.";
    state: BatchState, "Where it stands.";
    close_reason: Option<CloseReason>, "Why it was closed.";
    done: i64, "How many details have ended.";
    success_minor: i64, "What payees have got, in fen.";
    success_num: i64, "How many payees have got theirs.";
    fail_minor: i64, "What went back, in fen.";
    fail_num: i64, "How many details failed.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    created_at: Timestamp, "When it was asked for.";
    updated_at: Timestamp, "When it changed last.";
    journal: i64, "The journal that took the money from the merchant, 0 if none did.";
}, checks [
    "num BETWEEN 1 AND 1000 AND done BETWEEN 0 AND num AND journal >= 0",
    "(state IN ('ACCEPTED', 'PROCESSING')) <= (journal > 0)",
    "(state IN ('WAIT_PAY', 'CLOSED')) <= (journal = 0)",
    "(state = 'CLOSED') = (close_reason IS NOT NULL)",
    "journal > 0 OR success_num = 0",
    "done = success_num + fail_num",
    "(state IN ('FINISHED', 'CLOSED')) = (done = num)",
    "success_minor >= 0 AND fail_minor >= 0 AND success_minor + fail_minor <= total",
]);

describe!(TransferBatchById, Kept, key 1, "Finds a batch by our number of it.", {
    batch_id: String, "Our number.";
    mchid: String, "The merchant.";
    out_batch_no: String, "The merchant's number.";
});

describe!(TransferDetail, Kept, key 3, "What one payee of a batch gets.", {
    mchid: String, "The merchant.";
    out_batch_no: String, "The merchant's number of the batch.";
    place: i64, "Its place in the batch, from 1.";
    out_detail_no: String, "The merchant's number of it.";
    amount: Amount, "How much, in fen.";
    remark: String, "Shown to the payee.";
    openid: String, "The payee's name under the app id.";
    user_name: Option<Vec<u8>>, "The sealed name of the payee as the merchant knows it.";
    state: DetailState, "Where it stands.";
    failure: Option<DetailFailure>, "Why it failed.";
    updated_at: Timestamp, "When it changed last.";
    journal: i64, "The journal of its end, 0 while it waits or if its money never moved.";
    account: i64, "The account that has the money in the end, 0 like the journal.";
}, checks [
    "amount BETWEEN 1 AND 99999999999 AND place BETWEEN 1 AND 1000",
    "(journal = 0) = (state IN ('WAIT_PAY', 'PROCESSING') \
     OR COALESCE(failure, '') IN ('MERCHANT_REJECT', 'MERCHANT_NOT_CONFIRM') \
     OR COALESCE(failure, '') = 'TRANSFER_SCENE_INVALID')",
    "(journal = 0) = (account = 0)",
    "(state = 'FAIL') = (failure IS NOT NULL)",
], indexes [
    Index { name: "number", columns: "mchid, out_batch_no, out_detail_no", filter: "" },
    Index { name: "open", columns: "mchid", filter: "state = 'PROCESSING'" },
], fixed ["amount", "openid", "out_detail_no"]);
