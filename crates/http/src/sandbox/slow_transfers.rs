//! Transfers that a merchant sees on their way: here money moves at once, but the protocol has
//! states between, which a merchant's server must be ready for. Each look shows the next one.

use super::trials::Tried;
use crate::app::AppState;
use apiv3::transfer::SeenState;
use domain::merchant_transfer::{MerchantTransfer, TransferState};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Transfers that are remembered.
const KEPT: usize = 10_000;

/// See the module; the newest last.
#[derive(Default)]
pub(super) struct SlowTransfers(Mutex<VecDeque<Slow>>);

struct Slow {
    mchid: String,
    out_bill_no: String,
    /// Where it stood at the last look.
    state: TransferState,
    /// How often it was seen there.
    looks: usize,
}

impl SlowTransfers {
    pub(super) fn begin(&self, tried: &Tried) {
        self.forget(tried);
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let (mchid, out_bill_no) = (tried.mchid.clone(), tried.number.clone());
        kept.push_back(Slow {
            mchid,
            out_bill_no,
            state: TransferState::WaitUserConfirm,
            looks: 0,
        });
    }

    pub(super) fn forget(&self, tried: &Tried) {
        self.kept().retain(|one| (&one.mchid, &one.out_bill_no) != (&tried.mchid, &tried.number));
    }

    fn look(&self, transfer: &MerchantTransfer) -> SeenState {
        let mut kept = self.kept();
        let its = (&transfer.mchid, &transfer.out_bill_no);
        let slow = kept.iter_mut().find(|one| (&one.mchid, &one.out_bill_no) == its);
        let Some(slow) = slow else { return SeenState::At(transfer.state) };
        if slow.state != transfer.state {
            (slow.state, slow.looks) = (transfer.state, 0);
        }
        let seen = way_to(slow.state).get(slow.looks).copied();
        slow.looks += usize::from(seen.is_some());
        seen.unwrap_or(SeenState::At(slow.state))
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Slow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is seen before a state.
fn way_to(state: TransferState) -> &'static [SeenState] {
    match state {
        TransferState::WaitUserConfirm => &[SeenState::Accepted, SeenState::Processing],
        TransferState::Success => &[SeenState::Transferring],
        TransferState::Cancelled => &[SeenState::Cancelling],
        TransferState::Fail => &[],
    }
}

/// What the merchant sees of a transfer at this look; outside a sandbox where it stands.
pub(crate) fn look_at_transfer(app: &AppState, transfer: &MerchantTransfer) -> SeenState {
    let inspector = app.inspector.as_ref();
    inspector.map_or(SeenState::At(transfer.state), |all| all.slow_transfers.look(transfer))
}
