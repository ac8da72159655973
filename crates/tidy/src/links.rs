//! Every relative link of a document leads somewhere.

use crate::{Finding, Tree};

/// Checks the links of all Markdown files.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            if !leads_somewhere(tree, path, &target) {
                let advice = format!("`{target}` does not exist: mend the link");
                findings.push(Finding { path: path.to_owned(), line, rule: "link", advice });
            }
        }
    }
    findings
}

/// Targets with their lines; code is not read.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced {
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            for (open, close) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
                let starts = prose.match_indices(open).map(|(start, _)| start + open.len());
                found.extend(starts.filter_map(|start| {
                    let (target, _) = prose[start..].split_once(close)?;
                    Some((at + 1, target.to_owned()))
                }));
            }
            if let Some((_, target)) =
                prose.strip_prefix('[').and_then(|rest| rest.split_once("]: "))
            {
                found.push((at + 1, target.to_owned()));
            }
        }
    }
    found
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let target = target.split_whitespace().next().unwrap_or_default();
    let target = target.trim_start_matches('<').trim_end_matches('>');
    let (file, _) = target.split_once('#').unwrap_or((target, ""));
    if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
        return !target.is_empty();
    }
    let (folder, _) = from.rsplit_once('/').unwrap_or_default();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    !file.starts_with('/') && tree.has(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use crate::{Tree, check, check_one};

    fn broken_in(text: &str) -> usize {
        let files = [("docs/a.md", text), ("docs/b.md", "b\n"), ("README.md", "r\n")];
        check(&Tree::of(files)).len()
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        assert_eq!(
            broken_in(
                "[b](b.md) [r](../README.md#start) [f](../docs) [w](https://example.org/x)\n\
                 [m](mailto:a@example.org) [top](#top) `[x](none.md)`\n\n```\n[x](none.md)\n```\n"
            ),
            0
        );
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for link in ["[a](c.md)", "[a]()", "![a](c.png \"t\")", "<img src=\"c.svg\">", "[a]: c.md"]
        {
            assert_eq!(broken_in(&format!("{link}\n")), 1, "{link}");
        }
        assert_eq!(broken_in("[a](../../README.md) and [a](/README.md)\n"), 2);
    }

    #[test]
    fn finding_names_the_place_and_the_target() {
        assert_eq!(
            check_one("README.md", "one\n\n[x](docs/none.md)\n"),
            ["README.md:3: link: `docs/none.md` does not exist: mend the link"]
        );
    }
}
