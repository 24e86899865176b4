//! A small isolated run made by hand, and the exact pages it gives.

use super::{IsolatedReport, front_page_part, page, tables};
use crate::environment::{Machine, Toolchain};
use crate::framework::Role;
use crate::plan::{InProcess, IsolatedPlan};
use crate::record::{
    AllocationRow, Arm, ArmKind, BlockRow, Exercise, FunctionRow, ISOLATED_METHOD, IsolatedRecords,
    IsolatedRun, MemoryRow, OwnerRow, SCHEMA, SampleRow, StartRow, State, SystemCallRow, WorkRow,
};
use std::collections::BTreeMap;

const BLOCKS: u32 = 8;
const LAPS: u32 = 6;

fn arm(name: &str, kind: ArmKind, role: Role) -> Arm {
    Arm {
        role,
        version: (kind == ArmKind::Framework).then(|| "1.2.3".into()),
        ..Arm::new(name, kind)
    }
}

fn arms() -> Vec<Arm> {
    let mut failed = arm("failed", ArmKind::Framework, Role::Contestant);
    failed.err = Some("`cargo build` failed; cargo's own words are above".into());
    vec![
        arm("closed", ArmKind::Framework, Role::Contestant),
        failed,
        arm("fast", ArmKind::Framework, Role::Contestant),
        arm("floor", ArmKind::Framework, Role::Floor),
        arm("leaky", ArmKind::Framework, Role::Contestant),
        arm("floor-twin", ArmKind::Twin, Role::Contestant),
        arm("control", ArmKind::Planted, Role::Contestant),
        arm("canned", ArmKind::Null, Role::Contestant),
        arm("leak", ArmKind::Leak, Role::Contestant),
    ]
}

/// Nanoseconds per request planted for an arm.
fn planted_ns(arm: &str, level: InProcess) -> Option<u64> {
    let bytes = match arm {
        "fast" => 1800,
        "floor" | "floor-twin" | "control" => 2000,
        "leaky" => 2500,
        "canned" => 200,
        "closed" if level == InProcess::Call => 6000,
        _ => return None,
    };
    match level {
        InProcess::Bytes => Some(bytes),
        InProcess::Call if arm == "canned" => None,
        InProcess::Call => Some(bytes / 4),
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

fn samples() -> Vec<SampleRow> {
    let mut rows = Vec::new();
    for level in InProcess::ALL {
        for block in 0..BLOCKS {
            for lap in 0..LAPS {
                for (position, arm) in arms().iter().enumerate() {
                    rows.extend(sample(level, block, lap, position, arm));
                }
            }
        }
    }
    rows
}

fn sample(level: InProcess, block: u32, lap: u32, position: usize, arm: &Arm) -> Option<SampleRow> {
    let requests = 10_000;
    let ns = planted_ns(&arm.name, level)?;
    let place = |what| [what, u64::from(block), u64::from(lap), position as u64];
    let position = (position + 3 * lap as usize) % arms().len();
    Some(SampleRow {
        block,
        level,
        lap,
        position,
        arm: arm.name.clone(),
        requests,
        uncounted: match arm.kind {
            ArmKind::Planted => requests * 2 / 102,
            _ => 0,
        },
        started_us: u64::from(lap) * 200_000 + position as u64 * 20_000,
        wall_ns: wobbling(requests * ns, place(0)),
        cpu_ns: wobbling(requests * ns, place(1)),
        answer_bytes: if level == InProcess::Bytes { 129 } else { 0 },
        err: String::new(),
    })
}

fn memory() -> Vec<MemoryRow> {
    let looks = (0..=4)
        .map(|k| 64_000 << k)
        .chain((1..20).map(|look| 256_000 + look * 38_400));
    let mut looks: Vec<u64> = looks.collect();
    looks.sort_unstable();
    looks.dedup();
    let mut rows = Vec::new();
    for name in ["fast", "floor", "leaky", "canned", "leak"] {
        for process in 0..3 {
            for &repetitions in &looks {
                let per_hundred = match name {
                    "leak" => 16,
                    "leaky" => 100,
                    _ => 0,
                };
                rows.push(MemoryRow {
                    arm: name.into(),
                    level: InProcess::Bytes,
                    exercise: Exercise::Requests,
                    process,
                    repetitions,
                    live_bytes: 5000 + repetitions / 100 * per_hundred,
                    rss_kib: if name == "fast" {
                        4000 + repetitions / 2000
                    } else {
                        4000
                    },
                });
            }
        }
    }
    rows
}

fn work() -> Vec<WorkRow> {
    let mut rows = Vec::new();
    for (name, instructions) in [("closed", 45_700.0), ("fast", 6_000.0), ("floor", 7_200.0)] {
        for run in 0..3 {
            rows.push(WorkRow {
                arm: name.into(),
                run,
                requests: 1000,
                instructions_per_request: instructions + f64::from(run),
                tcalls: instructions / 60.0,
                funcs: 100,
                funcs_source: 300,
                err: String::new(),
            });
        }
    }
    rows.push(WorkRow {
        arm: "leaky".into(),
        err: "the server ended before it answered".into(),
        ..WorkRow::default()
    });
    rows
}

fn run() -> IsolatedRun {
    let reason = "there is no public way to hand it a stream".to_owned();
    IsolatedRun {
        schema: SCHEMA,
        method: ISOLATED_METHOD,
        started_at: "2026-11-25T12:00:00Z".into(),
        ended_at: Some("2026-11-25T12:08:00Z".into()),
        state: State::Complete,
        command: vec!["isolated".into()],
        plan: IsolatedPlan {
            blocks: BLOCKS,
            laps: LAPS,
            slice_ms: 20,
            work_requests: 1000,
            work_runs: 3,
            leak_requests: 1_024_000,
            leak_processes: 3,
            starts: 2,
            seed: 7,
        },
        processor: 1,
        machine: Machine {
            processor: "A processor".into(),
            processors: 2,
            memory_mib: 1024,
            virtualized: true,
            kernel: "6.1".into(),
            governor: None,
            somaxconn: Some(4096),
        },
        toolchain: Toolchain {
            rustc: "rustc 1.95.0".into(),
            cargo: "cargo 1.95.0".into(),
            revision: Some("abcdef".into()),
            uncommitted: false,
        },
        tools: BTreeMap::from([("valgrind".into(), "valgrind-3.19.0".into())]),
        arms: arms(),
        without: BTreeMap::from([
            (
                "closed".into(),
                BTreeMap::from([(InProcess::Bytes, reason)]),
            ),
            (
                "canned".into(),
                BTreeMap::from([(InProcess::Call, "it has no router".into())]),
            ),
        ]),
        parts: ["time", "work", "memory", "start"]
            .map(String::from)
            .to_vec(),
        failures: Vec::new(),
        missing: vec!["strace is not on PATH; install it with: apt-get install strace".into()],
        warnings: Vec::new(),
    }
}

pub(crate) fn records() -> IsolatedRecords {
    let owner = |owner: &str, instructions: f64| OwnerRow {
        arm: "floor".into(),
        owner: owner.into(),
        instructions_per_request: instructions,
        calls_per_request: 10.0,
    };
    IsolatedRecords {
        run: run(),
        samples: samples(),
        blocks: (0..BLOCKS)
            .map(|block| BlockRow {
                block,
                complete: 1,
                elapsed_ms: 4000,
                ..BlockRow::default()
            })
            .collect(),
        next_block: BLOCKS,
        work: work(),
        owners: vec![
            owner("std", 100.0),
            owner("floor", 5000.0),
            owner("libc", 2100.0),
        ],
        functions: vec![FunctionRow {
            arm: "floor".into(),
            function: "floor::answer".into(),
            owner: "floor".into(),
            calls_per_request: 1.0,
            instructions_per_request: 5000.0,
        }],
        system_calls: vec![SystemCallRow {
            arm: "floor".into(),
            name: "recvfrom".into(),
            calls_per_request: 1.0,
        }],
        allocations: vec![AllocationRow {
            arm: "floor".into(),
            level: InProcess::Bytes,
            requests: 10_000,
            allocations: 20_000,
            reallocations: 10_000,
            allocated_bytes: 5_000_000,
            peak_live_bytes: 70_000,
        }],
        memory: memory(),
        starts: (0..2)
            .map(|round| StartRow {
                round,
                arm: "floor".into(),
                ready_us: 1500 + u64::from(round),
                idle_rss_kib: 3000,
                err: String::new(),
            })
            .collect(),
    }
}

#[test]
fn the_page_of_an_isolated_run() {
    insta::assert_snapshot!(page(&IsolatedReport::of(records())));
}

#[test]
fn its_part_of_the_front_page() {
    let part = front_page_part(&IsolatedReport::of(records()), "results/a-run");
    insta::assert_snapshot!(part);
}

#[test]
fn its_tables_fit_a_terminal() {
    let report = IsolatedReport::of(records());
    insta::assert_snapshot!(tables(&report));
    let table = super::columns::main_table(&report).terminal().to_string();
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_failing_control_makes_the_heading_say_so() {
    let mut records = records();
    for row in records
        .samples
        .iter_mut()
        .filter(|row| row.arm == "floor-twin")
    {
        row.cpu_ns = row.cpu_ns * 110 / 100;
    }
    for row in records.memory.iter_mut().filter(|row| row.arm == "leak") {
        row.live_bytes = 5000;
    }
    let page = page(&IsolatedReport::of(records));
    let heading = "## Bytes in, bytes out: UNTRUSTED, two equal programs differ in CPU time, the leak control leak fails\n";
    assert!(page.contains(heading), "{page}");
}

#[test]
fn a_run_without_any_part_still_has_a_page() {
    let mut records = records();
    records.samples.clear();
    records.blocks.clear();
    records.work.clear();
    records.owners.clear();
    records.memory.clear();
    records.allocations.clear();
    records.starts.clear();
    let page = page(&IsolatedReport::of(records));
    assert!(page.contains("| floor |"), "{page}");
}
