//! The verified person behind wallets: the document, and how strongly it was verified.

use crate::ids::IdentityId;
use crate::rules::Rules;
use crate::{record, text_enum};
use kernel::Timestamp;

text_enum!(
    /// The class of a payment account, which fixes its caps.
    IdentityClass {
        /// Fewer channels than the others need.
        ClassI = "CLASS_I",
        /// Three channels by default.
        ClassII = "CLASS_II",
        /// Five channels by default.
        ClassIII = "CLASS_III",
    }
);

text_enum!(
    /// A kind of identity document.
    DocumentKind {
        /// A mainland resident ID, also the residence permits that share its numbers.
        ResidentId = "RESIDENT_ID",
        /// A passport.
        Passport = "PASSPORT",
    }
);

/// An independent way in which a person was verified; the value is its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The authority knows name and number together.
    Document = 1,
    /// The operator of the phone knows its owner.
    Phone = 2,
    /// A bank's four-element check.
    FirstCard = 4,
    /// Another bank's four-element check.
    SecondCard = 8,
    /// A face match.
    Face = 16,
}

/// A verified person. Name and number are sealed; equal numbers are found through a keyed index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The kind of document that it was verified with.
    pub document: DocumentKind,
    /// Blind index of document type and number.
    pub document_index: [u8; 32],
    /// The sealed name.
    pub name: Vec<u8>,
    /// The sealed document number.
    pub number: Vec<u8>,
    /// Bits of [`Channel`].
    pub channels: i64,
    /// The bank of the first card that verified it, so that the second is another bank's; empty for
    /// none.
    pub card_bank: String,
    /// How many wallets it has.
    pub wallets: i64,
    /// When it was verified first.
    pub verified_at: Timestamp,
}

record!(Identity, "identity", Kept, id: IdentityId);

/// The person that a document belongs to: one document, one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityByDocument {
    /// Blind index of document type and number.
    pub document_index: [u8; 32],
    /// The person.
    pub identity: IdentityId,
}

record!(IdentityByDocument, "identity_by_document", Kept, document_index: [u8; 32]);

/// The place that a name is sealed for: the same before and after verification, so that the sealed
/// value moves with the person and opens for no other document.
pub fn name_place(document_index: &[u8; 32]) -> Vec<u8> {
    [b"identity/name/", &document_index[..]].concat()
}

/// The place that a document number is sealed for.
pub fn number_place(document_index: &[u8; 32]) -> Vec<u8> {
    [b"identity/number/", &document_index[..]].concat()
}

impl Identity {
    /// The class that the channels give.
    pub fn class(&self, rules: &Rules) -> IdentityClass {
        match i64::from(self.channels.count_ones()) {
            channels if channels >= rules.class3_channels => IdentityClass::ClassIII,
            channels if channels >= rules.class2_channels => IdentityClass::ClassII,
            _ => IdentityClass::ClassI,
        }
    }

    /// Verified through one more channel.
    pub fn with(mut self, channel: Channel) -> Self {
        self.channels |= channel as i64;
        self
    }

    /// Verified by a card of a bank: the first one, or one of another bank.
    pub fn with_card_of(mut self, bank: &str) -> Self {
        if self.card_bank.is_empty() {
            self.card_bank = bank.to_owned();
            self.with(Channel::FirstCard)
        } else if self.card_bank != bank {
            self.with(Channel::SecondCard)
        } else {
            self
        }
    }
}
