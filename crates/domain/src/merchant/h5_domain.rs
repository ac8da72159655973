//! The web domains from whose pages a merchant sends its payers to the cashier page of H5 orders.

use super::Merchant;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::record;
use crate::tx::Tx;
use kernel::Timestamp;

/// Longest name, as the domain name system has it.
const NAME_BYTES_MAX: usize = 253;
/// Longest part of it.
const LABEL_BYTES_MAX: usize = 63;

/// One domain of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantH5Domain {
    /// The merchant.
    pub mchid: String,
    /// The domain in lower case; those below it are the merchant's too.
    pub domain: String,
    /// When it was registered.
    pub set_at: Timestamp,
}

record!(MerchantH5Domain, "merchant_h5_domain", Removable, mchid: String, domain: String);

impl MerchantH5Domain {
    /// Whether a host, in lower case, is of this domain.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let above = host.strip_suffix(self.domain.as_str());
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// Registers a domain, or takes it away. A repeat changes nothing.
#[derive(Clone, Debug)]
pub struct RegisterH5Domain {
    /// The merchant.
    pub mchid: String,
    /// The domain, in lower case.
    pub domain: String,
    /// Whether it is registered from now on.
    pub is_registered: bool,
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterH5DomainRefusal {
    /// No such merchant.
    MerchantUnknown,
    /// It is not the name of a domain.
    NotADomain,
}

impl Refusal for RegisterH5DomainRefusal {
    fn code(&self) -> Code {
        match self {
            Self::MerchantUnknown => Code::ObjectNotFound,
            Self::NotADomain => Code::ParamInvalid,
        }
    }
}

impl Command for RegisterH5Domain {
    type Done = ();
    type Refusal = RegisterH5DomainRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "operator".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<(), Stop<RegisterH5DomainRefusal>> {
        if tx.look::<Merchant>(&self.mchid)?.is_none() {
            return Err(RegisterH5DomainRefusal::MerchantUnknown.into());
        }
        if !is_domain_name(&self.domain) {
            return Err(RegisterH5DomainRefusal::NotADomain.into());
        }
        let key = (self.mchid.clone(), self.domain.clone());
        let known = tx.find::<MerchantH5Domain>(&key)?;
        match (known, self.is_registered) {
            (None, true) => {
                let (mchid, domain) = key;
                tx.put(MerchantH5Domain { mchid, domain, set_at: tx.now() });
            }
            (Some(_), false) => tx.remove::<MerchantH5Domain>(&key),
            (Some(_), true) | (None, false) => {}
        }
        Ok(())
    }
}

/// Whether a text is a host name in lower case: labels of letters, digits and inner hyphens.
fn is_domain_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MCHID, World, merchant};

    fn register(mchid: &str, domain: &str, is_registered: bool) -> RegisterH5Domain {
        RegisterH5Domain { mchid: mchid.into(), domain: domain.into(), is_registered }
    }

    #[test]
    fn a_domain_is_registered_and_taken_away() {
        let mut world = World::new();
        let unknown = world.run(&register(MCHID, "tea.example", true));
        assert_eq!(unknown, Err(RegisterH5DomainRefusal::MerchantUnknown));
        world.run(&merchant()).unwrap();
        let key = (MCHID.to_owned(), "tea.example".to_owned());
        for wanted in [true, true, false, false, true] {
            world.run(&register(MCHID, "tea.example", wanted)).unwrap();
            assert_eq!(world.find::<MerchantH5Domain>(&key).is_some(), wanted);
        }
        let long = format!("{}.example", "a".repeat(64));
        for none in
            ["", "Tea.example", "tea..example", "-tea.example", "https://tea.example", &long]
        {
            let refused = world.run(&register(MCHID, none, true));
            assert_eq!(refused, Err(RegisterH5DomainRefusal::NotADomain), "{none}");
        }
        for name in ["localhost", "127.0.0.1", "a-b.tea.example"] {
            world.run(&register(MCHID, name, true)).unwrap();
        }
    }

    #[test]
    fn what_is_below_a_domain_is_of_it_and_what_only_ends_like_it_is_not() {
        let (mchid, set_at) = (MCHID.to_owned(), Timestamp::default());
        let registered = MerchantH5Domain { mchid, domain: "tea.example".into(), set_at };
        assert!(registered.covers("tea.example") && registered.covers("pay.tea.example"));
        for other in ["example", "eviltea.example", "tea.example.evil", ""] {
            assert!(!registered.covers(other), "{other}");
        }
    }
}
