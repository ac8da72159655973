//! Pays the next details of a batch. Nobody outside is asked; the payees' names are opened and
//! compared here, because only who has the keys can read them.

use super::{Jobs, Met, Unmet, must, open_text};
use domain::job::Job;
use domain::merchant::Openid;
use domain::merchant_transfer::NameCheck;
use domain::transfer_batch::{
    PAID_AT_ONCE, PayTransferBatch, TransferBatch, TransferDetail, detail_name_place,
};
use domain::user::User;
use domain::wallet::{Identity, Wallet, name_place};
use kernel::ExposeSecret;
use std::collections::BTreeMap;
use store::queries::{Value, find, select};

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let named = job.subject.split_once(':');
    let (mchid, number) =
        named.ok_or_else(|| Unmet::Defect(format!("job about {:?}", job.subject)))?;
    let key = (mchid.to_owned(), number.to_owned());
    let queries = jobs.queries.as_ref();
    let batch = must(find::<TransferBatch>(queries, &key).await?, "the batch of a job")?;
    if batch.is_over() {
        return Err(Unmet::Gone);
    }
    let details = select::<TransferDetail>(
        queries,
        "mchid = $1 AND out_batch_no = $2 AND place > $3 AND place <= $4 ORDER BY place",
        vec![
            Value::Text(key.0.clone()),
            Value::Text(key.1.clone()),
            Value::Int(batch.done),
            Value::Int(batch.done + PAID_AT_ONCE),
        ],
    );
    let mut names = BTreeMap::new();
    for detail in details.await? {
        if let Some(given) = &detail.user_name {
            names.extend(compare(jobs, &detail, given).await?.map(|name| (detail.place, name)));
        }
    }
    let (mchid, out_batch_no) = key;
    jobs.record(PayTransferBatch { mchid, out_batch_no, names }).await
}

/// Whether the payee has the name that the merchant gave, blanks apart; `None` for a payee whom
/// nobody has verified.
async fn compare(
    jobs: &Jobs,
    detail: &TransferDetail,
    given: &[u8],
) -> Result<Option<NameCheck>, Unmet> {
    let queries = jobs.queries.as_ref();
    let Some(payee) = find::<Openid>(queries, &detail.openid).await? else { return Ok(None) };
    let wallet = find::<User>(queries, &payee.user).await?.and_then(|user| user.wallet);
    let Some(wallet) = wallet else { return Ok(None) };
    let identity = find::<Wallet>(queries, &wallet).await?.and_then(|wallet| wallet.identity);
    let Some(id) = identity else { return Ok(None) };
    let identity = must(find::<Identity>(queries, &id).await?, "an identity")?;
    let keys = &jobs.keys.personal_data;
    let known = open_text(keys, &name_place(&identity.document_index), &identity.name)?;
    let place = detail_name_place(&detail.mchid, &detail.out_batch_no, detail.place);
    let given = open_text(keys, &place, given)?;
    Ok(Some(NameCheck::compare(id, known.expose_secret(), given.expose_secret())))
}
