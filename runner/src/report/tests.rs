//! A small run made by hand, and the exact pages it gives.

use super::{Report, front_page_part, run_page, tables};
use crate::environment::{Machine, Toolchain};
use crate::framework::{BuildEnv, Role, ServerKind};
use crate::load::time_histogram;
use crate::plan::Plan;
use crate::record::{
    Arm, ArmKind, BlockRow, METHOD, ProcessRow, Processors, Records, Run, SCHEMA, ServiceTimes,
    SliceRow, State, Tagged,
};
use crate::warning::Warning;

mod claims;

const BLOCKS: u32 = 8;
const LAPS: u32 = 4;

fn arm(name: &str, kind: ArmKind, role: Role) -> Arm {
    Arm {
        role,
        version: (kind != ArmKind::Null).then(|| "1.2.3".into()),
        answer_bytes: Some(130),
        ..Arm::new(name, kind)
    }
}

fn arms() -> Vec<Arm> {
    let mut fast = arm("fast", ArmKind::Framework, Role::Contestant);
    fast.note = Some("it has a note.".into());
    let mut slow = arm("slow", ArmKind::Framework, Role::Contestant);
    slow.conformance_misses = vec!["HEAD is answered with status 405".into()];
    let mut absent = arm("absent", ArmKind::Framework, Role::Contestant);
    absent.absent = Some("absent has no tuned server: there is nothing to tune".into());
    let mut failed = arm("failed", ArmKind::Framework, Role::Contestant);
    failed.err = Some("breaks the contract (answer): status is 500, not 200".into());
    vec![
        absent,
        failed,
        fast,
        arm("quick", ArmKind::Framework, Role::Contestant),
        arm("floor", ArmKind::Framework, Role::Floor),
        slow,
        arm("null", ArmKind::Null, Role::Contestant),
        arm("floor-twin", ArmKind::Twin, Role::Contestant),
        arm("control", ArmKind::Planted, Role::Contestant),
    ]
}

/// Requests per second planted for an arm, in every slice of a block.
fn planted_rps(arm: &str, block: u32) -> Option<u64> {
    let base = match arm {
        "fast" | "quick" => 110_000,
        "floor" | "floor-twin" | "control" => 100_000,
        "slow" => 1_500,
        "null" => 200_000,
        _ => return None,
    };
    // A slow drift of the machine, which ratios within blocks do not see.
    Some(base * (100 - 5 * u64::from(block)) / 100)
}

/// Noise that is the same every time: up to 2 % either way.
fn wobbling(value: u64, place: [u64; 4]) -> u64 {
    let mixed = place.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |mixed, part| {
        let mixed = (mixed ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    });
    value * (9800 + mixed % 401) / 10_000
}

fn slice(arm: &str, block: u32, lap: u32, position: usize, rps: u64) -> SliceRow {
    let is_slow = arm == "slow";
    let place = |what| [what, u64::from(block), u64::from(lap), position as u64];
    let rps = wobbling(rps, place(0));
    let mut row = SliceRow {
        block,
        connections: 64,
        lap,
        // Each lap begins with another arm.
        position: (position + 3 * lap as usize) % arms().len(),
        arm: arm.into(),
        requests: 2100,
        sent: if is_slow { 300 } else { 2100 },
        ok: if is_slow { 300 } else { 2100 },
        elapsed_ns: if is_slow { 300 } else { 2100 } * 1_000_000_000 / rps,
        server_cpu_ns: wobbling(if is_slow { 300 } else { 2100 } * 6000, place(1)),
        cut: u8::from(is_slow),
        ..SliceRow::default()
    };
    row.generator_idle_ns = Some(row.elapsed_ns / 3);
    if arm == "control" {
        row.plant(run().plan.planted_percent(64));
    }
    row
}

fn records() -> Records {
    let mut slices = Vec::new();
    let mut processes = Vec::new();
    let mut service_times = ServiceTimes::new();
    for block in 0..BLOCKS {
        for (position, arm) in arms().into_iter().enumerate() {
            let Some(rps) = planted_rps(&arm.name, block) else {
                continue;
            };
            slices.extend((0..LAPS).map(|lap| slice(&arm.name, block, lap, position, rps)));
            processes.push(ProcessRow {
                block,
                connections: 64,
                arm: arm.name.clone(),
                user_ms: 10,
                system_ms: 30,
                peak_rss_kib: 4096 + u64::from(block),
                ..ProcessRow::default()
            });
            let mut histogram = time_histogram();
            histogram.record_n(640_000, 99).unwrap();
            histogram.record_n(2_000_000, 1).unwrap();
            let key = Tagged {
                arm: arm.name,
                connections: 64,
                block,
            };
            service_times.insert(key, histogram);
        }
    }
    // One wrong answer, and one slice that could not be measured.
    let floor = |row: &&mut SliceRow| row.arm == "fast";
    let wrong = slices.iter_mut().find(floor).unwrap();
    (wrong.ok, wrong.bad_body) = (2099, 1);
    wrong.err = "body is \"Hello World?\", not \"Hello World!\"".into();
    Records {
        next_block: 0,
        run: run(),
        slices,
        set_aside_slices: Vec::new(),
        processes,
        blocks: (0..BLOCKS)
            .map(|block| BlockRow {
                block,
                complete: 1,
                elapsed_ms: 1000,
                ..BlockRow::default()
            })
            .collect(),
        service_times,
    }
}

fn run() -> Run {
    Run {
        schema: SCHEMA,
        method: METHOD,
        engine: crate::load::EngineKind::Epoll,
        started_at: "2026-11-22T12:00:00Z".into(),
        ended_at: Some("2026-11-22T12:05:00Z".into()),
        state: State::Complete,
        command: vec!["bench".into(), "--blocks".into(), "8".into()],
        plan: Plan {
            server: ServerKind::Quickstart,
            env: BuildEnv::Release,
            levels: vec![64],
            requests: 6000,
            blocks: BLOCKS,
            until: None,
            laps: LAPS,
            slice_limit_ms: 150,
            warmup_ms: 150,
            timeout_ms: 2000,
            seed: 7,
        },
        processors: Processors {
            server: vec![0],
            generator: vec![1],
        },
        machine: Machine {
            processor: "A processor".into(),
            processors: 2,
            memory_mib: 24_000,
            virtualized: true,
            kernel: "6.1".into(),
            governor: None,
            somaxconn: Some(4096),
        },
        toolchain: Toolchain {
            rustc: "rustc 1.95.0".into(),
            cargo: "cargo 1.95.0".into(),
            revision: Some("0123456789ab".into()),
            uncommitted: false,
        },
        arms: arms(),
        warnings: vec![Warning::ShortRun {
            blocks: 8,
            requests: 6000,
        }],
    }
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&Report::of(&records())));
}

#[test]
fn the_front_page() {
    insta::assert_snapshot!(front_page_part(&Report::of(&records()), "results/x"));
}

#[test]
fn the_terminal() {
    insta::assert_snapshot!(tables(&Report::of(&records())));
}

#[test]
fn a_table_fits_eighty_columns() {
    let text = tables(&Report::of(&records()));
    let table = text.split("  floor-twin passes").next().unwrap();
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn drift_cancels_in_the_ratio() {
    let report = Report::of(&records());
    let rows = &report.levels[0].rows;
    let fast = rows.iter().find(|row| row.arm.name == "fast").unwrap();
    let standing = fast.figures().unwrap().rps_standing.unwrap();
    assert!((standing.ratio - 1.1).abs() < 0.02, "{standing:?}");
    assert!(
        standing.interval.unwrap().half_width() < 0.03,
        "{standing:?}"
    );
    assert!(fast.figures().unwrap().rps.relative_spread() > 0.04);
}

#[test]
fn contestants_come_first_by_throughput_and_controls_last() {
    let report = Report::of(&records());
    let names: Vec<&str> = report.levels[0]
        .rows
        .iter()
        .map(|row| row.arm.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "quick",
            "fast",
            "floor",
            "slow",
            "absent",
            "failed",
            "floor-twin",
            "control",
            "null"
        ]
    );
}

#[test]
fn a_run_without_a_complete_block_is_a_page_without_figures() {
    let mut records = records();
    records.run.state = State::Interrupted;
    records.blocks.clear();
    records.slices.clear();
    records.processes.clear();
    records.service_times.clear();
    let page = run_page(&Report::of(&records));
    assert!(page.contains("0 of 8 blocks are complete"), "{page}");
    assert!(
        page.contains("`fast` failed: no block was completed."),
        "{page}"
    );
}
