//! What lies between the servers and the generator of a run.

use super::LoadOptions;
use crate::run::{Job, Launch};
use crate::server::{Namespace, Network};
use crate::usage::UsageError;
use anyhow::{Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// Generators on other hosts.
#[derive(Debug, Clone)]
pub struct Apart {
    /// Where the servers listen for them.
    pub server: IpAddr,
    /// The processors by which each of them loads; all that it may use if there are none.
    pub processors: Vec<usize>,
}

/// How they are asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct ApartOptions {
    /// Under mpirun: let the servers listen on this address of the first host, and let the others load them
    /// (docs/MACHINES.md)
    #[cfg(feature = "mpi")]
    #[arg(long, help_heading = "Servers and load", value_name = "ADDRESS")]
    pub server_addr: Option<IpAddr>,
}

impl ApartOptions {
    /// What they ask for.
    #[must_use]
    pub fn read(&self, load: &LoadOptions) -> Option<Apart> {
        let chosen = load.generator_processors.as_ref();
        Some(Apart {
            server: self.server()?,
            processors: chosen.map_or_else(Vec::new, |list| list.0.clone()),
        })
    }

    /// The link they make.
    #[must_use]
    pub fn link(&self) -> Link {
        match self.server() {
            Some(_) => Link::Hosts,
            None => Link::Loopback,
        }
    }

    fn server(&self) -> Option<IpAddr> {
        #[cfg(feature = "mpi")]
        return self.server_addr;
        #[cfg(not(feature = "mpi"))]
        None
    }
}

/// What lies between servers and generator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Loopback.
    #[default]
    Loopback,
    /// A veth pair: the servers are in a network namespace of their own on the same machine.
    Netns,
    /// A network: the generators are on other hosts.
    Hosts,
}

impl Link {
    /// Whether it is loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        *self == Self::Loopback
    }

    /// In the name of a folder, unless it is loopback.
    #[must_use]
    pub(super) fn label(self) -> Option<&'static str> {
        match self {
            Self::Loopback => None,
            Self::Netns => Some("netns"),
            Self::Hosts => Some("hosts"),
        }
    }

    /// In a heading, after what was measured.
    #[must_use]
    pub(super) fn in_heading(self) -> &'static str {
        match self {
            Self::Loopback => "",
            Self::Netns => " over a veth pair",
            Self::Hosts => " from other hosts",
        }
    }

    /// In a sentence, after what it is about; nothing if it is loopback.
    #[must_use]
    pub(super) fn in_sentence(self) -> &'static str {
        match self {
            Self::Loopback => "",
            Self::Netns => ", over a veth pair between two network namespaces",
            Self::Hosts => ", with generators on other hosts",
        }
    }

    /// After "its load came".
    #[must_use]
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Loopback => "over loopback",
            Self::Netns => "over a veth pair",
            Self::Hosts => "from other hosts",
        }
    }

    /// The name of a folder's variant, with this link in it.
    #[must_use]
    pub(super) fn labelled(self, variant: Option<String>) -> Option<String> {
        let link = self.label().map(str::to_owned);
        let parts: Vec<String> = variant.into_iter().chain(link).collect();
        (!parts.is_empty()).then(|| parts.join("-"))
    }

    /// Where the servers of a job listen.
    ///
    /// # Errors
    ///
    /// If a namespace is wanted and cannot be made, or if a run of several hosts goes on without them.
    pub(super) fn network<P>(self, job: &Job<P>) -> Result<Network> {
        Ok(match self {
            Self::Loopback => Network::Loopback,
            Self::Netns => Network::Namespace(Arc::new(Namespace::create()?)),
            Self::Hosts => match job.origin.network() {
                Some(network) => network,
                None => bail!(UsageError(
                    "this run has generators on other hosts: continue it under mpirun, with --server-addr (docs/MACHINES.md)"
                        .to_owned()
                )),
            },
        })
    }
}

/// Lets the servers of all arms listen there.
pub(super) fn place(launches: &mut [Launch], network: &Network) {
    launches
        .iter_mut()
        .for_each(|launch| launch.listen_on(network));
}
