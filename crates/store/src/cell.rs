//! How a field of a row becomes a stored value and back.

use crate::value::{Kind, Value};
use domain::fact::FactKind;
use domain::job::JobKind;
use domain::ledger::{JournalKind, OwnerKind, Purpose, Sign, Subject};
use kernel::{Amount, Currency, Timestamp};

/// A type that fits one column.
pub trait Cell: Sized {
    /// The column's type.
    const KIND: Kind;
    /// Whether the column may hold no value.
    const NULLABLE: bool = false;

    /// The stored value.
    fn to_value(&self) -> Value;
    /// Reads it back; `None` when it cannot be of this type.
    fn from_value(value: Value) -> Option<Self>;
}

impl Cell for i64 {
    const KIND: Kind = Kind::Int;

    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl Cell for bool {
    const KIND: Kind = Kind::Int;

    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl Cell for String {
    const KIND: Kind = Kind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl Cell for Vec<u8> {
    const KIND: Kind = Kind::Bytes;

    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => Some(value),
            _ => None,
        }
    }
}

impl<const N: usize> Cell for [u8; N] {
    const KIND: Kind = Kind::Bytes;

    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Cell::to_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl Cell for Timestamp {
    const KIND: Kind = Kind::Int;

    fn to_value(&self) -> Value {
        Value::Int(self.micros())
    }

    fn from_value(value: Value) -> Option<Self> {
        let micros = i64::from_value(value)?;
        let time = Timestamp::from_micros(micros);
        (time.micros() == micros).then_some(time)
    }
}

/// Amounts are stored as minor units; only renminbi amounts have a column of their own.
impl Cell for Amount {
    const KIND: Kind = Kind::Int;

    fn to_value(&self) -> Value {
        Value::Int(self.minor())
    }

    fn from_value(value: Value) -> Option<Self> {
        Amount::fen(i64::from_value(value)?).ok()
    }
}

impl Cell for Subject {
    const KIND: Kind = Kind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }

    fn from_value(value: Value) -> Option<Self> {
        String::from_value(value).map(Subject::from_text)
    }
}

/// Enums stored by their one spelling.
#[macro_export]
macro_rules! text_cells {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::Cell for $name {
            const KIND: $crate::Kind = $crate::Kind::Text;

            fn to_value(&self) -> $crate::Value {
                $crate::Value::Text(self.as_str().to_owned())
            }

            fn from_value(value: $crate::Value) -> Option<Self> {
                match value {
                    $crate::Value::Text(text) => <$name>::parse(&text),
                    _ => None,
                }
            }
        }
    )+};
}

/// Public ids stored as their 16 bytes.
#[macro_export]
macro_rules! id_cells {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::Cell for $name {
            const KIND: $crate::Kind = $crate::Kind::Bytes;

            fn to_value(&self) -> $crate::Value {
                $crate::Value::Bytes(self.bytes().to_vec())
            }

            fn from_value(value: $crate::Value) -> Option<Self> {
                <[u8; 16] as $crate::Cell>::from_value(value).map(<$name>::from_bytes)
            }
        }
    )+};
}

text_cells!(Currency, OwnerKind, Purpose, Sign, JournalKind, FactKind, JobKind);
