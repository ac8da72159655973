//! Which call a request is: its method and path, with the variables of the path read.

use apiv3::code::Code;
use apiv3::create::CreateCall;
use apiv3::error::{ApiError, FieldError, Location};
use apiv3::issue::Issue;
use apiv3::request::{path_out_refund_no, path_out_trade_no, path_transaction_id};
use apiv3::target::percent_decode;
use axum::http::Method;

/// A call of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Certificates,
    CreateOrder(CreateCall),
    OrderByTransaction(String),
    OrderByNumber(String),
    CloseOrder(String),
    CreateRefund,
    Refund(String),
}

const OTHER_METHOD: ApiError = ApiError::saying(
    Code::InvalidRequest,
    "此地址不支持该请求方法",
    "this address has no such method",
);

impl Call {
    /// Reads the path as it stands on the request line.
    ///
    /// # Errors
    /// NOT_FOUND for another path, PARAM_ERROR for a variable of another form, INVALID_REQUEST for
    /// another method.
    pub(super) fn parse(method: &Method, path: &str) -> Result<Self, ApiError> {
        let segments: Vec<&str> = path.split('/').collect();
        let ["", "v3", segments @ ..] = segments.as_slice() else {
            return Err(ApiError::new(Code::NotFound));
        };
        let (expected, call) = match segments {
            ["certificates"] => (Method::GET, Self::Certificates),
            ["pay", "transactions", rest @ ..] => Self::parse_transaction(rest)?,
            ["refund", "domestic", "refunds"] => (Method::POST, Self::CreateRefund),
            ["refund", "domestic", "refunds", number] => {
                let number = variable("out_refund_no", number, path_out_refund_no)?;
                (Method::GET, Self::Refund(number))
            }
            _ => return Err(ApiError::new(Code::NotFound)),
        };
        if *method == expected { Ok(call) } else { Err(OTHER_METHOD) }
    }

    fn parse_transaction(segments: &[&str]) -> Result<(Method, Self), ApiError> {
        Ok(match segments {
            ["native"] => (Method::POST, Self::CreateOrder(CreateCall::Native)),
            ["jsapi"] => (Method::POST, Self::CreateOrder(CreateCall::Jsapi)),
            ["id", id] => {
                let id = variable("transaction_id", id, path_transaction_id)?;
                (Method::GET, Self::OrderByTransaction(id))
            }
            ["out-trade-no", number] => {
                let number = variable("out_trade_no", number, path_out_trade_no)?;
                (Method::GET, Self::OrderByNumber(number))
            }
            ["out-trade-no", number, "close"] => {
                let number = variable("out_trade_no", number, path_out_trade_no)?;
                (Method::POST, Self::CloseOrder(number))
            }
            _ => return Err(ApiError::new(Code::NotFound)),
        })
    }

    /// The pattern of the path, for metrics: its values have no bound.
    pub(super) fn route(&self) -> &'static str {
        match self {
            Self::Certificates => "/v3/certificates",
            Self::CreateOrder(CreateCall::Native) => "/v3/pay/transactions/native",
            Self::CreateOrder(CreateCall::Jsapi) => "/v3/pay/transactions/jsapi",
            Self::OrderByTransaction(_) => "/v3/pay/transactions/id/{transaction_id}",
            Self::OrderByNumber(_) => "/v3/pay/transactions/out-trade-no/{out_trade_no}",
            Self::CloseOrder(_) => "/v3/pay/transactions/out-trade-no/{out_trade_no}/close",
            Self::CreateRefund => "/v3/refund/domestic/refunds",
            Self::Refund(_) => "/v3/refund/domestic/refunds/{out_refund_no}",
        }
    }
}

fn variable(
    name: &str,
    raw: &str,
    check: fn(&str) -> Result<&str, ApiError>,
) -> Result<String, ApiError> {
    let decoded = percent_decode(raw).and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(|| {
        FieldError::new(Location::UriTemplate, name.to_owned(), None, Issue::Encoding)
    })?;
    check(&decoded).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: Method, path: &str) -> Code {
        Call::parse(&method, path).unwrap_err().code
    }

    #[test]
    fn variables_of_the_path_are_decoded() {
        let path = "/v3/pay/transactions/out-trade-no/a%7Cb%2Ac-d/close";
        let call = Call::parse(&Method::POST, path).unwrap();
        assert_eq!(call, Call::CloseOrder("a|b*c-d".into()));
        let call = Call::parse(&Method::GET, "/v3/refund/domestic/refunds/r@1").unwrap();
        assert_eq!(call, Call::Refund("r@1".into()));
    }

    #[test]
    fn other_paths_methods_and_variables_have_their_own_errors() {
        for path in [
            "/",
            "/v3",
            "/v2/certificates",
            "/v3/certificates/",
            "//v3/certificates",
            "/v3/pay/transactions/app",
            "/v3/pay/transactions/out-trade-no/123456/open",
            "/v3/pay/transactions/out-trade-no/123/456",
        ] {
            assert_eq!(code(Method::GET, path), Code::NotFound, "{path}");
        }
        assert_eq!(code(Method::POST, "/v3/certificates"), Code::InvalidRequest);
        for number in ["1234", "%", "%FF%FF%FF%FF%FF%FF", "123456%2F7"] {
            let path = format!("/v3/pay/transactions/out-trade-no/{number}");
            assert_eq!(code(Method::GET, &path), Code::ParamError, "{path}");
        }
    }
}
