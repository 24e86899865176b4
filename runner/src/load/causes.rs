//! Why connections could not be opened or had to be opened again, counted by cause.

use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fmt;

/// Why a connection ended or never began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The server announced it: `connection: close`, HTTP/1.0, or a body that only an end delimits.
    Announced,
    /// The server ended it without a word.
    Ended,
    /// The server spoke without being asked.
    Unasked,
    /// What came could not be trusted any more.
    Disorder,
    /// Nothing came in time.
    TimedOut,
    /// It had carried as many requests as it was to carry.
    RequestsPerConnection,
    /// The kernel's word for it.
    Errno(i32),
}

impl Cause {
    pub(super) fn of(errno: Errno) -> Self {
        Self::Errno(errno.raw_os_error())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = match self {
            Self::Announced => "announced",
            Self::Ended => "ended",
            Self::Unasked => "unasked",
            Self::Disorder => "disorder",
            Self::TimedOut => "timeout",
            Self::RequestsPerConnection => "requests_per_connection",
            Self::Errno(number) => match name_of(*number) {
                Some(name) => name,
                None => return write!(f, "errno {number}"),
            },
        };
        f.pad(name)
    }
}

/// The names of what happens to sockets (errno(3), connect(2), tcp(7)).
fn name_of(number: i32) -> Option<&'static str> {
    const NAMES: [(Errno, &str); 16] = [
        (Errno::ACCESS, "EACCES"),
        (Errno::ADDRINUSE, "EADDRINUSE"),
        (Errno::ADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (Errno::CONNABORTED, "ECONNABORTED"),
        (Errno::CONNREFUSED, "ECONNREFUSED"),
        (Errno::CONNRESET, "ECONNRESET"),
        (Errno::MFILE, "EMFILE"),
        (Errno::NFILE, "ENFILE"),
        (Errno::NOBUFS, "ENOBUFS"),
        (Errno::NOMEM, "ENOMEM"),
        (Errno::HOSTUNREACH, "EHOSTUNREACH"),
        (Errno::NETUNREACH, "ENETUNREACH"),
        (Errno::NOTCONN, "ENOTCONN"),
        (Errno::PERM, "EPERM"),
        (Errno::PIPE, "EPIPE"),
        (Errno::TIMEDOUT, "ETIMEDOUT"),
    ];
    let found = NAMES
        .iter()
        .find(|(known, _)| known.raw_os_error() == number);
    found.map(|(_, name)| *name)
}

/// How often each cause was met. The sums are those of the [`Tally`](super::Tally).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Causes {
    /// Of attempts to connect that failed; adds up to `connect_errors`.
    pub connect_errors: BTreeMap<Cause, u64>,
    /// Of connections opened again; adds up to `reconnects`.
    pub reconnects: BTreeMap<Cause, u64>,
}

impl Causes {
    /// Adds the counts of another thread.
    pub(super) fn add(&mut self, other: &Self) {
        for (sums, counts) in [
            (&mut self.connect_errors, &other.connect_errors),
            (&mut self.reconnects, &other.reconnects),
        ] {
            for (cause, count) in counts {
                *sums.entry(*cause).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_the_kernels_names() {
        assert_eq!(Cause::of(Errno::CONNREFUSED).to_string(), "ECONNREFUSED");
        assert_eq!(Cause::Errno(9999).to_string(), "errno 9999");
        assert_eq!(Cause::Ended.to_string(), "ended");
    }
}
