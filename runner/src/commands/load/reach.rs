//! Which of the addresses of a name the server has: a name may stand for several, such as those of
//! IPv6 and IPv4, and a server need not listen on all of them.

use super::dial;
use crate::load::Address;
use crate::server::{self, PortTaken};
use anyhow::{Result, anyhow, bail, ensure};
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

/// The first address where somebody accepts a connection.
///
/// One address alone is no choice: then nothing is opened, and the server sees the run only.
pub(super) fn first_accepting(addresses: &[Address], patience: Duration) -> Result<Address> {
    if let [only] = addresses {
        return Ok(only.clone());
    }
    let mut refusals = Vec::new();
    for address in addresses {
        let accepted = match address {
            Address::Tcp(address) => TcpStream::connect_timeout(address, patience).map(drop),
            Address::Unix(path) => dial::unix(path, patience).map(drop),
        };
        match accepted {
            Ok(()) => return Ok(address.clone()),
            Err(error) => refusals.push(format!("{address}: {error}")),
        }
    }
    bail!("nobody accepts connections ({})", refusals.join("; "))
}

/// The first address where `ask` is content; otherwise the last reason why it is not.
pub(super) fn first_right(
    addresses: &[Address],
    ask: impl Fn(&Address) -> Result<()>,
) -> Result<Address> {
    let mut last = Err(anyhow!("there is no address"));
    for address in addresses {
        match ask(address) {
            Ok(()) => return Ok(address.clone()),
            Err(error) => last = Err(error),
        }
    }
    last
}

/// Makes sure that a server that is about to start is the only one at these addresses.
pub(super) fn check_free(addresses: &[Address]) -> Result<()> {
    let check = |address: &Address| match address {
        Address::Tcp(address) => server::check_free(*address).map(drop),
        Address::Unix(path) => {
            // A queue that is full is somebody's.
            let is_free = matches!(dial::unix(path, Duration::ZERO), Err(error) if error.kind() != ErrorKind::TimedOut);
            ensure!(is_free, "somebody is at {address} already");
            Ok(())
        }
    };
    let checks: Vec<Result<()>> = addresses.iter().map(check).collect();
    // This machine may lack the protocol of one address; if nobody can listen at all, it says so.
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
    use std::net::{SocketAddr, TcpListener};

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A listener, and an address where nobody listens: the two differ in the host, so that no other
    /// test can take the free one.
    fn taken_and_free() -> (TcpListener, Address, Address) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap();
        let free = SocketAddr::from(([127, 9, 9, 9], taken.port()));
        (listener, taken.into(), free.into())
    }

    #[test]
    fn the_address_that_accepts_is_taken() {
        let (_listener, taken, free) = taken_and_free();
        let first = |addresses: &[&Address]| {
            let addresses: Vec<_> = addresses.iter().map(|&address| address.clone()).collect();
            first_accepting(&addresses, PATIENCE)
        };
        assert_eq!(first(&[&free, &taken]).unwrap(), taken);
        assert_eq!(first(&[&taken, &free]).unwrap(), taken);
        assert_eq!(first(&[&free]).unwrap(), free);
        let error = first(&[&free, &free]).unwrap_err();
        let words = error.to_string();
        assert_eq!(words.matches("127.9.9.9").count(), 2, "{words}");
    }

    #[test]
    fn the_address_that_answers_rightly_is_taken() {
        let (_listener, one, other) = taken_and_free();
        let asked = Cell::new(0);
        let only = |right: Address| {
            let asked = &asked;
            move |address: &Address| {
                asked.set(asked.get() + 1);
                ensure!(*address == right, "not {address}");
                Ok(())
            }
        };
        let both = [one.clone(), other.clone()];
        assert_eq!(first_right(&both, only(other.clone())).unwrap(), other);
        assert_eq!(first_right(&both, only(one.clone())).unwrap(), one);
        assert_eq!(asked.get(), 3, "who is right is not asked again");
        let nobody = SocketAddr::from(([127, 0, 0, 1], 0));
        let error = first_right(&both, only(nobody.into())).unwrap_err();
        assert_eq!(error.to_string(), format!("not {other}"));
    }

    #[test]
    fn a_taken_address_counts_and_a_foreign_one_does_not() {
        let (_listener, taken, free) = taken_and_free();
        // Reserved for documentation (RFC 5737): no machine has it.
        let foreign = Address::from(SocketAddr::from(([192, 0, 2, 1], 80)));
        check_free(&[free.clone(), foreign.clone()]).unwrap();
        assert!(check_free(&[free, taken]).unwrap_err().is::<PortTaken>());
        assert!(check_free(&[foreign]).is_err());
    }
}
