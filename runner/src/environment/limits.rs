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
    let needed = connections as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    // Without a limit there is nothing to raise.
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let too_low = |hard: u64| {
        UsageError(format!(
            "{connections} connections need {needed} open files, and the limit is {hard}: \
             raise it (ulimit -Hn {needed}) or ask for fewer connections"
        ))
    };
    if let Some(hard) = limit.maximum
        && hard < needed
    {
        return Err(too_low(hard));
    }
    let raised = Rlimit {
        current: limit.maximum.or(Some(needed)),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).map_err(|_| too_low(limit.current.unwrap_or(0)))
}
