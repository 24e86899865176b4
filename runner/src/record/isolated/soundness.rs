//! Whether rows of an isolated run can have been measured as recorded: what a run cannot have written is
//! refused with file and row, before a figure is made of it.

use super::{
    AllocationRow, FunctionRow, IsolatedRun, MemoryRow, OwnerRow, SampleRow, StartRow,
    SystemCallRow, WorkRow,
};
use anyhow::{Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

/// A row of one arm that can be wrong by itself.
pub(super) trait Sound {
    /// Whose row it is.
    fn arm(&self) -> &str;

    /// Why no run can have written it, if none can.
    fn fault(&self, run: &IsolatedRun) -> Option<String>;

    /// What no two rows have in common; nothing where rows may be alike.
    fn place(&self) -> Option<String> {
        None
    }
}

/// Checks all rows of a file; the error names the file and the row.
pub(super) fn check<Row: Sound>(run: &IsolatedRun, rows: &[Row], file: &Path) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let is_known = run.arms.iter().any(|arm| arm.name == row.arm());
        let fault = match row.fault(run) {
            _ if !is_known => Some("isolated.json has no such arm".to_owned()),
            None if row.place().is_some_and(|place| !seen.insert(place)) => {
                Some("the same was there before".to_owned())
            }
            fault => fault,
        };
        if let Some(fault) = fault {
            // The header is line 1.
            bail!(
                "{}, row {} (line {} where no err spans lines): {fault} ({})",
                file.display(),
                index + 1,
                index + 2,
                row.arm()
            );
        }
    }
    Ok(())
}

/// A count per request is a number. It may lie a little below zero: it is a difference of two runs, and what
/// happens once a second falls into either.
fn no_count(name: &str, value: f64) -> Option<String> {
    (!value.is_finite()).then(|| format!("{name} is {value}, which counts nothing"))
}

fn zero(name: &str) -> Option<String> {
    Some(format!(
        "{name} is not above 0: no figure can be made of it"
    ))
}

impl Sound for SampleRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, run: &IsolatedRun) -> Option<String> {
        if self.lap >= run.plan.laps {
            return Some(format!("the plan has no lap {}", self.lap));
        }
        match self.err.is_empty() {
            false => None,
            _ if self.requests == 0 => zero("requests"),
            _ if self.uncounted >= self.requests => {
                let (uncounted, requests) = (self.uncounted, self.requests);
                Some(format!("uncounted is {uncounted}, of {requests} requests"))
            }
            _ if self.wall_ns == 0 => zero("wall_ns"),
            _ if self.cpu_ns == 0 => zero("cpu_ns"),
            _ => None,
        }
    }

    fn place(&self) -> Option<String> {
        Some(format!(
            "{} {} {} {}",
            self.block, self.level, self.lap, self.arm
        ))
    }
}

impl Sound for WorkRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        match self.err.is_empty() {
            false => None,
            _ if self.funcs == 0 => zero("funcs"),
            _ if self.funcs_source == 0 => zero("funcs_source"),
            _ if self.instructions_per_request <= 0.0 => zero("instructions_per_request"),
            _ if self.tcalls <= 0.0 => zero("tcalls"),
            _ => no_count("instructions_per_request", self.instructions_per_request)
                .or_else(|| no_count("tcalls", self.tcalls)),
        }
    }
}

impl Sound for OwnerRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        no_count("instructions_per_request", self.instructions_per_request)
            .or_else(|| no_count("calls_per_request", self.calls_per_request))
    }

    fn place(&self) -> Option<String> {
        Some(format!("{} {}", self.arm, self.owner))
    }
}

impl Sound for FunctionRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        no_count("instructions_per_request", self.instructions_per_request)
            .or_else(|| no_count("calls_per_request", self.calls_per_request))
    }
}

impl Sound for SystemCallRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        no_count("calls_per_request", self.calls_per_request)
    }

    fn place(&self) -> Option<String> {
        Some(format!("{} {}", self.arm, self.name))
    }
}

impl Sound for AllocationRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        (self.requests == 0).then(|| zero("requests")).flatten()
    }

    fn place(&self) -> Option<String> {
        Some(format!("{} {}", self.arm, self.level))
    }
}

impl Sound for MemoryRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        match (self.repetitions, self.rss_kib) {
            (0, _) => zero("repetitions"),
            (_, 0) => zero("rss_kib"),
            _ => None,
        }
    }

    fn place(&self) -> Option<String> {
        Some(format!(
            "{} {} {} {}",
            self.arm, self.exercise, self.process, self.repetitions
        ))
    }
}

impl Sound for StartRow {
    fn arm(&self) -> &str {
        &self.arm
    }

    fn fault(&self, _: &IsolatedRun) -> Option<String> {
        match self.err.is_empty() {
            false => None,
            _ if self.ready_us == 0 => zero("ready_us"),
            _ if self.idle_rss_kib == 0 => zero("idle_rss_kib"),
            _ => None,
        }
    }

    fn place(&self) -> Option<String> {
        Some(format!("{} {}", self.arm, self.round))
    }
}
