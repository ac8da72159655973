//! Who called lately. What is kept of a session here never changes (its user, its device, the
//! wallet once there is one), except that the session ends: so this spares reading, and proves
//! nothing.

use crate::extract::Caller;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most callers of a generation.
const GENERATION: usize = 100_000;

/// Callers by the hashes of their tokens, in two generations: when the young one is full it becomes
/// the old one, and who did not call since is forgotten.
#[derive(Debug, Default)]
pub struct Callers(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<[u8; 32], Caller>,
    old: HashMap<[u8; 32], Caller>,
}

impl Callers {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who used this token lately, with a wallet; the session may have ended since.
    pub(crate) fn get(&self, token_hash: &[u8; 32]) -> Option<Caller> {
        let mut kept = self.lock();
        if let Some(caller) = kept.young.get(token_hash) {
            return Some(*caller);
        }
        let caller = kept.old.remove(token_hash)?;
        kept.young.insert(*token_hash, caller);
        Some(caller)
    }

    /// Keeps a caller whose session was just looked up. Without a wallet it is not kept: it may
    /// open one at any moment.
    pub(crate) fn keep(&self, caller: Caller) {
        if caller.wallet.is_none() {
            return;
        }
        let mut kept = self.lock();
        if kept.young.len() >= GENERATION {
            kept.old = std::mem::take(&mut kept.young);
        }
        kept.young.insert(caller.session, caller);
    }

    /// Forgets a session that is over.
    pub(crate) fn forget(&self, token_hash: &[u8; 32]) {
        let mut kept = self.lock();
        kept.young.remove(token_hash);
        kept.old.remove(token_hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{DeviceId, UserId, WalletId};

    fn caller(number: u32, wallet: Option<u8>) -> Caller {
        let mut session = [0; 32];
        session[..4].copy_from_slice(&number.to_be_bytes());
        Caller {
            user: UserId::from_bytes([1; 16]),
            session,
            device: DeviceId::from_bytes([2; 16]),
            wallet: wallet.map(|byte| WalletId::from_bytes([byte; 16])),
        }
    }

    #[test]
    fn who_keeps_calling_stays_and_who_does_not_is_forgotten() {
        let callers = Callers::default();
        let (active, idle) = (caller(1, Some(3)), caller(2, Some(3)));
        callers.keep(active);
        callers.keep(idle);
        for number in 10..10 + 2 * GENERATION as u32 {
            callers.keep(caller(number, Some(3)));
            assert_eq!(callers.get(&active.session), Some(active));
        }
        assert_eq!(callers.get(&idle.session), None);
    }

    #[test]
    fn a_session_that_is_over_and_a_caller_without_a_wallet_are_not_kept() {
        let callers = Callers::default();
        callers.keep(caller(1, None));
        assert_eq!(callers.get(&caller(1, None).session), None);
        callers.keep(caller(2, Some(3)));
        callers.forget(&caller(2, None).session);
        assert_eq!(callers.get(&caller(2, None).session), None);
    }
}
