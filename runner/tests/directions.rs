//! One direction of dependencies: a module uses those of the layers below, and those of its own layer that come
//! before it. Read from `use` lines and paths, by parsing.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use quote::ToTokens;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// From the ground up. Modules of one layer stand in the order in which they may use each other.
const LAYERS: [&[&str]; 6] = [
    &["usage", "interrupt", "duration", "say", "output", "values"],
    &["http", "contract", "stats", "environment"],
    &[
        "client",
        "load",
        "null",
        "result",
        "server",
        "work",
        "framework",
        "verify",
        "record",
        "ranks",
    ],
    &["run", "analysis", "report", "arms"],
    &["experiments"],
    &["cli", "commands"],
];

/// What may use a module that comes after it in its layer or above it, and why.
const EXCEPTIONS: [(&str, &str); 1] = [
    // The values of options know which processors there are.
    ("values", "environment"),
];

/// The core knows arms, and neither cargo nor the folders of contestants.
const CORE: [&str; 8] = [
    "load", "null", "result", "server", "record", "run", "analysis", "report",
];

/// These compute, and read and write nothing.
const PURE: [&str; 11] = [
    "src/stats",
    "src/analysis",
    "src/report",
    "src/contract",
    "src/http",
    "src/experiments/isolated/plan",
    "src/experiments/latency/plan",
    "src/experiments/memory/figures",
    "src/experiments/memory/plan",
    "src/experiments/settling/plan",
    "src/experiments/throughput/plan",
];

/// What stands for input and output, as paths begin.
const INPUT_AND_OUTPUT: [&str; 9] = [
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::process",
    "std::time::Instant",
    "std::io::stdout",
    "rustix",
    "procfs",
    "tempfile",
];

fn sources() -> Vec<PathBuf> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    });
    all.filter(|path| path.extension().is_some_and(|one| one == "rs"))
        .collect()
}

fn shown(file: &Path) -> String {
    file.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .display()
        .to_string()
}

/// The module under `src/` that a file belongs to, and whether it is a test.
fn place(file: &Path) -> (String, bool) {
    let shown = shown(file);
    let parts: Vec<&str> = shown.split('/').skip(1).collect();
    let module = parts[0].trim_end_matches(".rs").to_owned();
    let is_test = parts
        .iter()
        .any(|part| ["tests", "tests.rs", "fixtures"].contains(part));
    (module, is_test)
}

fn rank(module: &str) -> Option<(usize, usize)> {
    let mut layers = LAYERS.iter().enumerate();
    layers
        .find_map(|(layer, modules)| Some((layer, modules.iter().position(|&one| one == module)?)))
}

/// What a file uses of this crate, and all of its paths. Tests in the file are left out.
#[derive(Default)]
struct Used {
    modules: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Used {
    fn of(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let mut used = Self::default();
        used.visit_file(&syn::parse_file(&text).unwrap());
        used
    }
}

/// Whether an item is compiled in tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    let is_cfg_test = |one: &syn::Attribute| {
        one.path().is_ident("cfg") && one.meta.to_token_stream().to_string().contains("test")
    };
    attributes.iter().any(is_cfg_test)
}

impl<'ast> Visit<'ast> for Used {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        self.add(names);
        syn::visit::visit_path(self, path);
    }
}

impl Used {
    fn use_tree(&mut self, tree: &syn::UseTree, mut before: Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(&path.tree, before);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before.clone());
                }
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.add(before);
            }
            syn::UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.add(before);
            }
            syn::UseTree::Glob(_) => self.add(before),
        }
    }

    fn add(&mut self, names: Vec<String>) {
        if names.first().is_some_and(|first| first == "crate") {
            self.modules.extend(names.get(1).cloned());
        }
        self.paths.insert(names.join("::"));
    }

    fn has_name(&self, name: &str) -> bool {
        self.paths
            .iter()
            .any(|path| path.split("::").any(|part| part == name))
    }
}

#[test]
fn every_module_has_its_layer() {
    for file in sources() {
        let (module, is_test) = place(&file);
        let is_root = ["lib", "main"].contains(&module.as_str());
        assert!(
            is_root || is_test || rank(&module).is_some(),
            "{} has no layer",
            shown(&file)
        );
    }
}

#[test]
fn modules_use_what_lies_below_them() {
    for file in sources() {
        let (module, is_test) = place(&file);
        let Some(own) = rank(&module).filter(|_| !is_test) else {
            continue;
        };
        for used in Used::of(&file).modules {
            let Some(other) = rank(&used) else { continue };
            let is_excepted = EXCEPTIONS.contains(&(module.as_str(), used.as_str()));
            assert!(
                used == module || other < own || is_excepted,
                "{} uses crate::{used}, which is not below it",
                shown(&file)
            );
        }
    }
}

/// Otherwise it would not be seen which module is meant.
#[test]
fn a_path_goes_up_once_or_begins_at_the_crate() {
    for file in sources().iter().filter(|file| !place(file).1) {
        for path in Used::of(file).paths {
            assert!(!path.starts_with("super::super"), "{}: {path}", shown(file));
        }
    }
}

#[test]
fn the_core_knows_no_contestants() {
    for file in sources() {
        let (module, is_test) = place(&file);
        if !is_test && CORE.contains(&module.as_str()) {
            let used = Used::of(&file).modules;
            assert!(!used.contains("framework"), "{}", shown(&file));
        }
    }
}

#[test]
fn what_computes_reads_and_writes_nothing() {
    for file in sources() {
        let name = shown(&file);
        if place(&file).1 || !PURE.iter().any(|pure| name.starts_with(pure)) {
            continue;
        }
        let used = Used::of(&file);
        for forbidden in INPUT_AND_OUTPUT {
            let begins =
                |path: &&String| format!("{path}::").starts_with(&format!("{forbidden}::"));
            assert_eq!(used.paths.iter().find(begins), None, "{name}");
        }
    }
}

/// `commands/` are tables of contents: no command measures or loads by itself, except `load`, which is that.
#[test]
fn commands_measure_nothing() {
    for file in sources() {
        let name = shown(&file);
        if !name.starts_with("src/commands") || name.starts_with("src/commands/load") {
            continue;
        }
        let used = Used::of(&file);
        for forbidden in ["Generator", "LoadSpec", "Servers", "Slices", "Journal"] {
            assert!(!used.has_name(forbidden), "{name} uses {forbidden}");
        }
    }
}

/// The front page, the commands and the comparison learn of an experiment from one list.
#[test]
fn an_experiment_is_named_in_its_folder_and_the_list() {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/experiments");
    let folders = fs::read_dir(&experiments)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let folders: Vec<String> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(folders.len() >= 3, "{folders:?}");
    for file in sources() {
        let (name, is_test) = (shown(&file), place(&file).1);
        let list = ["src/experiments/mod.rs", "src/commands/simulate.rs"];
        if is_test || list.contains(&name.as_str()) {
            continue;
        }
        let paths = Used::of(&file).paths;
        // Whose parent is `experiments`: deeper down, `super::memory` is a file of the folder.
        let is_beside = name.starts_with("src/experiments/")
            && (name.matches('/').count() == 2 || name.ends_with("/mod.rs"));
        let others = folders
            .iter()
            .filter(|one| !name.contains(&format!("experiments/{one}/")));
        for folder in others {
            let of_crate = format!("crate::experiments::{folder}");
            let of_parent = format!("super::{folder}");
            let is_known = paths.iter().any(|path| {
                path.starts_with(&of_crate) || (is_beside && path.starts_with(&of_parent))
            });
            assert!(!is_known, "{name} knows the experiment {folder}");
        }
    }
}
