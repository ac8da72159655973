//! A batch in one flight: BEGIN, our turn, the batch row, the writes, COMMIT, and a look whether
//! the batch is there. All of it leaves before the first answer comes back.

use crate::connection::Link;
use crate::flight::{Flight, Step, fly};
use crate::outcome::{away, describe, of_statement};
use crate::plan::{self, Plan, Plans};
use crate::store::{borrowed, in_time, key_parts, plan_of};
use crate::wire::{self, Parameter};
use domain::ledger::Batch;
use domain::record::Record;
use std::time::Duration;
use store::table::Described;
use store::{Commit, Corrupt, Unavailable, Value, Write};
use tokio_postgres::{Error, Row, Statement};

/// How a commit ended, and whether its connection is of further use.
pub(crate) struct Ending {
    pub outcome: Commit,
    pub is_clean: bool,
}

impl Ending {
    fn clean(outcome: Commit) -> Self {
        Self { outcome, is_clean: true }
    }

    fn lost(outcome: Commit) -> Self {
        Self { outcome, is_clean: false }
    }
}

/// Opens a transaction and waits until nobody else can commit.
pub(crate) async fn begin(link: &mut Link) -> Result<(), Unavailable> {
    link.plan_anew().await.map_err(away)?;
    let opening = opening(link).await.map_err(away)?;
    match fly(steps(link, &opening)).await {
        Flight::Grounded(error) => Err(away(error)),
        Flight::Landed(answers) => {
            answers.into_iter().try_for_each(|answer| answer.map(|_| ()).map_err(away))
        }
    }
}

/// Commits a batch. `is_begun` when [`begin`] did its part already.
pub(crate) async fn run(
    link: &mut Link,
    plans: &Plans,
    batch: &Batch,
    writes: &[Write],
    is_begun: bool,
    limit: Duration,
) -> Ending {
    let flight = match prepare(link, plans, batch, writes, is_begun, limit).await {
        Ok(flight) => flight,
        // Nothing of the flight has left; an open transaction goes with its connection.
        Err(outcome) if is_begun => return Ending::lost(outcome),
        Err(outcome) => return Ending::clean(outcome),
    };
    link.take_warnings();
    match in_time(limit, fly(steps(link, &flight))).await {
        None => Ending::lost(Commit::Unknown("the commit took too long".into())),
        Some(Flight::Grounded(error)) if error.is_closed() => {
            Ending::lost(Commit::Unavailable(describe(&error)))
        }
        Some(Flight::Grounded(error)) => Ending::lost(Commit::Data(describe(&error))),
        Some(Flight::Landed(answers)) => judge(answers, link.take_warnings()),
    }
}

/// A statement with its parameters.
struct Call {
    statement: Statement,
    parameters: Vec<Parameter>,
}

fn steps<'a>(link: &'a Link, calls: &'a [Call]) -> Vec<Step<'a, Vec<Row>, Error>> {
    let client = &link.client;
    let step = |call: &'a Call| {
        let step = async { client.query(&call.statement, &borrowed(&call.parameters)).await };
        Box::pin(step) as Step<'a, Vec<Row>, Error>
    };
    calls.iter().map(step).collect()
}

async fn opening(link: &mut Link) -> Result<Vec<Call>, Error> {
    Ok(vec![
        Call { statement: link.prepare("BEGIN", &[]).await?, parameters: Vec::new() },
        Call { statement: link.prepare(&plan::take_turn(), &[]).await?, parameters: Vec::new() },
    ])
}

/// Every statement of the flight, prepared before the first one leaves.
async fn prepare(
    link: &mut Link,
    plans: &Plans,
    batch: &Batch,
    writes: &[Write],
    is_begun: bool,
    limit: Duration,
) -> Result<Vec<Call>, Commit> {
    let refused = |error: Corrupt| Commit::Data(error.to_string());
    let mut planned = vec![
        insert(plan_of(plans, Batch::NAME).map_err(refused)?, vec![batch.to_values()], batch.seq)
            .map_err(refused)?,
    ];
    for of_table in writes.chunk_by(|left, right| left.table() == right.table()) {
        planned.extend(of_one_table(plans, of_table, batch.seq)?);
    }
    let mut flight = Vec::with_capacity(planned.len() + 4);
    let prepared = in_time(limit, async {
        if !is_begun {
            link.plan_anew().await?;
            flight.extend(opening(link).await?);
        }
        for (sql, parameters) in planned {
            flight.push(Call { statement: link.prepare(sql, &[]).await?, parameters });
        }
        flight.push(Call { statement: link.prepare("COMMIT", &[]).await?, parameters: Vec::new() });
        let statement = link.prepare(&plan::is_there(&Batch::TABLE), &[]).await?;
        let parameters: Vec<Parameter> = vec![Box::new(batch.seq), Box::new(batch.id.to_vec())];
        flight.push(Call { statement, parameters });
        Ok::<(), Error>(())
    });
    match prepared.await {
        Some(Ok(())) => Ok(flight),
        Some(Err(error)) => Err(Commit::Unavailable(describe(&error))),
        None => Err(Commit::Unavailable("no answer in time".into())),
    }
}

/// A statement's text with its parameters.
type Planned<'p> = (&'p str, Vec<Parameter>);

/// The writes to one table, kind by kind. A key is written once in a batch, so the kinds do not
/// meet.
fn of_one_table<'p>(
    plans: &'p Plans,
    writes: &[Write],
    seq: i64,
) -> Result<Vec<Planned<'p>>, Commit> {
    let refused = |error: Corrupt| Commit::Data(error.to_string());
    let plan = plan_of(plans, writes[0].table()).map_err(refused)?;
    let table = plan.entry.table;
    let (mut inserts, mut updates, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    for write in writes {
        if !table.is_versioned() && !matches!(write, Write::Insert(_)) {
            return Err(Commit::Data(format!("{} is appended only", table.name)));
        }
        match write {
            Write::Insert(row) => inserts.push((plan.entry.encode)(row.as_ref())),
            Write::Update(row, decided_on) => {
                let mut values = (plan.entry.encode)(row.as_ref());
                values.push(Value::Int(*decided_on));
                updates.push(values);
            }
            Write::Delete(key, decided_on) => {
                let mut values = key_parts(plan, key).map_err(refused)?;
                values.push(Value::Int(*decided_on));
                deletes.push(values);
            }
        }
    }
    let mut planned = Vec::new();
    if !inserts.is_empty() {
        planned.push(insert(plan, inserts, seq).map_err(refused)?);
    }
    let version = [store::Kind::Int];
    if !updates.is_empty() {
        let kinds = table.columns.iter().map(|column| column.kind).chain(version);
        let mut parameters = wire::columns(kinds, updates).map_err(refused)?;
        parameters.push(Box::new(seq));
        planned.push((plan.update.as_str(), parameters));
    }
    if !deletes.is_empty() {
        let kinds = table.key_columns().iter().map(|column| column.kind).chain(version);
        planned.push((plan.delete.as_str(), wire::columns(kinds, deletes).map_err(refused)?));
    }
    Ok(planned)
}

fn insert(plan: &Plan, rows: Vec<Vec<Value>>, seq: i64) -> Result<Planned<'_>, Corrupt> {
    let table = plan.entry.table;
    let kinds = table.columns.iter().map(|column| column.kind);
    let mut parameters = wire::columns(kinds, rows)?;
    if table.is_versioned() {
        parameters.push(Box::new(seq));
    }
    Ok((plan.insert.as_str(), parameters))
}

/// What the answers say together. The last two are COMMIT's and the look's.
fn judge(mut answers: Vec<Result<Vec<Row>, Error>>, warnings: Vec<String>) -> Ending {
    let unknown = |what: String| Ending::lost(Commit::Unknown(what));
    let (Some(seen), Some(committed)) = (answers.pop(), answers.pop()) else {
        return unknown("a flight without a commit".into());
    };
    if let Some(error) = answers.into_iter().find_map(Result::err) {
        return match error.as_db_error() {
            // The server refused a statement: its COMMIT could only roll back.
            Some(refusal) if committed.is_ok() => Ending::clean(of_statement(refusal)),
            Some(refusal) => Ending::lost(of_statement(refusal)),
            // No answer: everything had left, COMMIT too.
            None => unknown(describe(&error)),
        };
    }
    if let Err(error) = committed {
        return unknown(describe(&error));
    }
    if let Some(warning) = warnings.into_iter().next() {
        return unknown(warning);
    }
    match seen {
        Ok(rows) if !rows.is_empty() => Ending::clean(Commit::Done),
        Ok(_) => {
            Ending::lost(Commit::Unavailable("COMMIT was answered and nothing is there".into()))
        }
        Err(error) => unknown(describe(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(looks: usize) -> Vec<Result<Vec<Row>, Error>> {
        (0..looks).map(|_| Ok(Vec::new())).collect()
    }

    #[test]
    fn commit_behind_which_nothing_is_there_is_not_done() {
        let ending = judge(answers(5), Vec::new());
        assert!(matches!(ending.outcome, Commit::Unavailable(_)), "{:?}", ending.outcome);
        assert!(!ending.is_clean);
    }

    /// What the client says when the connection ended: the server said nothing.
    fn silence() -> Error {
        let nobody = "host=127.0.0.1 port=1 connect_timeout=1 user=nobody";
        let refused = crate::runtime::once(tokio_postgres::connect(nobody, tokio_postgres::NoTls));
        refused.err().expect("nobody listens on port 1")
    }

    #[test]
    fn flight_that_was_not_answered_to_the_end_is_an_unknown_outcome() {
        assert!(silence().as_db_error().is_none());
        for answered in 0..5 {
            let mut answers = answers(answered);
            answers.extend((answered..5).map(|_| Err(silence())));
            let ending = judge(answers, Vec::new());
            assert!(matches!(ending.outcome, Commit::Unknown(_)), "{:?}", ending.outcome);
            assert!(!ending.is_clean, "{answered} answers came");
        }
    }

    #[test]
    fn warning_is_an_unknown_outcome() {
        let ending = judge(answers(5), vec!["not replicated".into()]);
        assert_eq!(ending.outcome, Commit::Unknown("not replicated".into()));
        assert!(!ending.is_clean);
    }
}
