//! Certificates of merchants, parsed once. A row is looked up again after a moment, so a revoked
//! certificate ends within that time.

use apiv3::certificate::Certificate;
use apiv3::key_name::Serial;
use domain::merchant::{KeyState, MerchantCertificate};
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

#[derive(Clone)]
struct Kept {
    certificate: Arc<Certificate>,
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
    ) -> Result<Option<Arc<Certificate>>, QueryError> {
        let key = (mchid.to_owned(), serial.clone());
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let certificate = match known {
            Some(kept) if (0..FRESH).contains(&now.since(kept.at)) => Some(kept.certificate),
            stale => self.read(queries, key, stale, now).await?,
        };
        Ok(certificate.filter(|certificate| certificate.is_valid_at(now.seconds())))
    }

    async fn read(
        &self,
        queries: &dyn Queries,
        key: (String, Serial),
        stale: Option<Kept>,
        now: Timestamp,
    ) -> Result<Option<Arc<Certificate>>, QueryError> {
        let row_key = (key.0.clone(), key.1.to_string());
        let row = queries::find::<MerchantCertificate>(queries, &row_key).await?;
        let row = row.filter(|row| row.state != KeyState::Revoked);
        let parsed = row.and_then(|row| match stale {
            Some(kept) if kept.pem == row.certificate => Some((kept.certificate, kept.pem)),
            _ => parse(row),
        });
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let Some((certificate, pem)) = parsed else {
            kept.remove(&key);
            return Ok(None);
        };
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, Kept { certificate: Arc::clone(&certificate), pem, at: now });
        Ok(Some(certificate))
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
