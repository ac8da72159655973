//! One sequence of batches: a batch commits only directly after the batch its rows were read at.

use super::*;
use std::sync::mpsc;

/// The place after the last batch goes to one handle; the other writes nothing.
pub fn place_in_the_sequence_is_given_once<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let (ours, theirs) = (next_batch(&mut store, 1), next_batch(&mut other, 2));
    assert_eq!(other.commit(&theirs, &[insert(&probe(2))]), Commit::Done);
    assert_eq!(store.commit(&ours, &[insert(&probe(1))]), Commit::Conflict);
    assert_eq!(store.commit(&theirs, &[insert(&probe(1))]), Commit::Conflict);
    assert_eq!(store.tip().expect("answers"), theirs);
    assert_eq!(version_of(&mut store, &probe(1)), None);
    assert_eq!(commit(&mut store, vec![insert(&probe(1))]), Commit::Done);
}

/// Another handle commits between our load and our commit: ours is a conflict, also when the rows
/// do not overlap and when the rival wrote a row that we only read.
pub fn rival_between_load_and_commit_is_a_conflict<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let (read_only, changed) = (account(1, 10), account(2, 10));
    let writes = vec![insert(&read_only), insert(&changed)];
    assert_eq!(commit(&mut store, writes), Commit::Done);

    let rivals = [vec![], vec![insert(&probe(1))], vec![update(&account(1, 0), 1)]];
    for (place, rival) in rivals.into_iter().enumerate() {
        let batch = next_batch(&mut store, 1);
        let keys = [read_only.row_key(), changed.row_key()];
        assert_eq!(store.load(&keys).expect("answers").len(), 2);
        assert_eq!(commit_as(&mut other, 2, rival), Commit::Done);
        let outcome = store.commit(&batch, &[update(&account(2, 0), 1)]);
        assert_eq!(outcome, Commit::Conflict, "rival {place}");
        assert_eq!(version_of(&mut store, &changed), Some(1), "rival {place}");
    }
    assert_eq!(find(&mut store, &read_only), Some(account(1, 0)));
    assert_eq!(commit(&mut store, vec![update(&account(2, 0), 1)]), Commit::Done);
}

/// Starts a rival's commit of the present place in a thread of its own and gives its outcome later.
fn rival<S: Store + 'static>(mut other: S, writes: Vec<Write>) -> mpsc::Receiver<(Commit, S)> {
    let batch = next_batch(&mut other, 2);
    let (started, is_started) = mpsc::channel();
    let (outcome, is_over) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = started.send(());
        let committed = other.commit(&batch, &writes);
        let _ = outcome.send((committed, other));
    });
    is_started.recv().expect("the rival starts");
    is_over
}

/// While others are excluded, the position, the rows and the commit belong together, and a rival
/// finds its place taken.
pub fn excluded_rival_waits_until_the_commit<S: Store + 'static>(fresh: impl Fn() -> (S, S)) {
    let (mut store, other) = fresh();
    assert_eq!(commit(&mut store, vec![insert(&account(1, 10))]), Commit::Done);
    store.exclude_others().expect("answers");
    let over = rival(other, vec![update(&account(1, 0), 1)]);

    let batch = next_batch(&mut store, 1);
    assert_eq!(batch.seq, 2);
    assert_eq!(find(&mut store, &account(1, 0)), Some(account(1, 10)));
    assert!(over.try_recv().is_err(), "the rival did not wait");
    assert_eq!(store.commit(&batch, &[update(&account(1, 7), 1)]), Commit::Done);

    let (outcome, mut other) = over.recv().expect("the rival ends");
    assert_eq!(outcome, Commit::Conflict);
    assert_eq!(find(&mut other, &account(1, 0)), Some(account(1, 7)));
    assert_eq!(commit(&mut other, vec![update(&account(1, 8), 2)]), Commit::Done);
}

/// A refused commit also ends the exclusion.
pub fn excluded_rival_waits_until_the_end_of_a_refused_commit<S: Store + 'static>(
    fresh: impl Fn() -> (S, S),
) {
    let (mut store, other) = fresh();
    assert_eq!(commit(&mut store, vec![insert(&account(1, 10))]), Commit::Done);
    store.exclude_others().expect("answers");
    let over = rival(other, vec![update(&account(1, 0), 1)]);
    assert_eq!(commit(&mut store, vec![update(&account(1, 7), 9)]), Commit::Conflict);
    assert_eq!(over.recv().expect("the rival ends").0, Commit::Done);
    assert_eq!(version_of(&mut store, &account(1, 0)), Some(2));
}

/// An exclusion that is abandoned leaves no trace and lets the rival through.
pub fn abandoned_exclusion_writes_nothing<S: Store + 'static>(fresh: impl Fn() -> (S, S)) {
    let (mut store, other) = fresh();
    store.abandon();
    store.exclude_others().expect("answers");
    let over = rival(other, vec![insert(&probe(1))]);
    assert_eq!(store.tip().expect("answers"), Batch::origin());
    store.abandon();
    assert_eq!(over.recv().expect("the rival ends").0, Commit::Done);
    assert_eq!(store.tip().expect("answers").seq, 1);
    assert_eq!(commit(&mut store, vec![update(&probe(1), 1)]), Commit::Done);
}

/// A new connection sees what was committed, holds nobody up, and works on.
pub fn reconnecting_keeps_what_is_committed<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    assert_eq!(commit(&mut store, vec![insert(&probe(1))]), Commit::Done);
    store.exclude_others().expect("answers");
    store.reconnect().expect("connects");
    assert_eq!(commit(&mut other, vec![insert(&probe(2))]), Commit::Done);
    assert_eq!(store.tip().expect("answers").seq, 2);
    assert_eq!(commit(&mut store, vec![update(&probe(2), 2)]), Commit::Done);
}
