//! The tables of merchants' transfers to people.

use crate::{Index, describe, text_cells};
use domain::merchant_transfer::{
    MerchantTransfer, MerchantTransferByNo, TransferFailure, TransferState, TransferUsage,
};
use kernel::{Amount, Timestamp};

text_cells!(TransferState, TransferFailure);

describe!(MerchantTransfer, Kept, key 2, "A transfer of a merchant to a person.", {
    mchid: String, "The merchant.";
    out_bill_no: String, "The merchant's number of it.";
    transfer_bill_no: String, "Our number of it.";
    appid: String, "The app id.";
    openid: String, "The payee's name under the app id.";
    user_name: Option<Vec<u8>>, "The sealed name of the payee as the merchant knows it.";
    amount: Amount, "How much, in fen.";
    remark: String, "Shown to the payee.";
    scene_id: String, "What the merchant sends it for.";
    perception: Option<String>, "What the payee is told it is for.";
    notify_url: Option<String>, "Where the end is notified.";
    state: TransferState, "Where it stands.";
    failure: Option<TransferFailure>, "Why it failed.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    created_at: Timestamp, "When it was asked for.";
    updated_at: Timestamp, "When it changed last.";
    expires_at: Timestamp, "Until when the payee can take it.";
    journal: i64, "The journal that took the money from the merchant.";
    end_journal: i64, "The journal of its end, 0 while it waits.";
    end_account: i64, "The account that has the money in the end, 0 while it waits.";
}, checks [
    "amount BETWEEN 1 AND 99999999999",
    "journal > 0",
    "(state = 'WAIT_USER_CONFIRM') = (end_journal = 0)",
    "(end_journal = 0) = (end_account = 0)",
    "(state = 'FAIL') = (failure IS NOT NULL)",
], indexes [
    Index { name: "open", columns: "openid, created_at", filter: "state = 'WAIT_USER_CONFIRM'" },
], fixed ["amount", "journal", "openid"]);

describe!(MerchantTransferByNo, Kept, key 1, "Finds a transfer by our number of it.", {
    transfer_bill_no: String, "Our number.";
    mchid: String, "The merchant.";
    out_bill_no: String, "The merchant's number.";
});

describe!(TransferUsage, Kept, key 3, "What a merchant sent to people on a day.", {
    mchid: String, "The merchant.";
    openid: String, "The payee; empty for all payees together.";
    day: i64, "The business day, as yyyymmdd.";
    count: i64, "How many transfers.";
    amount_minor: i64, "How much, in fen.";
}, checks ["count >= 1 AND amount_minor >= 1"]);
