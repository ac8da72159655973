//! What a download address carries: which bill for whom, sealed, for a few minutes.

use crate::app::AppState;
use apiv3::bill::{Bill, Content, FlowAccount, Packing, TradeKind};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::Timestamp;
use kernel::crypto;
use kernel::time::MINUTE;

const LIFE: i64 = 5 * MINUTE;
const PLACE: &[u8] = b"bill/download";
/// In the place of a sub-merchant, of which there is none.
const NOBODY: &str = "-";

const CONTENTS: [(&str, Content); 5] = [
    ("ALL", Content::Trade(TradeKind::All)),
    ("SUCCESS", Content::Trade(TradeKind::Success)),
    ("REFUND", Content::Trade(TradeKind::Refund)),
    ("BASIC", Content::Flow(FlowAccount::Basic)),
    ("PROFIT", Content::Profit),
];

/// See the module.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    pub(super) mchid: String,
    pub(super) bill: Bill,
    pub(super) packing: Packing,
    until: Timestamp,
}

impl Token {
    /// `now` is protocol time, as for all that is about a connection.
    pub(super) fn new(mchid: &str, bill: Bill, packing: Packing, now: Timestamp) -> Self {
        Self { mchid: mchid.to_owned(), bill, packing, until: now.plus(LIFE) }
    }

    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        now <= self.until
    }

    pub(super) fn seal(&self, app: &AppState) -> String {
        let content = CONTENTS.iter().find(|(_, content)| *content == self.bill.content);
        let content = content.map_or("", |(name, _)| name);
        let packing = if self.packing == Packing::Gzip { "GZIP" } else { "PLAIN" };
        let (date, until) = (self.bill.date, self.until.micros());
        let sub_mchid = self.bill.sub_mchid.as_deref().unwrap_or(NOBODY);
        let text = format!("{} {content} {date} {packing} {until} {sub_mchid}", self.mchid);
        let random = app.shell.seal_random();
        let sealed = crypto::seal(&app.keys.personal_data, PLACE, text.as_bytes(), &random);
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(super) fn open(token: &str, app: &AppState) -> Option<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = crypto::open(&app.keys.personal_data, PLACE, &sealed).ok()?;
        let mut parts = std::str::from_utf8(&plain).ok()?.split(' ');
        let mchid = parts.next()?.to_owned();
        let content = parts.next()?;
        let (_, content) = CONTENTS.iter().find(|(name, _)| *name == content)?;
        let date = parts.next()?.parse().ok()?;
        let packing = if parts.next()? == "GZIP" { Packing::Gzip } else { Packing::Plain };
        let until = Timestamp::from_micros(parts.next()?.parse().ok()?);
        let sub_mchid = parts.next().filter(|named| *named != NOBODY).map(str::to_owned);
        let bill = Bill { content: *content, date, sub_mchid };
        Some(Self { mchid, bill, packing, until })
    }
}
