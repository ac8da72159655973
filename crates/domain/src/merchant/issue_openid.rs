//! Gives a person's name under an app id to that app: the same each time.

use super::Openid;
use crate::catalogue::Code;
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::UserId;
use crate::tx::Tx;

/// See the module.
#[derive(Clone, Debug)]
pub struct IssueOpenid {
    /// The person who agrees.
    pub user: UserId,
    /// The app id, which a merchant must have.
    pub appid: String,
    /// The merchant that the caller says has it.
    pub mchid: String,
    /// The name: keyed hash of app id and person, made by the edge.
    pub openid: String,
}

/// Why no name was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueOpenidRefusal {
    /// No such merchant has the app id.
    AppidUnknown,
}

impl Refusal for IssueOpenidRefusal {
    fn code(&self) -> Code {
        match self {
            Self::AppidUnknown => Code::ObjectNotFound,
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some("/appid")
    }
}

impl Command for IssueOpenid {
    type Done = String;
    type Refusal = IssueOpenidRefusal;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<String, Stop<IssueOpenidRefusal>> {
        let bound = (self.mchid.clone(), self.appid.clone());
        if tx.find::<super::MerchantAppid>(&bound)?.is_none() {
            return Err(IssueOpenidRefusal::AppidUnknown.into());
        }
        if tx.find::<Openid>(&self.openid)?.is_none() {
            tx.put(Openid {
                openid: self.openid.clone(),
                appid: self.appid.clone(),
                user: self.user,
            });
        }
        Ok(self.openid.clone())
    }
}
