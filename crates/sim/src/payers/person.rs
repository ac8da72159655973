//! A verified person with a wallet, a payment password and a card, put there at once.

use super::{PASSWORD, Payer};
use domain::card::{Card, CardByNumber, CardState, CardUse};
use domain::ledger::{OwnerKind, Purpose};
use domain::user::User;
use domain::validate::bin_table::CardKind;
use domain::wallet::{DocumentKind, Identity, PaymentPassword, Wallet, WalletState};
use domain::{Command, Never, Once, Stop, Tx};
use kernel::Currency;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrive(pub(super) Payer);

impl Command for Arrive {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "town".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let Self(payer) = *self;
        let owner = payer.user().to_string();
        let balance_account =
            tx.open_account(OwnerKind::User, &owner, Purpose::Balance, Currency::Cny)?;
        let now = tx.now();
        tx.put(User {
            id: payer.user(),
            phone_index: index(payer, 1),
            phone: vec![1],
            wallet: Some(payer.wallet()),
            session_epoch: 0,
            registered_at: now,
        });
        tx.put(Identity {
            id: payer.identity(),
            document: DocumentKind::ResidentId,
            document_index: index(payer, 2),
            name: vec![1],
            number: vec![1],
            channels: 7,
            card_bank: "CMB".into(),
            wallets: 1,
            verified_at: now,
        });
        tx.put(Wallet {
            id: payer.wallet(),
            user: payer.user(),
            state: WalletState::Active,
            freeze: None,
            before_freeze: None,
            identity: Some(payer.identity()),
            has_password: true,
            balance_account,
            cards: 1,
            opened_at: now,
        });
        tx.put(PaymentPassword {
            wallet: payer.wallet(),
            tag: PASSWORD,
            key_version: 1,
            earlier: vec![],
            set_at: now,
            reset_at: None,
        });
        put_card(tx, payer);
        Ok(())
    }
}

fn put_card(tx: &mut Tx<'_>, payer: Payer) {
    let number_index = index(payer, 3);
    tx.put(Card {
        id: payer.card(),
        wallet: payer.wallet(),
        state: CardState::Bound,
        failure: None,
        bank: "CMB".into(),
        kind: CardKind::Debit,
        bin: "621483".into(),
        last_four: "6781".into(),
        expiry_month: None,
        number_index,
        token: Some(vec![7]),
        hard_declines: 0,
        open_items: 0,
        day: 0,
        debited_day: 0,
        bound_at: tx.now(),
        unbound_at: None,
    });
    tx.put(CardByNumber { wallet: payer.wallet(), number_index, card: payer.card() });
    tx.put(CardUse { number_index, wallets: 1 });
}

/// A blind index of a kind.
fn index(payer: Payer, kind: u8) -> [u8; 32] {
    let mut bytes = [kind; 32];
    bytes[..16].copy_from_slice(&payer.id(kind));
    bytes
}
