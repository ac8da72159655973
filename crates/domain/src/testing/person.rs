//! People as tests want them, put there at once: the rows that registering, verifying, setting a
//! payment password and binding a card would have left, and what such a person asks for.

use super::plant::Plant;
use crate::card::{Card, CardByNumber, CardState, CardUse};
use crate::command::{Command, Halt, Once};
use crate::ids::{
    CardId, CardPaymentId, DeviceId, IdentityId, TopUpId, UserId, WalletId, WithdrawalId,
};
use crate::ledger::{AccountNumber, OwnerKind, Purpose};
use crate::merchant::OpenidKeys;
use crate::order::{CreateOrder, PayOrder, PayOrderByCard};
use crate::top_up::StartTopUp;
use crate::tx::Tx;
use crate::user::{Device, Session, User};
use crate::validate::bin_table::CardKind;
use crate::wallet::{DocumentKind, Identity, PasswordTry, PaymentPassword, Wallet, WalletState};
use crate::withdrawal::StartWithdrawal;
use kernel::{Amount, Currency, Timestamp};

/// What a person goes by. Every row of theirs is made from it; a test that wants a row to be
/// otherwise changes it (`Wallet { cards: 0, ..person.wallet_row(account, now) }`).
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The user.
    pub user: UserId,
    /// Their wallet.
    pub wallet: WalletId,
    /// Who they were verified as.
    pub identity: IdentityId,
    /// Their card.
    pub card: CardId,
    /// What they log in on.
    pub device: DeviceId,
    /// The blind index of their phone, document and card number, and the hash of their session.
    pub index: [u8; 32],
    /// The tag of their payment password.
    pub password: [u8; 32],
}

impl Person {
    /// One of many people: different numbers have nothing in common but the payment password.
    pub const fn numbered(number: u32) -> Self {
        Self {
            user: UserId::from_bytes(bytes(1, number)),
            wallet: WalletId::from_bytes(bytes(2, number)),
            identity: IdentityId::from_bytes(bytes(3, number)),
            card: CardId::from_bytes(bytes(4, number)),
            device: DeviceId::from_bytes(bytes(5, number)),
            index: bytes(6, number),
            password: [9; 32],
        }
    }

    /// A command that opens their balance account and puts every row of theirs.
    pub fn move_in(self) -> impl Command<Done = AccountNumber> {
        Plant(move |tx: &mut Tx<'_>| self.put(tx))
    }

    /// Opens their balance account and puts every row of theirs.
    pub fn put(&self, tx: &mut Tx<'_>) -> Result<AccountNumber, Halt> {
        let now = tx.now();
        let account = self.open_balance(tx)?;
        tx.put(self.user_row(now));
        tx.put(self.device_row(now));
        tx.put(self.session_row(now));
        tx.put(self.identity_row(now));
        tx.put(self.wallet_row(account, now));
        tx.put(self.password_row(now));
        let card = self.card_row(now);
        let (wallet, number_index) = (self.wallet, card.number_index);
        tx.put(card);
        tx.put(CardByNumber { wallet, number_index, card: self.card });
        tx.put(CardUse { number_index, wallets: 1 });
        Ok(account)
    }

    /// Opens the account of their balance.
    pub fn open_balance(&self, tx: &mut Tx<'_>) -> Result<AccountNumber, Halt> {
        tx.open_account(OwnerKind::User, &self.user.to_string(), Purpose::Balance, Currency::Cny)
    }

    /// The user, with this wallet.
    pub fn user_row(&self, now: Timestamp) -> User {
        User {
            id: self.user,
            phone_index: self.index,
            phone: vec![1],
            wallet: Some(self.wallet),
            session_epoch: 0,
            registered_at: now,
        }
    }

    /// The device.
    pub fn device_row(&self, now: Timestamp) -> Device {
        let (user, id, name) = (self.user, self.device, "phone".into());
        Device { user, id, name, first_at: now, last_at: now }
    }

    /// A session of the user's first epoch.
    pub fn session_row(&self, now: Timestamp) -> Session {
        Session {
            token_hash: self.index,
            user: self.user,
            device: self.device,
            epoch: 0,
            created_at: now,
            seen_at: now,
        }
    }

    /// An identity of class III, the highest.
    pub fn identity_row(&self, now: Timestamp) -> Identity {
        Identity {
            id: self.identity,
            document: DocumentKind::ResidentId,
            document_index: self.index,
            name: vec![1],
            number: vec![1],
            channels: 7,
            card_bank: "ICBC".into(),
            wallets: 1,
            verified_at: now,
        }
    }

    /// A wallet in use, with one card.
    pub fn wallet_row(&self, balance_account: AccountNumber, now: Timestamp) -> Wallet {
        Wallet {
            id: self.wallet,
            user: self.user,
            state: WalletState::Active,
            freeze: None,
            before_freeze: None,
            identity: Some(self.identity),
            has_password: true,
            balance_account,
            cards: 1,
            opened_at: now,
        }
    }

    /// The payment password.
    pub fn password_row(&self, now: Timestamp) -> PaymentPassword {
        PaymentPassword {
            wallet: self.wallet,
            tag: self.password,
            key_version: 1,
            earlier: Vec::new(),
            set_at: now,
            reset_at: None,
        }
    }

    /// A bound debit card.
    pub fn card_row(&self, now: Timestamp) -> Card {
        Card {
            id: self.card,
            wallet: self.wallet,
            state: CardState::Bound,
            failure: None,
            bank: "ICBC".into(),
            kind: CardKind::Debit,
            bin: "622202".into(),
            last_four: "9015".into(),
            expiry_month: None,
            number_index: self.index,
            token: Some(vec![7]),
            hard_declines: 0,
            open_items: 0,
            day: 0,
            debited_day: 0,
            bound_at: now,
            unbound_at: None,
        }
    }

    /// The right payment password, entered.
    pub fn right(&self) -> PasswordTry {
        PasswordTry { tags: vec![(1, self.password)], last_try: [1; 32] }
    }

    /// A key of theirs for a request of this name.
    pub fn once(&self, name: &str) -> Once {
        let key = format!("key-{name}-0123456789");
        Once::Key { owner: self.user.to_string(), key, fingerprint: [1; 32] }
    }

    /// They pay an order.
    pub fn pay(&self, order: &CreateOrder) -> PayOrder {
        PayOrder {
            user: self.user,
            session: None,
            wallet: self.wallet,
            prepay_id: order.prepay_id.clone(),
            amount: order.amount,
            password: self.right(),
            factors: 1,
            openid_keys: OpenidKeys::for_tests(),
            transaction_id: format!("4200{}", order.out_trade_no),
            once: self.once(&format!("pay-{}", order.out_trade_no)),
        }
    }

    /// They pay an order from their card.
    pub fn pay_by_card(&self, order: &CreateOrder, payment: CardPaymentId) -> PayOrderByCard {
        PayOrderByCard { order: self.pay(order), card: self.card, payment }
    }

    /// They top up from their card.
    pub fn top_up(&self, top_up: TopUpId, amount: Amount) -> StartTopUp {
        StartTopUp {
            user: self.user,
            wallet: self.wallet,
            card: self.card,
            top_up,
            amount,
            password: self.right(),
            once: self.once(&top_up.to_string()),
        }
    }

    /// They withdraw to their card, free of fees.
    pub fn withdraw(&self, withdrawal: WithdrawalId, amount: Amount) -> StartWithdrawal {
        StartWithdrawal {
            user: self.user,
            wallet: self.wallet,
            card: self.card,
            withdrawal,
            amount,
            expected_fee_minor: 0,
            password: self.right(),
            once: self.once(&withdrawal.to_string()),
        }
    }
}

/// What it is of, and whose.
const fn bytes<const N: usize>(kind: u8, number: u32) -> [u8; N] {
    let mut bytes = [kind; N];
    [bytes[N - 4], bytes[N - 3], bytes[N - 2], bytes[N - 1]] = number.to_be_bytes();
    bytes
}
