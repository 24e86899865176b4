//! Is this machine fit to measure: what is looked at, what it costs if it is not as it should be, and the command
//! that mends it. Nothing is changed.

mod network;
mod others;
mod processors;
mod system;
mod tools;

use serde::Serialize;
use std::fmt;
use std::fs;

/// What one check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub state: String,
    /// What is wrong with that, if something is.
    pub finding: Option<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it costs.
    pub cost: &'static str,
    /// The command that mends it, or what to do if there is none.
    pub mend: String,
    /// Whether figures of every kind of run suffer. What is only missing for some commands is told by these.
    pub spoils_figures: bool,
}

impl Check {
    /// Nothing is wrong, or nothing is known.
    fn good(subject: &'static str, state: impl fmt::Display) -> Self {
        Self {
            subject,
            state: state.to_string(),
            finding: None,
        }
    }

    /// The same state with this against it, unless all is well.
    fn unless(mut self, is_well: bool, cost: &'static str, mend: impl Into<String>) -> Self {
        self.finding = (!is_well).then(|| Finding {
            cost,
            mend: mend.into(),
            spoils_figures: true,
        });
        self
    }

    /// What is wrong concerns some commands only.
    fn for_some_commands(mut self) -> Self {
        if let Some(finding) = &mut self.finding {
            finding.spoils_figures = false;
        }
        self
    }
}

/// In one line.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.state)?;
        match &self.finding {
            Some(finding) => write!(f, "; {}; {}", finding.cost, finding.mend),
            None => Ok(()),
        }
    }
}

/// Looks at everything, which takes half a second. `io_uring` says whether the kernel grants what the
/// generator needs of it, or why it does not: a ring can be granted that may not be entered.
#[must_use]
pub fn examine(io_uring: Result<(), String>) -> Vec<Check> {
    let mut checks = processors::checks();
    checks.extend(others::checks());
    checks.extend(system::checks(io_uring));
    checks.extend(network::checks());
    checks.extend(tools::checks());
    checks
}

/// What spoils figures, of all that [`examine`] looks at.
#[must_use]
pub fn warnings(io_uring: Result<(), String>) -> Vec<Check> {
    let spoils = |check: &Check| {
        let finding = check.finding.as_ref();
        finding.is_some_and(|finding| finding.spoils_figures)
    };
    examine(io_uring).into_iter().filter(spoils).collect()
}

/// The words of a file of the kernel, if there is such a file.
fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The number in a file of the kernel.
fn read_number(path: &str) -> Option<u64> {
    read(path)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_looked_at_and_a_finding_has_its_cost_and_what_to_do() {
        let checks = examine(Err("not permitted".to_owned()));
        let ring = checks.iter().find(|check| check.subject == "io_uring");
        assert!(ring.unwrap().finding.is_some());
        let subjects: Vec<&str> = checks.iter().map(|check| check.subject).collect();
        for expected in [
            "processors",
            "shared cores",
            "quota",
            "governor",
            "boost",
            "steal",
            "other load",
            "open files",
            "ports",
            "somaxconn",
            "tcp_max_syn_backlog",
            "io_uring",
            "clock",
            "valgrind",
            "strace",
            "browser",
            "disk",
        ] {
            assert!(subjects.contains(&expected), "{expected} of {subjects:?}");
        }
        for check in checks {
            assert!(!check.state.is_empty(), "{check:?}");
            if let Some(finding) = check.finding {
                assert!(
                    !finding.cost.is_empty() && !finding.mend.is_empty(),
                    "{finding:?}"
                );
            }
        }
    }

    #[test]
    fn a_finding_is_one_line() {
        let check = Check::good("governor", "powersave").unless(false, "it costs", "mend it");
        assert_eq!(check.to_string(), "governor: powersave; it costs; mend it");
        let good = Check::good("governor", "performance").unless(true, "it costs", "mend it");
        assert_eq!(good.to_string(), "governor: performance");
    }
}
