//! What all requests share: who calls, how a body is read, which texts are numbers of a
//! merchant, and variables of path and query.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::code::Code;
use crate::error::{ApiError, FieldError, Location};
use crate::fields::{Fields, check_length};
use crate::issue::Issue;
use crate::notify_url::UrlRule;
use crate::strict_json::{self, Limits, TextRange};
use crate::target::percent_decode;

/// What a request body of the merchant API may be.
pub const BODY_LIMITS: Limits =
    Limits { bytes_max: 64 * 1024, depth_max: 16, text: TextRange::BasicPlane };

/// The merchant that signed the request, and what its server may do for it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Merchant number of the verified `Authorization`.
    pub mchid: &'a str,
    /// Which `notify_url` is accepted.
    pub url_rule: UrlRule,
}

/// In whose name a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A merchant for itself.
    Direct,
    /// A service provider for a sub-merchant.
    Partner,
}

/// Fields that only service providers send.
const PARTNER_FIELDS: [&str; 4] = ["sp_mchid", "sub_mchid", "sp_appid", "sub_appid"];

const PROVIDER_ONLY: ApiError = ApiError::saying(
    Code::NoAuth,
    "此接口不支持服务商参数，请使用服务商接口",
    "this call takes no service provider's fields: use the partner's",
);

pub(crate) fn read_body(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    strict_json::read_object(body, &BODY_LIMITS).map_err(|error| {
        FieldError::new(Location::Body, error.pointer, None, Issue::Json(error.fault)).into()
    })
}

/// Longest body of a call that lists very much.
pub const LARGE_BYTES_MAX: usize = 1024 * 1024;

/// Reads the body of a call that lists very much.
pub(crate) fn read_large_body(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let limits = Limits { bytes_max: LARGE_BYTES_MAX, ..BODY_LIMITS };
    strict_json::read_object(body, &limits).map_err(|error| {
        FieldError::new(Location::Body, error.pointer, None, Issue::Json(error.fault)).into()
    })
}

/// Refuses what only a service provider may ask.
fn refuse_partner_fields(fields: &Fields<'_>) -> Result<(), ApiError> {
    if PARTNER_FIELDS.iter().any(|name| fields.has(name)) {
        return Err(PROVIDER_ONLY);
    }
    Ok(())
}

/// Reads the fields of a call that merchants make for themselves only.
pub(crate) fn read_own<T>(
    body: &Map<String, Value>,
    read: impl FnOnce(&Fields<'_>) -> Result<T, FieldError>,
) -> Result<T, ApiError> {
    let fields = Fields::top(body);
    refuse_partner_fields(&fields)?;
    Ok(read(&fields)?)
}

/// Reads `mchid`, which must be the merchant that signed.
pub(crate) fn check_mchid(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<(), FieldError> {
    if fields.get_text("mchid", 1..=32)? != caller.mchid {
        return Err(fields.fault("mchid", Issue::OtherMerchant));
    }
    Ok(())
}

/// Reads who asks, who must have signed, and for which sub-merchant.
pub(crate) fn read_merchants(
    mode: Mode,
    fields: &Fields<'_>,
    caller: &Caller<'_>,
) -> Result<Option<String>, ApiError> {
    match mode {
        Mode::Direct => {
            refuse_partner_fields(fields)?;
            check_mchid(fields, caller)?;
            Ok(None)
        }
        Mode::Partner => {
            if fields.get_text("sp_mchid", 1..=32)? != caller.mchid {
                return Err(fields.fault("sp_mchid", Issue::OtherMerchant).into());
            }
            Ok(Some(fields.get_text("sub_mchid", 1..=32)?.to_owned()))
        }
    }
}

/// A merchant's order number: 6 to 32 letters, digits, `_` `-` `*` `|`.
pub(crate) fn check_out_trade_no(text: &str) -> Result<(), Issue> {
    check_length(text, 6..=32)?;
    check_alphabet(text, b"_-*|", "[0-9A-Za-z_-*|]")
}

/// A merchant's refund number: 1 to 64 letters, digits, `_` `-` `*` `@` `|`.
pub(crate) fn check_out_refund_no(text: &str) -> Result<(), Issue> {
    check_length(text, 1..=64)?;
    check_alphabet(text, b"_-*@|", "[0-9A-Za-z_-*@|]")
}

/// The platform's number of a payment: 1 to 32 letters and digits.
pub(crate) fn check_transaction_id(text: &str) -> Result<(), Issue> {
    check_length(text, 1..=32)?;
    check_alphabet(text, b"", "[0-9A-Za-z]")
}

/// The id of an uploaded file: 1 to 256 letters, digits, `_` and `-`.
///
/// # Errors
/// The rule that it breaks.
pub fn check_media_id(text: &str) -> Result<(), Issue> {
    check_length(text, 1..=256)?;
    check_alphabet(text, b"_-", "[0-9A-Za-z_-]")
}

/// A number of letters and digits; `bytes` bounds its length.
pub(crate) fn check_number(text: &str, bytes: RangeInclusive<usize>) -> Result<(), Issue> {
    check_length(text, bytes)?;
    check_alphabet(text, b"", "[0-9A-Za-z]")
}

pub(crate) fn check_alphabet(text: &str, extra: &[u8], shown: &'static str) -> Result<(), Issue> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
    if text.bytes().all(known) { Ok(()) } else { Err(Issue::Alphabet(shown)) }
}

/// Checks a variable of a path, percent-decoded, by the rule of its name.
///
/// # Errors
/// PARAM_ERROR with the location `uri_template`; also for a name that has no rule.
pub fn check_path_variable(name: &str, decoded: &str) -> Result<(), ApiError> {
    let checked = match name {
        "out_trade_no" => check_out_trade_no(decoded),
        "out_refund_no" => check_out_refund_no(decoded),
        "transaction_id" => check_transaction_id(decoded),
        "combine_out_trade_no" => check_out_trade_no(decoded),
        "complaint_id" => check_number(decoded, 1..=64),
        "media_id" => check_media_id(decoded),
        "out_batch_no" | "out_detail_no" => check_number(decoded, 1..=32),
        "batch_id" | "detail_id" => check_number(decoded, 1..=64),
        "refund_id" => check_number(decoded, 1..=32),
        "out_bill_no" => check_number(decoded, 1..=32),
        "transfer_bill_no" => check_number(decoded, 1..=64),
        "out_order_no" | "out_return_no" => check_out_refund_no(decoded),
        "sub_mchid" => check_number(decoded, 1..=32),
        _ => Err(Issue::Alphabet("[]")),
    };
    checked.map_err(|issue| {
        let value = Value::from(decoded);
        FieldError::new(Location::UriTemplate, name.to_owned(), Some(&value), issue).into()
    })
}

/// Variables of a query string. Unknown ones are let through, known ones may occur once.
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn new(raw: Option<&'a str>) -> Self {
        Self(raw.unwrap_or_default())
    }

    /// The decoded value of a variable, if it is there.
    pub(crate) fn find(&self, name: &str) -> Result<Option<String>, FieldError> {
        let mut found = None;
        for pair in self.0.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if key != name {
                continue;
            }
            let text = percent_decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| Self::fault(name, None, Issue::Encoding))?;
            if found.replace(text).is_some() {
                return Err(Self::fault(name, None, Issue::Twice));
            }
        }
        Ok(found)
    }

    /// The decoded value of a variable that must be there.
    pub(crate) fn get(&self, name: &str) -> Result<String, FieldError> {
        self.find(name)?.ok_or_else(|| Self::fault(name, None, Issue::Missing))
    }

    /// The whole number of a variable, or the usual one.
    pub(crate) fn integer(
        &self,
        name: &str,
        usual: i64,
        range: RangeInclusive<i64>,
    ) -> Result<i64, FieldError> {
        let Some(text) = self.find(name)? else { return Ok(usual) };
        let fault = |issue| Self::fault(name, Some(&text), issue);
        match text.parse().map_err(|_| fault(Issue::Type("integer")))? {
            low if low < *range.start() => Err(fault(Issue::BelowMinimum(*range.start()))),
            high if high > *range.end() => Err(fault(Issue::AboveMaximum(*range.end()))),
            fits => Ok(fits),
        }
    }

    pub(crate) fn fault(name: &str, value: Option<&str>, issue: Issue) -> FieldError {
        let value = value.map(Value::from);
        FieldError::new(Location::Query, name.to_owned(), value.as_ref(), issue)
    }
}

/// Reads the query string of a call that names its merchant, and its sub-merchant.
///
/// # Errors
/// PARAM_ERROR if a name is missing, repeated or not the merchant that signed; NO_AUTH for a
/// service provider's variables in a direct call.
pub fn read_query_merchants(
    mode: Mode,
    raw: Option<&str>,
    caller: &Caller<'_>,
) -> Result<Option<String>, ApiError> {
    let query = Query::new(raw);
    let signer = match mode {
        Mode::Direct => {
            refuse_partner_query(raw)?;
            "mchid"
        }
        Mode::Partner => "sp_mchid",
    };
    let mchid = query.get(signer)?;
    if mchid != caller.mchid {
        return Err(Query::fault(signer, Some(&mchid), Issue::OtherMerchant).into());
    }
    match mode {
        Mode::Direct => Ok(None),
        Mode::Partner => Ok(Some(query.get("sub_mchid")?)),
    }
}

/// Reads the sub-merchant of a query that a merchant may make for itself as well.
///
/// # Errors
/// PARAM_ERROR if it occurs twice or its encoding is broken.
pub fn find_query_sub_mchid(raw: Option<&str>) -> Result<Option<String>, ApiError> {
    Ok(Query::new(raw).find("sub_mchid")?)
}

/// Refuses a service provider's variables.
///
/// # Errors
/// NO_AUTH if there is one; PARAM_ERROR if one occurs twice or its encoding is broken.
pub fn refuse_partner_query(raw: Option<&str>) -> Result<(), ApiError> {
    let query = Query::new(raw);
    for name in PARTNER_FIELDS {
        if query.find(name)?.is_some() {
            return Err(PROVIDER_ONLY);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: Caller<'_> = Caller { mchid: "1900000001", url_rule: UrlRule::Public };

    fn issue(error: &ApiError) -> (String, Location, Issue) {
        let error = error.field_error().unwrap().clone();
        (error.field, error.location, error.issue)
    }

    #[test]
    fn a_path_variable_is_checked_in_bytes_and_characters() {
        let number = |text| check_path_variable("out_trade_no", text);
        assert_eq!(number("T2026_-*|1"), Ok(()));
        let short = number("1234").unwrap_err();
        assert_eq!(short.field_error().unwrap().value, Some(Value::from(4)));
        for bad in ["1234567@", "12345 6", "订单订单", "123456%7C"] {
            let (field, location, found) = issue(&number(bad).unwrap_err());
            assert_eq!((field.as_str(), location), ("out_trade_no", Location::UriTemplate));
            assert!(matches!(found, Issue::Alphabet(_)), "{bad}");
        }
        let refund = |text| check_path_variable("out_refund_no", text);
        assert!(refund("r@1").is_ok() && refund("").is_err());
        let payment = |text| check_path_variable("transaction_id", text);
        assert!(payment("4200").is_ok() && payment("42-").is_err());
    }

    #[test]
    fn the_query_names_the_merchant_that_signed() {
        let check = |raw| read_query_merchants(Mode::Direct, Some(raw), &CALLER);
        assert_eq!(check("mchid=1900000001"), Ok(None));
        assert_eq!(check("x=1&mchid=190000000%31&y"), Ok(None));
        for (raw, expected) in [
            ("", Issue::Missing),
            ("mchid", Issue::OtherMerchant),
            ("mchid=1900000002", Issue::OtherMerchant),
            ("mchid=1900000001&mchid=1900000001", Issue::Twice),
            ("mchid=%zz", Issue::Encoding),
        ] {
            let (field, location, found) = issue(&check(raw).unwrap_err());
            assert_eq!((field.as_str(), location, found), ("mchid", Location::Query, expected));
        }
        assert_eq!(check("mchid=1900000001&sub_mchid=1").unwrap_err().code, Code::NoAuth);
        let partner = |raw| read_query_merchants(Mode::Partner, Some(raw), &CALLER);
        assert_eq!(partner("sp_mchid=1900000001&sub_mchid=2"), Ok(Some("2".into())));
        for (raw, field) in [("sub_mchid=2", "sp_mchid"), ("sp_mchid=1900000001", "sub_mchid")] {
            assert_eq!(issue(&partner(raw).unwrap_err()).0, field);
        }
    }

    #[test]
    fn a_broken_body_is_a_parameter_error() {
        let error = read_body(b"{\"a\":1,\"a\":2}").unwrap_err();
        let (field, location, found) = issue(&error);
        assert_eq!((field.as_str(), location), ("/a", Location::Body));
        assert_eq!(found, Issue::Json(strict_json::JsonFault::DuplicateKey));
        assert_eq!(error.code.status(), 400);
    }
}
