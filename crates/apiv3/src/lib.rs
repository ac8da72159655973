//! The merchant wire protocol of `/v3`, and of the XML interface that tills still use: signatures,
//! encryption, and the shapes of requests and answers. It turns bytes into parsed values and values
//! into bytes, and decides nothing: who a merchant is, what an order may do and what time it is are
//! handed in. Refusals and rows of the domain become codes and views of the wire here and nowhere
//! else.

pub mod abnormal_refund;
pub mod aead;
pub mod authorization;
pub mod bill;
pub mod certificate;
pub mod certificates;
pub mod close;
pub mod code;
pub mod code_pay;
pub mod combine;
pub mod combined_view;
pub mod complaint;
pub mod complaint_text;
pub mod create;
pub mod diagnosis;
pub mod echo;
pub mod error;
mod fields;
pub mod issue;
pub mod key_name;
pub mod keys;
pub mod language;
pub mod nonce_cache;
pub mod notification;
pub mod notify_url;
pub mod oaep;
pub mod order;
mod order_fields;
pub mod paysign;
pub mod profit;
pub mod profit_bill;
pub mod refund;
pub mod refund_view;
pub mod refusal;
pub mod request;
pub mod sealed;
pub mod sign;
pub mod signers;
pub mod strict_json;
pub mod target;
#[cfg(test)]
mod testing;
pub mod transfer;
pub mod transfer_batch;
pub mod upload;
pub mod v2;
mod views;
