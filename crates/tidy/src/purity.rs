//! Where clocks, random numbers, databases and waiting may be named.

use crate::tokens::Source;
use crate::{Finding, policy};

/// Checks one Rust file. Tests may read a clock where their crate may not; a build script is no
/// part of the product.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let Some(krate) = policy::crate_of(&source.path) else { return Vec::new() };
    if source.path == format!("crates/{}/build.rs", krate.folder) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for name in policy::AMBIENT {
        let advice = format!("`{name}`: hand the time or the random bytes in from the shell");
        findings.extend(places(source, name, "ambient", &advice));
    }
    if policy::PURE.contains(&krate.folder) {
        for name in policy::IMPURE {
            let advice = format!("`{name}` does not belong here: this crate decides, others do");
            findings.extend(places(source, name, "pure", &advice));
        }
        findings.extend(sql(source));
    }
    for (driver, allowed) in policy::DRIVERS {
        if !allowed.contains(&krate.folder) {
            let advice = format!("only {} may name `{driver}`", allowed.join(" and "));
            findings.extend(places(source, driver, "driver", &advice));
        }
    }
    findings
}

fn places(source: &Source, name: &str, rule: &'static str, advice: &str) -> Vec<Finding> {
    let found = source.places_of(name).into_iter().filter(|(_, test)| !test);
    found
        .map(|(line, _)| Finding {
            path: source.path.clone(),
            line,
            rule,
            advice: advice.to_owned(),
        })
        .collect()
}

fn sql(source: &Source) -> Vec<Finding> {
    let literals = source.tokens.iter().filter(|token| token.literal && !token.test);
    let with_word = literals.filter_map(|token| {
        let word = policy::SQL.into_iter().find(|word| contains_word(&token.text, word))?;
        Some((token.line, word))
    });
    with_word
        .map(|(line, word)| Finding {
            path: source.path.clone(),
            line,
            rule: "pure",
            advice: format!("`{word}` in a text: SQL belongs to the stores"),
        })
        .collect()
}

/// Whether `word` stands in `text` with no letter, digit or underscore beside it.
pub(crate) fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use crate::{check_one, policy, rules_broken};

    const DOMAIN: &str = "crates/domain/src/orders.rs";

    #[test]
    fn each_ambient_name_is_found_in_the_deciding_crates() {
        for name in policy::AMBIENT {
            let text = format!("fn a() {{ b({name}()); }}\n");
            let found = rules_broken("crates/store/src/lib.rs", &text);
            assert!(found.contains(&"ambient"), "{name}: {found:?}");
        }
    }

    #[test]
    fn clock_brought_in_by_a_nested_use_is_found() {
        assert_eq!(
            check_one("crates/engine/src/batch.rs", "use std::{fmt, time::{Duration, Instant}};\n"),
            ["crates/engine/src/batch.rs:1: ambient: `std::time::Instant`: hand the time or the \
              random bytes in from the shell"]
        );
    }

    #[test]
    fn shell_and_tests_may_read_the_clock() {
        let text = "fn a() { b(Timestamp::now()); }\n";
        assert_eq!(rules_broken("crates/server/src/main.rs", text), [""; 0]);
        assert_eq!(rules_broken("crates/engine/tests/batches.rs", text), [""; 0]);
        assert_eq!(rules_broken("crates/domain/build.rs", text), [""; 0]);
        assert_eq!(rules_broken("crates/engine/src/decide.rs", text), ["ambient"]);
        assert_eq!(rules_broken("crates/http/src/consumer.rs", text), ["ambient"]);
    }

    #[test]
    fn clock_in_a_comment_is_no_clock() {
        assert_eq!(
            rules_broken(DOMAIN, "/// Not `Timestamp::now`.\nfn a() {} // OsRng\n"),
            [""; 0]
        );
    }

    #[test]
    fn each_impure_name_is_found_in_a_pure_crate_and_only_there() {
        for name in policy::IMPURE {
            let text = format!("fn a() {{ {name}::b(); }}\n");
            let found = rules_broken("crates/kernel/src/lib.rs", &text);
            assert!(found.contains(&"pure"), "{name}: {found:?}");
            let found = rules_broken("crates/http/src/shell.rs", &text);
            assert!(!found.contains(&"pure"), "{name}: {found:?}");
        }
    }

    #[test]
    fn each_sql_word_is_found_in_the_texts_of_a_pure_crate() {
        for word in policy::SQL {
            let text = format!("const A: &str = \"{word} x\";\n");
            assert_eq!(rules_broken(DOMAIN, &text), ["pure"], "{word}");
        }
        assert_eq!(rules_broken(DOMAIN, "const A: &str = \"RULE_UPDATE_LIMIT\";\n"), [""; 0]);
    }

    #[test]
    fn only_the_stores_name_a_driver() {
        let text = "use rusqlite::Connection;\n";
        assert_eq!(rules_broken("crates/server/src/main.rs", text), ["driver"]);
        assert_eq!(rules_broken("crates/store-sqlite/src/lib.rs", text), [""; 0]);
        assert_eq!(rules_broken("crates/sandbox-bank/src/lib.rs", text), [""; 0]);
        let text = "use tokio_postgres::Client;\n";
        assert_eq!(rules_broken("crates/store-sqlite/src/lib.rs", text), ["driver"]);
    }
}
