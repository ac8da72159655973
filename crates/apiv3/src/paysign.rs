//! Signatures that a merchant makes for the pay sheet: its page or app hands the wallet a
//! prepay id with them, and the wallet asks here whether the merchant really did.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::keys::{PrivateKey, PublicKey};

const PACKAGE_PREFIX: &str = "prepay_id=";

/// Who hands the prepay id over: each signs a text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayCaller {
    /// A page or mini program, which signs its whole `package` value.
    Page,
    /// An app, which signs the bare prepay id.
    App,
}

/// What a merchant signs.
#[derive(Clone, Copy, Debug)]
pub struct PaySheet<'a> {
    /// The merchant's app; a service provider may take the sub-merchant's.
    pub appid: &'a str,
    /// Unix seconds as the merchant wrote them.
    pub timestamp: &'a str,
    /// The merchant's nonce.
    pub nonce: &'a str,
    /// The prepay id, bare.
    pub prepay_id: &'a str,
}

/// The prepay id in the `package` value of a page; `None` if it is another kind of package.
#[must_use]
pub fn prepay_id_of_package(package: &str) -> Option<&str> {
    package.strip_prefix(PACKAGE_PREFIX).filter(|id| !id.is_empty())
}

impl PaySheet<'_> {
    /// Signs as a merchant's server does: the value of `paySign` (page) or `sign` (app). `None` if
    /// a value holds a line end.
    #[must_use]
    pub fn sign(&self, caller: PayCaller, key: &PrivateKey) -> Option<String> {
        let message = self.message(caller)?;
        Some(BASE64_STANDARD.encode(key.sign(&[message.as_bytes()])))
    }

    /// Whether the private half of `key` signed this.
    #[must_use]
    pub fn verifies(&self, caller: PayCaller, key: &PublicKey, signature: &str) -> bool {
        let Some(message) = self.message(caller) else { return false };
        BASE64_STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verifies(&[message.as_bytes()], &signature))
    }

    /// The signed text; `None` if a value holds a line end, which would let one signature stand for
    /// other values.
    #[must_use]
    pub fn message(&self, caller: PayCaller) -> Option<String> {
        let Self { appid, timestamp, nonce, prepay_id } = self;
        if [appid, timestamp, nonce, prepay_id].iter().any(|value| value.contains('\n')) {
            return None;
        }
        let prefix = match caller {
            PayCaller::Page => PACKAGE_PREFIX,
            PayCaller::App => "",
        };
        Some(format!("{appid}\n{timestamp}\n{nonce}\n{prefix}{prepay_id}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// A merchant's public key, and what another library signed with its private half, which was
    /// thrown away.
    const PUBLIC_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp6Bk/3NQnmcIeZJk0H+e
ew8/XUJ8q0JMChZrtyrgmVwQM+L7StbXSFweuowYP2Bz5z9tLdysPx00NzzXOjha
KzipfeVTCW6VceXMKDpbCAP8U5lynIvGVQxPpSXLvV4HXjz8ahiYxh1fwKkaxuDT
QtfLTKHewROQKEehNrnD19VwDv72HgNvuKwNP73Ui+HJc9PtLzEjkiJSpHJSidqq
xKx82PMjLWoU5YRp/7GWNTIl5V3DJ6e3eFiSH0ibdnpGbNBBr22oSveFsq1a05KN
VXplV0gAqY+sQgIFxMou3PLHwGp8BYwsTah7RSXavei0h3FRJML3YCbG9tHNa6Bv
twIDAQAB
-----END PUBLIC KEY-----
";
    const PAGE_SIGNATURE: &str = "\
O1vrVbgY7yNAaUaTJsJSQGA/ihDQnO/bt+0XoM6PRU9DyJQXHC1bAoQ4FYCapdc5lygIwDkhl4evsd5Cp6ZSMnaq\
0JUFiVerWeZBai0cSKvPuZoGWIltGeqpMO4cWO9QdPfRRtr/hhK2XoHupvNKEU4tl7q35bBfcgbxsFS+Wwi0aT8T\
m5kp+CTWMyFFRanChq7pr0wL2+S8kRan4H3ragetsA9mnj1/JH8eCmeTwJ7vhr/k8bFZ+C1FaXelcnLpTtiugglx\
ElR6FjvFcGhyLGyuOZ/XZ8QplZiGaDINSiMZ21pAC+at82tjubVIxtqQaJQ1XuiZJOEe/ik+QK2YlQ==";
    const APP_SIGNATURE: &str = "\
aC4YEyTgJg34e0gwowUjGGGFxmFF+Ioka/mdaikw2PFqX5TOxZbE0+l5TjXGTdt0grS9w+8r8Exyl92BoCtyorr1\
LcN8vNni8HOV3e6zYoPzGlYe7PUtktzqRw+0dn1DuRxmMAFNockuPCv3g+h4jj8u/bm8Q1g5jk3z162fyETTyKD4\
AnVossTcITw9c1Ea10ntMY1ir2269W8sZQPLdnf1kE+wulRG4M+ytK+j9w19CTU5hzbziWxLYecTYlrOB1BSeigC\
kagdcaCJWN+Oybpot8gCLcBNx7scuPUjORAot0dEm6cng7AG0Oe8xJT3x/nfx1SUD2rEL8YXutu3Zg==";

    const SHEET: PaySheet<'_> = PaySheet {
        appid: "wx0123456789abcdef",
        timestamp: "1700000000",
        nonce: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
        prepay_id: "wx202611211805090123456789abcdef0123",
    };

    #[test]
    fn signatures_of_another_library_hold_for_their_own_caller() {
        let key = PublicKey::from_pem(PUBLIC_PEM).unwrap();
        for (caller, other, signature) in [
            (PayCaller::Page, PayCaller::App, PAGE_SIGNATURE),
            (PayCaller::App, PayCaller::Page, APP_SIGNATURE),
        ] {
            assert!(SHEET.verifies(caller, &key, signature));
            assert!(!SHEET.verifies(other, &key, signature));
            let changed = PaySheet { nonce: "abd", ..SHEET };
            assert!(!changed.verifies(caller, &key, signature));
        }
        assert!(!SHEET.verifies(PayCaller::Page, &key, "x"));
    }

    #[test]
    fn what_a_merchant_signs_is_accepted() {
        let (key, public) = (testing::merchant_key(), testing::merchant_key().public_key());
        for caller in [PayCaller::Page, PayCaller::App] {
            let signature = SHEET.sign(caller, key).unwrap();
            assert!(SHEET.verifies(caller, &public, &signature));
        }
        let package = format!("prepay_id={}", SHEET.prepay_id);
        assert_eq!(prepay_id_of_package(&package), Some(SHEET.prepay_id));
    }

    #[test]
    fn a_line_end_cannot_move_between_values() {
        let (key, public) = (testing::merchant_key(), testing::merchant_key().public_key());
        let signature = SHEET.sign(PayCaller::App, key).unwrap();
        let joined = format!("{}\n{}", SHEET.appid, SHEET.timestamp);
        let moved = PaySheet {
            appid: &joined,
            timestamp: SHEET.nonce,
            nonce: SHEET.prepay_id,
            prepay_id: "",
        };
        assert!(!moved.verifies(PayCaller::App, &public, &signature));
        assert_eq!(moved.sign(PayCaller::App, key), None);
        assert_eq!(prepay_id_of_package("Sign=WXPay"), None);
    }
}
