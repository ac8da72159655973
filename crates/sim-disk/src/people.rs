//! Who lives on a fresh disk: verified people with wallets, passwords and cards, put there at once,
//! and the numbers by which scripts name them.

use domain::card::{Card, CardByNumber, CardState, CardUse};
use domain::ids::{CardId, DeviceId, IdentityId, UserId, WalletId};
use domain::ledger::{OwnerKind, Purpose};
use domain::user::{Device, Session, User};
use domain::validate::bin_table::CardKind;
use domain::wallet::{DocumentKind, Identity, PasswordTry, PaymentPassword, Wallet, WalletState};
use domain::{Command, Never, Once, Stop, Tx};
use kernel::Currency;

/// How many people there are.
pub(crate) const PEOPLE: u8 = 3;

/// A person by number, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person(pub(crate) u8);

impl Person {
    pub(crate) fn user(self) -> UserId {
        UserId::from_bytes([self.0; 16])
    }

    pub(crate) fn wallet(self) -> WalletId {
        WalletId::from_bytes([self.0 + 40; 16])
    }

    fn identity(self) -> IdentityId {
        IdentityId::from_bytes([self.0 + 80; 16])
    }

    pub(crate) fn card(self) -> CardId {
        CardId::from_bytes([self.0 + 120; 16])
    }

    fn index(self) -> [u8; 32] {
        [self.0 + 160; 32]
    }

    /// The right payment password.
    pub(crate) fn password(self) -> PasswordTry {
        PasswordTry { tags: vec![(1, [self.0; 32])], last_try: [self.0; 32] }
    }

    /// A wrong one; tries of different numbers count as different tries.
    pub(crate) fn guess(self, number: u8) -> PasswordTry {
        PasswordTry { tags: vec![(1, [200; 32])], last_try: [100 + number; 32] }
    }

    /// A key of this person's for a request of this name.
    pub(crate) fn once(self, name: &str) -> Once {
        let key = format!("key-{name}-0123456789");
        Once::Key { owner: self.user().to_string(), key, fingerprint: [1; 32] }
    }
}

/// Moves a person in.
pub(crate) struct MoveIn(pub(crate) Person);

impl Command for MoveIn {
    type Done = ();
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "test".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<Never>> {
        let person = self.0;
        let owner = person.user().to_string();
        let balance_account =
            tx.open_account(OwnerKind::User, &owner, Purpose::Balance, Currency::Cny)?;
        let now = tx.now();
        tx.put(Wallet {
            id: person.wallet(),
            user: person.user(),
            state: WalletState::Active,
            freeze: None,
            before_freeze: None,
            identity: Some(person.identity()),
            has_password: true,
            balance_account,
            cards: 1,
            opened_at: now,
        });
        tx.put(Identity {
            id: person.identity(),
            document: DocumentKind::ResidentId,
            document_index: person.index(),
            name: vec![1],
            number: vec![1],
            channels: 7,
            card_bank: "CMB".into(),
            wallets: 1,
            verified_at: now,
        });
        tx.put(PaymentPassword {
            wallet: person.wallet(),
            tag: [person.0; 32],
            key_version: 1,
            earlier: vec![],
            set_at: now,
            reset_at: None,
        });
        put_log_in(tx, person);
        put_card(tx, person);
        Ok(())
    }
}

fn put_log_in(tx: &mut Tx<'_>, person: Person) {
    let (now, user) = (tx.now(), person.user());
    let device = DeviceId::from_bytes([person.0; 16]);
    tx.put(User {
        id: user,
        phone_index: person.index(),
        phone: vec![1],
        wallet: Some(person.wallet()),
        session_epoch: 0,
        registered_at: now,
    });
    tx.put(Device { user, id: device, name: "phone".into(), first_at: now, last_at: now });
    tx.put(Session {
        token_hash: person.index(),
        user,
        device,
        epoch: 0,
        created_at: now,
        seen_at: now,
    });
}

fn put_card(tx: &mut Tx<'_>, person: Person) {
    let (wallet, card, number_index) = (person.wallet(), person.card(), person.index());
    tx.put(Card {
        id: card,
        wallet,
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
    tx.put(CardByNumber { wallet, number_index, card });
    tx.put(CardUse { number_index, wallets: 1 });
}
