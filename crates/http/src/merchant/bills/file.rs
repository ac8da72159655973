//! A bill as a file: made piece by piece, hashed or sent.

use super::flow::FlowBill;
use super::journals;
use super::profit::ProfitBill;
use super::trade::TradeBill;
use crate::app::AppState;
use crate::merchant::fault::Fault;
use apiv3::bill::{Bill, Content, FlowAccount, FlowWriter, Packing, TradeKind, TradeWriter};
use aws_lc_rs::digest;
use axum::body::{Body, Bytes};
use domain::ledger::{AccountNumber, AccountPath, Entry, Journal, OwnerKind, Purpose};
use domain::merchant::SubMerchant;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::Frame;
use kernel::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use store::Queries;
use store::queries::{Described, Value, find, select};
use tokio::sync::mpsc;

/// Journals of one piece.
pub(super) const PIECE: usize = 500;
/// Pieces that wait for a slow reader.
const AHEAD: usize = 2;

/// See the module.
pub(super) struct BillFile {
    source: Source,
    numbers: std::vec::IntoIter<i64>,
    stage: Stage,
    lines: Lines,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Header,
    Rows,
    Done,
}

enum Lines {
    Trade(TradeBill),
    Flow(FlowBill),
    Profit(ProfitBill),
}

/// Where the lines come from.
pub(super) struct Source {
    pub(super) queries: Arc<dyn Queries>,
    /// Who asks.
    pub(super) mchid: String,
    /// Whose money the bill is about.
    pub(super) owners: BTreeSet<String>,
    /// Their accounts that tell of it.
    pub(super) accounts: BTreeSet<AccountNumber>,
    /// Where fees go.
    pub(super) fees: AccountNumber,
    /// When the day is over: what happened later is not in the bill.
    pub(super) day_ends: Timestamp,
}

/// A journal and what it did to the accounts of a bill.
pub(super) struct Moved {
    pub(super) journal: Journal,
    /// What all accounts of the bill together got, in fen.
    pub(super) net: i64,
    /// What the operator got as its fee, in fen.
    pub(super) fee: i64,
    /// The last account's balance after it, in fen.
    pub(super) balance: i64,
}

impl BillFile {
    /// Finds the journals that the bill is made of.
    pub(super) async fn open(app: &AppState, mchid: &str, bill: &Bill) -> Result<Self, Fault> {
        let queries = Arc::clone(&app.queries);
        let owners = owners(queries.as_ref(), mchid, bill).await?;
        let accounts = accounts(queries.as_ref(), &owners, bill).await?;
        let range = journals::of_day(queries.as_ref(), bill.date).await?;
        let mut numbers = Vec::new();
        for account in &accounts {
            numbers.extend(journals::of_account(queries.as_ref(), *account, range).await?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let day_ends = bill.date.tomorrow().ok().and_then(Timestamp::start_of_business_day);
        let source = Source {
            queries: Arc::clone(&queries),
            mchid: mchid.to_owned(),
            owners,
            accounts,
            fees: app.rules().system.income_fee,
            day_ends: day_ends.unwrap_or_default(),
        };
        let lines = match bill.content {
            Content::Trade(kind) => {
                Lines::Trade(TradeBill { writer: TradeWriter::new(kind), mchid: mchid.to_owned() })
            }
            Content::Flow(_) => Lines::Flow(FlowBill(FlowWriter::default())),
            Content::Profit => Lines::Profit(ProfitBill::open(&source, bill).await?),
        };
        Ok(Self { source, numbers: numbers.into_iter(), stage: Stage::Header, lines })
    }

    /// The SHA-1 of the whole file in hexadecimal digits; `None` when it has no line.
    pub(super) async fn hash(mut self) -> Result<Option<String>, Fault> {
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        while let Some(piece) = self.next().await? {
            context.update(piece.as_bytes());
        }
        let hash = kernel::id::Hex(context.finish().as_ref()).to_string();
        Ok((self.rows() > 0).then_some(hash))
    }

    /// The file as a body. A read that fails cuts it off, so that nobody takes a part for the
    /// whole.
    pub(super) fn send(mut self, packing: Packing) -> Body {
        let (sender, pieces) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            let mut packer = Packer::new(packing);
            loop {
                let piece = match self.next().await {
                    Ok(Some(piece)) => packer.pack(&piece),
                    Ok(None) => break,
                    Err(fault) => Err(io::Error::other(format!("{fault:?}"))),
                };
                let failed = piece.is_err();
                // Nobody listens any more, or nothing more can be told.
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
            let _ = sender.send(packer.finish()).await;
        });
        Body::new(Pieces(pieces))
    }

    fn rows(&self) -> i64 {
        match &self.lines {
            Lines::Trade(trade) => trade.writer.rows(),
            Lines::Flow(flow) => flow.0.rows(),
            Lines::Profit(profit) => profit.rows(),
        }
    }

    async fn next(&mut self) -> Result<Option<String>, Fault> {
        match self.stage {
            Stage::Header => {
                self.stage = Stage::Rows;
                Ok(Some(match &self.lines {
                    Lines::Trade(trade) => trade.writer.header(),
                    Lines::Flow(flow) => flow.0.header(),
                    Lines::Profit(profit) => profit.header(),
                }))
            }
            Stage::Rows => {
                if let Lines::Profit(profit) = &mut self.lines
                    && let Some(lines) = profit.lines(&self.source).await?
                {
                    return Ok(Some(lines));
                }
                let piece: Vec<i64> = self.numbers.by_ref().take(PIECE).collect();
                if piece.is_empty() {
                    self.stage = Stage::Done;
                    return Ok(Some(match &self.lines {
                        Lines::Trade(trade) => trade.writer.summary(),
                        Lines::Flow(flow) => flow.0.summary(),
                        Lines::Profit(profit) => profit.summary(),
                    }));
                }
                let moved = self.source.moved(&piece).await?;
                Ok(Some(match &mut self.lines {
                    Lines::Trade(trade) => trade.lines(&self.source, moved).await?,
                    Lines::Flow(flow) => flow.lines(&self.source, moved).await?,
                    Lines::Profit(_) => String::new(),
                }))
            }
            Stage::Done => Ok(None),
        }
    }
}

/// Whose money a bill is about: of a trade bill also that of all whom a provider serves or served.
async fn owners(
    queries: &dyn Queries,
    mchid: &str,
    bill: &Bill,
) -> Result<BTreeSet<String>, Fault> {
    let mut owners = BTreeSet::from([mchid.to_owned()]);
    match (&bill.content, &bill.sub_mchid) {
        (Content::Trade(_), Some(sub_mchid)) => owners = BTreeSet::from([sub_mchid.clone()]),
        (Content::Trade(_), None) => {
            let provider = vec![Value::Text(mchid.to_owned())];
            let served = select::<SubMerchant>(queries, "mchid = $1", provider).await?;
            owners.extend(served.into_iter().map(|relation| relation.sub_mchid));
        }
        // Requests of sharing are found by who asked.
        (Content::Flow(_) | Content::Profit, _) => {}
    }
    Ok(owners)
}

/// The accounts whose entries a bill is made of.
async fn accounts(
    queries: &dyn Queries,
    owners: &BTreeSet<String>,
    bill: &Bill,
) -> Result<BTreeSet<AccountNumber>, Fault> {
    let purposes: &[Purpose] = match bill.content {
        Content::Trade(TradeKind::All | TradeKind::Success | TradeKind::Refund) => {
            &[Purpose::Balance, Purpose::Unsettled]
        }
        Content::Flow(FlowAccount::Basic) => &[Purpose::Balance],
        // No account tells of these: the last kind has rows of its own.
        Content::Trade(TradeKind::Nothing)
        | Content::Flow(FlowAccount::Nothing)
        | Content::Profit => &[],
    };
    let mut accounts = BTreeSet::new();
    for owner in owners {
        for purpose in purposes {
            let key = (OwnerKind::Merchant, owner.clone(), *purpose, Currency::Cny);
            accounts.extend(find::<AccountPath>(queries, &key).await?.map(|path| path.number));
        }
    }
    Ok(accounts)
}

impl Source {
    /// What journals did, in their order.
    async fn moved(&self, numbers: &[i64]) -> Result<Vec<Moved>, Fault> {
        let queries = self.queries.as_ref();
        let ints = |numbers: &[i64]| numbers.iter().copied().map(Value::Int).collect::<Vec<_>>();
        let condition = format!("number IN ({}) ORDER BY number", places(1, numbers.len()));
        let journals = select::<Journal>(queries, &condition, ints(numbers)).await?;
        // A provider may have more accounts than a statement takes; a journal has few entries.
        let condition = format!("journal IN ({})", places(1, numbers.len()));
        let mut entries: HashMap<i64, Vec<Entry>> = HashMap::new();
        for entry in select::<Entry>(queries, &condition, ints(numbers)).await? {
            entries.entry(entry.journal).or_default().push(entry);
        }
        let moved = journals.into_iter().map(|journal| {
            let mut moved = Moved { net: 0, fee: 0, balance: 0, journal };
            for entry in entries.remove(&moved.journal.number).unwrap_or_default() {
                if entry.account == self.fees {
                    moved.fee += entry.amount;
                } else if self.accounts.contains(&entry.account) {
                    moved.net += entry.amount;
                    moved.balance = entry.balance;
                }
            }
            moved
        });
        Ok(moved.collect())
    }

    /// Rows of any merchants by their numbers.
    pub(super) async fn rows_by<R: Described>(
        &self,
        column: &str,
        keys: Vec<(String, String)>,
    ) -> Result<Vec<R>, Fault> {
        let mut numbers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (mchid, number) in keys {
            numbers.entry(mchid).or_default().insert(number);
        }
        let mut rows = Vec::new();
        for (mchid, numbers) in numbers {
            let numbers: Vec<String> = numbers.into_iter().collect();
            for numbers in numbers.chunks(PIECE) {
                rows.extend(self.rows_of(&mchid, column, numbers).await?);
            }
        }
        Ok(rows)
    }

    /// Rows of this merchant by their numbers.
    pub(super) async fn rows<R: Described>(
        &self,
        column: &str,
        numbers: Vec<String>,
    ) -> Result<Vec<R>, Fault> {
        self.rows_of(&self.mchid, column, &numbers).await
    }

    async fn rows_of<R: Described>(
        &self,
        mchid: &str,
        column: &str,
        numbers: &[String],
    ) -> Result<Vec<R>, Fault> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let condition = format!("mchid = $1 AND {column} IN ({})", places(2, numbers.len()));
        let mut parameters = vec![Value::Text(mchid.to_owned())];
        parameters.extend(numbers.iter().cloned().map(Value::Text));
        Ok(select::<R>(self.queries.as_ref(), &condition, parameters).await?)
    }
}

/// `$1, $2, $3`.
pub(super) fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

enum Packer {
    Plain,
    Gzip(GzEncoder<Vec<u8>>),
}

impl Packer {
    fn new(packing: Packing) -> Self {
        match packing {
            Packing::Plain => Self::Plain,
            Packing::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::default())),
        }
    }

    fn pack(&mut self, piece: &str) -> io::Result<Bytes> {
        match self {
            Self::Plain => Ok(Bytes::copy_from_slice(piece.as_bytes())),
            Self::Gzip(encoder) => {
                encoder.write_all(piece.as_bytes())?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
        }
    }

    fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Plain => Ok(Bytes::new()),
            Self::Gzip(encoder) => encoder.finish().map(Bytes::from),
        }
    }
}

/// The receiving end, as a body.
struct Pieces(mpsc::Receiver<io::Result<Bytes>>);

impl axum::body::HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
