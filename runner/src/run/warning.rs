//! What weakens a run: what was seen, why it matters, what to do. Warnings are kept with the run's record, not
//! only printed.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Warning {
    /// Server and generator have to share processors.
    SharedProcessors {
        /// Those that are shared.
        processors: Vec<usize>,
    },
    /// The plan is too short to say much.
    ShortRun {
        /// Blocks of the plan.
        blocks: u32,
    },
    /// Something else was running just before the first block.
    BusyMachine {
        /// Share of the processors' time that was used while nothing of ours ran, in percent.
        busy_percent: u64,
    },
    /// A limit on the processors' time of our control group.
    Quota {
        /// Processor time that may be used in a second, in ms.
        processor_ms_per_s: u64,
    },
    /// Another runner was measuring when this one began.
    OtherRunner {
        /// Its process.
        process: i32,
    },
    /// The hypervisor took processor time away.
    Steal {
        /// Share of processor time, in parts per million.
        steal_ppm: u64,
    },
    /// Connections did not fit into a server's listen queue.
    ListenOverflows {
        /// How many.
        count: u64,
    },
    /// The sources differ from the revision that is recorded.
    UncommittedSources,
    /// It is not known whether they do.
    UnknownSources,
}

impl Warning {
    /// What was seen and how much of it, in the few words that fit beside a table.
    #[must_use]
    pub fn size(&self) -> String {
        match self {
            Self::SharedProcessors { .. } => "server and generator share processors".to_owned(),
            Self::ShortRun { blocks } => format!("few blocks: {blocks}"),
            Self::BusyMachine { busy_percent } => format!("{busy_percent}% busy at the start"),
            Self::Quota { processor_ms_per_s } => format!(
                "limited to {:.2} processors",
                *processor_ms_per_s as f64 / 1000.0
            ),
            Self::OtherRunner { .. } => "another runner was measuring".to_owned(),
            Self::Steal { steal_ppm } => format!("steal {}", hundredths_of_percent(*steal_ppm)),
            Self::ListenOverflows { count } => format!("listen overflows: {count}"),
            Self::UncommittedSources => "uncommitted sources".to_owned(),
            Self::UnknownSources => "unknown sources".to_owned(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::SharedProcessors { processors } => write!(
                f,
                "Server and generator share processors {processors:?}: each slows the other, and no row says what \
                 its server can do. Use a machine with two processors or more."
            ),
            Self::ShortRun { blocks } => write!(
                f,
                "The run is short ({blocks} blocks): it shows that everything works, not who is faster. Use the \
                 defaults for a ranking."
            ),
            Self::BusyMachine { busy_percent } => write!(
                f,
                "Something else used {busy_percent}% of the processors just before the first block, and may \
                 have disturbed arms at random. Stop it and run again."
            ),
            Self::Quota { processor_ms_per_s } => write!(
                f,
                "This control group may use {:.2} processors: a block in which that stops us is excluded. Lift the \
                 limit (cpu.max, or cpu.cfs_quota_us in version 1).",
                *processor_ms_per_s as f64 / 1000.0
            ),
            Self::OtherRunner { process } => write!(
                f,
                "Another runner (process {process}) was measuring on this machine when the run began or continued. Run again \
                 without it."
            ),
            Self::Steal { steal_ppm } => write!(
                f,
                "The hypervisor took {} of the processor time for others: blocks in which it took much \
                 are slower. Use a quieter host, or more blocks.",
                hundredths_of_percent(*steal_ppm)
            ),
            Self::ListenOverflows { count } => write!(
                f,
                "{count} connections did not fit into a server's listen queue and were tried again by the \
                 kernel: connecting took longer. A window in which connections are opened (requests per connection) \
                 contains that time; a window whose connections were opened before it does not."
            ),
            Self::UncommittedSources => write!(
                f,
                "The sources had changes that are in no revision: the run cannot be repeated from its record \
                 alone. Commit first."
            ),
            Self::UnknownSources => write!(
                f,
                "Git did not say whether the sources differ from their revision. Install git, or let it trust \
                 the folder (git config --global --add safe.directory)."
            ),
        }
    }
}

/// Parts per million as percent with two digits, cut off.
fn hundredths_of_percent(ppm: u64) -> String {
    format!("{}.{:02}%", ppm / 10_000, ppm % 10_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_warning_has_its_size_in_a_few_words() {
        let processors = vec![0];
        let sizes = [
            (
                Warning::SharedProcessors { processors },
                "server and generator share processors",
            ),
            (Warning::ShortRun { blocks: 1 }, "few blocks: 1"),
            (
                Warning::BusyMachine { busy_percent: 12 },
                "12% busy at the start",
            ),
            (
                Warning::Quota {
                    processor_ms_per_s: 500,
                },
                "limited to 0.50 processors",
            ),
            (
                Warning::OtherRunner { process: 7 },
                "another runner was measuring",
            ),
            (Warning::Steal { steal_ppm: 31_260 }, "steal 3.12%"),
            (Warning::ListenOverflows { count: 1 }, "listen overflows: 1"),
            (Warning::UncommittedSources, "uncommitted sources"),
            (Warning::UnknownSources, "unknown sources"),
        ];
        for (warning, size) in sizes {
            assert_eq!(warning.size(), size);
            // The list under the table has the same figure.
            let figure = size.split(' ').find(|word| word.ends_with('%'));
            let said = warning.to_string();
            assert!(figure.is_none_or(|figure| said.contains(figure)), "{said}");
        }
    }

    #[test]
    fn overflows_of_a_listen_queue_do_not_clear_windows_in_which_connections_are_opened() {
        let said = Warning::ListenOverflows { count: 7 }.to_string();
        assert!(!said.contains("the slices did not"), "{said}");
        let opened =
            "A window in which connections are opened (requests per connection) contains that time";
        assert!(said.contains(opened), "{said}");
    }
}
