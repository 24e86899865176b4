//! What every experiment that loads contestants' servers can be told about them.

use super::Link;
use crate::arms::Variant;
use crate::environment::processors;
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineChoice;
use crate::run::Processors;
use crate::values::{ProcessorList, processor_list, whole_millis};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

/// Options of experiments that load one variant of each contestant.
#[derive(Debug, Clone, Args)]
#[group(id = "served", multiple = true, conflicts_with = "resume")]
pub struct ServedOptions {
    /// quickstart: what the framework's own guide teaches; tuned: what its documented API offers
    #[arg(long, value_enum, default_value_t = ServerKind::Quickstart)]
    pub server: ServerKind,
    /// release: cargo's release profile; max: fat LTO, one codegen unit, abort on panic, mimalloc
    #[arg(long, value_enum, default_value_t = BuildEnv::Release)]
    pub env: BuildEnv,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: LoadOptions,
}

/// Options of experiments that load servers.
#[derive(Debug, Clone, Args)]
#[group(id = "loading", multiple = true, conflicts_with = "resume")]
pub struct LoadOptions {
    /// An answer that takes longer counts as a timeout
    #[arg(long, default_value = "2s", value_parser = whole_millis)]
    pub timeout: Duration,
    /// Processors of the server, such as 0-3,8; half of the cores if not given
    #[arg(long, value_parser = processor_list)]
    pub server_processors: Option<ProcessorList>,
    /// Processors of the generator, one thread each; the other half if not given
    #[arg(long, value_parser = processor_list)]
    pub generator_processors: Option<ProcessorList>,
    /// I/O engine of the generator; auto uses io_uring if available, else epoll
    #[arg(long, value_enum, default_value_t = EngineChoice::Epoll)]
    pub engine: EngineChoice,
}

impl LoadOptions {
    /// Half of the cores for the server, the others for the generator, unless they were chosen; with generators on other
    /// hosts, all of them for the server.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell which there are.
    pub fn processors(&self, link: Link) -> Result<Processors> {
        if link == Link::Hosts {
            let chosen = self.server_processors.as_ref();
            return Ok(Processors {
                server: chosen.map_or_else(processors::allowed, |list| Ok(list.0.clone()))?,
                generator: Vec::new(),
            });
        }
        let halves = processors::split()?;
        let chosen = |list: &Option<ProcessorList>, otherwise: Vec<usize>| {
            list.as_ref().map_or(otherwise, |list| list.0.clone())
        };
        Ok(Processors {
            server: chosen(&self.server_processors, halves.server),
            generator: chosen(&self.generator_processors, halves.generator),
        })
    }
}

impl ServedOptions {
    /// The variant asked for.
    #[must_use]
    pub fn variant(&self) -> Variant {
        Variant {
            server: self.server,
            env: self.env,
        }
    }
}
