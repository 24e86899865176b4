//! An isolated run, read back.

use super::harness::PLANTED_LEAK_BYTES_PER_REQUEST;
use super::memory::{allocations_unit, exercises, memory_unit};
use super::plan::{Entry, IsolatedPlan, Part};
use super::rows::{
    AllocationRow, AllocatorCallRow, FunctionRow, MemoryRow, OwnerRow, SampleRow, StartRow,
    SystemCallRow, WorkRow,
};
use super::{starts, work};
use crate::run::{Arm, ArmKind, BlockRow, Missing, Run, State, open_run};
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// Everything an isolated run has left.
#[derive(Debug, Clone)]
pub struct IsolatedRecords {
    /// `run.json`.
    pub run: Run<IsolatedPlan>,
    /// Timed slices of blocks that count.
    pub samples: Vec<SampleRow>,
    /// All blocks of the timing.
    pub blocks: Vec<BlockRow>,
    /// Counted work.
    pub work: Vec<WorkRow>,
    /// How it splits over owners.
    pub owners: Vec<OwnerRow>,
    /// How it splits over functions.
    pub functions: Vec<FunctionRow>,
    /// Who asks the allocator for what.
    pub allocator_calls: Vec<AllocatorCallRow>,
    /// System calls.
    pub system_calls: Vec<SystemCallRow>,
    /// Allocations.
    pub allocations: Vec<AllocationRow>,
    /// Looks at processes at rest.
    pub memory: Vec<MemoryRow>,
    /// Starts.
    pub starts: Vec<StartRow>,
    /// Names of the units that were closed.
    pub units: BTreeSet<String>,
    /// What the record lacks.
    pub missing: Vec<Missing>,
}

impl IsolatedRecords {
    /// Reads a run.
    pub(super) fn read(folder: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, mut reader) = open_run::<IsolatedPlan>(folder, experiment, method)?;
        let arms = run.arms.clone();
        let blocks: Vec<BlockRow> = reader.rows(&arms)?;
        let mut samples: Vec<SampleRow> = reader.rows(&arms)?;
        for row in &samples {
            ensure!(
                row.round < run.plan.rounds,
                "{}: the plan has no round {}",
                folder.display(),
                row.round
            );
        }
        let counting = blocks.iter().filter(|row| row.counts());
        let counting: BTreeSet<u32> = counting.map(|row| row.block).collect();
        samples.retain(|row| counting.contains(&row.block));
        Ok(Self {
            samples,
            blocks,
            work: reader.rows(&arms)?,
            owners: reader.rows(&arms)?,
            functions: reader.rows(&arms)?,
            allocator_calls: reader.rows(&arms)?,
            system_calls: reader.rows(&arms)?,
            allocations: reader.rows(&arms)?,
            memory: reader.rows(&arms)?,
            starts: reader.rows(&arms)?,
            units: reader.units().map(str::to_owned).collect(),
            missing: reader.missing(run.units),
            run,
        })
    }

    /// Blocks that count.
    #[must_use]
    pub fn counting(&self) -> u32 {
        BlockRow::counting(&self.blocks)
    }

    /// Why this arm has no figures at this entry point, if it has none.
    #[must_use]
    pub fn reason_without(&self, arm: &str, entry: Entry) -> Option<&str> {
        let mut arms = self.run.arms.iter();
        let arm = arms.find(|one| one.name == arm)?;
        arm.without.get(entry.word()).map(String::as_str)
    }

    /// Blocks of the timing that a finished run has.
    pub(super) fn planned(&self) -> u32 {
        let is_timed = self.run.plan.parts.contains(&Part::Time);
        match self.run.state {
            State::Complete if is_timed => self.run.plan.blocks,
            _ => 0,
        }
    }

    /// Counted processes, watched processes and starts that a finished run has, and this one has not. What
    /// failed while it was measured is named there, and what needs a tool that is missing is not counted.
    #[must_use]
    pub(super) fn missing_units(&self) -> Vec<String> {
        if self.run.state != State::Complete {
            return Vec::new();
        }
        let failures = self.run.failures.iter();
        let has_failed = |unit: &str| {
            let mut failures = failures.clone();
            failures.any(|line| line.starts_with(&format!("{unit}:")))
        };
        let units = self
            .run
            .plan
            .parts
            .iter()
            .flat_map(|part| self.units_of(*part));
        units
            .filter(|unit| !self.units.contains(unit) && !has_failed(unit))
            .collect()
    }

    fn units_of(&self, part: Part) -> Vec<String> {
        let plan = &self.run.plan;
        let tools = &self.run.missing;
        let has = |tool: &str| !tools.iter().any(|line| line.starts_with(tool));
        let arms = || self.run.arms.iter().filter(|arm| arm.takes_part());
        let contestants = || arms().filter(|arm| arm.kind.is_contestant());
        match part {
            Part::Time => Vec::new(),
            Part::Work => {
                let counted = contestants().filter(|_| has("valgrind") && has("vgdb"));
                let counted = counted.flat_map(|arm| {
                    (0..plan.work_processes).map(|process| work::unit(&arm.name, process))
                });
                let traced = contestants().filter(|_| has("strace"));
                let traced = traced.map(|arm| work::system_calls_unit(&arm.name));
                counted.chain(traced).collect()
            }
            Part::Memory => arms().flat_map(|arm| self.memory_units(arm)).collect(),
            Part::Start => (0..plan.starts).map(starts::unit).collect(),
        }
    }

    fn memory_units(&self, arm: &Arm) -> Vec<String> {
        // Copies of the baseline's bench are timed. The twin's allocations are counted besides, which no run has to have:
        // those of before have not.
        if matches!(arm.kind, ArmKind::Twin | ArmKind::Planted) {
            return Vec::new();
        }
        let entries = Entry::ALL.into_iter();
        let entries = entries.filter(|entry| !arm.without.contains_key(entry.word()));
        let entries: Vec<Entry> = entries.collect();
        let Some(fullest) = entries.iter().min().copied() else {
            return Vec::new();
        };
        let plan = &self.run.plan;
        let allocations = entries.into_iter().filter(|_| arm.kind != ArmKind::Leak);
        let mut units: Vec<String> = allocations
            .map(|entry| allocations_unit(&arm.name, entry))
            .collect();
        for (exercise, _) in exercises(arm.kind, fullest, plan.leak_requests) {
            let processes = 0..plan.leak_processes;
            units.extend(processes.map(|process| memory_unit(&arm.name, exercise, process)));
        }
        units
    }

    /// What each request of an arm is known to leave behind, in bytes, if that is known.
    pub(super) fn planted_leak(kind: ArmKind) -> Option<f64> {
        match kind {
            ArmKind::Null => Some(0.0),
            ArmKind::Leak => Some(PLANTED_LEAK_BYTES_PER_REQUEST),
            _ => None,
        }
    }
}
