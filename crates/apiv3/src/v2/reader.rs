//! Reading the fields of a message whose signature holds.

use super::answer::Refused;
use super::xml::Fields;
use domain::order::Partner;
use kernel::money::Amount;

use crate::fields::check_length;
use crate::refund::OrderName;
use crate::request::{check_alphabet, check_transaction_id};
use crate::strict_json::{self, Limits, TextRange};

/// The fields of a message. An empty one counts as absent, as in the signature.
pub(super) struct Reader<'a>(pub(super) &'a Fields);

impl<'a> Reader<'a> {
    /// A text of at most so many bytes.
    pub(super) fn find(&self, name: &str, bytes_max: usize) -> Result<Option<&'a str>, Refused> {
        let text = self.0.get(name).map(String::as_str).filter(|text| !text.is_empty());
        match text {
            Some(text) if text.len() > bytes_max => Err(Refused::param(name)),
            text => Ok(text),
        }
    }

    pub(super) fn get(&self, name: &str, bytes_max: usize) -> Result<&'a str, Refused> {
        self.find(name, bytes_max)?.ok_or_else(|| Refused::param(name))
    }

    /// A whole number of fen, at least one.
    pub(super) fn get_fen(&self, name: &str) -> Result<Amount, Refused> {
        let text = self.get(name, 20)?;
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
        let fen = text.parse().ok().filter(|_| is_whole);
        fen.and_then(|fen| Amount::fen(fen).ok()).ok_or_else(|| Refused::param(name))
    }

    /// Refuses a currency that wallets do not hold.
    pub(super) fn check_currency(&self, name: &str) -> Result<(), Refused> {
        match self.find(name, 16)? {
            None | Some("CNY") => Ok(()),
            Some(_) => Err(Refused::param(name)),
        }
    }

    /// A merchant's order number: here it may be shorter than elsewhere.
    pub(super) fn find_number(&self) -> Result<Option<&'a str>, Refused> {
        let name = "out_trade_no";
        let Some(text) = self.find(name, 32)? else { return Ok(None) };
        let checked = check_length(text, 1..=32)
            .and_then(|()| check_alphabet(text, b"_-*|", "[0-9A-Za-z_-*|]"));
        checked.map(|()| Some(text)).map_err(|_| Refused::param(name))
    }

    /// An order by our number of its payment, or else by the merchant's number.
    pub(super) fn find_order_name(&self) -> Result<Option<OrderName>, Refused> {
        let name = "transaction_id";
        Ok(match (self.find(name, 32)?, self.find_number()?) {
            (Some(id), _) => {
                check_transaction_id(id).map_err(|_| Refused::param(name))?;
                Some(OrderName::TransactionId(id.to_owned()))
            }
            (None, number) => number.map(|number| OrderName::OutTradeNo(number.to_owned())),
        })
    }

    /// Whom a service provider asks for.
    pub(super) fn find_partner(&self) -> Result<Option<Partner>, Refused> {
        let sub_appid = self.find("sub_appid", 32)?.map(str::to_owned);
        match self.find("sub_mch_id", 32)?.map(str::to_owned) {
            Some(sub_mchid) => Ok(Some(Partner { sub_mchid, sub_appid, sub_openid: None })),
            None if sub_appid.is_some() => Err(Refused::param("sub_mch_id")),
            None => Ok(None),
        }
    }

    /// Refuses what would promise something that does not happen.
    pub(super) fn refuse_products(&self) -> Result<(), Refused> {
        if self.0.get("deposit").is_some_and(|text| text == "Y") {
            return Err(Refused::saying("NOAUTH", "商户无此接口权限"));
        }
        Ok(())
    }

    /// Checks the ways to pay that are excluded, with a comma between them. A code is paid from the
    /// balance, so that whatever is said of cards holds.
    pub(super) fn check_limit_pay(&self) -> Result<(), Refused> {
        let Some(ways) = self.find("limit_pay", 32)? else { return Ok(()) };
        let known = |way| matches!(way, "no_balance" | "no_credit" | "no_debit" | "balance_only");
        if !ways.split(',').all(known) {
            return Err(Refused::param("limit_pay"));
        }
        if ways.split(',').any(|way| way == "no_balance") {
            return Err(Refused::saying("NOAUTH", "付款码仅支持零钱支付"));
        }
        Ok(())
    }

    /// Checks a text of at most so many bytes that must be a JSON object.
    pub(super) fn check_json(&self, name: &str, bytes_max: usize) -> Result<(), Refused> {
        let Some(text) = self.find(name, bytes_max)? else { return Ok(()) };
        let limits = Limits { bytes_max, depth_max: 16, text: TextRange::Unicode };
        let read = strict_json::read_object(text.as_bytes(), &limits);
        read.map(drop).map_err(|_| Refused::param(name))
    }

    /// Checks a text that can only be one of some.
    pub(super) fn check_literal(&self, name: &str, literals: &[&str]) -> Result<(), Refused> {
        match self.find(name, usize::MAX)? {
            Some(text) if !literals.contains(&text) => Err(Refused::param(name)),
            Some(_) | None => Ok(()),
        }
    }
}
