//! Saying where a refund goes that the payer's card did not take.

use zeroize::Zeroizing;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::keys::PrivateKey;
use crate::request::{check_out_refund_no, read_body};

/// Banks whose debit cards take such a refund.
const BANK_TYPES: &[&str] = &[
    "CMB_DEBIT",
    "COMM_DEBIT",
    "ABC_DEBIT",
    "CCB_DEBIT",
    "ICBC_DEBIT",
    "BOC_DEBIT",
    "PAB_DEBIT",
    "SPDB_DEBIT",
    "CITIC_DEBIT",
    "CEB_DEBIT",
    "CMBC_DEBIT",
    "CIB_DEBIT",
    "GDB_DEBIT",
    "PSBC_DEBIT",
    "NBCB_DEBIT",
];
const TYPES: &[&str] = &["USER_BANK_CARD", "MERCHANT_BANK_CARD"];
/// What a sensitive field of 2048 bits of ciphertext holds.
const OPENED_BYTES_MAX: usize = 214;

/// A parsed request. Fields that it does not know are dropped.
#[derive(Debug)]
pub struct AbnormalRefund {
    /// Who was paid, if a service provider asks.
    pub sub_mchid: Option<String>,
    /// The merchant's number of the refund, 1 to 64 bytes.
    pub out_refund_no: String,
    /// Where it goes.
    pub target: AbnormalTarget,
}

/// Where a refund goes instead.
#[derive(Debug)]
pub enum AbnormalTarget {
    /// To another debit card of the payer.
    Card(PayerCard),
    /// To the merchant.
    Merchant,
}

/// A card as the merchant names it.
pub struct PayerCard {
    /// Bank and kind, such as `ICBC_DEBIT`.
    pub bank_type: &'static str,
    /// The number, opened.
    pub bank_account: Zeroizing<String>,
    /// The holder's name, opened.
    pub real_name: Zeroizing<String>,
}

impl std::fmt::Debug for PayerCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PayerCard").field("bank_type", &self.bank_type).finish_non_exhaustive()
    }
}

impl AbnormalRefund {
    /// Reads the body of `POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund`.
    /// `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule.
    pub fn parse(body: &[u8], key: Option<&PrivateKey>) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        Ok(Self::read(&Fields::top(&body), key)?)
    }

    fn read(fields: &Fields<'_>, key: Option<&PrivateKey>) -> Result<Self, FieldError> {
        let sub_mchid = fields.find_text("sub_mchid", 1..=32)?;
        let out_refund_no = fields.get_text("out_refund_no", 0..=usize::MAX)?;
        check_out_refund_no(out_refund_no).map_err(|issue| fields.fault("out_refund_no", issue))?;
        let target = match fields.find_literal("type", TYPES)? {
            Some("USER_BANK_CARD") => AbnormalTarget::Card(read_card(fields, key)?),
            Some(_) => AbnormalTarget::Merchant,
            None => return Err(fields.fault("type", Issue::Missing)),
        };
        Ok(Self {
            sub_mchid: sub_mchid.map(str::to_owned),
            out_refund_no: out_refund_no.to_owned(),
            target,
        })
    }
}

fn read_card(fields: &Fields<'_>, key: Option<&PrivateKey>) -> Result<PayerCard, FieldError> {
    let bank_type = fields.find_literal("bank_type", BANK_TYPES)?;
    let opened = |name: &str| {
        let opened = fields.find_sealed(name, key)?;
        let opened = opened.ok_or_else(|| fields.fault(name, Issue::Missing))?;
        match opened.len() {
            1..=OPENED_BYTES_MAX => Ok(opened),
            _ => Err(fields.fault(name, Issue::Unreadable)),
        }
    };
    Ok(PayerCard {
        bank_type: bank_type.ok_or_else(|| fields.fault("bank_type", Issue::Missing))?,
        bank_account: opened("bank_account")?,
        real_name: opened("real_name")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::oaep;
    use crate::testing;

    fn sealed(text: &str) -> String {
        oaep::encrypt(&testing::platform_key().public_key(), text).unwrap()
    }

    fn body() -> Value {
        json!({
            "out_refund_no": "R1", "type": "USER_BANK_CARD", "bank_type": "CMB_DEBIT",
            "bank_account": sealed("6225880123456789"), "real_name": sealed("张三"),
        })
    }

    fn parse(body: &Value) -> Result<AbnormalRefund, ApiError> {
        AbnormalRefund::parse(body.to_string().as_bytes(), Some(testing::platform_key()))
    }

    #[test]
    fn a_card_is_named_by_bank_number_and_holder() {
        let AbnormalTarget::Card(card) = parse(&body()).unwrap().target else {
            panic!("it goes to a card")
        };
        assert_eq!(card.bank_type, "CMB_DEBIT");
        assert_eq!(
            (card.bank_account.as_str(), card.real_name.as_str()),
            ("6225880123456789", "张三")
        );
        assert!(!format!("{card:?}").contains("6225"), "its number is not printed");
        let merchant = parse(&json!({"out_refund_no": "R1", "type": "MERCHANT_BANK_CARD"}));
        assert!(matches!(merchant.unwrap().target, AbnormalTarget::Merchant));
    }

    #[test]
    fn each_broken_rule_names_its_field() {
        for (field, value) in [
            ("out_refund_no", json!("退")),
            ("type", json!("BALANCE")),
            ("type", Value::Null),
            ("bank_type", json!("CMB_CREDIT")),
            ("bank_account", json!("6225880123456789")),
            ("real_name", json!(7)),
        ] {
            let mut body = body();
            body[field] = value.clone();
            let error = parse(&body).unwrap_err();
            assert_eq!(error.field_error().unwrap().field, format!("/{field}"), "{value}");
        }
        for field in ["out_refund_no", "type", "bank_type", "bank_account", "real_name"] {
            let mut body = body();
            body.as_object_mut().unwrap().remove(field);
            let error = parse(&body).unwrap_err();
            assert_eq!(error.field_error().unwrap().issue, Issue::Missing, "{field}");
        }
    }
}
