//! What a row is to a rule: a named kind with a key. How it is stored is told elsewhere.

use kernel::{Currency, Timestamp};
use std::any::Any;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The address of one row: the name of its kind and its key in bytes. Addresses are compared and
/// hashed a hundred times a payment, so both look at the name as little as they can.
#[derive(Clone, Eq)]
pub struct RowKey {
    /// The kind of row, which is also its table.
    pub table: &'static str,
    /// The key, in the form that [`KeyWriter`] writes.
    pub bytes: Box<[u8]>,
}

impl RowKey {
    /// The address of the row of kind `R` with this key.
    pub fn of<R: Record>(key: &R::Key) -> Self {
        let mut writer = KeyWriter(Vec::with_capacity(24));
        key.write(&mut writer);
        Self { table: R::NAME, bytes: writer.0.into_boxed_slice() }
    }
}

impl PartialEq for RowKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && is_same(self.table, other.table)
    }
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        if is_same(self.table, other.table) {
            return self.bytes.cmp(&other.bytes);
        }
        self.table.cmp(other.table)
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for RowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Few names have the same length, and equality looks at all of it.
        state.write_usize(self.table.len());
        state.write(&self.bytes);
    }
}

/// Names are constants, so they nearly always lie at one place.
fn is_same(left: &'static str, right: &'static str) -> bool {
    std::ptr::eq(left, right) || left == right
}

impl Debug for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.table, kernel::id::Hex(&self.bytes))
    }
}

/// Writes the parts of a key so that bytes sort as the parts do, and so that the parts can be read
/// back: an integer as 8 bytes, big end first, sign flipped; a text ended by a zero byte; bytes
/// after their length in two bytes.
pub struct KeyWriter(Vec<u8>);

impl KeyWriter {
    /// Adds an integer.
    pub fn int(&mut self, value: i64) {
        self.0.extend_from_slice(&(value as u64 ^ (1 << 63)).to_be_bytes());
    }

    /// Adds a text, which must hold no zero byte (the edge refuses those).
    pub fn text(&mut self, value: &str) {
        debug_assert!(!value.contains('\0'), "a key text holds no zero byte");
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
    }

    /// Adds at most 65,535 bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        let length = u16::try_from(value.len()).expect("a key is short");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
    }
}

/// A value that can be (part of) a key.
pub trait RecordKey: Clone + Debug + PartialEq {
    /// Writes itself.
    fn write(&self, to: &mut KeyWriter);
}

impl RecordKey for i64 {
    fn write(&self, to: &mut KeyWriter) {
        to.int(*self);
    }
}
impl RecordKey for Timestamp {
    fn write(&self, to: &mut KeyWriter) {
        to.int(self.micros());
    }
}
impl RecordKey for Currency {
    fn write(&self, to: &mut KeyWriter) {
        to.text(self.as_str());
    }
}
impl RecordKey for String {
    fn write(&self, to: &mut KeyWriter) {
        to.text(self);
    }
}
impl<const N: usize> RecordKey for [u8; N] {
    fn write(&self, to: &mut KeyWriter) {
        to.bytes(self);
    }
}
impl<A: RecordKey, B: RecordKey> RecordKey for (A, B) {
    fn write(&self, to: &mut KeyWriter) {
        self.0.write(to);
        self.1.write(to);
    }
}
impl<A: RecordKey, B: RecordKey, C: RecordKey> RecordKey for (A, B, C) {
    fn write(&self, to: &mut KeyWriter) {
        self.0.write(to);
        self.1.write(to);
        self.2.write(to);
    }
}
impl<A: RecordKey, B: RecordKey, C: RecordKey, D: RecordKey> RecordKey for (A, B, C, D) {
    fn write(&self, to: &mut KeyWriter) {
        self.0.write(to);
        self.1.write(to);
        self.2.write(to);
        self.3.write(to);
    }
}

/// One kind of row.
pub trait Record: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// The name of the kind, which is also its table.
    const NAME: &'static str;
    /// Whether rows of this kind are so large that none is kept in memory for later.
    const IS_LARGE: bool = false;
    /// What identifies a row of this kind within its book.
    type Key: RecordKey;

    /// The row's key.
    fn key(&self) -> Self::Key;

    /// The row's address.
    fn row_key(&self) -> RowKey {
        RowKey::of::<Self>(&self.key())
    }
}

/// A row that a done command puts; a refusal leaves it as it was.
pub trait Kept: Record {}
/// A kept row that may also be removed: an index, or an obligation that is met.
pub trait Removable: Kept {}
/// A row that survives a refusal: failed tries of a secret, risk signals.
pub trait Mark: Record {}
/// A row that is written once and never changes.
pub trait Appended: Record {}

/// A row whose kind is known at run time only.
pub trait AnyRow: Any + Debug + Send + Sync {
    /// The row's kind, which is also its table.
    fn table(&self) -> &'static str;
    /// The row's address.
    fn row_key(&self) -> RowKey;
    /// Whether it is too large to be kept in memory for later.
    fn is_large(&self) -> bool;
    /// Whether both are the same row with the same content.
    fn equals(&self, other: &dyn AnyRow) -> bool;
}

impl<R: Record> AnyRow for R {
    fn table(&self) -> &'static str {
        R::NAME
    }

    fn row_key(&self) -> RowKey {
        Record::row_key(self)
    }

    fn is_large(&self) -> bool {
        R::IS_LARGE
    }

    fn equals(&self, other: &dyn AnyRow) -> bool {
        (other as &dyn Any).downcast_ref::<R>() == Some(self)
    }
}

/// A shared row.
pub type Row = Arc<dyn AnyRow>;

/// Declares a struct's kind, class and key: `record!(Wallet, "wallet", Kept, id: WalletId)`.
#[macro_export]
macro_rules! record {
    ($name:ident, $table:literal, $class:ident, $($field:ident : $kind:ty),+) => {
        impl $crate::record::Record for $name {
            const NAME: &'static str = $table;
            type Key = $crate::record!(@key $($kind),+);

            fn key(&self) -> Self::Key {
                $crate::record!(@value self $($field),+)
            }
        }
        $crate::record!(@class $name $class);
    };
    (@key $kind:ty) => { $kind };
    (@key $($kind:ty),+) => { ($($kind),+) };
    (@value $self:ident $field:ident) => { $self.$field.clone() };
    (@value $self:ident $($field:ident),+) => { ($($self.$field.clone()),+) };
    (@class $name:ident Removable) => {
        impl $crate::record::Kept for $name {}
        impl $crate::record::Removable for $name {}
    };
    (@class $name:ident $class:ident) => { impl $crate::record::$class for $name {} };
}

/// Declares a public id that can be a key: `row_id!(/** … */ WalletId, "wal")`.
#[macro_export]
macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        kernel::public_id!($(#[$doc])* $name, $prefix);

        impl $crate::record::RecordKey for $name {
            fn write(&self, to: &mut $crate::record::KeyWriter) {
                to.bytes(&self.bytes());
            }
        }
    };
}

/// Declares an enum of states or kinds with its one spelling, used on the wire and in the database.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// Reads the spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl $crate::record::RecordKey for $name {
            fn write(&self, to: &mut $crate::record::KeyWriter) {
                to.text(self.as_str());
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown value"))
            }
        }
    };
}
