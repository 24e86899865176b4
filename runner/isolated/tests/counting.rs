//! The counting allocator counts exactly: in this process nothing else allocates.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use isolated::{Heap, heap, uncounted};
use std::hint::black_box;

fn main() {
    let counted = counted(|| drop(black_box(Box::new([0_u8; 1000]))));
    assert_eq!(counted, [0, 1, 0, 1000], "one block, freed");

    let counted = counted_with(|| vec![0_u8; 300]);
    assert_eq!(counted, [300, 1, 0, 300], "zeroed memory is memory");

    let counted = counted_with(|| {
        let mut grown = Vec::<u8>::with_capacity(100);
        black_box(&mut grown).reserve_exact(250);
        black_box(&mut grown).shrink_to(40);
        grown
    });
    assert_eq!(counted, [40, 1, 2, 250], "sizes changed up and down");

    let counted = counted_with(|| uncounted(|| vec![0_u8; 300]));
    assert_eq!(counted, [300, 0, 0, 0], "live, and not counted");

    let before = heap().unwrap();
    drop(black_box(vec![0_u8; 50_000_000]));
    let after = heap().unwrap();
    assert_eq!(
        after.peak_live_bytes,
        before.live_bytes + 50_000_000,
        "peak"
    );
    println!("the allocator counts exactly");
}

/// Live bytes, blocks, reallocations and bytes that `action` has added.
fn counted(action: impl FnOnce()) -> [u64; 4] {
    let before = heap().unwrap();
    action();
    difference(before, heap().unwrap())
}

/// The same, while what `action` has made is alive.
fn counted_with<T>(action: impl FnOnce() -> T) -> [u64; 4] {
    let before = heap().unwrap();
    let made = black_box(action());
    let after = heap().unwrap();
    drop(made);
    difference(before, after)
}

fn difference(before: Heap, after: Heap) -> [u64; 4] {
    [
        after.live_bytes - before.live_bytes,
        after.allocations - before.allocations,
        after.reallocations - before.reallocations,
        after.allocated_bytes - before.allocated_bytes,
    ]
}
