//! The product as this model sees it: a deed becomes the command that the edge or the worker would
//! make of it.

use super::reference::{AGREED, FEE_BP, Market, PAYER, STRANGER};
use super::{Deed, Markets, Receiver};
use crate::model::ask::{Answer, Ask, BankSays, Index, Serial, What};
use crate::model::house::House;
use crate::model::product::{Product, done, fen};
use crate::model::reference::{Merchant as Figures, Reference};
use crate::model::twin::{Seen, Twin};
use domain::Tx;
use domain::ledger::{Account, AccountNumber, OwnerKind, Purpose};
use domain::merchant::Merchant;
use domain::merchant_transfer::{
    CancelTransfer, ConfirmTransfer, CreateTransfer, ExpireTransfer, MerchantTransfer, NameCheck,
};
use domain::order::{Order, ProfitSharing};
use domain::profit::{
    FinishProfit, NamedProfitOrder, ProfitOrder, ProfitReceiver, ProfitReturn, ReceiverKind,
    ReleaseUnsettled, Rest, ReturnProfit, ReturnResult, SharePart, ShareProfit, UnfreezeProfit,
};
use domain::record::RowKey;
use domain::refund::RefundSource;
use domain::testing::Plant;
use domain::transfer_batch::{
    ApproveTransferBatch, CreateTransferBatch, ExpireTransferBatch, NewDetail, PayTransferBatch,
    RejectTransferBatch, TransferBatch,
};
use engine::Engine;
use kernel::Currency;
use std::collections::{BTreeMap, BTreeSet};

/// What the payer has: enough for every sequence.
const PURSE: i64 = 30_000;
/// A scene whose payees are told one of few things.
const SCENE: &str = "1000";

/// See the module.
pub struct Stall {
    product: Product,
    accounts: Vec<AccountNumber>,
    before: Vec<i64>,
    asked: Serial,
    /// Which ask placed and paid each order, and its sum.
    orders: Vec<(Serial, i64)>,
    /// What the worker knows of.
    requests: BTreeSet<Index>,
    bills: BTreeSet<Index>,
    batches: BTreeSet<Index>,
}

impl Twin<Markets> for Stall {
    fn enter(house: &House, engine: &Engine, model: &Market) -> Self {
        Self::new(house, engine, model)
    }

    fn ask(&mut self, deed: &Deed) -> Seen {
        (self.do_it(deed), self.balances(), self.states())
    }

    fn expect(model: &mut Market, deed: &Deed) -> Seen {
        (model.ask(deed), model.balances(), model.states())
    }
}

impl Stall {
    /// Brings a new cast into the house: three merchants, and somebody with money.
    fn new(house: &House, engine: &Engine, model: &Market) -> Self {
        let mut cast = Reference { rules: model.rules.clone(), ..Reference::default() };
        cast.merchants = vec![Figures { fee_bp: FEE_BP, ..Figures::default() }; 3];
        let mut product = Product::new(house, engine, &cast);
        let (who, digits) = (PAYER, 1);
        let purse = What::TopUp { card: 0 };
        let asked =
            Ask { serial: 1, who, wallet: who, amount: PURSE, digits, key: 1, ..Ask::of(purse) };
        let said = Ask::of(What::Bank { movement: 1, says: BankSays::Done(1) });
        for ask in [asked, said] {
            let answer = product.ask(&ask);
            assert!(matches!(answer, Answer::Done(..)), "{answer:?}");
        }
        let mut stall = Self {
            product,
            accounts: Vec::new(),
            before: Vec::new(),
            asked: 1,
            orders: Vec::new(),
            requests: BTreeSet::new(),
            bills: BTreeSet::new(),
            batches: BTreeSet::new(),
        };
        stall.accounts = stall.furnish();
        stall.before = stall.look();
        stall
    }

    /// Adds the receivers and what the merchants agreed to; gives the accounts, in the order in
    /// which balances are compared.
    fn furnish(&self) -> Vec<AccountNumber> {
        let cast = self.product.cast.clone();
        let receivers: Vec<_> = RECEIVERS.iter().map(|receiver| self.account(*receiver)).collect();
        let system = self.product.engine.rules().system;
        let people_and_merchants = cast.accounts[..9].to_vec();
        let put = move |tx: &mut Tx<'_>| {
            let (mchid, appid) = (cast.mchid(0), cast.appid(0));
            for (kind, account) in receivers.clone() {
                tx.put(ProfitReceiver {
                    mchid: mchid.clone(),
                    sub_mchid: String::new(),
                    kind,
                    account,
                    appid: appid.clone(),
                    relation: "PARTNER".into(),
                    custom_relation: None,
                    added_at: tx.now(),
                });
            }
            let merchant = tx.get::<Merchant>(&mchid)?;
            tx.put(Merchant { transfer_scenes: format!("{SCENE},"), ..merchant });
            let merchant = tx.get::<Merchant>(&cast.mchid(AGREED))?;
            tx.put(Merchant { allows_profit_return: true, ..merchant });
            let (kind, cny) = (OwnerKind::Merchant, Currency::Cny);
            let unsettled = tx.open_account(kind, &mchid, Purpose::Unsettled, cny)?;
            let more = [unsettled, system.escrow_transfer, system.income_fee];
            Ok(people_and_merchants.iter().copied().chain(more).collect())
        };
        self.product.engine.run_blocking(Plant(put)).expect("putting rows refuses nothing")
    }

    fn look(&self) -> Vec<i64> {
        let accounts = self.accounts.clone();
        let looked = self.product.engine.run_blocking(Plant(move |tx: &mut Tx<'_>| {
            tx.want(accounts.iter().map(RowKey::of::<Account>))?;
            accounts.iter().map(|number| Ok(tx.get::<Account>(number)?.balance)).collect()
        }));
        let looked: Result<Vec<i64>, _> = looked;
        looked.expect("looking refuses nothing")
    }

    /// What everybody holds, in the order of the model.
    fn balances(&self) -> Vec<i64> {
        self.look().iter().zip(&self.before).map(|(now, before)| now - before).collect()
    }

    /// What of each order waits, and where requests, transfers and batches stand, in the order of
    /// the model.
    fn states(&self) -> Vec<String> {
        let (cast, mchid) = (&self.product.cast, self.product.cast.mchid(0));
        let numbers = |of: &str, all: &BTreeSet<Index>| {
            all.iter().map(|number| (mchid.clone(), self.number(of, *number))).collect::<Vec<_>>()
        };
        let orders: Vec<_> = (0..self.orders.len()).map(|order| cast.order((0, order))).collect();
        let (requests, bills) = (numbers("P", &self.requests), numbers("B", &self.bills));
        let batches = numbers("S", &self.batches);
        let look = Plant(move |tx: &mut Tx<'_>| {
            tx.want(orders.iter().map(RowKey::of::<Order>))?;
            tx.want(requests.iter().map(RowKey::of::<ProfitOrder>))?;
            tx.want(bills.iter().map(RowKey::of::<MerchantTransfer>))?;
            tx.want(batches.iter().map(RowKey::of::<TransferBatch>))?;
            let mut states = Vec::new();
            for order in &orders {
                states.push(tx.get::<Order>(order)?.unsettled_minor.to_string());
            }
            for request in &requests {
                states.push(tx.get::<ProfitOrder>(request)?.state.as_str().to_owned());
            }
            for bill in &bills {
                states.push(tx.get::<MerchantTransfer>(bill)?.state.as_str().to_owned());
            }
            for batch in &batches {
                states.push(tx.get::<TransferBatch>(batch)?.state.as_str().to_owned());
            }
            Ok(states)
        });
        self.product.engine.run_blocking(look).expect("looking refuses nothing")
    }

    fn account(&self, receiver: Receiver) -> (ReceiverKind, String) {
        match receiver {
            Receiver::Merchant(merchant) => {
                (ReceiverKind::Merchant, self.product.cast.mchid(merchant))
            }
            Receiver::Person(who) => (ReceiverKind::Openid, self.openid(who)),
        }
    }

    fn openid(&self, who: Index) -> String {
        let cast = &self.product.cast;
        self.product.openid_keys().newest(&cast.appid(0), cast.people[who].user)
    }

    fn number(&self, of: &str, number: Index) -> String {
        format!("{of}{:08}-{number}", self.product.cast.tag)
    }

    fn transaction(&self, order: Index) -> String {
        let serial = self.orders.get(order).map_or(0, |(serial, _)| *serial);
        self.product.cast.number("42", serial)
    }

    fn do_it(&mut self, deed: &Deed) -> Answer {
        let answer = self.run(deed);
        match deed {
            _ if matches!(answer, Answer::Refused(..)) => false,
            Deed::Share { request, .. } | Deed::Unfreeze { request, .. } => {
                self.requests.insert(*request)
            }
            Deed::Send { bill, .. } => self.bills.insert(*bill),
            Deed::Batch { batch, .. } => self.batches.insert(*batch),
            _ => false,
        };
        answer
    }

    fn run(&mut self, deed: &Deed) -> Answer {
        self.asked += 1;
        let mchid = self.product.cast.mchid(0);
        match deed {
            Deed::Wait(time) => self.product.ask(&Ask { amount: *time, ..Ask::of(What::Wait) }),
            Deed::Due => self.come_due(),
            Deed::Suspend(merchant, is_on) => {
                self.product.ask(&Ask { number: (*merchant, 0), ..Ask::of(What::Suspend(*is_on)) })
            }
            Deed::Stand(who, to) => {
                self.product.ask(&Ask { who: *who, ..Ask::of(What::Stand(*to)) })
            }
            Deed::Order { amount, is_shared } => self.order(*amount, *is_shared),
            Deed::Share { request, order, parts, unfreezes } => {
                self.share(deed, (*request, *order), parts, *unfreezes)
            }
            Deed::Unfreeze { request, order } => self.unfreeze(deed, *request, *order),
            Deed::Return { number, request, from, amount } => {
                self.give_back(deed, *number, (*request, *from), *amount)
            }
            Deed::Refund { refund, order, amount, named } => {
                let (_, total) = self.orders.get(*order).copied().unwrap_or((0, 1));
                let what = What::Refund { refund: *refund, total };
                let ask = Ask {
                    number: (0, *order),
                    amount: *amount,
                    serial: self.asked,
                    ..Ask::of(what)
                };
                let source = named.map_or(RefundSource::Unsettled, |unavailable_minor| {
                    RefundSource::Named { unavailable_minor }
                });
                plain(self.product.refund(&ask, (*refund, total), source))
            }
            Deed::Send { bill, payee, amount } => self.send(deed, *bill, *payee, *amount),
            Deed::Staffed(is_on) => self.staff(*is_on),
            Deed::Batch { batch, parts } => self.batch(deed, *batch, parts),
            Deed::Approve { batch } => {
                let out_batch_no = self.number("S", *batch);
                let command = ApproveTransferBatch { mchid, out_batch_no };
                self.product.run(command, |state| done(0, 0, state.as_str()))
            }
            Deed::Reject { batch } => {
                let out_batch_no = self.number("S", *batch);
                let command = RejectTransferBatch { mchid, out_batch_no };
                self.product.run(command, |()| done(0, 0, ""))
            }
            Deed::Cancel { bill } => {
                let command = CancelTransfer { mchid, out_bill_no: self.number("B", *bill) };
                self.product.run(command, |()| done(0, 0, ""))
            }
            Deed::Confirm { bill, who } => {
                let command = ConfirmTransfer {
                    user: self.product.cast.people[*who].user,
                    wallet: self.product.cast.people[*who].wallet,
                    transfer_bill_no: self.number("13", *bill),
                    name: NameCheck::None,
                };
                self.product.run(command, |state| done(0, 0, state.as_str()))
            }
        }
    }

    fn fingerprint(&self, deed: &Deed) -> [u8; 32] {
        self.product.cast.hash(&[&format!("{deed:?}")])
    }

    fn order(&mut self, amount: i64, is_shared: bool) -> Answer {
        let (number, serial) = ((0, self.orders.len()), self.asked);
        let sharing = if is_shared { ProfitSharing::Yes } else { ProfitSharing::No };
        let place = What::Place { life_s: None, payer: None };
        let placed = self.product.place(
            &Ask { number, serial, amount, ..Ask::of(place) },
            (None, None),
            sharing,
        );
        if matches!(placed, Answer::Refused(..)) {
            return placed;
        }
        let (who, wallet, digits, key) = (PAYER, PAYER, 1, serial);
        let what = What::Pay { factors: 1 };
        let pay = Ask { number, serial, amount, who, wallet, digits, key, ..Ask::of(what) };
        self.orders.push((serial, amount));
        plain(self.product.ask(&pay))
    }

    fn share(
        &self,
        deed: &Deed,
        (request, order): (Index, Index),
        parts: &[(Receiver, i64)],
        unfreezes: bool,
    ) -> Answer {
        let parts = parts.iter().map(|(receiver, amount)| {
            let (kind, account) = self.account(*receiver);
            SharePart {
                kind,
                account,
                amount: fen(*amount),
                description: "part".into(),
                name: None,
            }
        });
        let command = ShareProfit {
            mchid: self.product.cast.mchid(0),
            sub_mchid: None,
            appid: self.product.cast.appid(0),
            transaction_id: self.transaction(order),
            out_order_no: self.number("P", request),
            parts: parts.collect(),
            rest: if unfreezes { Rest::Unfrozen } else { Rest::Waits },
            fingerprint: self.fingerprint(deed),
            order_id: self.product.cast.number("30", self.asked),
        };
        self.product.run(command, |()| done(0, 0, ""))
    }

    fn unfreeze(&self, deed: &Deed, request: Index, order: Index) -> Answer {
        let command = UnfreezeProfit {
            mchid: self.product.cast.mchid(0),
            sub_mchid: None,
            transaction_id: self.transaction(order),
            out_order_no: self.number("P", request),
            description: "rest".into(),
            fingerprint: self.fingerprint(deed),
            order_id: self.product.cast.number("30", self.asked),
        };
        self.product.run(command, |()| done(0, 0, ""))
    }

    fn give_back(
        &self,
        deed: &Deed,
        number: Index,
        (request, from): (Index, Index),
        amount: i64,
    ) -> Answer {
        let mchid = self.product.cast.mchid(0);
        let out_return_no = self.number("G", number);
        let key = (mchid.clone(), out_return_no.clone());
        let command = ReturnProfit {
            mchid,
            sub_mchid: None,
            order: NamedProfitOrder::OutOrderNo(self.number("P", request)),
            out_return_no,
            return_mchid: self.product.cast.mchid(from),
            amount: fen(amount),
            description: "back".into(),
            fingerprint: self.fingerprint(deed),
            return_id: self.product.cast.number("31", self.asked),
        };
        self.product.run(command, |()| {
            let look = Plant(move |tx: &mut Tx<'_>| {
                Ok(tx.get::<ProfitReturn>(&key)?.result == ReturnResult::Success)
            });
            let is_done = self.product.engine.run_blocking(look).expect("looking refuses nothing");
            done(0, 0, if is_done { "SUCCESS" } else { "FAILED" })
        })
    }

    fn send(&self, deed: &Deed, bill: Index, payee: Index, amount: i64) -> Answer {
        let command = CreateTransfer {
            mchid: self.product.cast.mchid(0),
            appid: self.product.cast.appid(0),
            out_bill_no: self.number("B", bill),
            openid: self.openid(payee),
            user_name: None,
            amount: fen(amount),
            remark: "prize".into(),
            scene_id: SCENE.into(),
            perception: None,
            notify_url: None,
            fingerprint: self.fingerprint(deed),
            transfer_bill_no: self.number("13", bill),
        };
        self.product.run(command, |()| done(0, 0, ""))
    }

    fn staff(&self, is_on: bool) -> Answer {
        let mchid = self.product.cast.mchid(0);
        let put = Plant(move |tx: &mut Tx<'_>| {
            let merchant = tx.get::<Merchant>(&mchid)?;
            tx.put(Merchant { approves_batches: is_on, ..merchant });
            Ok(())
        });
        self.product.run(put, |()| done(0, 0, ""))
    }

    fn batch(&self, deed: &Deed, batch: Index, parts: &[(Index, i64)]) -> Answer {
        let details = parts.iter().enumerate().map(|(place, (payee, amount))| NewDetail {
            out_detail_no: format!("D{place}"),
            amount: fen(*amount),
            remark: "prize".into(),
            openid: self.openid(*payee),
            user_name: None,
        });
        let command = CreateTransferBatch {
            mchid: self.product.cast.mchid(0),
            appid: self.product.cast.appid(0),
            out_batch_no: self.number("S", batch),
            name: "prizes".into(),
            remark: "prizes".into(),
            total: fen(parts.iter().map(|(_, amount)| amount).sum()),
            scene_id: Some(SCENE.into()),
            notify_url: None,
            details: details.collect(),
            fingerprint: self.fingerprint(deed),
            batch_id: self.number("12", batch),
        };
        self.product.run(command, |()| done(0, 0, ""))
    }

    /// Looks at everything, due or not: requests, then orders, then transfers and batches.
    fn come_due(&self) -> Answer {
        let mchid = self.product.cast.mchid(0);
        for request in &self.requests {
            let out_order_no = self.number("P", *request);
            let timer = FinishProfit { mchid: mchid.clone(), out_order_no };
            self.product.run(timer, |()| done(0, 0, ""));
        }
        for order in 0..self.orders.len() {
            let (mchid, out_trade_no) = self.product.cast.order((0, order));
            self.product.run(ReleaseUnsettled { mchid, out_trade_no }, |()| done(0, 0, ""));
        }
        for bill in &self.bills {
            let timer = ExpireTransfer { transfer_bill_no: self.number("13", *bill) };
            self.product.run(timer, |()| done(0, 0, ""));
        }
        for batch in &self.batches {
            let (mchid, out_batch_no) = (mchid.clone(), self.number("S", *batch));
            let names = BTreeMap::new();
            let (merchant, number) = (mchid.clone(), out_batch_no.clone());
            let pay = PayTransferBatch { mchid: merchant, out_batch_no: number, names };
            self.product.run(pay, |_| done(0, 0, ""));
            self.product.run(ExpireTransferBatch { mchid, out_batch_no }, |()| done(0, 0, ""));
        }
        done(0, 0, "")
    }
}

/// Without what is made, which this model does not know.
fn plain(answer: Answer) -> Answer {
    match answer {
        Answer::Done(..) => done(0, 0, ""),
        refused @ Answer::Refused(..) => refused,
    }
}

/// Who may get a share.
pub(super) const RECEIVERS: [Receiver; 4] = [
    Receiver::Merchant(AGREED),
    Receiver::Merchant(2),
    Receiver::Person(0),
    Receiver::Person(STRANGER),
];
