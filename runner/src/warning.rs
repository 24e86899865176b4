//! Every doubt about a run: what was seen, why it matters, what to do. Doubts are kept with the
//! run's record, not only printed.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One doubt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum Warning {
    /// Server and generator have to share processors.
    SharedProcessors {
        /// Those that are shared.
        processors: Vec<usize>,
    },
    /// Too few blocks or requests to say much.
    ShortRun {
        /// Blocks of the plan.
        blocks: u32,
        /// Requests per arm and level of the plan.
        requests: u64,
    },
    /// Something else was running just before the first block.
    BusyMachine {
        /// Share of the processors' time that was used while nothing of ours ran, in percent.
        busy_percent: u64,
    },
    /// The host took processor time away.
    Steal {
        /// Share of processor time, in thousandths of a percent.
        steal_ppm: u64,
    },
    /// Connections did not fit into a server's listen queue.
    ListenOverflows {
        /// How many.
        count: u64,
    },
    /// The sources differ from the revision that is recorded.
    UncommittedSources,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::SharedProcessors { processors } => write!(
                f,
                "Server and generator share processors {processors:?}: each slows the other, and \
                 no row says what its server can do. Use a machine with two processors or more."
            ),
            Self::ShortRun { blocks, requests } => write!(
                f,
                "The run is short ({blocks} blocks, {requests} requests per arm and level): it \
                 shows that everything works, not who is faster. Run `make all` with its defaults."
            ),
            Self::BusyMachine { busy_percent } => write!(
                f,
                "Something else used {busy_percent} % of the processors just before the first \
                 block: it took time from arms at random. Stop it and run again."
            ),
            Self::Steal { steal_ppm } => write!(
                f,
                "The host took {}.{:02} % of the processor time for others: blocks in which it \
                 took much are slower. Use a quieter host, or more blocks.",
                steal_ppm / 10_000,
                steal_ppm % 10_000 / 100
            ),
            Self::ListenOverflows { count } => write!(
                f,
                "{count} connections did not fit into a server's listen queue and were tried \
                 again by the kernel: connecting took longer, the slices did not."
            ),
            Self::UncommittedSources => write!(
                f,
                "The sources had changes that are in no revision: the run cannot be made again \
                 from its record alone. Commit first."
            ),
        }
    }
}
