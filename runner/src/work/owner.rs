//! Whose code a machine function is: the crate in its symbol, or the library it stands in.

use super::callgrind::Function;

/// `core`, `alloc` and `std`, and what is part of them.
const STD: &str = "std";
/// Whatever hands out memory and takes it back.
pub(super) const ALLOCATOR: &str = "allocator";
/// The C library but for its allocator.
const LIBC: &str = "libc";
/// The dynamic loader.
const LOADER: &str = "loader";
/// A symbol that names no crate: C or assembly in the program, or the start of it.
const NATIVE: &str = "native";
/// Code that no symbol covers.
const UNKNOWN: &str = "unknown";

const STD_CRATES: &[&str] = &[
    "core",
    "alloc",
    "std",
    "compiler_builtins",
    "std_detect",
    "panic_unwind",
];

/// Functions of glibc's allocator, behind the four that everybody knows.
const MALLOC_INTERNALS: &[&str] = &[
    "malloc",
    "free",
    "calloc",
    "realloc",
    "cfree",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "reallocarray",
    "malloc_usable_size",
    "unlink_chunk",
    "alloc_perturb",
    "free_perturb",
    "systrim",
    "sysmalloc",
    "arena_get2",
    "arena_get_retry",
    "ptmalloc_init",
    "tcache_init",
    "tcache_get",
    "tcache_put",
    "checked_request2size",
    "realloc_check",
    "heap_trim",
    "new_heap",
    "grow_heap",
];

/// The owner of a function.
#[must_use]
pub fn owner(function: &Function) -> String {
    let file = function.object.rsplit('/').next().unwrap_or_default();
    if is_loader(file) {
        return LOADER.to_owned();
    }
    if function.is_nameless() {
        return UNKNOWN.to_owned();
    }
    let demangled = format!("{:#}", rustc_demangle::demangle(&function.name));
    if is_allocator(&demangled) {
        return ALLOCATOR.to_owned();
    }
    if is_c_library(file) {
        return LIBC.to_owned();
    }
    match crate_of(&demangled) {
        Some(name) if STD_CRATES.contains(&name) => STD.to_owned(),
        Some(name) => name.to_owned(),
        None if demangled.starts_with('<') => STD.to_owned(),
        None => NATIVE.to_owned(),
    }
}

/// The function's name as a person reads it, without a hash.
#[must_use]
pub fn display_name(function: &Function) -> String {
    let base = function.name.split('@').next().unwrap_or_default();
    format!("{:#}", rustc_demangle::demangle(base))
}

/// Whether a function is in the C library or the loader, which every program has.
pub(super) fn is_library_of_c(function: &Function) -> bool {
    let file = function.object.rsplit('/').next().unwrap_or_default();
    is_loader(file) || is_c_library(file)
}

fn is_loader(file: &str) -> bool {
    file.starts_with("ld-") || file.starts_with("ld.")
}

/// The C library in its parts; since glibc 2.34 most of them are in the first.
fn is_c_library(file: &str) -> bool {
    ["libc", "libm", "libpthread", "libdl", "librt"]
        .iter()
        .any(|library| {
            let rest = file.strip_prefix(library);
            rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with("-2"))
        })
}

fn is_allocator(name: &str) -> bool {
    // Compilers append `.part.0` and the like, the linker `@@GLIBC_2.2.5`.
    let base = name.split(['.', '@']).next().unwrap_or_default();
    // The allocator's entry points stand in a made-up crate since Rust 1.86.
    let base = base.strip_prefix("__rustc::").unwrap_or(base);
    let rust = ["__rust_", "__rdl_", "__rg_"].iter().any(|prefix| {
        let rest = base.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.contains("alloc"))
    });
    // Allocators that are linked into the program: that of ENV=max, and jemalloc with the prefixes of its builds.
    let linked = ["mi_", "_mi_", "_rjem_", "je_"];
    let is_linked = linked.iter().any(|prefix| base.starts_with(prefix));
    let inner = base.strip_prefix("__libc_").unwrap_or(base);
    let inner = inner.strip_prefix("_int_").unwrap_or(inner);
    rust || is_linked
        || inner.starts_with("malloc_")
        || inner.starts_with("_mid_memalign")
        || MALLOC_INTERNALS.contains(&inner)
}

/// The crate a demangled path begins with. `<A as B>::f` belongs to A's crate, and to B's where A
/// has none: a type parameter, a slice or a tuple gets its trait from the trait's own crate.
fn crate_of(path: &str) -> Option<&str> {
    let path = undecorated(path);
    if let Some(rest) = path.strip_prefix('<') {
        let inside = &rest[..end_of_brackets(rest)];
        let (subject, of_trait) = match split_as(inside) {
            Some((subject, of_trait)) => (subject, Some(of_trait)),
            None => (inside, None),
        };
        return crate_of(subject).or_else(|| crate_of(of_trait?));
    }
    let (first, _) = path.split_once("::")?;
    let is_identifier = first
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_identifier && !first.is_empty()).then_some(first)
}

/// A type without references, pointers, `mut` and `dyn` in front of it.
fn undecorated(mut path: &str) -> &str {
    loop {
        path = path.trim_start();
        let shorter = ["&", "*const ", "*mut ", "mut ", "dyn ", "impl "]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix))
            .or_else(|| {
                path.strip_prefix('(')
                    .filter(|rest| rest.starts_with("dyn "))
            })
            // A lifetime.
            .or_else(|| Some(path.strip_prefix('\'')?.split_once(' ')?.1));
        match shorter {
            Some(rest) => path = rest,
            None => return path,
        }
    }
}

/// Where the bracket closes that was opened just before `text`.
fn end_of_brackets(text: &str) -> usize {
    top_level(text)
        .find(|&(_, depth)| depth < 0)
        .map_or(text.len(), |(at, _)| at)
}

/// Both sides of the outermost ` as `.
fn split_as(text: &str) -> Option<(&str, &str)> {
    let (at, _) =
        top_level(text).find(|&(at, depth)| depth == 0 && text[at..].starts_with(" as "))?;
    Some((&text[..at], &text[at + 4..]))
}

/// Each character's place with the depth of angle brackets behind it; the arrow of a function
/// type is not a bracket.
fn top_level(text: &str) -> impl Iterator<Item = (usize, i32)> {
    let mut depth = 0;
    let mut before = ' ';
    text.char_indices().map(move |(at, character)| {
        match character {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        before = character;
        (at, depth)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner_in(object: &str, name: &str) -> String {
        owner(&Function {
            object: object.into(),
            name: name.into(),
        })
    }

    #[test]
    fn a_path_belongs_to_the_crate_it_begins_with() {
        for (path, expected) in [
            ("tower::util::map<A,B>::call", "tower"),
            ("<one::Type<two::Other> as three::Trait>::f", "one"),
            ("<&mut one::Type as three::Trait<two::Other>>::f", "one"),
            ("<&mut dyn one::Trait as three::Trait>::f", "one"),
            (
                "<(dyn one::Trait + core::marker::Send) as three::Trait>::f",
                "one",
            ),
            ("<&'a mut one::Type as three::Trait>::f", "one"),
            ("<T as three::Trait>::f", "three"),
            ("<[u8] as three::Trait>::f", "three"),
            ("<(one::A, two::B) as three::Trait>::f", "three"),
            ("<fn(one::A) -> two::B as three::Trait>::f", "three"),
            ("<<one::A as two::B>::C as three::Trait>::f", "one"),
            ("one::module::<impl two::Trait for three::Type>::f", "one"),
            (
                "<alloc::boxed::Box<one::F> as core::future::Future>::poll",
                "std",
            ),
            ("core::ptr::drop_in_place<one::Type>", "std"),
            ("<str>::parse", "std"),
            ("<[u8]>::iter", "std"),
        ] {
            assert_eq!(owner_in("/srv/program", path), expected, "{path}");
        }
    }

    #[test]
    fn mangled_names_of_both_schemes_are_read() {
        for (symbol, expected) in [
            ("_ZN5tower4util3Map4call17h5472be11a5c8bd8bE", "tower"),
            (
                "_ZN5tower4util3Map4call17h5472be11a5c8bd8bE.llvm.1234",
                "tower",
            ),
            ("_RNvNtCsjrHSEGnQ3l9_3std2rt19lang_start_internal", "std"),
            ("_RNvCs5QKde7ScR4H_7___rustc12___rust_alloc", "allocator"),
        ] {
            assert_eq!(owner_in("/srv/program", symbol), expected, "{symbol}");
        }
    }

    #[test]
    fn libraries_and_the_nameless_have_owners_of_their_own() {
        let libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
        for (object, name, expected) in [
            (libc, "__memcpy_avx_unaligned_erms", "libc"),
            (libc, "unlink_chunk.constprop.0", "allocator"),
            (libc, "_int_malloc", "allocator"),
            (libc, "malloc_consolidate", "allocator"),
            (libc, "???", "unknown"),
            ("/usr/lib/libm.so.6", "pow@@GLIBC_2.29", "libc"),
            ("/usr/lib/libcrypto.so.3", "SHA256", "native"),
            ("/lib64/ld-linux-x86-64.so.2", "???", "loader"),
            ("/srv/program", "mi_malloc", "allocator"),
            ("/srv/program", "main", "native"),
        ] {
            assert_eq!(owner_in(object, name), expected, "{object} {name}");
        }
    }
}
