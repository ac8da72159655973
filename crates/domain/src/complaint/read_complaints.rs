//! Which complaints a merchant may read: those about its own orders, the ones that it placed for
//! sub-merchants included.

use super::Complaint;
use crate::merchant::SubMerchant;

impl Complaint {
    /// Whether this merchant may read it, and answer it.
    #[must_use]
    pub fn is_shown_to(&self, mchid: &str) -> bool {
        self.mchid == mchid
    }

    /// The merchant that it is about: who was paid.
    #[must_use]
    pub fn complainted(&self) -> &str {
        self.sub_mchid.as_ref().unwrap_or(&self.mchid)
    }
}

/// Whether a merchant may list what is about this one alone: itself, or one that it serves or
/// served. `relation` is its relation to that one, if there is one.
#[must_use]
pub fn may_list_about(mchid: &str, about: &str, relation: Option<&SubMerchant>) -> bool {
    let serves = |known: &SubMerchant| known.mchid == mchid && known.sub_mchid == about;
    about == mchid || relation.is_some_and(serves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::SubMerchantState;
    use kernel::Timestamp;

    #[test]
    fn a_merchant_lists_what_is_about_itself_and_about_those_whom_it_ever_served() {
        let relation = |state| SubMerchant {
            mchid: "1900000001".into(),
            sub_mchid: "1900000002".into(),
            state,
            since: Timestamp::default(),
        };
        assert!(may_list_about("1900000001", "1900000001", None));
        for state in [SubMerchantState::Active, SubMerchantState::Ended] {
            let relation = relation(state);
            assert!(may_list_about("1900000001", "1900000002", Some(&relation)));
            assert!(!may_list_about("1900000001", "1900000003", Some(&relation)));
            assert!(!may_list_about("1900000002", "1900000001", Some(&relation)));
        }
        assert!(!may_list_about("1900000001", "1900000002", None));
    }
}
