//! The failure catalogue: every way a request can fail, with its texts in both languages, what
//! the person can do, and whether sending it again helps.
//!
//! The rows are data (`catalogue/failures.txt`); the build makes one variant of [`Code`] of each,
//! so a refusal without a row does not compile. A code is stable, its texts are not: stored
//! outcomes name codes and parameters, never texts.

mod text;

#[cfg(test)]
mod tests;

pub use text::{Param, Params, fill};

use std::fmt;

include!(concat!(env!("OUT_DIR"), "/failures.rs"));

/// The two languages every text exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese, the default.
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// The language tag as `Content-Language` names it.
    pub fn tag(self) -> &'static str {
        match self {
            Language::ZhCn => "zh-CN",
            Language::En => "en",
        }
    }
}

/// How a code reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Answered by the server with this HTTP status: 202, or 400 to 599. A code with 202 is a
    /// notice in an object's body, not a failed call.
    Http(u16),
    /// Shown by the app by itself, without an answer of the server.
    Client,
}

/// Who causes a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The person, the merchant or their device: what they sent, did or have not done yet.
    Client,
    /// Our own rules, limits, checks, decisions or faults.
    Us,
    /// The answer, the news or the silence of a bank.
    Bank,
    /// The identity authority.
    Authority,
    /// The SMS carrier.
    Carrier,
    /// An external wallet or another linked service.
    Provider,
}

/// Whether, and when, the same request can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It may be sent again at once.
    Now,
    /// It can succeed unchanged after a time or the reset of a limit.
    Later,
    /// It can succeed after the person, the bank or the merchant changed something.
    AfterFix,
    /// The outcome is unknown or pending: read the state first, never repeat the movement.
    Query,
    /// It never succeeds.
    No,
}

impl Retry {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Retry::Now => "now",
            Retry::Later => "later",
            Retry::AfterFix => "after_fix",
            Retry::Query => "query",
            Retry::No => "no",
        }
    }
}

/// One thing a person can try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// `R01` to `R60`.
    pub id: &'static str,
    /// The Chinese text, with placeholders.
    pub zh: &'static str,
    /// The English text, with placeholders.
    pub en: &'static str,
}

impl Remedy {
    /// Every remedy, by id.
    pub fn all() -> &'static [Remedy] {
        &REMEDIES
    }

    /// The text of this remedy for a failure with `code`; no placeholder is left in it.
    pub fn text(&self, language: Language, code: Code, params: &Params) -> String {
        let template = match language {
            Language::ZhCn => self.zh,
            Language::En => self.en,
        };
        params.fill(template, language, code)
    }
}

struct Entry {
    code: Code,
    text: &'static str,
    status: Status,
    sources: &'static [Source],
    retry: Retry,
    remedies: &'static [Remedy],
    cause: &'static str,
    zh: &'static str,
    en: &'static str,
}

impl Code {
    /// Every code, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Code> {
        ENTRIES.iter().map(|entry| entry.code)
    }

    /// The code with this name, for example `BALANCE_INSUFFICIENT`.
    pub fn parse(text: &str) -> Option<Code> {
        ENTRIES.iter().find(|entry| entry.text == text).map(|entry| entry.code)
    }

    fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }

    /// The stable name that a person quotes to customer service.
    pub fn as_str(self) -> &'static str {
        self.entry().text
    }

    /// How the code reaches the caller.
    pub fn status(self) -> Status {
        self.entry().status
    }

    /// Who usually causes it.
    pub fn source(self) -> Source {
        self.entry().sources[0]
    }

    /// Everyone who can cause it, the usual one first; never empty. A card number, for example,
    /// is mistyped by the person, but it can also be one that the bank does not know.
    pub fn sources(self) -> &'static [Source] {
        self.entry().sources
    }

    /// Whether `source` is one of those who can cause it.
    pub fn is_caused_by(self, source: Source) -> bool {
        self.sources().contains(&source)
    }

    /// What lies behind it, for operators and developers; never shown to a person.
    pub fn cause(self) -> &'static str {
        self.entry().cause
    }

    /// The Chinese text, with placeholders.
    pub fn zh(self) -> &'static str {
        self.entry().zh
    }

    /// The English text, with placeholders.
    pub fn en(self) -> &'static str {
        self.entry().en
    }

    /// The text for the person; no placeholder is left in it.
    pub fn text(self, language: Language, params: &Params) -> String {
        let template = match language {
            Language::ZhCn => self.zh(),
            Language::En => self.en(),
        };
        params.fill(template, language, self)
    }

    /// What the person can try, in the order in which it is shown; never empty.
    pub fn remedies(self) -> &'static [Remedy] {
        self.entry().remedies
    }

    /// Whether, and when, the same request can succeed.
    pub fn retry(self) -> Retry {
        self.entry().retry
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
