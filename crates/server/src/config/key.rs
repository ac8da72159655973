//! Every configuration key: those of the program, and the figures of the rules.

use domain::Rules;
use http_api::merchant::Family;

/// A key's default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Default {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Switch(bool),
}

/// One configuration key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// Its dotted name.
    pub(crate) name: &'static str,
    /// Its default.
    pub(crate) default: Default,
    /// The smallest and the largest number it may be; both 0 when it is no number.
    pub(crate) range: [i64; 2],
    /// What it means, with its unit.
    pub(crate) doc: &'static str,
}

impl Key {
    /// What it may be, if it is a number.
    pub(crate) fn range_shown(&self) -> Option<String> {
        let [min, max] = self.range;
        matches!(self.default, Default::Number(_)).then(|| format!("{min} to {max}"))
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// The key whose value may hold a password.
pub(crate) const DATABASE: &str = "database";

/// What the environment variables of this program start with.
pub(crate) const PREFIX: &str = "JIAOZI_";

/// Variables with the prefix that are no configuration: secret keys (`JIAOZI_KEY_<PURPOSE>`), and
/// what tests tell one another (`JIAOZI_TEST_…`).
pub(crate) fn is_other_variable(name: &str) -> bool {
    ["JIAOZI_KEY_", "JIAOZI_TEST_"].iter().any(|prefix| name.starts_with(prefix))
        || ["JIAOZI_BIN", "JIAOZI_DEMO"].contains(&name)
}

const fn key(name: &'static str, default: Default, doc: &'static str) -> Key {
    Key { name, default, range: [0, 0], doc }
}

const fn number(name: &'static str, default: i64, range: [i64; 2], doc: &'static str) -> Key {
    Key { name, default: Default::Number(default), range, doc }
}

/// The largest number of things at once.
const MANY: i64 = u32::MAX as i64;

const PROGRAM: [Key; 18] = [
    key("data", Default::Text("data"), "Folder of the keys, and of the database if it is a file."),
    key(
        DATABASE,
        Default::Text(""),
        "Empty or `sqlite`: a file in the data folder. `postgres://…`: that PostgreSQL database, \
         which several servers may share. `postgres`: one that lasts as long as the program.",
    ),
    key(
        "database_unsafe_settings",
        Default::Switch(false),
        "Work with a PostgreSQL server whose settings lose payments in a crash. For tests.",
    ),
    key("listen", Default::Text("127.0.0.1:4000"), "Where people's apps connect."),
    key(
        "public_url",
        Default::Text(""),
        "Where people reach `listen` from outside, as `https://pay.example.com`: links that \
         merchants get begin with it. Empty: the address itself.",
    ),
    key("merchant_listen", Default::Text("127.0.0.1:4001"), "Where merchants' servers connect."),
    key(
        "operations_listen",
        Default::Text("127.0.0.1:4002"),
        "Where operators find /healthz, /readyz and /metrics. A sandbox has them on `listen`, and \
         here only if this is set.",
    ),
    key("sandbox", Default::Switch(false), "Run as a sandbox, with a stand-in bank."),
    key(
        "sandbox_tls_listen",
        Default::Text("127.0.0.1:4443"),
        "Where a sandbox serves merchants over TLS, under the names that SDKs have built in. If \
         this is not set and the port is taken: on any that is free.",
    ),
    key(
        "sandbox_proxy_listen",
        Default::Text("127.0.0.1:4444"),
        "Where a sandbox is an HTTP proxy that leads to itself. If this is not set and the port is \
         taken: on any that is free.",
    ),
    key(
        "providers.url",
        Default::Text(""),
        "Where bank, carrier and authority are reached; a sandbox starts its own.",
    ),
    key("log.filter", Default::Text("info"), "What is logged, as `tracing` filters are written."),
    number("http.request_s", 15, [1, 3_600], "Longest time for one request, in seconds."),
    number("http.connections", 10_000, [1, MANY], "Connections at once, per listener."),
    number(
        "http.anonymous_per_second",
        20,
        [0, MANY],
        "Requests a second without a session, per address; 0 for no limit, which a sandbox has \
         unless this is set.",
    ),
    number("http.anonymous_burst", 60, [1, MANY], "Such requests at once, per address."),
    key(
        "http.trusted_proxies",
        Default::Text(""),
        "Addresses of proxies, with commas between: whom their `X-Forwarded-For` names is the \
         caller. Empty: nobody's is believed.",
    ),
    number("engine.queue_places", 4_096, [1, MANY], "Commands that may wait for the engine."),
];

/// Every key, those of the program first.
pub(crate) fn all() -> impl Iterator<Item = Key> {
    PROGRAM.into_iter().chain(rates()).chain(figures())
}

/// The keys of merchants' rates.
pub(crate) fn rates() -> impl Iterator<Item = Key> {
    Family::ALL.into_iter().map(|family| {
        number(family.key(), i64::from(family.default_rate()), [0, MANY], family.doc())
    })
}

/// The keys of the program itself.
#[cfg(test)]
pub(crate) fn of_program() -> impl Iterator<Item = Key> {
    PROGRAM.into_iter()
}

/// The keys of the figures.
pub(crate) fn figures() -> impl Iterator<Item = Key> {
    Rules::figures()
        .map(|figure| number(figure.key, figure.default, [figure.min, figure.max], figure.doc))
}

/// The known key that is written most like this one.
pub(crate) fn nearest(name: &str) -> &'static str {
    let distance = |key: &Key| strsim::damerau_levenshtein(key.name, name);
    all().min_by_key(distance).expect("there are keys").name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_keys_can_be_confused() {
        let names: Vec<&str> = all().map(|key| key.name).collect();
        let variables: HashSet<String> = all().map(|key| key.variable()).collect();
        assert_eq!(variables.len(), names.len(), "two keys share a variable");
        for name in &names {
            let below = format!("{name}.");
            assert!(!names.iter().any(|other| other.starts_with(&below)), "{name} is a table too");
        }
    }

    #[test]
    fn a_misspelt_key_finds_its_neighbour() {
        assert_eq!(nearest("withdraw.fee_pb"), "withdraw.fee_bp");
        assert_eq!(nearest("lisen"), "listen");
        assert_eq!(nearest("bank_limit.icbc.debt.single"), "bank_limit.icbc.debit.single");
    }
}
