//! Who asks the allocator for what: the calls into its functions from all others.

use super::difference::Difference;
use super::owner::{ALLOCATOR, display_name, owner};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often a function calls one of the allocator's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AllocatorCall {
    /// The path of the calling function, without a hash.
    pub function: String,
    /// Whose it is.
    pub owner: String,
    /// The function of the allocator.
    pub called: String,
    /// How often it is called from there.
    pub calls_per_request: f64,
}

/// What happens less often than once in a hundred requests comes with time, not with requests.
const RARE: f64 = 0.01;

/// All calls into the allocator but those from one of its functions to another.
pub(super) fn calls(difference: &Difference) -> Vec<AllocatorCall> {
    let mut by_name: BTreeMap<(String, String, String), f64> = BTreeMap::new();
    for (caller, called, calls) in difference.calls_between() {
        if owner(called) != ALLOCATOR {
            continue;
        }
        let owner = owner(caller);
        if owner != ALLOCATOR {
            let key = (owner, display_name(caller), display_name(called));
            *by_name.entry(key).or_default() += calls;
        }
    }
    let calls =
        by_name.into_iter().map(
            |((owner, function, called), calls_per_request)| AllocatorCall {
                function,
                owner,
                called,
                calls_per_request,
            },
        );
    let mut calls: Vec<AllocatorCall> = calls
        .filter(|call| call.calls_per_request >= RARE)
        .collect();
    calls.sort_by(|a, b| b.calls_per_request.total_cmp(&a.calls_per_request));
    calls
}

/// Whether a function of the allocator of this name hands out memory: an allocation or a reallocation. The others free
/// it, or tell of it.
#[must_use]
pub fn is_allocation(called: &str) -> bool {
    let gives = called.contains("alloc") || called.contains("memalign");
    let others = ["dealloc", "usable", "trim", "stat", "info", "free", "shim"];
    gives && !others.iter().any(|other| called.contains(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::callgrind::parse;

    /// A handler that asks for memory twice and frees it once with each request, by way of Rust's own entry point.
    fn difference() -> Difference {
        let profile = |requests: u64| {
            let (twice, total) = (2 * requests, 5 * requests);
            let text = format!(
                "positions: instr line\nevents: Ir\nsummary: {total}\n\
                 ob=server\nfn=handler\n0x10 1 {requests}\n\
                 cfn=__rust_alloc\ncalls={twice} 0x20 2\n0x11 1 {twice}\n\
                 cob=libc.so.6\ncfn=free\ncalls={requests} 0x40 2\n0x12 1 0\n\
                 fn=__rust_alloc\n0x20 2 {twice}\n\
                 cob=libc.so.6\ncfn=malloc\ncalls={twice} 0x30 2\n0x21 1 {twice}\n\
                 ob=libc.so.6\nfn=malloc\n0x30 2 {twice}\n"
            );
            parse(&text).unwrap().remove(0)
        };
        Difference::between(&profile(100), &profile(200), 100)
    }

    #[test]
    fn calls_within_the_allocator_count_once_by_who_made_the_first() {
        let calls = calls(&difference());
        let shown: Vec<_> = calls
            .iter()
            .map(|call| {
                (
                    call.function.as_str(),
                    call.called.as_str(),
                    call.calls_per_request,
                )
            })
            .collect();
        let expected = [("handler", "__rust_alloc", 2.0), ("handler", "free", 1.0)];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_hands_out_memory_is_told_from_what_takes_it_back() {
        for name in [
            "malloc",
            "calloc",
            "realloc",
            "posix_memalign",
            "__rustc::__rust_alloc_zeroed",
            "mi_malloc_aligned",
            "_rjem_mallocx",
        ] {
            assert!(is_allocation(name), "{name}");
        }
        for name in [
            "free",
            "__rustc::__rust_dealloc",
            "malloc_usable_size",
            "malloc_trim",
            "mi_free",
            "__rustc::__rust_no_alloc_shim_is_unstable_v2",
        ] {
            assert!(!is_allocation(name), "{name}");
        }
    }
}
