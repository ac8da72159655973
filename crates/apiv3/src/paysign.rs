//! Signatures that a merchant makes for the pay sheet: its page or app hands the wallet a
//! prepay id with them, and the wallet asks here whether the merchant really did.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::keys::PublicKey;

const PACKAGE_PREFIX: &str = "prepay_id=";

/// What a merchant's page hands over.
#[derive(Clone, Copy, Debug)]
pub struct PaySheet<'a> {
    /// The merchant's app.
    pub appid: &'a str,
    /// Unix seconds as the merchant wrote them.
    pub timestamp: &'a str,
    /// The merchant's nonce.
    pub nonce: &'a str,
    /// The prepay id, bare.
    pub prepay_id: &'a str,
    /// Base64 signature.
    pub signature: &'a str,
}

/// The prepay id in the `package` value of a page; `None` if it is another kind of package.
#[must_use]
pub fn prepay_id_of_package(package: &str) -> Option<&str> {
    package.strip_prefix(PACKAGE_PREFIX).filter(|id| !id.is_empty())
}

impl PaySheet<'_> {
    /// Whether `key` signed this for a page or mini program, where the whole package value is
    /// part of the text.
    #[must_use]
    pub fn verifies_for_page(&self, key: &PublicKey) -> bool {
        self.verifies(key, PACKAGE_PREFIX)
    }

    /// Whether `key` signed this for an app, where the bare prepay id is part of the text.
    #[must_use]
    pub fn verifies_for_app(&self, key: &PublicKey) -> bool {
        self.verifies(key, "")
    }

    fn verifies(&self, key: &PublicKey, prefix: &str) -> bool {
        // A line end inside a value would let one signature stand for other values.
        let values = [self.appid, self.timestamp, self.nonce, self.prepay_id];
        if values.iter().any(|value| value.contains('\n')) {
            return false;
        }
        let message = format!(
            "{}\n{}\n{}\n{prefix}{}\n",
            self.appid, self.timestamp, self.nonce, self.prepay_id
        );
        BASE64_STANDARD
            .decode(self.signature)
            .is_ok_and(|signature| key.verifies(&[message.as_bytes()], &signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn signed(message: &str) -> String {
        BASE64_STANDARD.encode(testing::merchant_key().sign(&[message.as_bytes()]))
    }

    #[test]
    fn page_and_app_sign_different_texts() {
        let key = testing::merchant_key().public_key();
        let page = signed("wx01\n1700000000\nabc\nprepay_id=wx2026\n");
        let app = signed("wx01\n1700000000\nabc\nwx2026\n");
        let sheet = PaySheet {
            appid: "wx01",
            timestamp: "1700000000",
            nonce: "abc",
            prepay_id: prepay_id_of_package("prepay_id=wx2026").unwrap(),
            signature: &page,
        };
        assert!(sheet.verifies_for_page(&key) && !sheet.verifies_for_app(&key));
        let sheet = PaySheet { signature: &app, ..sheet };
        assert!(sheet.verifies_for_app(&key) && !sheet.verifies_for_page(&key));
        assert!(!PaySheet { nonce: "abd", ..sheet }.verifies_for_app(&key));
        assert!(!PaySheet { signature: "x", ..sheet }.verifies_for_app(&key));
    }

    #[test]
    fn a_line_end_cannot_move_between_values() {
        let key = testing::merchant_key().public_key();
        let app = signed("wx01\n1700000000\nabc\nwx2026\n");
        let moved = PaySheet {
            appid: "wx01\n1700000000",
            timestamp: "abc",
            nonce: "wx2026",
            prepay_id: "",
            signature: &app,
        };
        assert!(!moved.verifies_for_app(&key));
        assert_eq!(prepay_id_of_package("Sign=WXPay"), None);
    }
}
