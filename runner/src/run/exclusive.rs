//! One measuring runner at a time: a second one would take processor time from the first, and each would
//! blame the machine.

use anyhow::{Context, Result, bail};
use rustix::net::sockopt::socket_peercred;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

/// A name in the abstract namespace of Unix sockets (unix(7)): it needs no file, every user sees it, and the
/// kernel frees it however its holder ends.
const NAME: &[u8] = b"shootout-runner-measures";

/// Whether this runner is the only one that measures.
#[derive(Debug)]
pub struct Exclusive {
    _listener: Option<UnixListener>,
    /// The process of the other one, if there is one and it was allowed.
    pub other: Option<i32>,
}

impl Exclusive {
    /// Claims the machine for measuring until the value is dropped.
    ///
    /// # Errors
    ///
    /// If another runner measures and `allow_busy` is not set.
    pub fn claim(allow_busy: bool) -> Result<Self> {
        Self::claim_name(NAME, allow_busy)
    }

    fn claim_name(name: &[u8], allow_busy: bool) -> Result<Self> {
        let address =
            SocketAddr::from_abstract_name(name).context("the name is a constant that fits")?;
        match UnixListener::bind_addr(&address) {
            Ok(listener) => Ok(Self {
                _listener: Some(listener),
                other: None,
            }),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let other = holder(&address).unwrap_or(0);
                if !allow_busy {
                    bail!(
                        "another runner measures on this machine (process {other}): wait until it has ended, or \
                         measure beside it with --allow-busy, which is recorded"
                    );
                }
                Ok(Self {
                    _listener: None,
                    other: Some(other),
                })
            }
            Err(error) => Err(error).context("cannot claim the machine for measuring"),
        }
    }
}

/// The process that listens under this name.
fn holder(address: &SocketAddr) -> Option<i32> {
    let stream = UnixStream::connect_addr(address).ok()?;
    Some(socket_peercred(&stream).ok()?.pid.as_raw_nonzero().get())
}

#[cfg(test)]
mod tests {
    use super::Exclusive;

    #[test]
    fn a_second_measuring_runner_is_refused_or_recorded() {
        // A name of this process alone: others on this machine may measure.
        let own = std::process::id() as i32;
        let name = format!("shootout-runner-test-{own}");
        let claim = |allow_busy| Exclusive::claim_name(name.as_bytes(), allow_busy);
        let first = claim(false).unwrap();
        assert_eq!(first.other, None);
        let error = claim(false).unwrap_err().to_string();
        assert!(error.contains(&format!("process {own}")), "{error}");
        assert_eq!(claim(true).unwrap().other, Some(own));
        drop(first);
        assert_eq!(claim(false).unwrap().other, None);
    }
}
