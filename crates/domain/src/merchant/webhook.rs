//! Where a merchant is told of what no request of its own named an address for.

use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::tx::Tx;
use crate::{record, text_enum};
use kernel::Timestamp;
use kernel::id::Hex;

text_enum!(
    /// What is told.
    WebhookKind {
        /// Complaints of payers.
        Complaint = "COMPLAINT",
        /// What it received by profit sharing, and gave back.
        ProfitSharing = "PROFIT_SHARING",
        /// What became of refunds that name no address.
        Refund = "REFUND",
    }
);

/// One address of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantWebhook {
    /// The merchant.
    pub mchid: String,
    /// What is told there.
    pub kind: WebhookKind,
    /// The address.
    pub url: String,
    /// When it was named.
    pub set_at: Timestamp,
}

record!(MerchantWebhook, "merchant_webhook", Removable, mchid: String, kind: WebhookKind);

/// Names an address, changes it, or takes it away.
#[derive(Clone, Debug)]
pub struct SetWebhook {
    /// The merchant.
    pub mchid: String,
    /// What is told there.
    pub kind: WebhookKind,
    /// What to do.
    pub change: WebhookChange,
}

/// What becomes of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// There was none, and this one is named.
    Create {
        /// The address.
        url: String,
        /// Names the merchant's request, by a hash: the very same one may come again, as clients
        /// send it that heard nothing, and is answered as before.
        request: [u8; 32],
    },
    /// There was one, and this one takes its place.
    Replace(String),
    /// This one is named, whatever was before.
    Put(String),
    /// None is named any longer.
    Remove,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetWebhookRefusal {
    /// An address is named already.
    Exists,
    /// No address is named.
    NotFound,
}

impl Refusal for SetWebhookRefusal {
    fn code(&self) -> Code {
        match self {
            Self::Exists => Code::IdempotencyConflict,
            Self::NotFound => Code::ObjectNotFound,
        }
    }
}

impl Command for SetWebhook {
    type Done = ();
    type Refusal = SetWebhookRefusal;

    fn once(&self) -> Once {
        match &self.change {
            WebhookChange::Create { request, .. } => Once::Key {
                owner: self.mchid.clone(),
                key: Hex(request).to_string(),
                fingerprint: *request,
            },
            WebhookChange::Replace(_) | WebhookChange::Put(_) | WebhookChange::Remove => {
                Once::State
            }
        }
    }

    fn owner(&self) -> String {
        self.mchid.clone()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<SetWebhookRefusal>> {
        let key = (self.mchid.clone(), self.kind);
        let known = tx.find::<MerchantWebhook>(&key)?;
        let url = match (&self.change, known) {
            (WebhookChange::Create { .. }, Some(_)) => {
                return Err(SetWebhookRefusal::Exists.into());
            }
            (WebhookChange::Replace(_) | WebhookChange::Remove, None) => {
                return Err(SetWebhookRefusal::NotFound.into());
            }
            (WebhookChange::Remove, Some(_)) => {
                tx.remove::<MerchantWebhook>(&key);
                return Ok(());
            }
            (WebhookChange::Create { url, .. }, None)
            | (WebhookChange::Replace(url), Some(_))
            | (WebhookChange::Put(url), _) => url.clone(),
        };
        let (mchid, kind) = key;
        tx.put(MerchantWebhook { mchid, kind, url, set_at: tx.now() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn only_the_very_same_request_is_the_same_creation() {
        let once = |mchid: &str, request: [u8; 32]| {
            let change = WebhookChange::Create { url: "https://a.example.com".into(), request };
            SetWebhook { mchid: mchid.into(), kind: WebhookKind::Complaint, change }.once()
        };
        assert_eq!(once("1900000001", [1; 32]), once("1900000001", [1; 32]));
        assert_ne!(once("1900000001", [1; 32]), once("1900000001", [2; 32]));
        assert_ne!(once("1900000001", [1; 32]), once("1900000002", [1; 32]));
    }

    #[test]
    fn an_address_is_created_once_replaced_and_removed() {
        let mut world = World::new();
        let mut set = |change| {
            let (mchid, kind) = ("1900000001".into(), WebhookKind::Complaint);
            world.run(&SetWebhook { mchid, kind, change })
        };
        let create = |url: &str| WebhookChange::Create { url: url.into(), request: [1; 32] };
        let (one, two) =
            ("https://a.example.com/1".to_owned(), "https://a.example.com/2".to_owned());
        assert_eq!(set(WebhookChange::Replace(one.clone())), Err(SetWebhookRefusal::NotFound));
        assert_eq!(set(WebhookChange::Remove), Err(SetWebhookRefusal::NotFound));
        set(create(&one)).unwrap();
        assert_eq!(set(create(&one)), Err(SetWebhookRefusal::Exists));
        assert_eq!(set(create(&two)), Err(SetWebhookRefusal::Exists));
        set(WebhookChange::Replace(two.clone())).unwrap();
        set(WebhookChange::Put(two.clone())).unwrap();
        let key = ("1900000001".to_owned(), WebhookKind::Complaint);
        let mut remove =
            SetWebhook { mchid: key.0.clone(), kind: key.1, change: WebhookChange::Remove };
        assert_eq!(world.get::<MerchantWebhook>(&key).url, two);
        world.run(&remove).unwrap();
        assert_eq!(world.find::<MerchantWebhook>(&key), None);
        remove.change = create(&two);
        world.run(&remove).unwrap();
    }
}
