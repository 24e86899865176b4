//! Environment variables that change what is built or how a server runs, as far as they are set.

use std::collections::BTreeMap;

/// Variables of the loader, the C library, the allocators, Rust and cargo that can change a build or a
/// server; a name that ends in `*` stands for all that begin so.
const ALWAYS: [&str; 27] = [
    "LD_AUDIT",
    "LD_BIND_NOW",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "GLIBC_TUNABLES",
    "MALLOC_*",
    "MIMALLOC_*",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_LOG",
    "RUST_MIN_STACK",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "CARGO_BUILD_*",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_*",
    "CARGO_TARGET_*",
    "CC",
    "CC_*",
    "CFLAGS",
    "CFLAGS_*",
    "CXX",
    "CXXFLAGS",
];

/// The variables that change what is built or measured, and those of `more`, that are set here, with their values.
#[must_use]
pub fn variables(more: &[String]) -> BTreeMap<String, String> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let all = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    let mut chosen = chosen(more, all);
    if std::env::var_os("CARGO").is_some() {
        // `cargo run` sets it for the programs of the workspace, which do not need it.
        chosen.remove("LD_LIBRARY_PATH");
    }
    chosen
}

fn chosen(
    more: &[String],
    all: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, String> {
    let patterns = || {
        ALWAYS
            .iter()
            .copied()
            .chain(more.iter().map(String::as_str))
    };
    let is_meant = |name: &str| {
        patterns().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        })
    };
    all.filter(|(name, _)| is_meant(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn variables_are_chosen_by_name_or_beginning() {
        let all = [
            "LD_PRELOAD",
            "RUSTFLAGS",
            "RUSTFLAGSX",
            "HOME",
            "ONE_WORKERS",
            "CFLAGS",
        ];
        let all = all.map(|name| (name.to_owned(), "x".to_owned()));
        let found = chosen(&["ONE_*".to_owned()], all.into_iter());
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["CFLAGS", "LD_PRELOAD", "ONE_WORKERS", "RUSTFLAGS"]);
    }
}
