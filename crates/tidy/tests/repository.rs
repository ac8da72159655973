//! Runs every rule over the repository this file is part of.

use std::path::Path;

use jiaozi_tidy::{Tree, check};

#[test]
fn repository_keeps_its_own_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = Tree::load(&root).expect("the repository can be read");
    let findings: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}
