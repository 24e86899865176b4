//! The limit on open files: raised as far as it goes, and a clear word where that is not enough.

use crate::usage::UsageError;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files a runner has open besides its connections: epoll instances, records, pipes.
const OTHER_FILES: u64 = 256;

/// Makes sure that `connections` can be open at a time, here and in each server.
///
/// # Errors
///
/// A [`UsageError`] if the hard limit is too low.
pub fn allow_connections(connections: usize) -> Result<(), UsageError> {
    let needed = (connections as u64).saturating_add(OTHER_FILES);
    let limit = getrlimit(Resource::Nofile);
    let too_low = |hard: u64| {
        UsageError(format!(
            "{connections} connections need {needed} open files, and the limit is {hard}: \
             raise it (ulimit -Hn {needed}) or ask for fewer connections"
        ))
    };
    // A file's number is an int, whatever the limit says.
    let hard = limit.maximum.unwrap_or(u64::MAX).min(i32::MAX as u64);
    if hard < needed {
        return Err(too_low(hard));
    }
    // Without a limit there is nothing to raise.
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit {
        current: limit.maximum.or(Some(needed)),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).map_err(|_| too_low(limit.current.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_there_are_numbers_are_refused() {
        // Some containers have no limit; files still have numbers of 32 bits.
        for connections in [usize::MAX, usize::MAX - 1, 1 << 40] {
            assert!(allow_connections(connections).is_err(), "{connections}");
        }
    }
}
