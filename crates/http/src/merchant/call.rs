//! One call as its handler gets it: who asks, for what, with which bytes.

use super::Face;
use super::fault::Fault;
use super::platform_keys::KeySet;
use super::route::Matched;
use apiv3::certificate::Certificate;
use apiv3::keys::PrivateKey;
use apiv3::oaep;
use apiv3::request::Caller;
use apiv3::sign::PlatformKey;
use axum::body::Bytes;
use std::sync::Arc;
use store::queries;

/// See the module. The signature over it holds.
pub(super) struct Call {
    pub(super) face: Arc<Face>,
    /// The merchant that signed.
    pub(super) mchid: String,
    /// What it signed with; sensitive fields of the answer are encrypted for it.
    pub(super) certificate: Arc<Certificate>,
    /// Our keys of this moment.
    pub(super) keys: Arc<KeySet>,
    /// The one of them that `Wechatpay-Serial` names; sensitive fields are encrypted for it.
    pub(super) named: Option<Arc<PlatformKey>>,
    pub(super) matched: Matched,
    pub(super) query: Option<String>,
    /// What the body is said to be.
    pub(super) content_type: Option<String>,
    /// Scheme and host that the client reached us under.
    pub(super) gateway: String,
    pub(super) body: Bytes,
    /// Names this request, the very same one again too: a hash of its `Authorization`.
    pub(super) name: [u8; 32],
    /// What a sandbox's payer shall do, as a header says; means nothing elsewhere.
    pub(super) wish: Option<String>,
}

impl Call {
    /// What reading a request needs to know of who sent it.
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller { mchid: &self.mchid, url_rule: self.face.url_rule() }
    }

    /// The query string as on the request line.
    pub(super) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// A variable of the path, decoded and checked.
    pub(super) fn variable(&self, name: &str) -> String {
        self.matched.variable(name).to_owned()
    }

    /// The key that sensitive fields of the request open with.
    pub(super) fn named_key(&self) -> Option<&PrivateKey> {
        self.named.as_ref().map(|named| &named.key)
    }

    /// A sensitive field of the answer, for who signed the request.
    pub(super) fn seal(&self, text: &str) -> Result<String, Fault> {
        let sealed = oaep::encrypt(&self.certificate.public_key, text);
        sealed.ok_or_else(|| Fault::defect("a sensitive field is too long for its key"))
    }

    /// The row of this key, if it is there.
    pub(super) async fn find<R: store::queries::Described>(
        &self,
        key: &R::Key,
    ) -> Result<Option<R>, Fault> {
        Ok(queries::find::<R>(self.face.app.queries.as_ref(), key).await?)
    }
}
