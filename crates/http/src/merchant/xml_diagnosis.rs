//! Why a sign of the XML interface does not hold, which only a sandbox tells.

use super::Face;
use apiv3::sealed::open_apiv3_key;
use apiv3::v2::xml::Fields;
use apiv3::v2::{ApiV2Key, Diagnosis, KeysToTry, SignType};
use domain::merchant::{Merchant, MerchantApiv2Key};
use store::queries::{Value, find, select};

/// Looks why a message is not signed right; `None` outside a sandbox.
pub(super) async fn diagnose(
    face: &Face,
    body: &[u8],
    (fields, kind): (&Fields, SignType),
) -> Option<Box<Diagnosis>> {
    face.app.sandbox.as_ref()?;
    let keys = keys_to_try(face, fields.get("mch_id").map_or("", String::as_str)).await;
    Some(Box::new(Diagnosis::of(body, fields, kind, &keys)))
}

/// The keys of this merchant and of others; those that cannot be read are not tried.
async fn keys_to_try(face: &Face, mchid: &str) -> KeysToTry {
    let (queries, ring) = (face.app.queries.as_ref(), &face.app.keys.personal_data);
    let merchant = find::<Merchant>(queries, &mchid.to_owned()).await.ok().flatten();
    let apiv3 = merchant.and_then(|merchant| open_apiv3_key(ring, &merchant).ok());
    let rows = select::<MerchantApiv2Key>(
        queries,
        "1 = 1 ORDER BY CASE mchid WHEN $1 THEN 0 ELSE 1 END, set_at DESC LIMIT 20",
        vec![Value::Text(mchid.to_owned())],
    );
    let rows = rows.await.unwrap_or_default();
    let opened = rows.into_iter().filter_map(|row| {
        let key = ApiV2Key::open(ring, &row).ok()?;
        Some((row.mchid, key))
    });
    let (own, others): (Vec<_>, Vec<_>) = opened.partition(|(whose, _)| whose == mchid);
    KeysToTry {
        own: own.into_iter().next().map(|(_, key)| key),
        apiv3: apiv3.and_then(|key| ApiV2Key::parse(&key.reveal())),
        others,
    }
}
