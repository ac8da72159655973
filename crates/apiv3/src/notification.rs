//! Notifications to merchants: an envelope around an encrypted resource. The bytes that are
//! built here are the ones to sign and send.

use kernel::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aead::{ALGORITHM, AeadNonce, ApiV3Key};
use crate::combined_view::CombinedView;
use crate::order::{OrderState, OrderView};
use crate::refund_view::{RefundState, RefundView};

const RESOURCE_TYPE: &str = "encrypt-resource";

/// What a notification tells: only what merchants are told of can be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    event_type: &'static str,
    summary: &'static str,
    /// Kind of the resource, which is also its associated data.
    kind: &'static str,
    resource: Vec<u8>,
}

/// Where a notification stands besides what it tells.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The same for every try of one notification, at most 36 characters.
    pub id: &'a str,
    /// When it happened.
    pub create_time: Timestamp,
    /// The receiving merchant's key.
    pub key: &'a ApiV3Key,
    /// A nonce for this try.
    pub nonce: &'a AeadNonce,
}

/// A notification that a merchant opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its id, to notice repeats.
    pub id: String,
    /// Literal of `event_type`.
    pub event_type: String,
    /// The decrypted resource, JSON.
    pub resource: Vec<u8>,
}

impl Event {
    pub(crate) fn new(
        event_type: &'static str,
        summary: &'static str,
        kind: &'static str,
        resource: Vec<u8>,
    ) -> Self {
        Self { event_type, summary, kind, resource }
    }

    /// An order was paid; `None` for an order that is not. The payment is told as it was, also
    /// when a refund followed before the merchant could be reached.
    #[must_use]
    pub fn paid(mut order: OrderView) -> Option<Self> {
        order.state = match order.state {
            OrderState::Success(payment)
            | OrderState::Refund(payment)
            | OrderState::Revoked(Some(payment)) => OrderState::Success(payment),
            OrderState::NotPaid
            | OrderState::Closed
            | OrderState::UserPaying
            | OrderState::PayError
            | OrderState::Revoked(None) => return None,
        };
        Some(Self::payment(order.to_json()))
    }

    /// A combined order was paid; `None` for one that is not.
    #[must_use]
    pub fn combined_paid(order: CombinedView) -> Option<Self> {
        order.paid().map(|order| Self::payment(order.to_json()))
    }

    fn payment(resource: Vec<u8>) -> Self {
        Self {
            event_type: "TRANSACTION.SUCCESS",
            summary: "支付成功",
            kind: "transaction",
            resource,
        }
    }

    /// A merchant hears its own message again.
    #[must_use]
    pub fn echoed(message: &str) -> Self {
        Self {
            event_type: "SECURITY_ECHO.SUCCESS",
            summary: "安全自测",
            kind: "security",
            resource: serde_json::json!({ "echo_message": message }).to_string().into_bytes(),
        }
    }

    /// A refund reached an end; `None` for one that is on its way.
    #[must_use]
    pub fn refunded(refund: &RefundView) -> Option<Self> {
        let (event_type, summary) = match refund.state {
            RefundState::Success(_) => ("REFUND.SUCCESS", "退款成功"),
            RefundState::Abnormal => ("REFUND.ABNORMAL", "退款异常"),
            RefundState::Closed => ("REFUND.CLOSED", "退款关闭"),
            RefundState::Processing => return None,
        };
        let resource = refund.to_notification_json();
        Some(Self { event_type, summary, kind: "refund", resource })
    }

    /// Literal of `event_type`.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        self.event_type
    }

    /// What a merchant finds in the resource once it decrypted it.
    #[must_use]
    pub fn into_resource(self) -> Vec<u8> {
        self.resource
    }

    /// The exact bytes of the notification's body.
    #[must_use]
    pub fn seal(&self, envelope: &Envelope<'_>) -> Vec<u8> {
        let wire = WireEnvelope {
            id: envelope.id.to_owned(),
            create_time: envelope.create_time.rfc3339(),
            event_type: self.event_type.to_owned(),
            resource_type: RESOURCE_TYPE.to_owned(),
            summary: self.summary.to_owned(),
            resource: WireResource {
                original_type: self.kind.to_owned(),
                algorithm: ALGORITHM.to_owned(),
                ciphertext: envelope.key.seal(envelope.nonce, self.kind, &self.resource),
                associated_data: self.kind.to_owned(),
                nonce: envelope.nonce.to_text(),
            },
        };
        serde_json::to_vec(&wire).expect("an envelope of strings is JSON")
    }
}

/// Opens a notification as a merchant does after it checked the signature. `None` if it has
/// another shape or another key sealed it.
#[must_use]
pub fn open(body: &[u8], key: &ApiV3Key) -> Option<Opened> {
    let wire: WireEnvelope = serde_json::from_slice(body).ok()?;
    if wire.resource_type != RESOURCE_TYPE || wire.resource.algorithm != ALGORITHM {
        return None;
    }
    let nonce = AeadNonce::parse(&wire.resource.nonce)?;
    let resource = key.open(&nonce, &wire.resource.associated_data, &wire.resource.ciphertext)?;
    Some(Opened { id: wire.id, event_type: wire.event_type, resource })
}

#[derive(Serialize, Deserialize)]
struct WireEnvelope {
    id: String,
    create_time: String,
    event_type: String,
    resource_type: String,
    summary: String,
    resource: WireResource,
}

#[derive(Serialize, Deserialize)]
struct WireResource {
    original_type: String,
    algorithm: String,
    ciphertext: String,
    associated_data: String,
    nonce: String,
}
