//! What can be wrong with one field of a request, and how it is said.

use std::fmt::{self, Write};

use crate::language::Language;
use crate::notify_url::UrlFault;
use crate::strict_json::JsonFault;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issue {
    /// It must be there.
    Missing,
    /// It must be a value of this JSON type (`string`, `integer`, ...).
    Type(&'static str),
    /// It is shorter than it must be.
    TooShort {
        /// Length in bytes.
        length: usize,
        /// Least length in bytes.
        minimum: usize,
    },
    /// It is longer than it may be.
    TooLong {
        /// Length in bytes.
        length: usize,
        /// Greatest length in bytes.
        maximum: usize,
    },
    /// It has fewer or more characters than it may have.
    Characters {
        /// Its characters.
        length: usize,
        /// Least number of characters.
        minimum: usize,
        /// Greatest number of characters.
        maximum: usize,
    },
    /// It holds a character outside the set described here.
    Alphabet(&'static str),
    /// It is a number below this.
    BelowMinimum(i64),
    /// It is a number above this.
    AboveMaximum(i64),
    /// It has fewer or more items than it may have.
    Count {
        /// Least number of items.
        minimum: usize,
        /// Greatest number of items.
        maximum: usize,
    },
    /// It is none of these literals.
    NotOneOf(&'static [&'static str]),
    /// It does not hold exactly one item of each of these kinds.
    OneOfEach(&'static [&'static str]),
    /// It is not the hash of the file.
    Hash,
    /// It names a type of file that is not taken.
    FileType,
    /// It is no day of the calendar.
    Date,
    /// It is no RFC 3339 time with an offset.
    Time,
    /// It is a time that is too near or too far.
    TimeOutOfRange,
    /// It is no address that we would call.
    Url(UrlFault),
    /// It differs from the merchant that signed the request.
    OtherMerchant,
    /// Exactly one of these fields must be there.
    ExactlyOneOf(&'static str, &'static str),
    /// The parts do not add up to the whole.
    Sum,
    /// It says otherwise than this field.
    Contradicts(&'static str),
    /// It excludes everything.
    NothingLeft,
    /// It occurs twice.
    Twice,
    /// Its percent-encoding is broken.
    Encoding,
    /// The whole body is not the JSON that is accepted.
    Json(JsonFault),
    /// Encrypted fields need a known platform key in `Wechatpay-Serial`.
    PlatformKey,
    /// It does not open with the platform key that the request names.
    Unreadable,
}

impl Issue {
    /// The issue in words, at most about 200 bytes.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out = String::new();
        match language {
            Language::Chinese => self.write_chinese(&mut out),
            Language::English => self.write_english(&mut out),
        }
        .expect("writing to a string cannot fail");
        out
    }

    fn write_chinese(&self, out: &mut String) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("缺少必填字段"),
            Self::Type(kind) => write!(out, "类型必须是 {kind}"),
            Self::TooShort { length, minimum } => {
                write!(out, "长度 {length} 字节，小于最小值 {minimum} 字节")
            }
            Self::TooLong { length, maximum } => {
                write!(out, "长度 {length} 字节，大于最大值 {maximum} 字节")
            }
            Self::Characters { length, minimum, maximum } => {
                write!(out, "长度 {length} 个字符，必须在 {minimum} 到 {maximum} 之间")
            }
            Self::Alphabet(set) => write!(out, "只能包含 {set}"),
            Self::BelowMinimum(minimum) => write!(out, "不能小于 {minimum}"),
            Self::AboveMaximum(maximum) => write!(out, "不能大于 {maximum}"),
            Self::Count { minimum, maximum } => {
                write!(out, "个数必须在 {minimum} 到 {maximum} 之间")
            }
            Self::NotOneOf(literals) => write!(out, "只能是 {}", literals.join("、")),
            Self::OneOfEach(kinds) => write!(out, "必须逐条填写且只填写 {}", kinds.join("、")),
            Self::Hash => out.write_str("与文件的 SHA-256 不一致"),
            Self::FileType => out.write_str("文件类型不支持"),
            Self::Date => out.write_str("不是 YYYY-MM-DD 格式的日期"),
            Self::Time => out.write_str("不是带时区的 RFC 3339 时间"),
            Self::TimeOutOfRange => out.write_str("超出允许的时间范围"),
            Self::Url(fault) => out.write_str(fault.text(Language::Chinese)),
            Self::OtherMerchant => out.write_str("与签名的商户号不一致"),
            Self::ExactlyOneOf(one, other) => write!(out, "{one} 和 {other} 必须且只能填一个"),
            Self::Sum => out.write_str("各项之和不等于总额"),
            Self::Contradicts(field) => write!(out, "与 {field} 矛盾"),
            Self::NothingLeft => out.write_str("没有剩余可用的支付方式"),
            Self::Twice => out.write_str("重复出现"),
            Self::Encoding => out.write_str("百分号编码错误"),
            Self::Json(fault) => out.write_str(fault.text(Language::Chinese)),
            Self::PlatformKey => out.write_str("HTTP 头缺少可用的平台证书序列号或公钥 ID"),
            Self::Unreadable => out.write_str("无法用所指定的平台密钥解密"),
        }
    }

    fn write_english(&self, out: &mut String) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("a required field is missing"),
            Self::Type(kind) => write!(out, "must be of type {kind}"),
            Self::TooShort { length, minimum } => {
                write!(out, "{length} bytes, less than the minimum {minimum}")
            }
            Self::TooLong { length, maximum } => {
                write!(out, "{length} bytes, more than the maximum {maximum}")
            }
            Self::Characters { length, minimum, maximum } => {
                write!(out, "{length} characters, must have {minimum} to {maximum}")
            }
            Self::Alphabet(set) => write!(out, "may contain only {set}"),
            Self::BelowMinimum(minimum) => write!(out, "must not be less than {minimum}"),
            Self::AboveMaximum(maximum) => write!(out, "must not be more than {maximum}"),
            Self::Count { minimum, maximum } => {
                write!(out, "must have {minimum} to {maximum} items")
            }
            Self::NotOneOf(literals) => write!(out, "must be {}", literals.join(" or ")),
            Self::OneOfEach(kinds) => {
                write!(out, "must hold exactly one each of {}", kinds.join(", "))
            }
            Self::Hash => out.write_str("is not the SHA-256 of the file"),
            Self::FileType => out.write_str("names a type of file that is not taken"),
            Self::Date => out.write_str("must be a date as YYYY-MM-DD"),
            Self::Time => out.write_str("must be an RFC 3339 time with an offset"),
            Self::TimeOutOfRange => out.write_str("is too near or too far"),
            Self::Url(fault) => out.write_str(fault.text(Language::English)),
            Self::OtherMerchant => out.write_str("differs from the merchant that signed"),
            Self::ExactlyOneOf(one, other) => write!(out, "give exactly one of {one}, {other}"),
            Self::Sum => out.write_str("the parts do not add up to the whole"),
            Self::Contradicts(field) => write!(out, "contradicts {field}"),
            Self::NothingLeft => out.write_str("leaves no way to pay"),
            Self::Twice => out.write_str("occurs twice"),
            Self::Encoding => out.write_str("percent-encoding is broken"),
            Self::Json(fault) => out.write_str(fault.text(Language::English)),
            Self::PlatformKey => out.write_str("HTTP header lacks a usable platform key serial"),
            Self::Unreadable => out.write_str("does not open with the platform key named"),
        }
    }
}
