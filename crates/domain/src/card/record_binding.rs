//! The issuer answers to the code that was entered: the card is bound, or it is not.

use super::bank_answer::{BankDecline, ask_again, close_job};
use super::binding_fails::{Ended, fails_keys};
use super::binding_row::{BindingState, CardBinding};
use super::card_row::{Card, CardByNumber, CardState, CardUse};
use super::start_binding::check_room;
use crate::catalogue::Code;
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::CardBindingId;
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{Identity, Wallet, WalletState};

/// What the issuer says to a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfirmationAnswer {
    /// The card is signed.
    Bound {
        /// The bank's token, sealed.
        token: Vec<u8>,
    },
    /// The code is wrong; another may be tried.
    WrongCode,
    /// The code is too old.
    CodeExpired,
    /// Too many wrong codes.
    TooManyTries,
    /// The bank does not want to sign the card.
    Declined(BankDecline),
    /// Nothing clear.
    Unknown,
}

/// See the module. An answer to an earlier code, or to a binding that ended, changes nothing; but a
/// token that comes too late is given back to the bank.
#[derive(Clone, Debug)]
pub struct RecordCardBinding {
    /// The binding.
    pub binding: CardBindingId,
    /// Which of the codes handed to the issuer it is about, from 1.
    pub confirmation: i64,
    /// The answer.
    pub answer: ConfirmationAnswer,
}

impl Command for RecordCardBinding {
    /// Where the binding stands.
    type Done = BindingState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<BindingState, Stop<Never>> {
        let binding = tx.get::<CardBinding>(&self.binding)?;
        if let ConfirmationAnswer::Bound { token } = &self.answer {
            return Ok(signed(tx, binding, token)?);
        }
        let is_current = binding.confirmations == self.confirmation;
        if binding.state != BindingState::Confirming || !is_current {
            return Ok(binding.state);
        }
        tx.want(binding.job_keys().into_iter().chain(fails_keys(&binding)))?;
        let failure = match &self.answer {
            ConfirmationAnswer::Bound { .. } | ConfirmationAnswer::Unknown => {
                ask_again(tx, JobKind::ConfirmCard, self.binding.to_string())?;
                return Ok(BindingState::Confirming);
            }
            ConfirmationAnswer::WrongCode => {
                if binding.wrong_codes + 1 < tx.rules().binding_code_tries {
                    return Ok(try_again(tx, binding)?);
                }
                Code::OtpAttemptsExceeded
            }
            ConfirmationAnswer::CodeExpired => Code::OtpExpired,
            ConfirmationAnswer::TooManyTries => Code::OtpAttemptsExceeded,
            ConfirmationAnswer::Declined(why) => why.code(),
        };
        let mut binding = binding;
        if self.answer == ConfirmationAnswer::WrongCode {
            binding.wrong_codes += 1;
        }
        Ok(binding.end(tx, Err(failure), Ended::Failed)?)
    }
}

/// Another code may be entered.
fn try_again(tx: &mut Tx<'_>, mut binding: CardBinding) -> Result<BindingState, Halt> {
    close_job(tx, JobKind::ConfirmCard, binding.id.to_string())?;
    binding.wrong_codes += 1;
    binding.code = None;
    binding.state = BindingState::OtpSent;
    binding.prolong(tx);
    tx.put(binding);
    Ok(BindingState::OtpSent)
}

fn signed(tx: &mut Tx<'_>, binding: CardBinding, token: &[u8]) -> Result<BindingState, Halt> {
    let by_number = (binding.wallet, binding.number_index);
    tx.want([
        RowKey::of::<Card>(&binding.card),
        RowKey::of::<Wallet>(&binding.wallet),
        RowKey::of::<CardByNumber>(&by_number),
        RowKey::of::<CardUse>(&binding.number_index),
    ])?;
    if tx.find::<Card>(&binding.card)?.is_some() {
        return Ok(binding.state);
    }
    if !binding.is_open() {
        give_back(tx, &binding, token);
        return Ok(binding.state);
    }
    tx.want(binding.job_keys().into_iter().chain(fails_keys(&binding)))?;
    let wallet = tx.get::<Wallet>(&binding.wallet)?;
    if matches!(wallet.state, WalletState::Closing | WalletState::Closed) {
        give_back(tx, &binding, token);
        return binding.end(tx, Err(Code::AccountStatusAbnormal), Ended::Well);
    }
    if let Err(no_room) = check_room(tx, &wallet, binding.number_index)? {
        give_back(tx, &binding, token);
        return binding.end(tx, Err(no_room.code()), Ended::Well);
    }
    let identity = wallet.identity.ok_or_else(|| {
        Halt::Defect(format!("wallet {} binds a card without an identity", wallet.id))
    })?;
    let identity = tx.get::<Identity>(&identity)?;
    let card_use = tx.find::<CardUse>(&binding.number_index)?;
    let wallets = card_use.map_or(0, |used| used.wallets) + 1;
    tx.put(CardUse { number_index: binding.number_index, wallets });
    tx.put(CardByNumber {
        wallet: binding.wallet,
        number_index: binding.number_index,
        card: binding.card,
    });
    tx.put(Wallet { cards: wallet.cards + 1, ..wallet });
    tx.put(identity.with_card_of(&binding.bank));
    let card = card_of(tx, &binding, token);
    tx.put(card);
    binding.end(tx, Ok(()), Ended::Well)
}

/// A token that no card came of is revoked, so that nothing at the bank stays signed unseen.
fn give_back(tx: &mut Tx<'_>, binding: &CardBinding, token: &[u8]) {
    let mut card = card_of(tx, binding, token);
    card.state = CardState::Unbound;
    card.unbound_at = Some(tx.now());
    tx.schedule(Job::new(JobKind::RevokeCardToken, card.id, tx.now()));
    tx.put(card);
}

fn card_of(tx: &Tx<'_>, binding: &CardBinding, token: &[u8]) -> Card {
    Card {
        id: binding.card,
        wallet: binding.wallet,
        state: CardState::Bound,
        failure: None,
        bank: binding.bank.clone(),
        kind: binding.kind,
        bin: binding.bin.clone(),
        last_four: binding.last_four.clone(),
        expiry_month: binding.expiry_month,
        number_index: binding.number_index,
        token: Some(token.to_vec()),
        hard_declines: 0,
        open_items: 0,
        day: 0,
        debited_day: 0,
        bound_at: tx.now(),
        unbound_at: None,
    }
}
