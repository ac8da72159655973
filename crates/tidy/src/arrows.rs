//! Which crate may name which: manifests first, then source.

use toml::{Table, Value};

use crate::policy::{self, Crate};
use crate::tokens::Source;
use crate::{Finding, Tree};

/// Checks `[dependencies]` of every crate; what only tests or examples use is free.
pub(crate) fn check_manifests(tree: &Tree) -> Vec<Finding> {
    let is_manifest = |path: &str| path.starts_with("crates/") && path.ends_with("/Cargo.toml");
    let manifests = tree.texts().filter(|(path, _)| is_manifest(path));
    manifests.flat_map(|(path, text)| check_manifest(path, text)).collect()
}

fn check_manifest(path: &str, text: &str) -> Vec<Finding> {
    let finding = |line, advice| Finding { path: path.to_owned(), line, rule: "arrow", advice };
    let Some(krate) = policy::crate_of(path) else {
        return vec![finding(1, "add this crate and its arrows to tidy's policy".to_owned())];
    };
    let Ok(manifest) = text.parse::<Table>() else {
        return vec![finding(1, "is not TOML: mend the syntax".to_owned())];
    };
    let mut findings = Vec::new();
    for (key, value) in dependencies(&manifest) {
        let line = line_of(text, key);
        let named = value.get("package").and_then(Value::as_str).unwrap_or(key);
        let named = named.strip_prefix("jiaozi-").unwrap_or(named);
        let target = policy::crate_called(named)
            .or_else(|| policy::CRATES.iter().find(|other| other.folder == named));
        if let Some(target) = target.filter(|target| !may_name(krate, target)) {
            findings.push(finding(line, arrow_advice(krate, target)));
        }
        if target.is_none() && value.get("path").is_some() {
            findings.push(finding(line, format!("`{key}` is no crate of the arrows")));
        }
        let (feature, test_crates) = policy::TEST_FEATURE;
        let features = value.get("features").and_then(Value::as_array).into_iter().flatten();
        if features.filter_map(Value::as_str).any(|named| named == feature)
            && !test_crates.contains(&krate.folder)
        {
            let advice = format!("`{key}`: the feature {feature} is for `[dev-dependencies]`");
            findings.push(finding(line, advice));
        }
        let closed = policy::CLOSED_DEPENDENCIES.iter().find(|(name, _)| *name == krate.folder);
        if let Some((_, allowed)) = closed
            && !allowed.contains(&key.as_str())
        {
            let advice = format!("`{key}`: {} needs no more than {allowed:?}", krate.folder);
            findings.push(finding(line, advice));
        }
    }
    findings
}

/// `[dependencies]` and `[build-dependencies]`, those of single platforms included.
fn dependencies(manifest: &Table) -> Vec<(&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let tables = platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut found = Vec::new();
    for table in tables.chain([manifest]) {
        for section in ["dependencies", "build-dependencies"] {
            found.extend(table.get(section).and_then(Value::as_table).into_iter().flatten());
        }
    }
    found
}

fn line_of(text: &str, key: &str) -> usize {
    let names = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    text.lines().position(names).map_or(1, |at| at + 1)
}

fn may_name(from: &Crate, to: &Crate) -> bool {
    from.folder == to.folder || from.may_name.contains(&to.key)
}

fn arrow_advice(from: &Crate, to: &Crate) -> String {
    let allowed = match from.may_name {
        [] => "none of our crates".to_owned(),
        names => format!("only {}", names.join(", ")),
    };
    format!("{} must not name {}: it may name {allowed}", from.folder, to.folder)
}

/// Checks the paths in a source file that start with the name of one of our crates.
pub(crate) fn check_source(source: &Source) -> Vec<Finding> {
    let Some(krate) = policy::crate_of(&source.path) else { return Vec::new() };
    let own_modules: Vec<&str> = source
        .tokens
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| pair[1].text.as_str())
        .collect();
    let uses = source.uses.iter().filter(|used| !used.test);
    let in_uses = uses.filter_map(|used| {
        let name = used.segments.first()?.as_str();
        Some((used.line, name, used.segments.get(1).map_or("", String::as_str)))
    });
    let in_paths = source.tokens.windows(4).filter_map(|window| {
        let [before, name, colons, below] = window else { return None };
        let starts = before.text != "::" && colons.text == "::" && !name.test;
        // The braces of a `use` are written out among the uses.
        (starts && below.text != "{").then_some((
            name.line,
            name.text.as_str(),
            below.text.as_str(),
        ))
    });
    let named = in_uses.chain(in_paths).filter(|(_, name, _)| !own_modules.contains(name));
    let advised = named.filter_map(|(line, name, below)| {
        let target = policy::crate_called(name)?;
        let advice = if may_name(krate, target) {
            narrow_advice(krate, target, below)?
        } else {
            arrow_advice(krate, target)
        };
        Some((line, advice))
    });
    advised
        .map(|(line, advice)| Finding { path: source.path.clone(), line, rule: "arrow", advice })
        .collect()
}

fn narrow_advice(from: &Crate, to: &Crate, below: &str) -> Option<String> {
    let (_, _, allowed) = policy::NARROW
        .iter()
        .find(|(narrowed, target, _)| *narrowed == from.folder && *target == to.folder)?;
    let (from, to, list) = (from.folder, to.key, allowed.join(", "));
    (!allowed.contains(&below))
        .then(|| format!("{from} must not use `{to}::{below}`: only {list} of that crate"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_one, rules_broken};

    #[test]
    fn each_arrow_that_is_not_listed_is_found_in_the_manifest() {
        for from in &policy::CRATES {
            for to in policy::CRATES.iter().filter(|to| to.folder != from.folder) {
                let text = format!("[dependencies]\n{}.workspace = true\n", to.key);
                let path = format!("crates/{}/Cargo.toml", from.folder);
                let found = rules_broken(&path, &text).contains(&"arrow");
                assert_eq!(found, !from.may_name.contains(&to.key), "{} {}", from.key, to.key);
            }
        }
    }

    #[test]
    fn arrow_cannot_hide_behind_another_name_section_or_platform() {
        let advice = "kernel must not name domain: it may name none of our crates";
        for text in [
            "[dependencies]\nrules = { package = \"jiaozi-domain\", path = \"../domain\" }\n",
            "[build-dependencies]\nrules = { package = \"jiaozi-domain\", workspace = true }\n",
            "[target.'cfg(unix)'.dependencies]\njiaozi-domain = { path = \"../domain\" }\n",
        ] {
            let expected = format!("crates/kernel/Cargo.toml:2: arrow: {advice}");
            assert_eq!(check_one("crates/kernel/Cargo.toml", text), [expected]);
        }
    }

    #[test]
    fn dev_dependencies_are_free() {
        let text = "[dev-dependencies]\nstore-sqlite.workspace = true\n";
        assert_eq!(rules_broken("crates/engine/Cargo.toml", text), [""; 0]);
    }

    #[test]
    fn what_is_made_for_tests_stays_out_of_the_product() {
        let text = "[dependencies]\ndomain = { workspace = true, features = [\"testing\"] }\n";
        assert_eq!(rules_broken("crates/engine/Cargo.toml", text), ["arrow"]);
        assert_eq!(rules_broken("crates/sim/Cargo.toml", text), [""; 0]);
        let text = text.replace("[dep", "[dev-dep");
        assert_eq!(rules_broken("crates/engine/Cargo.toml", &text), [""; 0]);
    }

    #[test]
    fn domain_takes_no_further_crate() {
        let text = "[dependencies]\nkernel.workspace = true\nuuid.workspace = true\n";
        assert_eq!(
            check_one("crates/domain/Cargo.toml", text),
            ["crates/domain/Cargo.toml:3: arrow: `uuid`: domain needs no more than \
              [\"kernel\", \"serde\", \"jiff\"]"]
        );
    }

    #[test]
    fn unknown_crate_must_be_given_its_arrows() {
        assert_eq!(rules_broken("crates/new/Cargo.toml", "[package]\n"), ["arrow"]);
    }

    #[test]
    fn arrow_in_source_is_found_and_an_own_module_of_that_name_is_not() {
        let path = "crates/apiv3/src/lib.rs";
        assert_eq!(rules_broken(path, "use engine::Engine;\n"), ["arrow"]);
        assert_eq!(rules_broken(path, "fn a() { engine::run(); }\n"), ["arrow"]);
        assert_eq!(rules_broken(path, "mod engine;\nuse engine::Engine;\n"), [""; 0]);
        assert_eq!(rules_broken(path, "#[cfg(test)]\nmod t { use engine::E; }\n"), [""; 0]);
        assert_eq!(rules_broken(path, "use domain::orders::Order;\n"), [""; 0]);
    }

    #[test]
    fn only_lists_reach_http_and_worker_from_the_store() {
        for path in ["crates/http/src/lib.rs", "crates/worker/src/lib.rs"] {
            assert_eq!(rules_broken(path, "use store::{Queries, queries::Bill};\n"), [""; 0]);
            assert_eq!(rules_broken(path, "use store::{Queries, Write};\n"), ["arrow"]);
            assert_eq!(rules_broken(path, "fn a(s: &dyn store::Store) {}\n"), ["arrow"]);
            assert_eq!(rules_broken(path, "use store;\n"), ["arrow"]);
        }
        assert_eq!(rules_broken("crates/engine/src/lib.rs", "use store::Store;\n"), [""; 0]);
    }
}
