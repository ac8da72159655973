//! Somebody who holds a phone becomes a user. If the phone is a user's already, its holder is
//! logged in instead: the code proves as much as it does at a log-in, and nobody else learns who is
//! registered.

use super::code::OtpTry;
use super::otp::OtpPurpose;
use super::person::{User, UserByPhone};
use super::session::{NewSession, SignedIn, sign_in};
use super::take_otp::{OtpRefusal, otp_keys, take_otp};
use crate::command::{Command, Once, Stop};
use crate::ids::{OtpId, UserId};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::id::Hex;

/// See the module.
#[derive(Clone)]
pub struct Register {
    /// The challenge.
    pub otp: OtpId,
    /// What was entered.
    pub tried: OtpTry,
    /// Blind index of the phone.
    pub phone_index: [u8; 32],
    /// The phone, sealed for [`super::phone_place`].
    pub phone: Vec<u8>,
    /// A new id, drawn by the edge.
    pub user: UserId,
    /// The session to begin.
    pub session: NewSession,
}

impl Command for Register {
    type Done = SignedIn;
    type Refusal = OtpRefusal;

    /// The challenge is used up.
    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        Hex(&self.phone_index).to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<SignedIn, Stop<OtpRefusal>> {
        let purpose = OtpPurpose::Register;
        let by_phone = RowKey::of::<UserByPhone>(&self.phone_index);
        tx.want(otp_keys(self.otp, &self.phone_index, purpose).into_iter().chain([by_phone]))?;
        take_otp(tx, self.otp, &self.phone_index, purpose, &self.tried)??;
        if let Some(known) = tx.find::<UserByPhone>(&self.phone_index)? {
            let user = tx.get::<User>(&known.user)?;
            return Ok(sign_in(tx, &user, &self.session, false)?);
        }
        let user = User {
            id: self.user,
            phone_index: self.phone_index,
            phone: self.phone.clone(),
            wallet: None,
            session_epoch: 0,
            registered_at: tx.now(),
        };
        tx.put(UserByPhone { phone_index: self.phone_index, user: self.user });
        tx.put(user.clone());
        Ok(sign_in(tx, &user, &self.session, true)?)
    }
}
