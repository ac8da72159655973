//! A step of a complaint as its merchant is told of it.

use super::{Unmade, absent, defect};
use apiv3::certificate::Certificate;
use apiv3::complaint::payer_phone;
use apiv3::keys::PublicKey;
use apiv3::notification::Event;
use domain::complaint::{Complaint, ComplaintLog};
use domain::fact::Fact;
use domain::merchant::MerchantCertificate;
use domain::user::User;
use kernel::Timestamp;
use kernel::keys::KeyRing;
use store::queries::{Value, find, select};
use store::{Queries, QueryError};

/// The step; `now` is protocol time. The payer's phone is left out where the merchant has no key
/// to open it with.
pub(super) async fn event(
    queries: &dyn Queries,
    keys: &KeyRing,
    fact: &Fact,
    now: Timestamp,
) -> Result<Event, Unmade> {
    let step = fact.subject.split_once(':');
    let step = step.and_then(|(id, step)| Some((id.to_owned(), step.parse().ok()?)));
    let (id, step): (String, i64) = step.ok_or_else(|| absent("subject", fact))?;
    let log = find::<ComplaintLog>(queries, &(id.clone(), step)).await?;
    let log = log.ok_or_else(|| absent("step", fact))?;
    let complaint = find::<Complaint>(queries, &id).await?;
    let complaint = complaint.ok_or_else(|| absent("complaint", fact))?;
    let payer = find::<User>(queries, &complaint.payer).await?;
    let phone = match (payer, merchants_key(queries, fact, now).await?) {
        (Some(payer), Some(key)) => {
            let phone = payer_phone(&keys.personal_data, &payer, &key);
            Some(phone.map_err(|error| defect("phone", error, fact))?)
        }
        _ => None,
    };
    Ok(Event::complaint(&complaint, &log, phone.as_deref()))
}

/// The key that the merchant came to last and still signs with: no request says which one it is.
async fn merchants_key(
    queries: &dyn Queries,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<PublicKey>, QueryError> {
    let condition = "mchid = $1 ORDER BY added_at DESC, serial";
    let mchid = vec![Value::Text(fact.mchid.clone())];
    let rows: Vec<MerchantCertificate> = select(queries, condition, mchid).await?;
    let live = rows.iter().filter(|row| row.may_sign()).find_map(|row| {
        let certificate = Certificate::parse_or_key(&row.certificate)
            .inspect_err(|error| tracing::error!(%error, mchid = row.mchid, "no certificate"));
        certificate.ok().filter(|certificate| certificate.is_valid_at(now.seconds()))
    });
    Ok(live.map(|certificate| certificate.public_key))
}
