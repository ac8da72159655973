//! Certificates of merchants, parsed once, with what each merchant knows of our keys. A row is
//! looked up again after a moment, so a revoked certificate ends within that time.

use apiv3::certificate::Certificate;
use apiv3::key_name::Serial;
use domain::merchant::{Merchant, MerchantCertificate};
use kernel::Timestamp;
use kernel::time::SECOND;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use store::{Queries, QueryError, queries};

/// How long a row is believed.
const FRESH: i64 = 2 * SECOND;

/// Most certificates kept; with more, all are read anew.
const KEPT_MAX: usize = 65_536;

#[derive(Default)]
pub(super) struct CertificateCache {
    kept: RwLock<HashMap<(String, Serial), Kept>>,
}

/// What a merchant signs with, and what it knows us by.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) certificate: Arc<Certificate>,
    /// Whether it gets no certificates of ours.
    pub(super) public_key_only: bool,
}

#[derive(Clone)]
struct Kept {
    known: Known,
    /// The row's text, which need not be the parser's.
    pem: String,
    at: Timestamp,
}

impl CertificateCache {
    /// The merchant's certificate of this serial number, if it is accepted at `now` (protocol
    /// time).
    pub(super) async fn find(
        &self,
        queries: &dyn Queries,
        mchid: &str,
        serial: &Serial,
        now: Timestamp,
    ) -> Result<Option<Known>, QueryError> {
        let key = (mchid.to_owned(), serial.clone());
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let known = match kept {
            Some(kept) if (0..FRESH).contains(&now.since(kept.at)) => Some(kept.known),
            stale => self.read(queries, key, stale, now).await?,
        };
        Ok(known.filter(|known| known.certificate.is_valid_at(now.seconds())))
    }

    /// Whether this merchant gets no certificates of ours; only of who signed lately it is known.
    pub(super) fn is_public_key_only(&self, mchid: &str, serial: &Serial) -> bool {
        let key = (mchid.to_owned(), serial.clone());
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&key).is_some_and(|kept| kept.known.public_key_only)
    }

    async fn read(
        &self,
        queries: &dyn Queries,
        key: (String, Serial),
        stale: Option<Kept>,
        now: Timestamp,
    ) -> Result<Option<Known>, QueryError> {
        let row_key = (key.0.clone(), key.1.to_string());
        let found = queries::find_with(queries, &row_key, "b.mchid = a.mchid").await?;
        let found =
            found.filter(|(row, _): &(MerchantCertificate, Option<Merchant>)| row.may_sign());
        let parsed = found.and_then(|(row, merchant)| {
            let public_key_only = merchant.is_some_and(|merchant| merchant.public_key_only);
            let (certificate, pem) = match stale {
                Some(kept) if kept.pem == row.certificate => (kept.known.certificate, kept.pem),
                _ => parse(row)?,
            };
            Some((Known { certificate, public_key_only }, pem))
        });
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let Some((known, pem)) = parsed else {
            kept.remove(&key);
            return Ok(None);
        };
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, Kept { known: known.clone(), pem, at: now });
        Ok(Some(known))
    }
}

fn parse(row: MerchantCertificate) -> Option<(Arc<Certificate>, String)> {
    match Certificate::parse_or_key(&row.certificate) {
        Ok(certificate) => Some((Arc::new(certificate), row.certificate)),
        Err(error) => {
            tracing::error!(%error, mchid = row.mchid, "a merchant's certificate is unreadable");
            None
        }
    }
}
