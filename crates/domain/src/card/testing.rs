//! A person with a wallet and cards, for the tests of cards and of money in and out.

use super::{
    BankAnswer, BankDecline, BankOperation, Card, CardByNumber, CardUse, ConfirmCardBinding,
    ConfirmationAnswer, IssuerAnswer, RecordCardBinding, RecordIssuerCheck, StartCardBinding,
};
use crate::command::Once;
use crate::ids::{CardBindingId, CardId, IdentityId, UserId, WalletId};
use crate::testing::{Person, Plant, World, id_bytes};
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::wallet::{Identity, PasswordTry, Usage, Wallet};
use kernel::Amount;

pub(crate) const USER: UserId = UserId::from_bytes([1; 16]);
pub(crate) const WALLET: WalletId = WalletId::from_bytes([2; 16]);
pub(crate) const IDENTITY: IdentityId = IdentityId::from_bytes([3; 16]);

const PERSON: Person =
    Person { user: USER, wallet: WALLET, identity: IDENTITY, ..Person::numbered(0) };

/// A verified person with a wallet in use, its payment password, and no card.
pub(crate) fn person() -> World {
    let mut world = World::new();
    let identity = PERSON.identity_row(world.now());
    world.put(Identity { channels: 1, card_bank: String::new(), ..identity });
    add_wallet(&mut world, USER, WALLET);
    world
}

/// One more wallet of the person, under another user.
pub(crate) fn add_wallet(world: &mut World, user: UserId, wallet: WalletId) {
    let person = Person { user, wallet, ..PERSON };
    let account = world.run(&Plant(move |tx: &mut Tx<'_>| person.open_balance(tx))).unwrap();
    let now = world.now();
    world.put(Wallet { cards: 0, ..person.wallet_row(account, now) });
    world.put(person.password_row(now));
}

/// Puts a bound card of a bank into the person's wallet, beside all commands.
pub(crate) fn add_card(world: &mut World, card: CardId, bank: &str, kind: CardKind) {
    let number_index = [card.bytes()[0]; 32];
    let row = PERSON.card_row(world.now());
    world.put(Card { id: card, bank: bank.into(), kind, number_index, ..row });
    world.put(CardByNumber { wallet: WALLET, number_index, card });
    world.put(CardUse { number_index, wallets: 1 });
    let wallet = world.get::<Wallet>(&WALLET);
    world.put(Wallet { cards: wallet.cards + 1, ..wallet });
}

pub(crate) fn right() -> PasswordTry {
    PasswordTry { tags: vec![(1, [9; 32])], last_try: [99; 32] }
}

pub(crate) fn wrong(last_try: u8) -> PasswordTry {
    PasswordTry { tags: vec![(1, [8; 32])], last_try: [last_try; 32] }
}

pub(crate) fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

pub(crate) fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.into() }
}

pub(crate) fn declined(text: &str, operation: BankOperation) -> BankAnswer {
    BankAnswer::Declined(BankDecline::parse(text, operation))
}

pub(crate) fn returned(bank_ref: &str) -> BankAnswer {
    let why = BankDecline::parse("05", BankOperation::Credit);
    BankAnswer::Returned { bank_ref: bank_ref.into(), why }
}

pub(crate) fn wallet_balance(world: &World) -> i64 {
    world.balance(world.get::<Wallet>(&WALLET).balance_account)
}

pub(crate) fn usage(world: &World) -> Usage {
    world.get::<Usage>(&IDENTITY)
}

pub(crate) fn binding_id(number: u64) -> CardBindingId {
    CardBindingId::from_bytes(id_bytes(number))
}

/// Starts to bind the card whose number is known by `number`.
pub(crate) fn start(number: u64) -> StartCardBinding {
    StartCardBinding {
        user: USER,
        wallet: WALLET,
        binding: binding_id(number),
        card: CardId::from_bytes(id_bytes(number)),
        bank: "ICBC".into(),
        kind: CardKind::Debit,
        bin: "622202".into(),
        last_four: "9015".into(),
        expiry_month: None,
        number_index: [number as u8; 32],
        secrets: vec![1, 2, 3],
        once: Once::State,
    }
}

pub(crate) fn checked(number: u64, answer: IssuerAnswer) -> RecordIssuerCheck {
    RecordIssuerCheck { binding: binding_id(number), answer }
}

pub(crate) fn confirm(number: u64) -> ConfirmCardBinding {
    let binding = binding_id(number);
    ConfirmCardBinding { user: USER, binding, code: vec![6], once: Once::State }
}

pub(crate) fn confirmed(
    number: u64,
    confirmation: i64,
    answer: ConfirmationAnswer,
) -> RecordCardBinding {
    RecordCardBinding { binding: binding_id(number), confirmation, answer }
}

pub(crate) fn signed() -> ConfirmationAnswer {
    ConfirmationAnswer::Bound { token: vec![7, 7] }
}

/// One of eight things that a bank can say.
pub(crate) fn any_answer(which: usize, operation: BankOperation) -> BankAnswer {
    match which {
        0 => BankAnswer::Pending,
        1 => BankAnswer::Unknown,
        2 => BankAnswer::NotSeen,
        3 => declined("05", operation),
        4 => done("R1"),
        5 => done("R2"),
        6 => returned("R1"),
        _ => returned("R2"),
    }
}
