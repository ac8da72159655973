//! Leases, cursors, and the schedule of what failed.

use super::*;
use crate::fact::FactKind;
use crate::fact::SLOTS;
use crate::testing::World;
use kernel::time::SECOND;

fn hold(holder: &str, cursors: &[(i64, i64, i64)]) -> HoldSlots {
    HoldSlots { holder: holder.into(), cursors: cursors.to_vec(), release: false }
}

fn attempt(number: i64, error: Option<&str>) -> RecordDeliveries {
    let error = error.map(str::to_owned);
    let mchid = "1900000001".to_owned();
    RecordDeliveries {
        attempts: vec![Attempted {
            batch: 3,
            place: 1,
            mchid,
            kind: FactKind::PaymentSucceeded,
            attempt: number,
            error,
        }],
    }
}

#[test]
fn one_process_holds_a_slot_until_its_lease_ends() {
    let mut world = World::new();
    assert_eq!(world.run(&hold("a", &[])).unwrap().len() as i64, SLOTS);
    assert_eq!(world.run(&hold("b", &[])).unwrap(), []);
    world.wait(31 * SECOND);
    assert_eq!(world.run(&hold("b", &[])).unwrap().len() as i64, SLOTS);
    assert_eq!(world.run(&hold("a", &[])).unwrap(), []);
    world.run(&HoldSlots { release: true, ..hold("b", &[]) }).unwrap();
    assert_eq!(world.run(&hold("a", &[])).unwrap().len() as i64, SLOTS);
}

#[test]
fn a_cursor_only_rises_and_only_its_holder_moves_it() {
    let mut world = World::new();
    world.run(&hold("a", &[(5, 9, 9)])).unwrap();
    assert_eq!(world.get::<Slot>(&5).cursor_batch, 0, "it was not the holder yet");
    world.run(&hold("a", &[(5, 7, 2)])).unwrap();
    world.run(&hold("a", &[(5, 7, 1)])).unwrap();
    let slot = world.get::<Slot>(&5);
    assert_eq!((slot.cursor_batch, slot.cursor_place), (7, 2));
    world.run(&hold("b", &[(5, 8, 1)])).unwrap();
    assert_eq!(world.get::<Slot>(&5).cursor_batch, 7);
}

#[test]
fn a_failed_delivery_waits_by_the_schedule_and_then_is_dead() {
    let mut world = World::new();
    let key = (3, 1);
    let mut waited = 0;
    for (place, wait) in SCHEDULE_S.iter().enumerate() {
        let number = place as i64 + 1;
        world.run(&attempt(number, Some("timeout"))).unwrap();
        world.run(&attempt(number, Some("told twice"))).unwrap();
        let retry = world.get::<Retry>(&key);
        assert_eq!((retry.attempts, retry.state), (number, RetryState::Waiting));
        assert_eq!(retry.due_at, world.now().plus(wait * SECOND));
        assert_eq!(retry.last_error, "timeout");
        world.wait(wait * SECOND);
        waited += wait;
    }
    assert_eq!(waited, 24 * 3_600 + 4 * 60);
    world.run(&attempt(16, Some("timeout"))).unwrap();
    assert_eq!(world.get::<Retry>(&key).state, RetryState::Dead);
    world.run(&ResendNotification { batch: 3, place: 1 }).unwrap();
    assert_eq!(world.get::<Retry>(&key).due_at, world.now());
    world.run(&attempt(1, None)).unwrap();
    assert_eq!(world.find::<Retry>(&key), None);
    let gone = world.run(&ResendNotification { batch: 3, place: 1 });
    assert_eq!(gone, Err(ResendRefusal::NotFound));
}

#[test]
fn a_delivery_that_works_at_once_writes_nothing() {
    let mut world = World::new();
    world.run(&attempt(1, None)).unwrap();
    assert_eq!(world.all::<Retry>(), []);
}

#[test]
fn word_of_transfers_to_people_has_a_schedule_of_its_own() {
    let waits: Vec<i64> =
        (1..).map_while(|attempt| wait_after(FactKind::MerchantTransferEnded, attempt)).collect();
    assert_eq!(waits.len(), 64);
    assert_eq!((waits[0], waits[9], waits[10], waits[19], waits[20]), (15, 15, 300, 300, 1_800));
    assert_eq!(waits.iter().sum::<i64>(), 82_350);
    let usual = |attempt| wait_after(FactKind::RefundSucceeded, attempt);
    assert_eq!((usual(0), usual(1), usual(15), usual(16)), (None, Some(15), Some(21_600), None));
}
