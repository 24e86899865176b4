//! What a host was when it drove load: of several results, each has its own.

use super::{Interface, Machine, processors};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A host that drives load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Host {
    /// Its name, as the kernel has it.
    pub name: String,
    /// The machine and its kernel.
    pub machine: Machine,
    /// The processors this process may run on, such as `0-3,8`: a launcher may have bound it to few.
    pub processors_allowed: String,
    /// The network interface by which the server is reached; nothing if that is a socket in the file system, or if
    /// the kernel does not tell.
    pub interface: Option<Interface>,
}

/// A host of a run that has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunHost {
    /// What it is.
    pub host: Host,
    /// The processors that its generator loads by, with a thread on each; none if it has the servers.
    pub processors: Vec<usize>,
}

impl Host {
    /// This host, as one that reaches a server at `server`, if that has an address of a network.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell what the machine is.
    pub fn read(server: Option<SocketAddr>) -> Result<Self> {
        let names = rustix::system::uname();
        Ok(Self {
            name: names.nodename().to_string_lossy().into_owned(),
            machine: Machine::read()?,
            processors_allowed: processors::list(&processors::allowed()?),
            interface: server.and_then(Interface::towards),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_where_it_may_run_and_how_it_reaches_a_server() {
        let host = Host::read(Some(([127, 0, 0, 1], 80).into())).unwrap();
        assert!(!host.name.is_empty());
        assert_eq!(host.interface.unwrap().name, "lo");
        let allowed = processors::parse_list(&host.processors_allowed).unwrap();
        assert_eq!(allowed.len(), host.machine.processors);
        assert_eq!(Host::read(None).unwrap().interface, None);
    }
}
