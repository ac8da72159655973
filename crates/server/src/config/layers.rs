//! The layers of the configuration on top of one another, each value knowing its layer.

use super::ConfigError;
use super::key::{self, Default, Key, PREFIX};
use crate::database::without_password;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The lowest layer.
const DEFAULTS: &str = "default";

/// Values of one layer by key.
struct Layer {
    name: &'static str,
    values: Vec<(&'static str, Value)>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut all = Dict::new();
        for (name, value) in &self.values {
            put(&mut all, name, value.clone());
        }
        Ok(Profile::Default.collect(all))
    }
}

fn put(into: &mut Dict, name: &str, value: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        into.insert(name.to_owned(), value);
        return;
    };
    let table = into.entry(first.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, table) = table {
        put(table, rest, value);
    }
}

/// What the command line sets.
#[derive(Debug, std::default::Default)]
pub(crate) struct Flags(Vec<(&'static str, Value)>);

impl Flags {
    /// Sets a key if the flag was given.
    #[must_use]
    pub(crate) fn set(mut self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        self.0.extend(value.map(|value| (key, value.into())));
        self
    }

    /// The same for a path.
    #[must_use]
    pub(crate) fn set_path(self, key: &'static str, path: Option<&PathBuf>) -> Self {
        self.set(key, path.map(|path| path.to_string_lossy().into_owned()))
    }
}

/// All layers.
pub(crate) struct Layers(Figment);

impl Layers {
    /// Puts the layers on top of one another.
    pub(crate) fn read(
        file: Option<&Path>,
        flags: Flags,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let defaults = Layer { name: DEFAULTS, values: key::all().map(default).collect() };
        let mut figment = Figment::from(defaults);
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            refuse_unknown(&Figment::from(Toml::file_exact(file)), file)?;
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Layer { name: "environment", values: environment(variables)? };
        let flags = Layer { name: "command line", values: flags.0 };
        Ok(Self(figment.merge(environment).merge(flags)))
    }

    /// The value of a key.
    pub(crate) fn value<'a, T: Deserialize<'a>>(&self, key: &str) -> Result<T, ConfigError> {
        self.0.extract_inner(key).map_err(|error| refused(key, &error))
    }

    /// The value of a key that is a number in its range.
    pub(crate) fn number(&self, key: &Key) -> Result<i64, ConfigError> {
        let value = self.value(key.name)?;
        let [min, max] = key.range;
        match (min..=max).contains(&value) {
            true => Ok(value),
            false => Err(ConfigError::Range { key: key.name, value, min, max }),
        }
    }

    /// Whether a layer above the defaults has a value for a key.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.0.find_metadata(key).is_some_and(|layer| layer.name != DEFAULTS)
    }

    /// The value of a key as text, and the layer it comes from.
    pub(crate) fn shown(&self, key: &Key) -> Result<(String, String), ConfigError> {
        let value = self.0.find_value(key.name).map_err(Box::new)?;
        let text = match value {
            Value::String(_, text) if key.name == key::DATABASE => without_password(&text),
            Value::String(_, text) => text,
            other => match (other.to_i128(), other.to_bool()) {
                (Some(number), _) => number.to_string(),
                (_, Some(switch)) => switch.to_string(),
                _ => String::from("?"),
            },
        };
        let layer = self.0.find_metadata(key.name);
        let layer = layer.map_or(String::new(), layer_of);
        Ok((text, layer))
    }
}

/// Names the key as it is written: the library would put a name before it that nobody here knows.
fn refused(key: &str, error: &figment::Error) -> ConfigError {
    let layer = error.metadata.as_ref().map_or(String::new(), layer_of);
    ConfigError::Refused { key: key.to_owned(), layer, what: error.kind.to_string() }
}

fn layer_of(layer: &Metadata) -> String {
    layer.source.as_ref().map_or_else(|| layer.name.to_string(), ToString::to_string)
}

fn default(key: Key) -> (&'static str, Value) {
    let value = match key.default {
        Default::Number(number) => Value::from(number),
        Default::Text(text) => Value::from(text),
        Default::Switch(switch) => Value::from(switch),
    };
    (key.name, value)
}

fn environment(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(&'static str, Value)>, ConfigError> {
    let mut values = Vec::new();
    for (name, value) in variables {
        if !name.starts_with(PREFIX) || key::is_other_variable(&name) {
            continue;
        }
        let Some(key) = key::all().find(|key| key.variable() == name) else {
            let guess = name[PREFIX.len()..].to_ascii_lowercase().replace('_', ".");
            let nearest = key::all().find(|key| key.name == key::nearest(&guess));
            return Err(ConfigError::Unknown {
                key: name,
                source_name: "the environment".to_owned(),
                nearest: nearest.map_or(String::new(), |key| key.variable()),
            });
        };
        let value = match key.default {
            Default::Text(_) => Value::from(value),
            Default::Number(_) | Default::Switch(_) => {
                value.parse().unwrap_or_else(|_| value.into())
            }
        };
        values.push((key.name, value));
    }
    Ok(values)
}

fn refuse_unknown(file: &Figment, path: &Path) -> Result<(), ConfigError> {
    let all: Dict = file.extract().map_err(Box::new)?;
    let mut names = Vec::new();
    collect(&all, "", &mut names);
    match names.into_iter().find(|name| !key::all().any(|key| key.name == name)) {
        None => Ok(()),
        Some(name) => Err(ConfigError::Unknown {
            nearest: key::nearest(&name).to_owned(),
            key: name,
            source_name: path.display().to_string(),
        }),
    }
}

fn collect(table: &Dict, above: &str, names: &mut Vec<String>) {
    for (name, value) in table {
        let full = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            Value::Dict(_, below) => collect(below, &full, names),
            _ => names.push(full),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use http_api::merchant::Family;
    use std::net::IpAddr;

    fn config(toml: &str, variables: &[(&str, &str)], flags: Flags) -> Result<Config, String> {
        let folder = store_sqlite::Temporary::empty().unwrap();
        let file = folder.folder().join("jiaozi.toml");
        std::fs::write(&file, toml).unwrap();
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Layers::read(Some(&file), flags, variables)
            .and_then(|layers| Config::of(&layers))
            .map_err(|error| error.to_string().replace(&*file.to_string_lossy(), "FILE"))
    }

    #[test]
    fn each_layer_wins_over_the_one_below() {
        let toml = "listen = '127.0.0.1:1'\nmerchant_listen = '127.0.0.1:1'\n\
                    [withdraw]\nfee_bp = 1\nfee_min = 1\n";
        let variables = [("JIAOZI_WITHDRAW_FEE_MIN", "2"), ("JIAOZI_LISTEN", "127.0.0.1:2")];
        let flags = Flags::default().set("listen", Some("127.0.0.1:3"));
        let config = config(toml, &variables, flags).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.merchant_listen.port(), 1);
        assert_eq!(config.rules.withdraw_fee_bp, 1);
        assert_eq!(config.rules.withdraw_fee_min_minor, 2);
        assert_eq!(config.rules.otp_ttl_s, 300);
    }

    #[test]
    fn unknown_keys_refuse_with_the_nearest_known_one() {
        let refused = |toml, variables: &[(&str, &str)]| {
            config(toml, variables, Flags::default()).unwrap_err()
        };
        assert_eq!(
            refused("[withdraw]\nfee_pb = 1", &[]),
            "unknown configuration key `withdraw.fee_pb` in FILE; did you mean `withdraw.fee_bp`?"
        );
        assert_eq!(
            refused("", &[("JIAOZI_WITHDRAW_FEE_PB", "1")]),
            "unknown configuration key `JIAOZI_WITHDRAW_FEE_PB` in the environment; did you mean \
             `JIAOZI_WITHDRAW_FEE_BP`?"
        );
        assert!(config("", &[("JIAOZI_BIN", "x"), ("HOME", "y")], Flags::default()).is_ok());
    }

    #[test]
    fn values_of_the_wrong_type_or_range_refuse() {
        for toml in ["withdraw.fee_bp = 'x'", "withdraw.fee_bp = 1.5", "listen = 'nowhere'"] {
            assert!(config(toml, &[], Flags::default()).is_err(), "{toml}");
        }
        for (toml, message) in [
            ("withdraw.fee_bp = -1", "`withdraw.fee_bp` is -1: it may be from 0 to 10000"),
            ("otp.ttl_s = 0", "`otp.ttl_s` is 0: it may be from 30 to 86400"),
            ("card.hard_declines = 0", "`card.hard_declines` is 0: it may be from 1 to 1000000"),
            (
                "bank_limit.icbc.debit.day = 0",
                "`bank_limit.icbc.debit.day` is 0: it may be from 1 to 99999999999",
            ),
            ("http.connections = 0", "`http.connections` is 0: it may be from 1 to 4294967295"),
        ] {
            let refused = config(toml, &[], Flags::default()).unwrap_err();
            assert_eq!(refused, format!("configuration key {message}"));
        }
    }

    #[test]
    fn only_a_sandbox_lets_strangers_ask_without_bounds_and_has_no_third_listener() {
        let read = |toml| {
            let config = config(toml, &[], Flags::default()).unwrap();
            let port = config.operations_listen.map(|address| address.port());
            (config.anonymous_per_second, config.anonymous_burst, port)
        };
        assert_eq!(read(""), (20, 60, Some(4002)));
        assert_eq!(read("sandbox = true"), (0, 60, None));
        let set = "sandbox = true\noperations_listen = '127.0.0.1:9'\n\
                   http.anonymous_per_second = 20";
        assert_eq!(read(set), (20, 60, Some(9)));
    }

    #[test]
    fn merchants_have_rates_and_those_of_a_sandbox_only_if_they_are_set() {
        let read = |toml| {
            let rates = config(toml, &[], Flags::default()).unwrap().merchant_rates;
            (rates[&Family::Orders], rates[&Family::CodePayments])
        };
        assert_eq!(read(""), (500, 33));
        assert_eq!(read("merchant_rate.orders = 0"), (0, 33));
        assert_eq!(read("sandbox = true"), (0, 0));
        assert_eq!(read("sandbox = true\nmerchant_rate.code_payments = 2"), (0, 2));
    }

    #[test]
    fn trusted_proxies_are_addresses() {
        let read = |text: &str| {
            let toml = format!("http.trusted_proxies = '{text}'");
            config(&toml, &[], Flags::default()).map(|config| config.trusted_proxies)
        };
        assert!(read("").unwrap().is_empty());
        let two: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(read("10.0.0.1, ::1").unwrap(), two);
        for text in ["10.0.0.0/8", "proxy", "10.0.0.1,"] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains("`http.trusted_proxies`"), "{refused}");
        }
    }

    #[test]
    fn a_value_that_is_refused_is_named_as_it_is_written() {
        let refused = config("listen = 'nowhere'", &[], Flags::default()).unwrap_err();
        assert!(refused.starts_with("configuration key `listen` in FILE: invalid"), "{refused}");
    }

    #[test]
    fn a_database_is_a_place_and_its_password_is_not_shown() {
        let url = "postgres://ann:hunter2@db.example:5433/wallet";
        let variables = [("JIAOZI_DATABASE".to_owned(), url.to_owned())];
        let layers = Layers::read(None, Flags::default(), variables.into_iter()).unwrap();
        let key = key::all().find(|key| key.name == key::DATABASE).unwrap();
        let (shown, layer) = layers.shown(&key).unwrap();
        assert_eq!(
            (shown.as_str(), layer.as_str()),
            ("postgres://ann@db.example:5433/wallet", "environment")
        );
        let config = Config::of(&layers).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let refused = config_error("database = 'mysql://ann:hunter2@db.example/wallet'");
        assert!(refused.starts_with("`database` is none of"), "{refused}");
        assert!(!refused.contains("hunter2"));
    }

    fn config_error(toml: &str) -> String {
        config(toml, &[], Flags::default()).unwrap_err()
    }

    #[test]
    fn figures_that_contradict_each_other_refuse() {
        assert_eq!(
            config("[age]\nwallet = 17", &[], Flags::default()).unwrap_err(),
            "configuration key `age.wallet` is 17: it may not be above `age.own_consent`, which \
             is 16"
        );
    }

    #[test]
    fn a_banks_limit_is_set_like_any_figure() {
        let toml = "[bank_limit.icbc.debit]\nsingle = 100";
        let variables = [("JIAOZI_BANK_LIMIT_OTHER_CREDIT_DAY", "200")];
        let rules = config(toml, &variables, Flags::default()).unwrap().rules;
        assert_eq!(rules.figure("bank_limit.icbc.debit.single"), Some(100));
        assert_eq!(rules.figure("bank_limit.other.credit.day"), Some(200));
        assert_eq!(
            config("[bank_limit.icbk.debit]\nsingle = 1", &[], Flags::default()).unwrap_err(),
            "unknown configuration key `bank_limit.icbk.debit.single` in FILE; did you mean \
             `bank_limit.icbc.debit.single`?"
        );
    }
}
