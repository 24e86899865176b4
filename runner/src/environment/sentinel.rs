//! A fixed piece of work, timed now and then: when it takes longer, something has slowed the processor
//! itself, and whatever was measured meanwhile as well.

use super::processors;
use anyhow::{Result, anyhow};
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// Some tenths of a millisecond of integer work.
const STEPS: u32 = 200_000;

/// The shortest of so many is taken: an interrupt in one of them is not a slow processor.
const TRIES: u32 = 3;

/// Times the work on one of these processors, which must be idle.
///
/// # Errors
///
/// If it cannot run there.
pub fn time(on: &[usize]) -> Result<Duration> {
    // A thread of its own, so that the caller stays where it is.
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            processors::pin(on)?;
            let times = (0..TRIES).map(|_| {
                let started = Instant::now();
                work();
                started.elapsed()
            });
            Ok(times.min().unwrap_or_default())
        });
        worker
            .join()
            .map_err(|_| anyhow!("the sentinel has panicked"))?
    })
}

/// Xorshift (Marsaglia 2003): each step needs the one before, so nothing is skipped or reordered.
fn work() {
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..STEPS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn the_work_is_done_and_takes_time() {
        let processors = crate::environment::processors::allowed().unwrap();
        assert!(time(&processors[..1]).unwrap().as_nanos() > 0);
        assert!(time(&[100_000]).is_err());
    }
}
