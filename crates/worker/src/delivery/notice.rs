//! A fact as a notification: what the merchant is told, sealed with its key and signed with ours.

use super::courier::Content;
use crate::egress::Yes;
use crate::pulse::Pulse;
use crate::shell::{self, Instant, Shell};
use apiv3::aead::AeadNonce;
use apiv3::combined_view::CombinedView;
use apiv3::notification::{Envelope, Event};
use apiv3::order::OrderView;
use apiv3::refund_view::{RefundState, RefundView};
use apiv3::sealed::{open_apiv3_key, open_platform_key};
use apiv3::sign::{self, PlatformKey};
use apiv3::signers::{Signers, Signing, Unsigned};
use domain::fact::{Fact, FactKind};
use domain::merchant::{
    self, Merchant, MerchantWebhook, NotificationKey, PlatformKeyKind, SecurityEcho, WebhookKind,
};
use domain::merchant_transfer::MerchantTransfer;
use domain::order::{CombinedOrder, Order};
use domain::refund::{NoticeForm, Refund};
use domain::transfer_batch::TransferBatch;
use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};
use kernel::Timestamp;
use kernel::keys::KeyRing;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::queries::{find, find_with, select};
use store::{Queries, QueryError};

mod complaint;
mod profit;
mod till;

/// How long a platform key is used before it is looked up again.
const KEY_KEPT: Duration = Duration::from_secs(5);

/// A notification ready to be posted.
pub(crate) struct Notice {
    /// The address that the merchant named.
    pub(crate) url: String,
    /// Signature and content type.
    pub(crate) headers: HeaderMap,
    /// The exact bytes that are signed.
    pub(crate) body: Vec<u8>,
    /// The same, readable.
    pub(crate) content: Content,
    /// What acknowledges it.
    pub(crate) yes: Yes,
}

/// Why a notification could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmade {
    /// The database did not answer; nothing is known.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// What is stored does not make a notification: a defect, which an operator has to look at.
    #[error("{0}")]
    Defect(String),
}

/// What is told.
enum Told {
    /// In JSON, sealed and signed.
    Event(Event),
    /// A refund, as tills understand it.
    Till(Box<RefundView>),
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl Told {
    /// The end of a refund; `None` when it has not ended.
    fn of(refund: RefundView, form: NoticeForm) -> Option<Self> {
        match (refund.state, form) {
            (RefundState::Processing, _) => None,
            (_, NoticeForm::Json) => Event::refunded(&refund).map(Self::Event),
            (_, NoticeForm::Xml) => Some(Self::Till(Box::new(refund))),
        }
    }
}

/// The newest active key of each kind.
#[derive(Clone, Default)]
struct Newest {
    certificate: Option<Arc<PlatformKey>>,
    public_key: Option<Arc<PlatformKey>>,
}

/// See the module.
pub(crate) struct Notices {
    queries: Arc<dyn Queries>,
    keys: Arc<KeyRing>,
    shell: Arc<dyn Shell>,
    signers: Arc<Signers>,
    pulse: Pulse,
    newest: Mutex<Option<(Instant, Newest)>>,
}

impl Notices {
    pub(crate) fn new(
        queries: Arc<dyn Queries>,
        keys: Arc<KeyRing>,
        shell: Arc<dyn Shell>,
        signers: Arc<Signers>,
        pulse: Pulse,
    ) -> Self {
        Self { queries, keys, shell, signers, pulse, newest: Mutex::new(None) }
    }

    /// The notification of a fact; `None` when the merchant wants none.
    pub(crate) async fn of(&self, fact: &Fact) -> Result<Option<Notice>, Unmade> {
        // Both at once: of two queries that wait, the second needs no reader to be woken.
        let merchant = find_with(self.queries.as_ref(), &fact.mchid, "b.mchid = a.mchid");
        let (told, merchant) = tokio::join!(self.told(fact), merchant);
        let Some((url, told)) = told? else { return Ok(None) };
        let event = match told {
            Told::Event(event) => event,
            Told::Till(refund) => return self.till_notice(url, &refund, fact).await.map(Some),
        };
        let (merchant, chosen): (Merchant, _) =
            merchant?.ok_or_else(|| absent("merchant", fact))?;
        let key = open_apiv3_key(&self.keys.personal_data, &merchant)
            .map_err(|error| defect("APIv3 key", error, fact))?;
        let id = fact.notification_id();
        let body = event.seal(&Envelope {
            id: &id,
            create_time: fact.at,
            key: &key,
            nonce: &AeadNonce::from_random(shell::random(self.shell.as_ref())),
        });
        let kind = kind_of_key(&merchant, chosen.as_ref(), &id, self.pulse.now());
        let signer = self.signer(kind, fact).await?;
        let headers = self.headers(signer, &body).await;
        let headers = headers.ok_or_else(|| absent("signature", fact))?;
        let content = Content { event_type: event.event_type(), resource: event.into_resource() };
        Ok(Some(Notice { url, headers, body, content, yes: Yes::Status }))
    }

    async fn told(&self, fact: &Fact) -> Result<Option<(String, Told)>, Unmade> {
        let queries = self.queries.as_ref();
        let key = (fact.mchid.clone(), fact.subject.clone());
        match fact.kind {
            FactKind::PaymentSucceeded => {
                let order = find::<Order>(queries, &key).await?;
                let order = order.ok_or_else(|| absent("order", fact))?;
                let event = OrderView::of(&order, fact.at).and_then(Event::paid);
                let event = event.ok_or_else(|| absent("payment of the order", fact))?;
                Ok(order.notify_url.map(|url| (url, event.into())))
            }
            FactKind::CombinedPaymentSucceeded => {
                let (url, event) = combined_event(queries, &key, fact).await?;
                Ok(Some((url, event.into())))
            }
            FactKind::SecurityEchoed => {
                let echo = find::<SecurityEcho>(queries, &key).await?;
                let echo = echo.ok_or_else(|| absent("message", fact))?;
                Ok(Some((echo.notify_url, Event::echoed(&echo.message).into())))
            }
            FactKind::RefundSucceeded | FactKind::RefundAbnormal | FactKind::RefundClosed => {
                let refund = find::<Refund>(queries, &key).await?;
                let refund = refund.ok_or_else(|| absent("refund", fact))?;
                let view = RefundView::of(&refund).map(|view| as_told(view, fact.kind));
                let told = view.and_then(|view| Told::of(view, refund.notice_form));
                let told = told.ok_or_else(|| absent("end of the refund", fact))?;
                Ok(self.refund_url(&refund, fact).await?.map(|url| (url, told)))
            }
            FactKind::MerchantTransferEnded => {
                let transfer = find::<MerchantTransfer>(queries, &key).await?;
                let transfer = transfer.ok_or_else(|| absent("transfer", fact))?;
                let event = Event::transfer_ended(&transfer);
                let event = event.ok_or_else(|| absent("end of the transfer", fact))?;
                Ok(transfer.notify_url.map(|url| (url, event.into())))
            }
            FactKind::TransferBatchEnded => {
                let batch = find::<TransferBatch>(queries, &key).await?;
                let batch = batch.ok_or_else(|| absent("batch", fact))?;
                let event = Event::batch_ended(&batch);
                Ok(batch.notify_url.map(|url| (url, event.into())))
            }
            FactKind::ProfitShared | FactKind::ProfitReturned => {
                let Some(url) = self.hook(fact, WebhookKind::ProfitSharing).await? else {
                    return Ok(None);
                };
                Ok(Some((url, profit::event(queries, fact).await?.into())))
            }
            FactKind::ComplaintCreated | FactKind::ComplaintChanged => {
                let Some(url) = self.hook(fact, WebhookKind::Complaint).await? else {
                    return Ok(None);
                };
                Ok(Some((
                    url,
                    complaint::event(queries, &self.keys, fact, self.shell.now()).await?.into(),
                )))
            }
        }
    }

    /// Where a refund is told: at its own address, or at the merchant's. What a reversal gave back
    /// is told nowhere.
    async fn refund_url(&self, refund: &Refund, fact: &Fact) -> Result<Option<String>, QueryError> {
        match &refund.notify_url {
            Some(url) => Ok(Some(url.clone())),
            None if refund.is_of_reversal() => Ok(None),
            None => self.hook(fact, WebhookKind::Refund).await,
        }
    }

    /// Where a merchant is told of what no request of its own named an address for.
    async fn hook(&self, fact: &Fact, kind: WebhookKind) -> Result<Option<String>, QueryError> {
        let key = (fact.mchid.clone(), kind);
        let hook = find::<MerchantWebhook>(self.queries.as_ref(), &key).await?;
        Ok(hook.map(|hook| hook.url))
    }

    async fn headers(&self, key: Arc<PlatformKey>, body: &[u8]) -> Option<HeaderMap> {
        let nonce = sign::nonce(shell::random(self.shell.as_ref()));
        let timestamp_s = self.shell.now().seconds();
        let unsigned = Unsigned { key, body: body.to_vec(), nonce, timestamp_s };
        let signed = self.signers.sign(Signing::Notification, unsigned).await?;
        let request_id = sign::request_id(shell::random(self.shell.as_ref()), 0);
        let mut headers = HeaderMap::new();
        let ours = [("Request-ID", request_id.as_str())];
        for (name, value) in signed.pairs().into_iter().chain(ours) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("these names are tokens");
            let value = HeaderValue::from_str(value).expect("these values are visible ASCII");
            headers.insert(name, value);
        }
        headers.extend(common_headers("application/json"));
        Some(headers)
    }

    /// The key that a merchant's notifications are signed with: of this kind, or of the other where
    /// there is none of it.
    async fn signer(&self, kind: PlatformKeyKind, fact: &Fact) -> Result<Arc<PlatformKey>, Unmade> {
        let Newest { certificate, public_key } = self.newest(fact).await?;
        let signer = match kind {
            PlatformKeyKind::Certificate => certificate.or(public_key),
            PlatformKeyKind::PublicKey => public_key.or(certificate),
        };
        signer.ok_or_else(|| absent("platform key", fact))
    }

    async fn newest(&self, fact: &Fact) -> Result<Newest, Unmade> {
        if let Some((until, newest)) = self.kept().as_ref()
            && *until > shell::instant()
        {
            return Ok(newest.clone());
        }
        let condition = "state = 'ACTIVE' ORDER BY not_before DESC";
        let rows: Vec<merchant::PlatformKey> =
            select(self.queries.as_ref(), condition, Vec::new()).await?;
        let of_kind = |kind| {
            let row = rows.iter().find(|row| row.kind == kind);
            let key = row.map(|row| open_platform_key(&self.keys.personal_data, row));
            key.transpose().map_err(|error| defect("platform key", error, fact))
        };
        let newest = Newest {
            certificate: of_kind(PlatformKeyKind::Certificate)?.map(Arc::new),
            public_key: of_kind(PlatformKeyKind::PublicKey)?.map(Arc::new),
        };
        *self.kept() = Some((shell::instant() + KEY_KEPT, newest.clone()));
        Ok(newest)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Newest)>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a merchant chose, a certificate if it did not, and the bare key if it knows no other.
/// During a gradual change the notification decides, and business time.
fn kind_of_key(
    merchant: &Merchant,
    chosen: Option<&NotificationKey>,
    id: &str,
    now: Timestamp,
) -> PlatformKeyKind {
    match chosen {
        _ if merchant.public_key_only => PlatformKeyKind::PublicKey,
        Some(chosen) => chosen.kind_for(id, now),
        None => PlatformKeyKind::Certificate,
    }
}

fn common_headers(content_type: &'static str) -> HeaderMap {
    let pairs = [
        (header::CONTENT_TYPE, content_type),
        (header::ACCEPT, "*/*"),
        (header::USER_AGENT, "Mozilla/4.0"),
    ];
    pairs.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// A refund as it stood when the fact happened: one that was abnormal may have arrived since.
fn as_told(refund: RefundView, kind: FactKind) -> RefundView {
    match kind {
        FactKind::RefundAbnormal => RefundView { state: RefundState::Abnormal, ..refund },
        _ => refund,
    }
}

async fn combined_event(
    queries: &dyn Queries,
    key: &(String, String),
    fact: &Fact,
) -> Result<(String, Event), Unmade> {
    let order = find::<CombinedOrder>(queries, key).await?;
    let order = order.ok_or_else(|| absent("combined order", fact))?;
    let parts = store::queries::combined_parts(queries, key).await?;
    let view = CombinedView::of(&order, &parts, fact.at);
    let event = view.and_then(Event::combined_paid);
    let event = event.ok_or_else(|| absent("payment of the combined order", fact))?;
    Ok((order.notify_url, event))
}

fn absent(what: &str, fact: &Fact) -> Unmade {
    Unmade::Defect(format!("no {what} for fact {}/{}", fact.batch, fact.place))
}

fn defect(what: &str, error: impl std::fmt::Display, fact: &Fact) -> Unmade {
    Unmade::Defect(format!("{what} of fact {}/{}: {error}", fact.batch, fact.place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::merchant::MerchantState;
    use kernel::time::DAY;

    #[test]
    fn who_knows_the_bare_key_alone_is_told_by_it_whatever_was_chosen() {
        let mut merchant = Merchant {
            mchid: "1900000001".into(),
            name: "Tea house".into(),
            state: MerchantState::Active,
            fee_bp: 0,
            balance_account: 1,
            apiv3_key: Vec::new(),
            allows_profit_return: false,
            public_key_only: false,
            transfer_scenes: String::new(),
            approves_batches: false,
            added_at: Timestamp::default(),
        };
        let chosen = |kind| {
            let mchid = "1900000001".into();
            Some(NotificationKey { mchid, kind, gradual_since: None })
        };
        let now = Timestamp::default();
        let kind_of_key = |merchant: &Merchant, chosen: Option<NotificationKey>| {
            super::kind_of_key(merchant, chosen.as_ref(), "1", now)
        };
        let (bare, certificate) = (PlatformKeyKind::PublicKey, PlatformKeyKind::Certificate);
        assert_eq!(kind_of_key(&merchant, None), certificate);
        assert_eq!(kind_of_key(&merchant, chosen(bare)), bare);
        let gradual = NotificationKey { gradual_since: Some(now), ..chosen(bare).unwrap() };
        let at = |day: i64| {
            let now = now.plus(day * DAY);
            super::kind_of_key(&merchant, Some(&gradual), "notification", now)
        };
        assert_eq!((at(0), at(6)), (certificate, bare), "sent again, by what signs now");
        merchant.public_key_only = true;
        for chosen in [None, chosen(certificate), chosen(bare)] {
            assert_eq!(kind_of_key(&merchant, chosen), bare);
        }
    }
}
