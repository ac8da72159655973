//! Where the database of an installation is. A password in it is never shown.

use std::fmt;
use std::path::{Path, PathBuf};
use store_postgres::Url;

/// The name of the file in the data folder.
const FILE: &str = "jiaozi.db";

/// See the module.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    /// A file that this machine has to itself.
    Sqlite(PathBuf),
    /// A database server, which others may use too.
    Postgres(Box<Url>),
    /// A database server that is made for one run and goes with it.
    ThrowAway,
}

/// A text that names no database. It does not repeat the text, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "`database` is none of: empty or `sqlite` for a file in the data folder, `postgres://…` for \
     your PostgreSQL, `postgres` for one that lasts as long as the program{0}"
)]
pub(crate) struct BadLocation(String);

impl Location {
    /// What the configuration says; a file lies in the data folder.
    pub(crate) fn parse(text: &str, data: &Path) -> Result<Self, BadLocation> {
        match text {
            "" | "sqlite" => Ok(Self::Sqlite(data.join(FILE))),
            "postgres" => Ok(Self::ThrowAway),
            url if is_url(url) => match url.parse() {
                Ok(url) => Ok(Self::Postgres(Box::new(url))),
                Err(error) => Err(BadLocation(format!(" ({error})"))),
            },
            _ => Err(BadLocation(String::new())),
        }
    }

    /// A place as programs tell one another: an address, or the path of a file.
    pub(crate) fn named(text: &str) -> Result<Self, BadLocation> {
        match is_url(text) {
            true => Self::parse(text, Path::new("")),
            false => Ok(Self::Sqlite(PathBuf::from(text))),
        }
    }
}

/// A place, without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => write!(f, "{url}"),
            Self::ThrowAway => write!(f, "postgres"),
        }
    }
}

/// The text of the configuration as it may be shown.
pub(crate) fn without_password(text: &str) -> String {
    match text.parse::<Url>() {
        Ok(url) => url.to_string(),
        // It was refused, or is none.
        Err(_) if is_url(text) || text.contains('@') => String::from("postgres://…"),
        Err(_) => text.to_owned(),
    }
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2";

    fn parse(text: &str) -> Result<Location, String> {
        Location::parse(text, Path::new("data")).map_err(|error| error.to_string())
    }

    #[test]
    fn empty_and_sqlite_are_the_file_in_the_data_folder() {
        for text in ["", "sqlite"] {
            assert_eq!(parse(text).unwrap().to_string(), "data/jiaozi.db");
        }
        assert_eq!(Location::named("/a/b.db").unwrap().to_string(), "/a/b.db");
    }

    #[test]
    fn what_is_no_place_refuses_without_repeating_it() {
        for text in ["mysql://u:hunter2@h/d", "data.db", "postgres://u:hunter2@h:x/d", "postgres:"]
        {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains("`database` is none of"), "{refused}");
            assert!(!refused.contains(SECRET), "{refused}");
        }
    }

    #[test]
    fn a_password_is_nowhere_shown() {
        let url = format!("postgres://ann:{SECRET}@db.example:5433/wallet");
        let location = parse(&url).unwrap();
        for shown in [format!("{location}"), format!("{location:?}"), without_password(&url)] {
            assert!(shown.contains("ann@db.example:5433/wallet"), "{shown}");
            assert!(!shown.contains(SECRET), "{shown}");
        }
        assert!(!without_password("postgres://u:hunter2@h:x/d").contains(SECRET));
        assert_eq!(without_password("sqlite"), "sqlite");
    }
}
