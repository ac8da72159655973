//! The id that makes a provider call happen once.

use std::fmt;

/// The caller's own id of a request: 1 to 64 letters, digits, `-`, `_`, `.` or `:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

/// The text is no request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 1 to 64 letters, digits, - _ . or :")]
pub struct RequestIdError;

impl RequestId {
    /// Checks and takes the text.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters.
    pub fn parse(text: impl Into<String>) -> Result<Self, RequestIdError> {
        let text = text.into();
        let plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        if text.is_empty() || text.len() > 64 || !plain {
            return Err(RequestIdError);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_leave_its_place_in_an_address_is_refused() {
        for bad in ["", "a/b", "a b", "a?b", "ü", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(bad), Err(RequestIdError), "{bad}");
        }
        assert_eq!(RequestId::parse("wd_01h-x.1:2").unwrap().as_str(), "wd_01h-x.1:2");
    }
}
