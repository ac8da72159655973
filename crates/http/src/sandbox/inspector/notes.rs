//! What whoever serves a watched call tells of it, because its bytes alone do not.

use super::record::{Signature, XmlCall, without_codes};
use apiv3::v2::xml::Fields;
use apiv3::v2::{Diagnosis, SignType};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a message of the XML interface is about, in the order of the page.
const NAMES: [&str; 5] =
    ["out_trade_no", "transaction_id", "out_refund_no", "refund_id", "auth_code"];

/// Characters of a field that are kept.
const FIELD_CHARS_MAX: usize = 128;

/// Goes with a watched request; see the module.
#[derive(Clone, Default)]
pub(crate) struct CallNotes(Arc<Mutex<Noted>>);

#[derive(Clone, Default)]
pub(super) struct Noted {
    pub(super) signature: Option<Signature>,
    /// Who sent a message of the XML interface, whether or not it is true.
    pub(super) mchid: Option<String>,
    pub(super) xml: Option<XmlCall>,
}

impl CallNotes {
    /// How the check of the signature ended.
    pub(crate) fn signature_is(&self, signature: Signature) {
        self.lock().signature = Some(signature);
    }

    /// What a message of the XML interface says, before anything in it is believed.
    pub(crate) fn read_xml(&self, fields: &Fields) {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let short = |text: &str| text.chars().take(FIELD_CHARS_MAX).collect::<String>();
        let mut noted = self.lock();
        noted.mchid = Some(field("mch_id").chars().take(32).collect());
        let xml = noted.xml.get_or_insert_default();
        xml.sign_type = short(field("sign_type"));
        xml.checked_as = SignType::of(fields);
        xml.is_lower_case = field("sign").bytes().any(|byte| byte.is_ascii_lowercase());
        let named = NAMES.iter().filter(|name| !field(name).is_empty());
        xml.names = named.map(|name| (*name, without_codes(&short(field(name))))).collect();
    }

    /// That a sign of the XML interface does not hold, and why.
    pub(crate) fn sign_is_wrong(&self, diagnosis: Option<&Diagnosis>) {
        let mut noted = self.lock();
        noted.signature = Some(Signature::Wrong);
        noted.xml.get_or_insert_default().diagnosis = diagnosis.cloned();
    }

    /// What the answer of the XML interface says came of it: as the log has it.
    pub(crate) fn answered_xml(&self, code: &'static str) {
        self.lock().xml.get_or_insert_default().code = code;
    }

    pub(super) fn noted(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
