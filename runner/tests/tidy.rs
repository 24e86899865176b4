//! The conventions of this codebase, as far as a program can check them.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use proc_macro2::{TokenStream, TokenTree};
use runner::framework::discover;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const PAGE_LINES_MAX: usize = 300;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files below `folder` with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<PathBuf> {
    let root = root();
    [
        files(&root.join("runner"), ".rs"),
        files(&root.join("frameworks"), ".rs"),
    ]
    .concat()
}

#[test]
fn every_source_file_opens_with_its_job_and_stays_small() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} does not say its job",
            file.display()
        );
        let lines = text.lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{} has {lines} lines",
            file.display()
        );
    }
}

/// Every function of a file with its length in lines, from its name to its closing brace.
#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn add(&mut self, name: &syn::Ident, block: &syn::Block) {
        let lines = block.brace_token.span.close().end().line - name.span().start().line + 1;
        self.0.push((name.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig.ident, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig.ident, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig.ident, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

fn functions(text: &str) -> Vec<(String, usize)> {
    let mut functions = Functions::default();
    functions.visit_file(&syn::parse_file(text).unwrap());
    functions.0
}

#[test]
fn every_function_fits_a_screen() {
    for file in sources() {
        for (name, lines) in functions(&fs::read_to_string(&file).unwrap()) {
            let file = file.display();
            assert!(
                lines <= FUNCTION_LINES_MAX,
                "{file}: `{name}` has {lines} lines"
            );
        }
    }
}

#[test]
fn lengths_of_functions_are_those_of_their_text() {
    let text =
        "fn one() {\n    two()\n}\nimpl A {\n    fn three(\n        a: u8,\n    ) {\n    }\n}\n";
    assert_eq!(
        functions(text),
        [("one".to_owned(), 3), ("three".to_owned(), 4)]
    );
}

/// The texts of a source between their quotation marks; comments are not among them.
fn texts(tokens: TokenStream) -> Vec<String> {
    let mut tokens = tokens.into_iter().peekable();
    if matches!(tokens.peek(), Some(TokenTree::Ident(first)) if *first == "doc") {
        return Vec::new();
    }
    let text = |token| match token {
        TokenTree::Group(group) => texts(group.stream()),
        TokenTree::Literal(literal) => vec![literal.to_string()],
        TokenTree::Ident(_) | TokenTree::Punct(_) => Vec::new(),
    };
    tokens.flat_map(text).collect()
}

/// Whether a percentage has a space before its sign.
fn has_apart(text: &str) -> bool {
    let mut parts: Vec<&str> = text.split('%').collect();
    parts.pop();
    parts.iter().any(|before| {
        let number = before.trim_end_matches([' ', '\u{a0}']);
        let is_number = number.ends_with(|last: char| last.is_ascii_digit() || last == '}');
        (is_number && number.len() < before.len()) || number.ends_with("\\u{a0}")
    })
}

#[test]
fn percentages_are_written_in_one_way() {
    let planted = "fn one(n: u8) { print!(\"{n} % of 7 or 8\\u{a0}%, {} % 2\", n % 2) }";
    let found = texts(planted.parse().unwrap());
    assert!(found.iter().any(|text| has_apart(text)), "{found:?}");
    let good = "/// 5 % of it\nfn one(n: u8) { print!(\"{n}% and %, IQR %\", n % 2) }";
    let found = texts(good.parse().unwrap());
    assert!(!found.iter().any(|text| has_apart(text)), "{found:?}");
    for file in files(&root().join("runner/src"), ".rs") {
        let source = fs::read_to_string(&file).unwrap();
        for text in texts(source.parse().unwrap()) {
            assert!(!has_apart(&text), "{}: {text}", file.display());
        }
    }
    for page in files(&root(), ".md") {
        for line in fs::read_to_string(&page).unwrap().lines() {
            assert!(!has_apart(line), "{}: {line}", page.display());
        }
    }
}

#[test]
fn the_workspace_is_found_as_cargo_finds_it() {
    assert_eq!(runner::framework::root().unwrap(), discover().unwrap().root);
}

/// Adding a framework is adding one folder: nothing outside it may know its name.
#[test]
fn no_framework_is_named_outside_its_folder() {
    let root = root();
    let mut places = files(&root.join("runner"), ".rs");
    // A server under test is not a part of the runner.
    places.retain(|place| !place.starts_with(root.join("runner/scheduling")));
    places.extend(
        ["Makefile", ".ci/run", "Cargo.toml", "runner/Cargo.toml"].map(|file| root.join(file)),
    );
    places.extend(files(&root.join(".github"), ".yml"));
    let workspace = discover().unwrap();
    for file in places {
        let text = fs::read_to_string(&file).unwrap();
        for framework in &workspace.frameworks {
            let named = text
                .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
                .any(|word| word == framework.name || word == framework.package);
            assert!(!named, "{} names {}", file.display(), framework.name);
        }
    }
}

#[test]
fn every_framework_has_a_page_and_says_what_the_tables_need() {
    for framework in discover().unwrap().frameworks {
        let folder = root().join("frameworks").join(&framework.name);
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(
            page.contains("http"),
            "{} has no upstream link",
            framework.name
        );
        for kind in framework.servers.keys() {
            assert!(
                framework.topology.contains_key(kind),
                "{}: topology of {kind}",
                framework.name
            );
        }
    }
}

/// Whether a page of `docs/` is longer than one is read at a time. The changelog grows with every release.
fn is_page_too_long(name: &str, text: &str) -> bool {
    name != "CHANGELOG.md" && text.lines().count() > PAGE_LINES_MAX
}

#[test]
fn every_page_of_the_documents_stays_short() {
    let long = "a line\n".repeat(PAGE_LINES_MAX + 1);
    assert!(is_page_too_long("METHODOLOGY.md", &long));
    assert!(!is_page_too_long("CHANGELOG.md", &long));
    let pages = files(&root().join("docs"), ".md");
    assert!(!pages.is_empty());
    for page in pages {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&page).unwrap();
        let lines = text.lines().count();
        assert!(!is_page_too_long(&name, &text), "{name} has {lines} lines");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in files(&root(), ".md") {
        let text = fs::read_to_string(&page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let place = link.split('#').next().unwrap();
            if place.is_empty() || place.contains("://") {
                continue;
            }
            let target = page.parent().unwrap().join(place);
            assert!(target.exists(), "{} links to {link}", page.display());
        }
    }
}

/// Everything below the records of a kept run is made from them, byte for byte.
#[test]
fn generated_pages_are_what_the_records_say() {
    let mut report = assert_cmd::Command::cargo_bin("runner").unwrap();
    let output = report
        .args(["report", "--check"])
        .current_dir(root())
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    // A kept run that cannot be read would be a warning.
    assert!(output.status.success() && words.is_empty(), "{words}");
}
