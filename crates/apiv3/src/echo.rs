//! The self-test of signing and encryption: what the merchant sends comes back, the encrypted part
//! opened with our key and sealed for the certificate that signed.

use zeroize::Zeroizing;

use crate::error::ApiError;
use crate::fields::Fields;
use crate::keys::PrivateKey;
use crate::request::{Caller, read_body};

/// Longest message, in bytes: what one encrypted field of 2048 bits carries.
const MESSAGE_BYTES_MAX: usize = 214;

/// What is to be sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The plain message, 1 to 214 bytes.
    pub message: String,
    /// The opened message, if one was encrypted.
    pub opened: Option<Zeroizing<String>>,
    /// Where the notification goes, if one is wanted.
    pub notify_url: Option<String>,
}

impl Echo {
    /// Reads the body. `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for a field that breaks a rule, also for a field that does not open.
    pub fn parse(
        body: &[u8],
        caller: &Caller<'_>,
        key: Option<&PrivateKey>,
    ) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        Ok(Self {
            message: fields.get_text("echo_message", 1..=MESSAGE_BYTES_MAX)?.to_owned(),
            opened: fields.find_sealed("encrypted_echo_message", key)?,
            notify_url: fields.find_url("notify_url", 255, caller.url_rule)?.map(str::to_owned),
        })
    }

    /// The bytes of the answer; `sealed` is the opened message for the merchant's eyes.
    #[must_use]
    pub fn answer(&self, sealed: Option<&str>) -> Vec<u8> {
        let mut wire = serde_json::json!({ "echo_message": self.message });
        if let Some(sealed) = sealed {
            wire["encrypted_echo_message"] = sealed.into();
        }
        wire.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Location;
    use crate::issue::Issue;
    use crate::notify_url::UrlRule;
    use crate::{oaep, testing};

    fn parse(body: &serde_json::Value, key: Option<&PrivateKey>) -> Result<Echo, ApiError> {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        Echo::parse(body.to_string().as_bytes(), &caller, key)
    }

    #[test]
    fn an_encrypted_message_is_opened_with_the_key_that_was_named() {
        let key = testing::platform_key();
        let sealed = oaep::encrypt(&key.public_key(), "你好").unwrap();
        let body = serde_json::json!({"echo_message": "a", "encrypted_echo_message": sealed});
        let echo = parse(&body, Some(key)).unwrap();
        assert_eq!(echo.opened.as_ref().unwrap().as_str(), "你好");
        for (key, location, field, issue) in [
            (None, Location::Header, "Wechatpay-Serial", Issue::PlatformKey),
            (
                Some(testing::merchant_key()),
                Location::Body,
                "/encrypted_echo_message",
                Issue::Unreadable,
            ),
        ] {
            let error = parse(&body, key).unwrap_err().field_error().unwrap().clone();
            assert_eq!((error.location, error.field.as_str()), (location, field));
            assert_eq!(error.issue, issue);
        }
    }
}
