//! Checks of what people type: documents, names, cards, phone numbers and passwords. Everything
//! here is pure; the present day is handed in. Each check has its own error, and each error its
//! code in the failure catalogue. Types that hold personal data print without it.

/// Gives types that hold personal data a `Debug` that shows the type and nothing else.
macro_rules! print_without_content {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}

pub mod age;
pub mod bin_table;
pub mod card_number;
pub mod expiry;
pub mod masking;
pub mod mrz;
pub mod name;
pub mod normalise;
pub mod passport;
pub mod phone;
pub mod resident_id;
pub mod weak_password;
