//! Rules about any text: length, white space, unfinished work, and traces of one machine.

use crate::purity::contains_word;
use crate::{Finding, Tree, policy};

/// Checks every text of the tree.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.texts().flat_map(|(path, text)| check_text(path, text)).collect()
}

fn check_text(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |line, rule, advice: &str| {
        findings.push(Finding { path: path.to_owned(), line, rule, advice: advice.to_owned() });
    };
    let ending = path.rsplit('.').next().unwrap_or_default();
    let lines = text.lines().count();
    if policy::SOURCE_ENDINGS.contains(&ending) && lines > policy::FILE_LINES_MAX {
        let max = policy::FILE_LINES_MAX;
        add(lines, "file-length", &format!("{lines} lines, at most {max}: split the file"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        add(lines, "end", "end the file with a newline");
    }
    for (at, line) in text.lines().enumerate() {
        for (rule, advice) in check_line(path, ending, line) {
            add(at + 1, rule, &advice);
        }
    }
    findings
}

fn check_line(path: &str, ending: &str, line: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let stored_answer = ending == "snap";
    if !stored_answer && line.ends_with([' ', '\t', '\r']) {
        found.push(("trailing-space", "remove the white space at the end of the line".to_owned()));
    }
    if !stored_answer && line.contains('\t') {
        found.push(("tab", "indent with spaces".to_owned()));
    }
    let columns = line.chars().count();
    if ending == "rs" && columns > policy::LINE_COLUMNS_MAX {
        let max = policy::LINE_COLUMNS_MAX;
        found.push(("line-length", format!("{columns} columns, at most {max}: break the line")));
    }
    let unfinished = policy::UNFINISHED.iter().find(|word| contains_word(line, word));
    if let Some(word) = unfinished.filter(|_| !path.ends_with(".lock")) {
        found.push(("unfinished", format!("finish it or open an issue: `{word}`")));
    }
    if ending != "rs"
        && policy::SOURCE_ENDINGS.contains(&ending)
        && let Some(call) = policy::UNRUN.iter().find(|call| line.contains(**call))
    {
        found.push(("unfinished", format!("run all tests: remove `{call}`")));
    }
    if let Some(start) = policy::MACHINE_PATHS.iter().find(|start| starts_path(line, start)) {
        found.push(("machine-path", format!("`{start}` exists on one machine only")));
    }
    found.extend(registry(path, line));
    found
}

/// Whether an absolute path in `line` begins with `start`.
fn starts_path(line: &str, start: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || "._-/}])~*".contains(c);
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(continues)
    })
}

fn registry(path: &str, line: &str) -> Option<(&'static str, String)> {
    // `.npmrc` and the configuration of cargo: `registry = ...`, `registry=...`, `index = ...`.
    let is_configuration = path.ends_with(".npmrc") || path.contains(".cargo/");
    let key = line.split('=').next().unwrap_or_default().trim();
    if is_configuration && policy::REGISTRY_KEYS.contains(&key) {
        return Some(("registry-host", format!("`{key}`: the machine chooses the registry")));
    }
    if path.ends_with("package-lock.json") && line.contains("\"resolved\":") {
        let advice = "lock again with omit-lockfile-registry-resolved=true in .npmrc";
        return Some(("registry-host", advice.to_owned()));
    }
    let source = line.strip_prefix("source = ").filter(|_| path.ends_with("Cargo.lock"))?;
    let advice = "a locked crate comes from the public registry only";
    (source.trim_matches('"') != policy::CRATE_SOURCE).then(|| ("registry-host", advice.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::{check_one, rules_broken};

    #[test]
    fn file_of_601_lines_is_too_long() {
        assert_eq!(rules_broken("web/src/a.ts", &"a\n".repeat(600)), [""; 0]);
        assert_eq!(
            check_one("web/src/a.ts", &"a\n".repeat(601)),
            ["web/src/a.ts:601: file-length: 601 lines, at most 600: split the file"]
        );
        assert_eq!(rules_broken("crates/kernel/src/a.rs", &"//\n".repeat(601)), ["file-length"]);
        assert_eq!(rules_broken("CHANGELOG.md", &"a\n".repeat(601)), [""; 0]);
    }

    #[test]
    fn line_of_rust_has_at_most_100_columns() {
        let line = |columns: usize| format!("// {}\n", "é".repeat(columns - 3));
        assert_eq!(rules_broken("crates/kernel/src/a.rs", &line(100)), [""; 0]);
        assert_eq!(rules_broken("crates/kernel/src/a.rs", &line(101)), ["line-length"]);
    }

    #[test]
    fn white_space_is_tidy() {
        assert_eq!(rules_broken("a.md", "text \n"), ["trailing-space"]);
        assert_eq!(rules_broken("a.md", "text\r \n"), ["trailing-space"]);
        assert_eq!(rules_broken("a.toml", "\ta = 1\n"), ["tab"]);
        assert_eq!(rules_broken("Makefile", "a:\n\tb\n"), [""; 0]);
        assert_eq!(rules_broken("a.md", "text"), ["end"]);
    }

    #[test]
    fn words_of_unfinished_work_are_found_in_any_text() {
        for word in ["TODO", "FIXME", "XXX"] {
            assert_eq!(rules_broken("a.md", &format!("{word}: later\n")), ["unfinished"]);
            assert_eq!(rules_broken("a.md", &format!("A{word}_B\n")), [""; 0]);
        }
    }

    #[test]
    fn javascript_test_that_does_not_run_is_unfinished() {
        for call in ["test.only(", "it.skip(", "test.todo("] {
            let text = format!("{call}'a', () => {{}});\n");
            assert_eq!(rules_broken("tests/a.test.mjs", &text), ["unfinished"], "{call}");
        }
    }

    #[test]
    fn paths_of_one_machine_are_found_and_addresses_are_not() {
        for path in ["/home/me/a", "/root/a", "/work/a", "/Users/me/a"] {
            assert_eq!(rules_broken("a.md", &format!("see {path}\n")), ["machine-path"]);
            assert_eq!(rules_broken("a.md", &format!("see https://example.org{path}\n")), [""; 0]);
        }
    }

    #[test]
    fn lock_files_pin_no_registry() {
        let line = "registry = \"https://example.org/\"\n";
        assert_eq!(rules_broken(".npmrc", line), ["registry-host"]);
        let line = "omit-lockfile-registry-resolved=true\n";
        assert_eq!(rules_broken(".npmrc", line), [""; 0]);
        let line = "      \"resolved\": \"https://example.org/a.tgz\",\n";
        assert_eq!(rules_broken("tests/a/package-lock.json", line), ["registry-host"]);
        let line = "source = \"git+https://example.org/a\"\n";
        assert_eq!(rules_broken("Cargo.lock", line), ["registry-host"]);
        let line = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(rules_broken("Cargo.lock", line), [""; 0]);
    }
}
