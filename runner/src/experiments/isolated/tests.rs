//! A small run made by hand, the exact pages it gives, and what becomes of it when it is killed or damaged.

mod claims;
mod live;

use super::memory::{allocations_unit, exercises, memory_unit};
use super::*;
use crate::fixtures::runs;
use crate::run::{ArmKind, BlockRow, Job, Journal};
use std::collections::BTreeMap;
use std::path::PathBuf;

const BLOCKS: u32 = 8;
const ROUNDS: u32 = 6;

fn arms() -> Vec<Arm> {
    let arm = |name, kind: ArmKind| Arm {
        version: kind.is_contestant().then(|| "1.2.3".to_owned()),
        ..Arm::new(name, kind)
    };
    let without =
        |entry: Entry, why: &str| BTreeMap::from([(entry.word().to_owned(), why.to_owned())]);
    let mut closed = arm("closed", ArmKind::Contestant);
    closed.without = without(Entry::Bytes, "there is no public way to hand it a stream");
    let mut failed = arm("failed", ArmKind::Contestant);
    failed.err = Some(
        "`cargo build` failed: error[E0425]: cannot find value `y` | --> src/lib.rs:2:5".to_owned(),
    );
    let mut canned = arm("canned", ArmKind::Null);
    canned.without = without(Entry::Call, "it has no router");
    let mut leak = arm("leak", ArmKind::Leak);
    leak.without = without(Entry::Call, "it has no router");
    vec![
        closed,
        failed,
        arm("fast", ArmKind::Contestant),
        arm("base", ArmKind::Baseline),
        arm("leaky", ArmKind::Contestant),
        arm("base-twin", ArmKind::Twin),
        arm("planted", ArmKind::Planted),
        canned,
        leak,
    ]
}

fn plan() -> IsolatedPlan {
    IsolatedPlan {
        env: crate::framework::BuildEnv::Release,
        parts: vec![Part::Time, Part::Work, Part::Memory, Part::Start],
        blocks: BLOCKS,
        rounds: ROUNDS,
        slice_ms: 20,
        work_requests: 1000,
        work_processes: 3,
        leak_requests: 1_024_000,
        leak_processes: 3,
        starts: 2,
    }
}

/// Nanoseconds per request planted for an arm.
fn planted_ns(arm: &str, entry: Entry) -> Option<u64> {
    let bytes = match arm {
        "fast" => 1800,
        "base" | "base-twin" | "planted" => 2000,
        "leaky" => 2500,
        "canned" => 200,
        "closed" if entry == Entry::Call => 6000,
        _ => return None,
    };
    match entry {
        Entry::Bytes => Some(bytes),
        Entry::Call if arm == "canned" => None,
        Entry::Call => Some(bytes / 4),
    }
}

/// Noise that is the same every time: up to 1 % either way.
fn wobbling(value: u64, place: [u64; 4]) -> u64 {
    let mixed = place.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |mixed, part| {
        let mixed = (mixed ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    });
    value * (9900 + mixed % 201) / 10_000
}

fn sample(entry: Entry, block: u32, round: u32, position: usize, arm: &Arm) -> Option<SampleRow> {
    let requests = 10_000;
    let ns = planted_ns(&arm.name, entry)?;
    let place = |what| [what, u64::from(block), u64::from(round), position as u64];
    let position = (position + 3 * round as usize) % arms().len();
    Some(SampleRow {
        block,
        entry,
        round,
        position,
        arm: arm.name.clone(),
        requests,
        withheld: match arm.kind {
            ArmKind::Planted => IsolatedPlan::withheld(requests),
            _ => 0,
        },
        started_us: u64::from(round) * 200_000 + position as u64 * 20_000,
        elapsed_ns: wobbling(requests * ns, place(0)),
        server_cpu_ns: wobbling(requests * ns, place(1)),
        answer_bytes: if entry == Entry::Bytes { 129 } else { 0 },
        err: String::new(),
    })
}

/// A written run, as `change` would have it.
struct MadeUp {
    folder: tempfile::TempDir,
    run: Run<IsolatedPlan>,
    samples: Vec<SampleRow>,
    /// Bytes that stay behind per hundred requests, by arm.
    leaks: BTreeMap<&'static str, u64>,
}

impl MadeUp {
    fn new() -> Self {
        let mut samples = Vec::new();
        for block in 0..BLOCKS {
            for entry in Entry::ALL {
                for round in 0..ROUNDS {
                    let all = arms();
                    let all = all.iter().enumerate();
                    samples
                        .extend(all.filter_map(|(at, arm)| sample(entry, block, round, at, arm)));
                }
            }
        }
        let mut run = runs::header(Isolated::NAME, Isolated::METHOD, plan(), arms());
        run.command = vec!["isolated".to_owned()];
        run.toolchain
            .tools
            .insert("valgrind".to_owned(), "valgrind-3.19.0".to_owned());
        run.missing =
            vec!["strace is not on PATH; install it with: apt-get install strace".to_owned()];
        run.warnings.clear();
        Self {
            folder: tempfile::tempdir().unwrap(),
            run,
            samples,
            leaks: BTreeMap::from([("leak", 16), ("leaky", 100)]),
        }
    }

    /// Writes the run as a runner does, and says where.
    fn write(&self) -> PathBuf {
        let number = std::fs::read_dir(self.folder.path()).unwrap().count();
        let path = self.folder.path().join(format!("run-{number}"));
        let mut job = Job::of_test(&path, self.run.clone()).unwrap();
        let journal = &mut job.folder.journal;
        for part in &self.run.plan.parts {
            match part {
                Part::Time => self.write_blocks(journal),
                Part::Work => write_work(journal),
                Part::Memory => self.write_memory(journal),
                Part::Start => write_starts(journal),
            }
        }
        job.run.units = Some(job.folder.journal.closed());
        job.folder.write_run(&mut job.run).unwrap();
        path
    }

    fn write_blocks(&self, journal: &mut Journal) {
        for block in 0..BLOCKS {
            for row in self.samples.iter().filter(|row| row.block == block) {
                journal.append(row).unwrap();
            }
            let row = BlockRow {
                block,
                elapsed_ms: 4000,
                ..BlockRow::default()
            };
            journal.append(&row).unwrap();
            journal.close(&format!("block {block}")).unwrap();
        }
    }

    fn write_memory(&self, journal: &mut Journal) {
        for arm in arms().into_iter().filter(Arm::takes_part) {
            if matches!(arm.kind, ArmKind::Twin | ArmKind::Planted) {
                continue;
            }
            let entries = Entry::ALL.into_iter();
            let entries: Vec<Entry> = entries
                .filter(|entry| !arm.without.contains_key(entry.word()))
                .collect();
            if arm.kind != ArmKind::Leak {
                for &entry in &entries {
                    journal.append(&allocations(&arm.name, entry)).unwrap();
                    journal.close(&allocations_unit(&arm.name, entry)).unwrap();
                }
            }
            for (exercise, last) in exercises(arm.kind, entries[0], plan().leak_requests) {
                for process in 0..plan().leak_processes {
                    let leak = self.leaks.get(arm.name.as_str()).copied().unwrap_or(0);
                    for row in memory(&arm.name, entries[0], exercise, process, last, leak) {
                        journal.append(&row).unwrap();
                    }
                    journal
                        .close(&memory_unit(&arm.name, exercise, process))
                        .unwrap();
                }
            }
        }
    }

    fn records(&self) -> IsolatedRecords {
        Isolated::read(&self.write()).unwrap()
    }
}

fn allocations(arm: &str, entry: Entry) -> AllocationRow {
    AllocationRow {
        arm: arm.to_owned(),
        entry,
        requests: 10_000,
        allocations: 20_000,
        reallocations: 10_000,
        allocated_bytes: 5_000_000,
        peak_live_bytes: 70_000,
    }
}

fn memory(
    arm: &str,
    entry: Entry,
    exercise: Exercise,
    process: u32,
    last: u64,
    bytes_per_hundred: u64,
) -> Vec<MemoryRow> {
    let doublings = (0..=4).map(|k| (last / 16) << k);
    let equal = (1..20).map(|look| last / 4 + look * (last / 80));
    let looks: std::collections::BTreeSet<u64> = doublings.chain(equal).collect();
    let row = |repetitions| MemoryRow {
        arm: arm.to_owned(),
        entry,
        exercise,
        process,
        repetitions,
        live_bytes: 5000 + repetitions / 100 * bytes_per_hundred,
        rss_kib: 4000 + if arm == "fast" { repetitions / 2000 } else { 0 },
    };
    looks.into_iter().map(row).collect()
}

fn write_work(journal: &mut Journal) {
    let counted = [
        ("closed", 45_700.0),
        ("fast", 6_000.0),
        ("base", 7_200.0),
        ("leaky", 0.0),
    ];
    for (name, instructions) in counted {
        for process in 0..plan().work_processes {
            let row = WorkRow {
                arm: name.to_owned(),
                process,
                requests: 1000,
                ..WorkRow::default()
            };
            let row = match name {
                "leaky" => WorkRow {
                    err: "the server ended before it answered".to_owned(),
                    ..row
                },
                _ => WorkRow {
                    instructions_per_request: instructions + f64::from(process),
                    calls_per_request: instructions / 50.0,
                    funcs: 100,
                    funcs_source: 300,
                    ..row
                },
            };
            if (name, process) == ("base", 0) {
                write_split(journal);
            }
            journal.append(&row).unwrap();
            journal.close(&super::work::unit(name, process)).unwrap();
        }
    }
}

fn write_split(journal: &mut Journal) {
    for (owner, instructions) in [("std", 100.0), ("base", 5000.0), ("libc", 2100.0)] {
        let row = OwnerRow {
            arm: "base".to_owned(),
            owner: owner.to_owned(),
            instructions_per_request: instructions,
            calls_per_request: 10.0,
        };
        journal.append(&row).unwrap();
    }
    let row = FunctionRow {
        arm: "base".to_owned(),
        function: "base::answer".to_owned(),
        owner: "base".to_owned(),
        calls_per_request: 1.0,
        instructions_per_request: 5000.0,
    };
    journal.append(&row).unwrap();
}

fn write_starts(journal: &mut Journal) {
    for round in 0..plan().starts {
        for arm in arms()
            .iter()
            .filter(|arm| arm.kind.is_contestant() && arm.takes_part())
        {
            let row = StartRow {
                round,
                arm: arm.name.clone(),
                attempts: 1,
                ready_us: 1500 + u64::from(round),
                idle_rss_kib: 3000,
                err: String::new(),
            };
            journal.append(&row).unwrap();
        }
        journal.close(&super::starts::unit(round)).unwrap();
    }
}
