//! Rust source as a flat list of tokens that know their line and whether they are test code.
//!
//! Tokens instead of a syntax tree, because they reach into macro calls too (`proptest!`,
//! `select!`), where most rules must hold as well. Comments and documentation are left out.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::FromStr as _;

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree, token_stream};

use crate::{Finding, Tree};

/// One Rust file.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) functions: Vec<Function>,
    /// Lines of `#[ignore]`.
    pub(crate) ignored: Vec<usize>,
    /// Every path that a `use` brings in, written out.
    pub(crate) uses: Vec<Use>,
    test_modules: Vec<String>,
}

/// An identifier, a literal, a punctuation mark (`::` is one) or a delimiter.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) test: bool,
    pub(crate) literal: bool,
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// One leaf of a `use`.
pub(crate) struct Use {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

impl Source {
    /// Reads one file.
    ///
    /// # Errors
    /// The place where the text is not Rust.
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, Finding> {
        let stream = TokenStream::from_str(text).map_err(|error| Finding {
            path: path.to_owned(),
            line: error.span().start().line,
            rule: "rust",
            advice: "is not Rust: mend the syntax".to_owned(),
        })?;
        let mut source = Self { path: path.to_owned(), ..Self::default() };
        source.walk(stream, is_test_path(path));
        source.collect_uses();
        Ok(source)
    }

    /// Lines where the tokens of `pattern` (such as `Instant::now`) follow each other, or where a
    /// `use` brings such a path in, with whether it is test code.
    pub(crate) fn places_of(&self, pattern: &str) -> Vec<(usize, bool)> {
        let names: Vec<&str> = pattern.split("::").collect();
        let wanted: Vec<&str> = pattern.split("::").flat_map(|name| ["::", name]).skip(1).collect();
        let spelt = self
            .tokens
            .windows(wanted.len())
            .filter(|window| window.iter().zip(&wanted).all(|(token, want)| token.text == *want))
            .map(|window| (window[0].line, window[0].test));
        let used = self
            .uses
            .iter()
            .filter(|used| used.segments.windows(names.len()).any(|window| window == names))
            .map(|used| (used.line, used.test));
        spelt.chain(used).collect()
    }

    fn walk(&mut self, stream: TokenStream, inherited: bool) {
        let mut test = inherited;
        let mut rest_is_test = inherited;
        let mut module_path = None;
        let mut trees = stream.into_iter().peekable();
        while let Some(tree) = trees.next() {
            if let Some((attribute, inner)) = attribute(&tree, &mut trees) {
                let words = self.attribute(&attribute, test);
                let is_test = marks_test(&words);
                rest_is_test |= is_test && inner;
                test |= is_test;
                module_path = path_value(&words).or(module_path);
                continue;
            }
            match &tree {
                TokenTree::Ident(word) if *word == "fn" => self.function(&tree, &trees),
                TokenTree::Ident(word) if *word == "mod" && test => {
                    self.test_module(&trees, module_path.take());
                }
                _ => {}
            }
            let item_ends = match &tree {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(mark) => mark.as_char() == ';',
                _ => false,
            };
            self.push(tree, &mut trees, test);
            if item_ends {
                test = rest_is_test;
                module_path = None;
            }
        }
    }

    fn push(&mut self, tree: TokenTree, trees: &mut Peekable<token_stream::IntoIter>, test: bool) {
        let line = tree.span().start().line;
        let mut token = |text: String, line, literal| {
            self.tokens.push(Token { text, line, test, literal });
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(&group);
                token(open.to_owned(), line, false);
                self.walk(group.stream(), test);
                let line = group.span_close().start().line;
                self.tokens.push(Token { text: close.to_owned(), line, test, literal: false });
            }
            TokenTree::Ident(word) => token(word.to_string(), line, false),
            TokenTree::Literal(literal) => token(literal.to_string(), line, true),
            TokenTree::Punct(mark) => {
                let is_colon = |mark: &Punct| mark.as_char() == ':';
                let doubled = is_colon(&mark)
                    && mark.spacing() == Spacing::Joint
                    && matches!(trees.peek(), Some(TokenTree::Punct(next)) if is_colon(next));
                if doubled {
                    trees.next();
                    token("::".to_owned(), line, false);
                } else {
                    token(mark.to_string(), line, false);
                }
            }
        }
    }

    /// Notes an attribute and returns its words. Documentation is text, not code.
    fn attribute(&mut self, group: &Group, test: bool) -> Vec<String> {
        let mut inside = Self::default();
        inside.walk(group.stream(), test);
        let words: Vec<String> = inside.tokens.iter().map(|token| token.text.clone()).collect();
        let first = words.first().map_or("", String::as_str);
        let ignores =
            first == "ignore" || (first == "cfg_attr" && words.iter().any(|word| word == "ignore"));
        if ignores {
            self.ignored.push(group.span().start().line);
        }
        if first != "doc" {
            self.tokens.append(&mut inside.tokens);
        }
        words
    }

    fn function(&mut self, keyword: &TokenTree, rest: &Peekable<token_stream::IntoIter>) {
        let mut rest = rest.clone();
        let Some(TokenTree::Ident(name)) = rest.next() else { return };
        for tree in rest {
            match tree {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                    let line = keyword.span().start().line;
                    let lines = body.span_close().end().line + 1 - line;
                    self.functions.push(Function { name: name.to_string(), line, lines });
                    return;
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => return,
                _ => {}
            }
        }
    }

    fn test_module(&mut self, rest: &Peekable<token_stream::IntoIter>, path: Option<String>) {
        let mut rest = rest.clone();
        let Some(TokenTree::Ident(name)) = rest.next() else { return };
        if matches!(rest.next(), Some(TokenTree::Punct(mark)) if mark.as_char() == ';') {
            let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
            let below = match file.trim_end_matches(".rs") {
                "lib" | "main" | "mod" => folder.to_owned(),
                stem => format!("{folder}/{stem}"),
            };
            match path {
                Some(path) => self.test_modules.push(format!("{folder}/{path}")),
                None => self.test_modules.push(format!("{below}/{name}")),
            }
        }
    }

    fn collect_uses(&mut self) {
        let mut uses = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let captures = self.tokens.get(at + 1).is_some_and(|next| next.text == "<");
            if token.text == "use" && !token.literal && !captures {
                expand_use(&self.tokens, at + 1, &[], &mut uses);
            }
        }
        self.uses = uses;
    }
}

/// Every Rust file of the tree. What a file declares as `#[cfg(test)] mod name;` is test code too.
pub(crate) fn read_all(tree: &Tree) -> (Vec<Source>, Vec<Finding>) {
    let mut sources = Vec::new();
    let mut broken = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".rs")) {
        match Source::read(path, text) {
            Ok(source) => sources.push(source),
            Err(finding) => broken.push(finding),
        }
    }
    let test_modules: BTreeSet<String> =
        sources.iter_mut().flat_map(|source| std::mem::take(&mut source.test_modules)).collect();
    for source in &mut sources {
        let path = &source.path;
        let is_test = test_modules.iter().any(|module| {
            path == module
                || *path == format!("{module}.rs")
                || path.starts_with(&format!("{module}/"))
        });
        if is_test {
            source.tokens.iter_mut().for_each(|token| token.test = true);
            source.uses.iter_mut().for_each(|used| used.test = true);
        }
    }
    (sources, broken)
}

fn is_test_path(path: &str) -> bool {
    ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder))
        || path.starts_with("tests/")
}

fn delimiters(group: &Group) -> (&'static str, &'static str) {
    match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// The brackets of `#[..]` or `#![..]` and whether it is the second.
fn attribute(
    hash: &TokenTree,
    trees: &mut Peekable<token_stream::IntoIter>,
) -> Option<(Group, bool)> {
    if !matches!(hash, TokenTree::Punct(mark) if mark.as_char() == '#') {
        return None;
    }
    let mut ahead = trees.clone();
    let mut next = ahead.next()?;
    let inner = matches!(&next, TokenTree::Punct(mark) if mark.as_char() == '!');
    if inner {
        next = ahead.next()?;
    }
    match next {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            *trees = ahead;
            Some((group, inner))
        }
        _ => None,
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(any(test, ..))]`, but not
/// `#[cfg(not(test))]`.
fn marks_test(words: &[String]) -> bool {
    let has_test = words.iter().any(|word| word == "test");
    match words.first().map_or("", String::as_str) {
        "cfg" => has_test && !words.iter().any(|word| word == "not"),
        "cfg_attr" | "doc" => false,
        _ => has_test,
    }
}

fn path_value(words: &[String]) -> Option<String> {
    match words {
        [name, equals, value] if name == "path" && equals == "=" => {
            Some(value.trim_matches('"').to_owned())
        }
        _ => None,
    }
}

/// Writes out the use tree that starts at `at`; returns where it ends.
fn expand_use(tokens: &[Token], mut at: usize, prefix: &[String], out: &mut Vec<Use>) -> usize {
    let mut segments = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    let before = at;
                    at = expand_use(tokens, at, &segments, out);
                    if tokens.get(at).is_some_and(|token| token.text == ",") || at == before {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => at += 2,
            "," | ";" | "}" => break,
            _ => {
                segments.push(token.text.clone());
                at += 1;
            }
        }
    }
    if let Some(token) = tokens.get(at.saturating_sub(1)) {
        out.push(Use { segments, line: token.line, test: token.test });
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Source {
        Source::read("crates/kernel/src/lib.rs", text).expect("the planted text is Rust")
    }

    #[test]
    fn nested_uses_are_written_out() {
        let source = read("use std::{time::{Instant, Duration as D}, fmt};\n");
        let paths: Vec<String> = source.uses.iter().map(|used| used.segments.join("::")).collect();
        assert_eq!(paths, ["std::time::Instant", "std::time::Duration", "std::fmt"]);
    }

    #[test]
    fn test_code_is_told_from_product_code() {
        let source = read(
            "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}\n#[test]\nfn d() {}\n\
             #[cfg(not(test))]\nfn e() {}\n",
        );
        let tests: Vec<&str> = ["a", "b", "c", "d", "e"]
            .into_iter()
            .filter(|name| source.tokens.iter().any(|t| t.text == *name && t.test))
            .collect();
        assert_eq!(tests, ["b", "d"]);
    }

    #[test]
    fn a_module_declared_for_tests_is_test_code_in_its_own_file() {
        let tree = Tree::of([
            ("crates/x/src/area.rs", "#[cfg(test)]\nmod cases;\n"),
            ("crates/x/src/area/cases.rs", "fn a() {}\n"),
            ("crates/x/src/area/other.rs", "fn a() {}\n"),
        ]);
        let (sources, broken) = read_all(&tree);
        assert_eq!(broken, []);
        let tests: Vec<&str> = sources
            .iter()
            .filter(|source| source.tokens.iter().all(|token| token.test))
            .map(|source| source.path.as_str())
            .collect();
        assert_eq!(tests, ["crates/x/src/area/cases.rs"]);
    }

    #[test]
    fn text_that_is_not_rust_is_reported() {
        let found = crate::check_one("crates/kernel/src/lib.rs", "fn a( {\n");
        assert_eq!(found, ["crates/kernel/src/lib.rs:1: rust: is not Rust: mend the syntax"]);
    }
}
