//! The next details of a batch end: with the payee, or back at the merchant.

use super::{BatchState, DetailFailure, DetailState, TransferBatch, TransferDetail};
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::fact::FactKind;
use crate::job::{Job, JobKind};
use crate::ledger::{Account, AccountNumber, JournalKind, Posting};
use crate::merchant::{Merchant, Openid};
use crate::merchant_transfer::{NameCheck, TransferLimit, TransferUsage};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::user::User;
use crate::wallet::Wallet;
use std::collections::BTreeMap;

/// Most details that one command ends.
pub const PAID_AT_ONCE: i64 = 50;

/// See the module. A batch that has ended stays as it is.
#[derive(Clone, Debug)]
pub struct PayTransferBatch {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of the batch.
    pub out_batch_no: String,
    /// What comparing names came to, by places of details that name their payee.
    pub names: BTreeMap<i64, NameCheck>,
}

impl Command for PayTransferBatch {
    /// How many details have ended.
    type Done = i64;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<i64, Stop<Never>> {
        let key = (self.mchid.clone(), self.out_batch_no.clone());
        let mut batch = tx.get::<TransferBatch>(&key)?;
        if batch.is_over() || batch.journal == 0 {
            return Ok(batch.done);
        }
        let places: Vec<i64> = (batch.done + 1..=batch.num).take(PAID_AT_ONCE as usize).collect();
        let details = self.details(tx, &batch, &places)?;
        let merchant = tx.get::<Merchant>(&self.mchid)?;
        let wallets = wallets(tx, &batch, &details, &merchant)?;
        for (detail, wallet) in details.into_iter().zip(wallets) {
            let ended = self.payee(tx, &batch, &detail, wallet)?;
            end(tx, &mut batch, detail, ended, &merchant)?;
        }
        batch.updated_at = tx.now();
        batch.state = BatchState::Processing;
        if batch.done == batch.num {
            batch.state = BatchState::Finished;
            tx.remove::<Job>(&(JobKind::PayTransferBatch, batch.job_subject()));
            let number = batch.out_batch_no.clone();
            tx.publish(FactKind::TransferBatchEnded, &self.mchid, number, 0);
        }
        let done = batch.done;
        tx.put(batch);
        Ok(done)
    }
}

impl PayTransferBatch {
    fn details(
        &self,
        tx: &mut Tx<'_>,
        batch: &TransferBatch,
        places: &[i64],
    ) -> Result<Vec<TransferDetail>, Halt> {
        let key = |place: &i64| (self.mchid.clone(), self.out_batch_no.clone(), *place);
        let details = places.iter().map(|place| RowKey::of::<TransferDetail>(&key(place)));
        tx.want(details.chain([
            RowKey::of::<Job>(&(JobKind::PayTransferBatch, batch.job_subject())),
            RowKey::of::<Merchant>(&self.mchid),
        ]))?;
        places.iter().map(|place| tx.get::<TransferDetail>(&key(place))).collect()
    }

    /// The account that takes a detail's money, or why none does.
    fn payee(
        &self,
        tx: &mut Tx<'_>,
        batch: &TransferBatch,
        detail: &TransferDetail,
        wallet: Result<Wallet, DetailFailure>,
    ) -> Result<Result<AccountNumber, DetailFailure>, Stop<Never>> {
        let wallet = match wallet {
            Ok(wallet) => wallet,
            Err(failure) => return Ok(Err(failure)),
        };
        if !wallet.may_receive() {
            return Ok(Err(DetailFailure::PayeeAccountAbnormal));
        }
        let Some(identity) = wallet.identity else {
            return Ok(Err(DetailFailure::RealNameCheckFail));
        };
        if detail.user_name.is_some() {
            match self.names.get(&detail.place) {
                Some(NameCheck::Same(known)) if *known == identity => {}
                Some(NameCheck::Differs(known)) if *known == identity => {
                    return Ok(Err(DetailFailure::NameNotCorrect));
                }
                // Another person's name was compared, or none: it is compared again.
                _ => return Err(Stop::Stale),
            }
        }
        let minor = detail.amount.minor();
        Ok(match TransferUsage::add_payee(tx, &batch.mchid, &detail.openid, minor)? {
            Ok(()) => Ok(wallet.balance_account),
            Err(TransferLimit::PayeeCount) => Err(DetailFailure::DayReceivedCountExceed),
            Err(TransferLimit::PayeeAmount | TransferLimit::MerchantAmount) => {
                Err(DetailFailure::DayReceivedQuotaExceed)
            }
        })
    }
}

/// The payees' wallets, in the order of the details; asked for in few rounds.
fn wallets(
    tx: &mut Tx<'_>,
    batch: &TransferBatch,
    details: &[TransferDetail],
    merchant: &Merchant,
) -> Result<Vec<Result<Wallet, DetailFailure>>, Halt> {
    let moved = [tx.rules().system.escrow_transfer, merchant.balance_account];
    let mut named: Vec<RowKey> = moved.iter().map(RowKey::of::<Account>).collect();
    for detail in details {
        named.push(RowKey::of::<Openid>(&detail.openid));
        named.extend(TransferUsage::keys(tx, &batch.mchid, &detail.openid));
    }
    tx.want(named)?;
    let mut users = Vec::new();
    for detail in details {
        let known = tx.find::<Openid>(&detail.openid)?;
        users.push(known.filter(|known| known.appid == batch.appid).map(|known| known.user));
    }
    tx.want(users.iter().flatten().map(RowKey::of::<User>))?;
    let mut wallets = Vec::new();
    for user in &users {
        let user = user.as_ref().map(|user| tx.find::<User>(user)).transpose()?;
        wallets.push(user.map(|user| user.and_then(|user| user.wallet)));
    }
    tx.want(wallets.iter().flatten().flatten().map(RowKey::of::<Wallet>))?;
    let mut found = Vec::new();
    for wallet in wallets {
        found.push(match wallet {
            None => Err(DetailFailure::OpenidInvalid),
            Some(None) => Err(DetailFailure::AccountNotExist),
            Some(Some(id)) => tx.find::<Wallet>(&id)?.ok_or(DetailFailure::AccountNotExist),
        });
    }
    let accounts = found.iter().flatten().map(|wallet| wallet.balance_account);
    tx.want(accounts.map(|account| RowKey::of::<Account>(&account)))?;
    Ok(found)
}

fn end(
    tx: &mut Tx<'_>,
    batch: &mut TransferBatch,
    mut detail: TransferDetail,
    ended: Result<AccountNumber, DetailFailure>,
    merchant: &Merchant,
) -> Result<(), Halt> {
    let amount = detail.amount.minor();
    let (kind, to) = match ended {
        Ok(account) => (JournalKind::TransferDetailSettle, account),
        Err(_) => (JournalKind::TransferDetailReturn, merchant.balance_account),
    };
    let legs = [(tx.rules().system.escrow_transfer, -amount), (to, amount)];
    let posting = Posting::balanced(kind, detail.subject(), detail.amount.currency(), legs)?;
    let journal = tx.post(posting)?;
    detail.journal =
        journal.map_err(|short| Halt::Defect(format!("transfers in escrow: {short:?}")))?;
    detail.account = to;
    detail.updated_at = tx.now();
    detail.failure = ended.err();
    match ended {
        Ok(_) => {
            detail.state = DetailState::Success;
            batch.success_num += 1;
            batch.success_minor += amount;
        }
        Err(_) => {
            detail.state = DetailState::Fail;
            batch.fail_num += 1;
            batch.fail_minor += amount;
        }
    }
    batch.done = detail.place;
    tx.put(detail);
    Ok(())
}
