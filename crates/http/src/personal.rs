//! Personal data at the edge: sealed before it goes into a command, opened only to be shown masked
//! or compared, and found through keyed indexes.

use crate::app::AppState;
use crate::problem::Problem;
use domain::catalogue::Code;
use domain::ids::WalletId;
use domain::validate::card_number::CardNumber;
use domain::validate::phone::PhoneNumber;
use domain::wallet::DocumentKind;
use kernel::crypto;
use kernel::keys::KeyRing;
use zeroize::Zeroizing;

/// Blind index of a phone number.
pub fn phone_index(keys: &KeyRing, phone: &PhoneNumber) -> [u8; 32] {
    keys.blind_index("phone", phone.as_str())
}

/// Blind index of a card's number.
pub fn card_index(keys: &KeyRing, number: &CardNumber) -> [u8; 32] {
    keys.blind_index("card", number.digits())
}

/// Blind index of a document. `issuer` is the issuing state of a passport, whose numbers are unique
/// only there; empty for documents of one issuer.
pub fn document_index(keys: &KeyRing, kind: DocumentKind, issuer: &str, number: &str) -> [u8; 32] {
    keys.blind_index(kind.as_str(), &format!("{issuer}/{number}"))
}

/// The tags of a wallet's payment password under every live key, the newest first.
pub fn password_tags(keys: &KeyRing, wallet: WalletId, digits: &str) -> Vec<(u8, [u8; 32])> {
    let parts: [&[u8]; 2] = [&wallet.bytes(), digits.as_bytes()];
    let tag = |(version, key)| (version, crypto::keyed_hash(key, &parts));
    keys.payment_password.all().map(tag).collect()
}

impl AppState {
    /// Seals a text for its place.
    pub fn seal(&self, place: &[u8], plain: &str) -> Vec<u8> {
        let random = self.shell.seal_random();
        crypto::seal(&self.keys.personal_data, place, plain.as_bytes(), &random)
    }

    /// Seals what only a card's issuer may see, for its place. Only the worker opens it.
    pub fn seal_for_issuer(&self, place: &[u8], plain: &str) -> Vec<u8> {
        let random = self.shell.seal_random();
        crypto::seal(&self.keys.card_data, place, plain.as_bytes(), &random)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// `SYSTEM_ERROR` when it does not open: a key is missing, or the row was altered.
    pub fn unseal(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<String>, Problem> {
        let opened = crypto::open(&self.keys.personal_data, place, sealed);
        let bytes = opened.map_err(|error| {
            tracing::error!(%error, "personal data cannot be opened");
            Problem::new(Code::SystemError)
        })?;
        String::from_utf8(bytes.to_vec()).map(Zeroizing::new).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            tracing::error!("personal data is no text");
            Problem::new(Code::SystemError)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::keys;

    #[test]
    fn passports_of_two_states_with_one_number_are_two_documents() {
        let index = |kind, issuer| document_index(&keys(), kind, issuer, "E12345678");
        assert_ne!(index(DocumentKind::Passport, "CHN"), index(DocumentKind::Passport, "D"));
        assert_ne!(index(DocumentKind::Passport, ""), index(DocumentKind::ResidentId, ""));
    }

    #[test]
    fn one_password_has_another_tag_for_another_wallet() {
        let wallet = |byte| WalletId::from_bytes([byte; 16]);
        let tags = |byte, digits| password_tags(&keys(), wallet(byte), digits);
        assert_eq!(tags(1, "739204"), tags(1, "739204"));
        assert_ne!(tags(1, "739204"), tags(2, "739204"));
        assert_ne!(tags(1, "739204"), tags(1, "739205"));
    }
}
