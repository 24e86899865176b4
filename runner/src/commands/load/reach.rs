//! Which of the addresses of a name the server has: a name may stand for several, such as those of
//! IPv6 and IPv4, and a server need not listen on all of them.

use crate::server::{self, PortTaken};
use anyhow::{Result, anyhow, bail};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The first address where somebody accepts a connection.
///
/// One address alone is no choice: then nothing is opened, and the server sees the run only.
pub(super) fn first_accepting(addresses: &[SocketAddr], patience: Duration) -> Result<SocketAddr> {
    if let [only] = addresses {
        return Ok(*only);
    }
    let mut refusals = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, patience) {
            Ok(_) => return Ok(*address),
            Err(error) => refusals.push(format!("{address}: {error}")),
        }
    }
    bail!("nobody accepts connections ({})", refusals.join("; "))
}

/// The first address where `ask` is content; otherwise the last reason why it is not.
pub(super) fn first_right(
    addresses: &[SocketAddr],
    ask: impl Fn(SocketAddr) -> Result<()>,
) -> Result<SocketAddr> {
    let mut last = Err(anyhow!("there is no address"));
    for &address in addresses {
        match ask(address) {
            Ok(()) => return Ok(address),
            Err(error) => last = Err(error),
        }
    }
    last
}

/// Makes sure that a server that is about to start is the only one at these addresses.
pub(super) fn check_free(addresses: &[SocketAddr]) -> Result<()> {
    let checks = addresses.iter().map(|&address| server::check_free(address));
    let checks: Vec<Result<()>> = checks.collect();
    // This machine may lack the protocol of one address; where nobody can listen at all, it says so.
    let has_free = checks.iter().any(Result::is_ok);
    let counts = |error: &anyhow::Error| !has_free || error.is::<PortTaken>();
    checks
        .into_iter()
        .filter_map(Result::err)
        .find(counts)
        .map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::net::TcpListener;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A listener, and an address where nobody listens: the two differ in the host, so that no other
    /// test can take the free one.
    fn taken_and_free() -> (TcpListener, SocketAddr, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap();
        (listener, taken, ([127, 9, 9, 9], taken.port()).into())
    }

    #[test]
    fn the_address_that_accepts_is_taken() {
        let (_listener, taken, free) = taken_and_free();
        assert_eq!(first_accepting(&[free, taken], PATIENCE).unwrap(), taken);
        assert_eq!(first_accepting(&[taken, free], PATIENCE).unwrap(), taken);
        assert_eq!(first_accepting(&[free], PATIENCE).unwrap(), free);
        let error = first_accepting(&[free, free], PATIENCE).unwrap_err();
        let words = error.to_string();
        assert_eq!(words.matches("127.9.9.9").count(), 2, "{words}");
    }

    #[test]
    fn the_address_that_answers_rightly_is_taken() {
        let (_listener, one, other) = taken_and_free();
        let asked = Cell::new(0);
        let only = |right: SocketAddr| {
            let asked = &asked;
            move |address| {
                asked.set(asked.get() + 1);
                anyhow::ensure!(address == right, "not {address}");
                Ok(())
            }
        };
        assert_eq!(first_right(&[one, other], only(other)).unwrap(), other);
        assert_eq!(first_right(&[one, other], only(one)).unwrap(), one);
        assert_eq!(asked.get(), 3, "who is right is not asked again");
        let nobody = ([127, 0, 0, 1], 0).into();
        let error = first_right(&[one, other], only(nobody)).unwrap_err();
        assert_eq!(error.to_string(), format!("not {other}"));
    }

    #[test]
    fn a_taken_address_counts_and_a_foreign_one_does_not() {
        let (_listener, taken, free) = taken_and_free();
        // Reserved for documentation (RFC 5737): no machine has it.
        let foreign = ([192, 0, 2, 1], 80).into();
        check_free(&[free, foreign]).unwrap();
        assert!(check_free(&[free, taken]).unwrap_err().is::<PortTaken>());
        assert!(check_free(&[foreign]).is_err());
    }
}
