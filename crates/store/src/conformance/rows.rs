//! Rows go in and come out as they were, or nothing happens.

use super::*;
use domain::ledger::Entry;

/// Before the first batch a store stands at the origin and holds nothing.
pub fn empty_store_stands_before_the_first_batch<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    assert_eq!(store.tip().expect("answers"), Batch::origin());
    assert_eq!(version_of(&mut store, &probe(1)), None);
    assert!(store.first("probe", 10).expect("answers").is_empty());

    let batch = next_batch(&mut store, 7);
    assert_eq!(store.commit(&batch, &[]), Commit::Done);
    assert_eq!(store.tip().expect("answers"), batch);
    assert_eq!(other.tip().expect("answers"), batch);
    assert_eq!(find(&mut other, &batch), Some(batch));
}

/// A row's version is the batch that last wrote it, and a removed row can come again.
pub fn rows_are_read_back_with_the_batch_that_wrote_them<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let (first, second) = (probe(1), Probe { text: "changed".into(), ..probe(1) });
    let bystander = account(5, 100);

    assert_eq!(commit(&mut store, vec![insert(&first), insert(&bystander)]), Commit::Done);
    assert_eq!(version_of(&mut other, &first), Some(1));
    assert_eq!(commit(&mut other, vec![update(&second, 1)]), Commit::Done);
    assert_eq!(find(&mut store, &first), Some(second.clone()));
    assert_eq!(version_of(&mut store, &first), Some(2));
    assert_eq!(version_of(&mut store, &bystander), Some(1));
    assert_eq!(commit(&mut store, vec![delete(&second, 2)]), Commit::Done);
    assert_eq!(version_of(&mut other, &first), None);
    assert_eq!(commit(&mut other, vec![insert(&first)]), Commit::Done);
    assert_eq!(version_of(&mut store, &first), Some(4));
}

/// A wrong version, a missing row and a row in the way are conflicts, and nothing is written.
pub fn rows_decided_on_something_else_are_a_conflict<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, _other) = fresh();
    let (stored, missing, good) = (probe(1), probe(2), account(9, 1));
    assert_eq!(commit(&mut store, vec![insert(&stored)]), Commit::Done);
    assert_eq!(commit(&mut store, vec![update(&stored, 1)]), Commit::Done);

    let wrong = [
        update(&stored, 1),
        update(&stored, 3),
        update(&stored, 0),
        delete(&stored, 1),
        update(&missing, 2),
        delete(&missing, 2),
        insert(&stored),
    ];
    for write in wrong {
        let what = format!("{write:?}");
        assert_eq!(commit(&mut store, vec![insert(&good), write]), Commit::Conflict, "{what}");
        assert_eq!(version_of(&mut store, &good), None, "{what}");
        assert_eq!(version_of(&mut store, &stored), Some(2), "{what}");
        assert_eq!(store.tip().expect("answers").seq, 2, "{what}");
    }
    assert_eq!(commit(&mut store, vec![insert(&good), update(&stored, 2)]), Commit::Done);
}

/// A row that breaks a CHECK is refused as data, not as a lost race, and nothing is written.
pub fn value_that_cannot_be_stored_is_told_from_a_conflict<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let (rich, poor) = (account(1, 50), account(1, -1));
    assert_eq!(commit(&mut store, vec![insert(&rich)]), Commit::Done);

    for write in [update(&poor, 1), insert(&account(2, -1))] {
        let outcome = commit(&mut store, vec![insert(&probe(1)), write]);
        assert!(matches!(outcome, Commit::Data(_)), "{outcome:?}");
        assert_eq!(find(&mut other, &rich), Some(rich.clone()));
        assert_eq!(version_of(&mut other, &probe(1)), None);
        assert_eq!(other.tip().expect("answers").seq, 1);
    }
    assert_eq!(commit(&mut other, vec![insert(&probe(1))]), Commit::Done);
}

/// Keys of many tables in one call: the answer has the rows that exist, once each.
pub fn load_gives_what_exists_and_nothing_else<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let mut writes = Vec::new();
    for id in (0..700).step_by(2) {
        writes.extend([insert(&probe(id)), insert(&account(id + 1, id))]);
        writes.push(insert(&Named { name: format!("name {id}"), count: id }));
    }
    assert_eq!(commit(&mut store, writes), Commit::Done);

    assert!(other.load(&[]).expect("answers").is_empty());
    let mut keys = Vec::new();
    for id in 0..700 {
        keys.extend([probe(id).row_key(), account(id + 1, 0).row_key()]);
        keys.push(Named { name: format!("name {id}"), count: 0 }.row_key());
        keys.push(Composite { id: [0; 4], number: id, name: String::new() }.row_key());
    }
    let loaded = other.load(&keys).expect("answers");
    assert_eq!(loaded.len(), 3 * 350);
    let found: std::collections::BTreeSet<RowKey> =
        loaded.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(found.len(), loaded.len());
    for (key, row) in loaded {
        assert_eq!(row.row.row_key(), key);
        assert_eq!(row.version, 1);
    }
}

/// Numbers below zero, texts of any language, bytes, and several parts together.
pub fn keys_of_every_kind_find_their_row<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, _other) = fresh();
    let numbers = [i64::MIN, -1, 0, 1, i64::MAX].map(probe);
    let names = ["", "a", "A", "ä", "零钱", "it's \"quoted\"", "😀", " a", "a%"];
    let named = names.map(|name| Named { name: name.into(), count: 1 });
    let composites = [
        Composite { id: [0; 4], number: 0, name: String::new() },
        Composite { id: [0xff; 4], number: -5, name: "余额".into() },
        Composite { id: [0xff; 4], number: -5, name: "余".into() },
        Composite { id: [0, 1, 0, 0], number: i64::MIN, name: "x".into() },
    ];
    let mut writes: Vec<Write> = numbers.iter().map(insert).collect();
    writes.extend(named.iter().map(insert));
    writes.extend(composites.iter().map(insert));
    assert_eq!(commit(&mut store, writes), Commit::Done);

    for row in numbers {
        assert_eq!(find(&mut store, &row), Some(row.clone()));
    }
    for row in &named {
        assert_eq!(find(&mut store, row).as_ref(), Some(row));
    }
    for row in &composites {
        assert_eq!(find(&mut store, row).as_ref(), Some(row));
        assert_eq!(commit(&mut store, vec![delete(row, 1)]), Commit::Done, "{row:?}");
        assert_eq!(find(&mut store, row), None);
    }
    assert_eq!(find(&mut store, &Named { name: "b".into(), count: 1 }), None);
    let near = Composite { number: -4, ..composites[1].clone() };
    assert_eq!(find(&mut store, &near), None);
}

/// Extremes, emptiness and absence survive being stored, and are told apart.
pub fn values_of_every_kind_come_back_as_they_were<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let full = Probe {
        id: 1,
        order: i64::MIN,
        text: "1".into(),
        bytes: (0..=255).collect(),
        some_int: Some(i64::MAX),
        some_text: Some("零钱通 \u{1F9E7} ' \" \\ \n %".into()),
        some_bytes: Some(vec![0; 100_000]),
    };
    let empty = Probe {
        id: 2,
        text: String::new(),
        bytes: Vec::new(),
        some_int: Some(0),
        some_text: Some(String::new()),
        some_bytes: Some(Vec::new()),
        ..probe(2)
    };
    let absent = Probe { text: "x".repeat(100_000), ..probe(3) };
    let rows = [full.clone(), empty.clone(), absent.clone()];
    assert_eq!(commit(&mut store, rows.iter().map(insert).collect()), Commit::Done);
    for row in &rows {
        assert_eq!(find(&mut other, row).as_ref(), Some(row));
    }

    let emptied = Probe { id: 1, ..absent };
    let filled = Probe { id: 3, ..full };
    let writes = vec![update(&emptied, 1), update(&filled, 1)];
    assert_eq!(commit(&mut other, writes), Commit::Done);
    for row in [&emptied, &filled, &empty] {
        assert_eq!(find(&mut store, row).as_ref(), Some(row));
    }
}

/// The order that old rows are dropped in, with the version each is dropped by.
pub fn first_rows_come_in_order_of_key<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, _other) = fresh();
    let numbers = [5, -7, 0, i64::MAX, i64::MIN].map(probe);
    let names = ["b", "a", "ab", "B", "", "é", "零"];
    let named = names.map(|name| Named { name: name.into(), count: 0 });
    assert_eq!(commit(&mut store, numbers.iter().map(insert).collect()), Commit::Done);
    assert_eq!(commit(&mut store, named.iter().map(insert).collect()), Commit::Done);

    let keys = |ids: &[i64]| ids.iter().map(|id| (probe(*id).row_key(), 1)).collect::<Vec<_>>();
    let sorted = keys(&[i64::MIN, -7, 0, 5, i64::MAX]);
    assert_eq!(store.first("probe", 10).expect("answers"), sorted);
    assert_eq!(store.first("probe", 3).expect("answers"), sorted[..3]);
    assert!(store.first("probe", 0).expect("answers").is_empty());

    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    let key = |name: &&str| (Named { name: (*name).into(), count: 0 }.row_key(), 2);
    let sorted: Vec<(RowKey, i64)> = sorted.iter().map(key).collect();
    assert_eq!(store.first("probe_named", 100).expect("answers"), sorted);

    let writes = sorted[..4].iter().map(|(key, version)| Write::Delete(key.clone(), *version));
    assert_eq!(commit(&mut store, writes.collect()), Commit::Done);
    assert_eq!(store.first("probe_named", 100).expect("answers"), sorted[4..]);
}

/// What is appended can be neither changed nor removed, and carries no version.
pub fn appended_rows_stay_as_they_are<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, _other) = fresh();
    let entry = Entry { journal: 1, account: -3, amount: 5, balance: 5, number: 1, previous: 0 };
    assert_eq!(commit(&mut store, vec![insert(&entry)]), Commit::Done);
    assert_eq!(version_of(&mut store, &entry), Some(0));
    assert_eq!(store.first("entry", 1).expect("answers"), [(entry.row_key(), 0)]);

    let forged = Entry { amount: 6, ..entry.clone() };
    for write in [update(&forged, 0), update(&forged, 1), delete(&entry, 0), delete(&entry, 1)] {
        let outcome = commit(&mut store, vec![write]);
        assert!(matches!(outcome, Commit::Data(_)), "{outcome:?}");
    }
    assert_eq!(commit(&mut store, vec![insert(&forged)]), Commit::Conflict);
    assert_eq!(find(&mut store, &entry), Some(entry));
}

/// A full batch over several tables, all or nothing.
pub fn three_thousand_writes_are_one_batch<S: Store>(fresh: impl Fn() -> (S, S)) {
    let (mut store, mut other) = fresh();
    let writes: Vec<Write> =
        (1..=1000).flat_map(|id| [insert(&probe(id)), insert(&account(id, id))]).collect();
    assert_eq!(commit(&mut store, writes), Commit::Done);

    let mut writes: Vec<Write> = Vec::new();
    for id in 1..=1000 {
        writes.push(update(&Probe { order: id, ..probe(id) }, 1));
        writes.push(update(&account(id, id + 1), 1));
        writes.push(insert(&Named { name: id.to_string(), count: id }));
    }
    let mut spoilt = writes.clone();
    spoilt[2999] = update(&Named { name: "1000".into(), count: 0 }, 1);
    assert_eq!(commit(&mut store, spoilt), Commit::Conflict);
    assert_eq!(version_of(&mut other, &probe(1)), Some(1));

    assert_eq!(commit(&mut store, writes), Commit::Done);
    for id in [1, 500, 1000] {
        assert_eq!(find(&mut other, &account(id, 0)), Some(account(id, id + 1)));
        assert_eq!(version_of(&mut other, &probe(id)), Some(2));
    }
}
