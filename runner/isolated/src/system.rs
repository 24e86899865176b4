//! The three needs for `unsafe`: the counting allocator, the processor time of the process, and the
//! request to give free memory back.
//!
//! Counters are relaxed atomics: each is exact, a reading of several at once is so only when
//! nothing runs, and readings are taken only then.
#![allow(unsafe_code)]

use std::time::Duration;

/// What was asked of the allocator since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heap {
    /// Bytes allocated and not freed.
    pub live_bytes: u64,
    /// The most of them that there have been.
    pub peak_live_bytes: u64,
    /// Blocks allocated.
    pub allocations: u64,
    /// Blocks whose size was changed.
    pub reallocations: u64,
    /// Bytes asked for by allocations, and by reallocations what they add.
    pub allocated_bytes: u64,
}

/// Processor time that all threads of this process have used.
///
/// By the C library and not by a crate that looks for the kernel's page itself: that one crashes
/// under valgrind, where contestants are counted.
pub(crate) fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the result. The clock exists since Linux 2.6.12, so that
    // the call cannot fail; if it did, it would leave the zeros.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::from_secs(time.tv_sec.unsigned_abs())
        + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Makes the C library give back what it holds free, so that resident memory means memory in use.
pub(crate) fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer, and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(feature = "counting"))]
pub(crate) fn heap() -> Option<Heap> {
    None
}

/// Does what is not part of a request's work: what it allocates is live, and is not counted otherwise.
#[cfg(not(feature = "counting"))]
pub(crate) fn uncounted<T>(make: impl FnOnce() -> T) -> T {
    make()
}

#[cfg(feature = "counting")]
pub use counting::{heap, uncounted};

#[cfg(feature = "counting")]
mod counting {
    use super::Heap;
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

    #[global_allocator]
    static COUNTING: Counting = Counting;

    static LIVE_BYTES: AtomicU64 = AtomicU64::new(0);
    static PEAK_LIVE_BYTES: AtomicU64 = AtomicU64::new(0);
    static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
    static REALLOCATIONS: AtomicU64 = AtomicU64::new(0);
    static ALLOCATED_BYTES: AtomicU64 = AtomicU64::new(0);

    /// Whether allocations are only followed, not counted.
    static PAUSED: AtomicBool = AtomicBool::new(false);

    /// Does what is not part of a request's work: what it allocates is live, and is not counted
    /// otherwise.
    pub fn uncounted<T>(make: impl FnOnce() -> T) -> T {
        PAUSED.store(true, Relaxed);
        let made = make();
        PAUSED.store(false, Relaxed);
        made
    }

    /// A reading.
    #[must_use]
    pub fn heap() -> Option<Heap> {
        Some(Heap {
            live_bytes: LIVE_BYTES.load(Relaxed),
            peak_live_bytes: PEAK_LIVE_BYTES.load(Relaxed),
            allocations: ALLOCATIONS.load(Relaxed),
            reallocations: REALLOCATIONS.load(Relaxed),
            allocated_bytes: ALLOCATED_BYTES.load(Relaxed),
        })
    }

    /// The system's allocator, with counters.
    struct Counting;

    // SAFETY: every call goes to `System` with the arguments it came with, and its result is
    // returned as it is; the counters neither allocate nor touch the blocks.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promises are those that `System` asks for.
            allocated(unsafe { System.alloc(layout) }, layout)
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as above.
            allocated(unsafe { System.alloc_zeroed(layout) }, layout)
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            LIVE_BYTES.fetch_sub(layout.size() as u64, Relaxed);
            // SAFETY: as above.
            unsafe { System.dealloc(block, layout) }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as above.
            let moved = unsafe { System.realloc(block, layout, size) };
            if !moved.is_null() {
                count(&REALLOCATIONS, 1);
                match size.checked_sub(layout.size()) {
                    Some(added) => grown(added),
                    None => drop(LIVE_BYTES.fetch_sub((layout.size() - size) as u64, Relaxed)),
                }
            }
            moved
        }
    }

    fn allocated(block: *mut u8, layout: Layout) -> *mut u8 {
        if !block.is_null() {
            count(&ALLOCATIONS, 1);
            grown(layout.size());
        }
        block
    }

    fn count(counter: &AtomicU64, by: u64) {
        if !PAUSED.load(Relaxed) {
            counter.fetch_add(by, Relaxed);
        }
    }

    fn grown(bytes: usize) {
        let bytes = bytes as u64;
        count(&ALLOCATED_BYTES, bytes);
        let live_bytes = LIVE_BYTES.fetch_add(bytes, Relaxed) + bytes;
        PEAK_LIVE_BYTES.fetch_max(live_bytes, Relaxed);
    }
}
