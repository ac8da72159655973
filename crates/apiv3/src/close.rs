//! Closing an order: the body names the merchant and nothing else. The answer is 204, empty.

use crate::error::ApiError;
use crate::fields::Fields;
use crate::request::{Caller, check_mchid, read_body, refuse_partner_fields};

/// Checks the body of a close call.
///
/// # Errors
/// PARAM_ERROR if the body is malformed or names another merchant than the one that signed;
/// NO_AUTH for a service provider's call.
pub fn check_body(body: &[u8], caller: &Caller<'_>) -> Result<(), ApiError> {
    let body = read_body(body)?;
    let fields = Fields::top(&body);
    refuse_partner_fields(&fields)?;
    Ok(check_mchid(&fields, caller)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::notify_url::UrlRule;

    #[test]
    fn the_body_names_the_merchant_that_signed() {
        let caller = Caller { mchid: "1900000001", url_rule: UrlRule::Public };
        let check = |body: &str| check_body(body.as_bytes(), &caller).map_err(|error| error.code);
        assert_eq!(check(r#"{"mchid":"1900000001"}"#), Ok(()));
        for bad in ["", "{}", "[]", r#"{"mchid":"1900000002"}"#, r#"{"mchid":1900000001}"#] {
            assert_eq!(check(bad), Err(Code::ParamError), "{bad}");
        }
        assert_eq!(check(r#"{"sp_mchid":"1","sub_mchid":"2"}"#), Err(Code::NoAuth));
    }
}
