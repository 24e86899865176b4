//! Where the load of a run comes from: threads of this process, or generators on other hosts.

use super::header::Processors;
use crate::environment::RunHost;
use crate::load::{Driver, EngineKind, Generator};
#[cfg(feature = "mpi")]
use crate::ranks::Hosts;
use crate::server::Network;
use anyhow::Result;
#[cfg(feature = "mpi")]
use std::net::IpAddr;
#[cfg(feature = "mpi")]
use std::rc::Rc;

/// Where load comes from.
#[derive(Debug, Clone, Default)]
pub enum Origin {
    /// From threads of this process.
    #[default]
    Here,
    /// From other hosts.
    #[cfg(feature = "mpi")]
    There(Rc<Hosts>),
}

impl Origin {
    /// From the other processes that a launcher has started with this one, which is where servers listen at `server`; nothing
    /// at those others, once they have generated load, by threads on these processors of each.
    ///
    /// # Errors
    ///
    /// If this process is alone, or if one cannot take part.
    #[cfg(feature = "mpi")]
    pub fn of_hosts(server: IpAddr, processors: &[usize]) -> Result<Option<Self>> {
        let hosts = Hosts::join(server, processors)?;
        Ok(hosts.map(|hosts| Self::There(Rc::new(hosts))))
    }

    /// Whether load comes from this process.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Here)
    }

    /// What drives load by this engine, with so many connections at a time.
    ///
    /// # Errors
    ///
    /// If threads cannot be started, here or there.
    pub(super) fn driver(
        &self,
        engine: EngineKind,
        (processors, hosts): (&Processors, &[RunHost]),
        connections: usize,
    ) -> Result<Box<dyn Driver>> {
        // Threads of this process have the limit on open files that it has by now.
        let _ = (hosts, connections);
        Ok(match self {
            Self::Here => Box::new(Generator::start(engine, &processors.generator, 1)?),
            #[cfg(feature = "mpi")]
            Self::There(there) => {
                Box::new(there.driver(engine, (&processors.server, hosts), connections)?)
            }
        })
    }

    /// The host of the servers, and then those that it comes from, if these are others.
    #[must_use]
    pub fn hosts(&self) -> &[RunHost] {
        match self {
            Self::Here => &[],
            #[cfg(feature = "mpi")]
            Self::There(hosts) => hosts.all(),
        }
    }

    /// Where servers have to listen for it, if it comes from other hosts.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        match self {
            Self::Here => None,
            #[cfg(feature = "mpi")]
            Self::There(hosts) => Some(Network::Address(hosts.server())),
        }
    }
}
