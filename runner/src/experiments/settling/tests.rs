//! A small run with real servers, and what becomes of it when it is killed.

use super::*;
use crate::fixtures::{killed, programs, runs};
use crate::framework::{BuildEnv, ServerKind};
use crate::load::EngineKind;
use crate::run::ArmKind;

fn small(arms: Vec<Arm>) -> Run<SettlingPlan> {
    let plan = SettlingPlan {
        server: ServerKind::Quickstart,
        env: BuildEnv::Release,
        connections: vec![4],
        blocks: 2,
        rounds: 1,
        length_ms: 40,
        interval_ms: 2,
        warm_up_ms: 1,
        timeout_ms: 2000,
        engine: EngineKind::Epoll,
    };
    runs::header(Settling::NAME, Settling::METHOD, plan, arms)
}

fn launched() -> (Vec<Arm>, Vec<Launch>) {
    let (arm, launch) = programs::arm("one", ArmKind::Baseline, "answers");
    (vec![arm], vec![launch])
}

fn keys(records: &SettlingRecords) -> Vec<String> {
    let counting = records.blocks.iter().filter(|row| row.counts());
    let numbers: Vec<u32> = counting.map(|row| row.block).collect();
    let ordinal = |block: u32| numbers.iter().position(|&one| one == block).unwrap();
    let rows = records.intervals.iter();
    let rows = rows.map(|row| format!("{} {} {}", ordinal(row.block), row.arm, row.interval));
    rows.collect()
}

#[test]
fn every_interval_has_its_row_and_the_page_its_plateau() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let (arms, launches) = launched();
    let mut job = runs::begin(&path, &small(arms));
    let done = Settling::read(&path).unwrap();
    Settling::measure(&mut job, launches, &done).unwrap();
    job.finish(true).unwrap();
    let records = Settling::read(&path).unwrap();
    assert_eq!(records.intervals.len(), 2 * 20);
    assert!(records.intervals.iter().all(|row| row.errors == 0));
    assert!(records.intervals.iter().map(|row| row.ok).sum::<u64>() > 0);
    let trace = &traces::traces(&records, 4, 10, &[(0, 10)])[0];
    assert_eq!((trace.rate.len(), trace.served.len()), (20, 20));
    let page = crate::report::run_page(&Settling::page(&records));
    assert!(
        page.contains("| one |") && !page.contains("missing"),
        "{page}"
    );
}

#[test]
fn a_run_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let (arms, launches) = launched();
    let run = small(arms);
    let writes = killed::at_every_write::<Settling>(&run, || launches.clone(), keys);
    // Twenty intervals, a process, a block and its closing line, twice.
    assert!(writes >= 46, "{writes}");
}
