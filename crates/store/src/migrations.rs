//! The numbered steps from an empty database to the present schema, and whether a database is at
//! the last of them. A released step is never edited.

use kernel::crypto::sha256;

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// What it is called.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

impl Migration {
    /// The hash of its statements, which a database keeps for each step it took.
    pub fn checksum(&self) -> [u8; 32] {
        sha256(&[self.sql.as_bytes()])
    }
}

/// The steps for SQLite.
pub const SQLITE: &[Migration] = &[Migration {
    number: 1,
    name: "first",
    sql: include_str!("../migrations/sqlite/0001_first.sql"),
}];

/// The steps for PostgreSQL.
pub const POSTGRES: &[Migration] = &[Migration {
    number: 1,
    name: "first",
    sql: include_str!("../migrations/postgres/0001_first.sql"),
}];

/// Why a database's schema is not the one that this program's descriptions fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// The schema is older than this program.
    #[error(
        "database schema is at step {found}, this program needs {needed}: run `jiaozi migrate`"
    )]
    Behind {
        /// The last step that was applied; 0 is none.
        found: i64,
        /// The step that is needed.
        needed: i64,
    },
    /// The schema is newer than this program.
    #[error("database schema is at step {found}, this program knows {known}: use a newer program")]
    Newer {
        /// The first applied step that this program does not know.
        found: i64,
        /// The last step that this program knows.
        known: i64,
    },
    /// A step was applied in another form than this program has.
    #[error(
        "schema step {number} ({name}) was applied in another form: use the program that made it"
    )]
    Altered {
        /// The step.
        number: i64,
        /// What it is called.
        name: &'static str,
    },
}

/// The last step that was applied, 0 if none was. `applied` is what the database noted, by number:
/// the number of each step and the checksum it was applied with; each is compared with ours.
pub fn last_step(
    applied: &[(i64, Vec<u8>)],
    steps: &'static [Migration],
) -> Result<i64, SchemaFault> {
    let mut last = 0;
    for (number, checksum) in applied {
        let Some(step) = steps.iter().find(|step| step.number == *number) else {
            return Err(SchemaFault::Newer { found: *number, known: steps.len() as i64 });
        };
        if *checksum != step.checksum() {
            return Err(SchemaFault::Altered { number: *number, name: step.name });
        }
        last = *number;
    }
    Ok(last)
}

/// Refuses a database that has not taken all of our steps, or others.
pub fn refuse_other_schema(
    applied: &[(i64, Vec<u8>)],
    steps: &'static [Migration],
) -> Result<(), SchemaFault> {
    let (found, needed) = (last_step(applied, steps)?, steps.len() as i64);
    if found < needed { Err(SchemaFault::Behind { found, needed }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    static STEPS: &[Migration] = &[
        Migration { number: 1, name: "first", sql: "one" },
        Migration { number: 2, name: "second", sql: "two" },
    ];

    fn applied(count: usize) -> Vec<(i64, Vec<u8>)> {
        STEPS[..count].iter().map(|step| (step.number, step.checksum().to_vec())).collect()
    }

    #[test]
    fn database_at_the_last_step_is_worked_with() {
        assert_eq!(last_step(&applied(2), STEPS), Ok(2));
        assert_eq!(refuse_other_schema(&applied(2), STEPS), Ok(()));
    }

    #[test]
    fn missing_steps_are_behind() {
        for found in [0, 1] {
            assert_eq!(last_step(&applied(found), STEPS), Ok(found as i64));
            let behind = SchemaFault::Behind { found: found as i64, needed: 2 };
            assert_eq!(refuse_other_schema(&applied(found), STEPS), Err(behind));
        }
    }

    #[test]
    fn step_we_do_not_know_and_step_of_other_statements_are_refused() {
        let mut newer = applied(2);
        newer.push((3, vec![0; 32]));
        let fault = SchemaFault::Newer { found: 3, known: 2 };
        assert_eq!(refuse_other_schema(&newer, STEPS), Err(fault));

        let mut altered = applied(2);
        altered[0].1 = vec![0; 32];
        let fault = SchemaFault::Altered { number: 1, name: "first" };
        assert_eq!(refuse_other_schema(&altered, STEPS), Err(fault));
    }
}
