//! Lists find their rows by the indexes that are described for them.

use jiaozi_store_sqlite::Temporary;
use rusqlite::Connection;
use store::{Arrangement, registry};

/// How SQLite would find the rows.
fn plan(connection: &Connection, sql: &str) -> String {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let mut statement = connection.prepare(&explain).expect("the statement is SQL");
    let steps = statement.query_map([], |row| row.get::<_, String>(3)).expect("it can be asked");
    steps.collect::<Result<Vec<_>, _>>().expect("it answers").join("; ")
}

/// Every key begins with the book, which is the same in all rows: the planner must not take that
/// for a find.
#[test]
fn every_index_is_used_by_the_list_it_was_made_for() {
    let database = Temporary::new().expect("a database can be made");
    let connection = Connection::open(database.path()).expect("it can be opened");
    let mut indexes = 0;
    for table in registry::all().iter().map(|entry| entry.table) {
        for index in table.indexes {
            let first = index.columns.split(',').next().expect("an index has a column");
            let condition = match index.filter {
                "" => format!("{first} = 1"),
                filter => filter.to_owned(),
            };
            let (name, columns) = (table.name, index.columns);
            let sql = format!(
                "SELECT * FROM \"{name}\" WHERE book = 1 AND {condition} \
                 ORDER BY {columns} LIMIT 10"
            );
            let plan = plan(&connection, &sql);
            let used = format!("{name}_{}", index.name);
            assert!(plan.contains(&used), "{sql}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
            indexes += 1;
        }
        let key = table.key_columns().iter().map(|column| format!("\"{}\" = 1", column.name));
        let key = key.collect::<Vec<_>>().join(" AND ");
        let sql = format!("SELECT * FROM \"{}\" WHERE book = 1 AND {key}", table.name);
        let plan = plan(&connection, &sql);
        let used = match table.arrangement {
            Arrangement::ByKey => "PRIMARY KEY".to_owned(),
            Arrangement::ByArrival => format!("sqlite_autoindex_{}_1", table.name),
        };
        assert!(plan.contains(&used), "{sql}: {plan}");
    }
    assert!(indexes > 10, "the tables have indexes");
}
