//! Closing an order: the body names the merchants and nothing else. The answer is 204, empty.

use crate::error::ApiError;
use crate::fields::Fields;
use crate::request::{Caller, Mode, read_body, read_merchants};

/// Checks the body of a close call, and gives the sub-merchant of a service provider's.
///
/// # Errors
/// PARAM_ERROR if the body is malformed or names another merchant than the one that signed;
/// NO_AUTH for a service provider's fields in a direct call.
pub fn read_sub_mchid(
    mode: Mode,
    body: &[u8],
    caller: &Caller<'_>,
) -> Result<Option<String>, ApiError> {
    let body = read_body(body)?;
    read_merchants(mode, &Fields::top(&body), caller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::notify_url::UrlRule;

    fn read(mode: Mode, body: &str) -> Result<Option<String>, Code> {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        read_sub_mchid(mode, body.as_bytes(), &caller).map_err(|error| error.code)
    }

    #[test]
    fn the_body_names_the_merchant_that_signed() {
        assert_eq!(read(Mode::Direct, r#"{"mchid":"1900000001"}"#), Ok(None));
        for bad in ["", "{}", "[]", r#"{"mchid":"1900000002"}"#, r#"{"mchid":1900000001}"#] {
            assert_eq!(read(Mode::Direct, bad), Err(Code::ParamError), "{bad}");
        }
        let partner = r#"{"sp_mchid":"1900000001","sub_mchid":"2"}"#;
        assert_eq!(read(Mode::Direct, partner), Err(Code::NoAuth));
        assert_eq!(read(Mode::Partner, partner), Ok(Some("2".into())));
        for bad in [r#"{"mchid":"1900000001"}"#, r#"{"sp_mchid":"1900000001"}"#] {
            assert_eq!(read(Mode::Partner, bad), Err(Code::ParamError), "{bad}");
        }
    }
}
