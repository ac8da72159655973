//! How long files, lines and functions may be, how modules are called, and what is unfinished.

use crate::tokens::Source;
use crate::{Finding, policy};

/// Checks one Rust file; the length of files is checked for all languages in `text`.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |line, rule, advice: String| {
        findings.push(Finding { path: source.path.clone(), line, rule, advice });
    };
    for function in &source.functions {
        if function.lines > policy::FUNCTION_LINES_MAX {
            let (name, lines, max) = (&function.name, function.lines, policy::FUNCTION_LINES_MAX);
            let advice = format!("`{name}` has {lines} lines, at most {max}: split it");
            add(function.line, "function-length", advice);
        }
    }
    for line in &source.ignored {
        add(*line, "unfinished", "run the test or remove it, do not ignore it".to_owned());
    }
    for window in source.tokens.windows(4) {
        let [first, second, third, fourth] = window else { continue };
        let name = first.text.as_str();
        let is_call = second.text == "!" && ["(", "[", "{"].contains(&third.text.as_str());
        if is_call && policy::UNFINISHED_MACROS.contains(&name) {
            add(first.line, "unfinished", format!("finish it: `{name}!` must not be committed"));
        }
        let unwraps = name == "." && second.text == "unwrap" && third.text == "(";
        if unwraps && fourth.text == ")" && !first.test {
            let advice = "handle it, or say in `expect` why it cannot happen";
            add(second.line, "unwrap", advice.to_owned());
        }
    }
    for pair in source.tokens.windows(2) {
        let [keyword, name] = pair else { continue };
        if keyword.text == "mod" && policy::EMPTY_NAMES.contains(&name.text.as_str()) {
            let advice = format!("say what is inside: a module must not be called `{}`", name.text);
            add(name.line, "module-name", advice);
        }
    }
    if let Some(name) = empty_name(&source.path) {
        let advice = format!("say what is inside: a module must not be called `{name}`");
        add(1, "module-name", advice);
    }
    findings
}

fn empty_name(path: &str) -> Option<&str> {
    path.trim_end_matches(".rs").split('/').find(|part| policy::EMPTY_NAMES.contains(part))
}

#[cfg(test)]
mod tests {
    use crate::{check_one, rules_broken};

    const FILE: &str = "crates/kernel/src/money.rs";

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    f();\n".repeat(lines - 2))
    }

    #[test]
    fn function_of_71_lines_is_too_long() {
        assert_eq!(rules_broken(FILE, &function_of(70)), [""; 0]);
        assert_eq!(
            check_one(FILE, &function_of(71)),
            ["crates/kernel/src/money.rs:1: function-length: `long` has 71 lines, at most 70: \
                 split it"]
        );
    }

    #[test]
    fn long_function_inside_a_macro_call_is_found() {
        let text = format!("proptest! {{\n{}}}\n", function_of(71));
        assert_eq!(rules_broken(FILE, &text), ["function-length"]);
    }

    #[test]
    fn ignored_test_is_unfinished() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n";
        assert_eq!(rules_broken(FILE, text), ["unfinished"]);
        let text = "#[test]\n#[cfg_attr(unix, ignore)]\nfn a() {}\n";
        assert_eq!(rules_broken(FILE, text), ["unfinished"]);
    }

    #[test]
    fn unfinished_macros_are_found_and_comparisons_are_not() {
        for name in ["todo", "unimplemented", "dbg"] {
            assert_eq!(rules_broken(FILE, &format!("fn a() {{ {name}!(); }}\n")), ["unfinished"]);
        }
        assert_eq!(rules_broken(FILE, "fn a() -> bool { dbg != (1) }\n"), [""; 0]);
    }

    #[test]
    fn unwrap_is_for_tests_only() {
        assert_eq!(rules_broken(FILE, "fn a() { b().unwrap(); }\n"), ["unwrap"]);
        assert_eq!(rules_broken(FILE, "#[test]\nfn a() { b().unwrap(); }\n"), [""; 0]);
        assert_eq!(rules_broken(FILE, "fn a() { b().unwrap_or(1); }\n"), [""; 0]);
    }

    #[test]
    fn module_says_what_is_inside() {
        assert_eq!(rules_broken(FILE, "mod utils {}\n"), ["module-name"]);
        assert_eq!(rules_broken("crates/kernel/src/helpers.rs", "fn a() {}\n"), ["module-name"]);
        assert_eq!(rules_broken("crates/http/tests/common/mod.rs", "fn a() {}\n"), ["module-name"]);
    }
}
