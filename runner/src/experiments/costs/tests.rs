//! A small run made by hand: its figures, its page, what becomes of it when it is damaged; and a real build.

mod live;

use super::figures::{Figures, figures};
use super::plan::DEFAULT_FEATURES;
use super::*;
use crate::fixtures::{damage, hostile, runs};
use crate::output::Screen;
use crate::report::{run_page, tables};
use crate::run::{ArmKind, VariantOf};

const BLOCKS: u32 = 3;

fn plan() -> CostsPlan {
    CostsPlan {
        blocks: BLOCKS,
        jobs: 2,
        counted_requests: 200,
    }
}

fn arms() -> Vec<Arm> {
    let arm = |name: &str, kind| Arm {
        version: Some("1.2.3".to_owned()),
        ..Arm::new(name, kind)
    };
    let default = Arm {
        variant_of: Some(VariantOf {
            contestant: "large".to_owned(),
            variant: DEFAULT_FEATURES.to_owned(),
        }),
        ..arm("large-default", ArmKind::Contestant)
    };
    vec![
        default,
        arm("large", ArmKind::Contestant),
        arm("small", ArmKind::Contestant),
        arm("base", ArmKind::Baseline),
        arm("base-twin", ArmKind::Twin),
        arm("planted", ArmKind::Planted),
    ]
}

/// CPU milliseconds, crates and instructions.
fn planted(arm: &str) -> (u64, u64, u64) {
    match arm {
        "large" => (40_000, 130, 30_000),
        "large-default" => (60_000, 180, 36_000),
        "small" => (12_000, 40, 20_000),
        "planted" => (12_500, 30, 0),
        "base-twin" => (10_010, 30, 0),
        _ => (10_000, 30, 10_000),
    }
}

/// A build that takes `block` percent more than planted; the baseline's vary in another way than those of its twin.
fn build(arm: &str, block: u32) -> BuildRow {
    let (cpu_ms, crates, instructions) = planted(arm);
    let percent = match arm {
        "base" => [101, 100, 102][block as usize],
        _ => 100 + u64::from(block),
    };
    BuildRow {
        block,
        arm: arm.to_owned(),
        cpu_ns: cpu_ms * percent * 10_000,
        wall_ns: cpu_ms * 600_000,
        crates,
        size_bytes: crates * 50_000,
        instructions_per_request: if block == 0 { instructions * 1000 } else { 0 },
        ..BuildRow::default()
    }
}

fn builds() -> Vec<BuildRow> {
    let blocks = 0..BLOCKS;
    let of_block = |block| arms().into_iter().map(move |arm| build(&arm.name, block));
    blocks.flat_map(of_block).collect()
}

fn facts() -> Vec<FactRow> {
    let fact = |arm: &str, advisories: &str| FactRow {
        arm: arm.to_owned(),
        crate_name: format!("{arm}-rs"),
        version: "1.2.3".to_owned(),
        rust_version: "1.80".to_owned(),
        licence: "MIT".to_owned(),
        forbids_unsafe: arm == "large",
        released: "2026-04-14".to_owned(),
        advisories: advisories.to_owned(),
        advisories_as_of: "2026-08-21".to_owned(),
    };
    let unknown = FactRow {
        released: String::new(),
        advisories_as_of: String::new(),
        rust_version: String::new(),
        ..fact("base", "")
    };
    vec![
        fact("large", "RUSTSEC-2021-0060 aes-soft (unmaintained)"),
        fact("small", ""),
        unknown,
    ]
}

/// A whole record of these builds.
fn written(builds: &[BuildRow]) -> (tempfile::TempDir, std::path::PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    let run = runs::header(Costs::NAME, Costs::METHOD, plan(), arms());
    let mut job = runs::begin(&path, &run);
    let journal = &mut job.folder.journal;
    facts().iter().for_each(|row| journal.append(row).unwrap());
    journal.close(records::FACTS_UNIT).unwrap();
    for row in builds {
        journal.append(row).unwrap();
        let unit = records::build_unit(&row.arm, row.block);
        journal.close(&unit).unwrap();
    }
    job.finish(true).unwrap();
    (parent, path)
}

fn records(builds: &[BuildRow]) -> CostsRecords {
    let (_parent, path) = written(builds);
    let mut records = Costs::read(&path).unwrap();
    // What this machine and this moment have put into the header.
    let made_up = runs::header(Costs::NAME, Costs::METHOD, plan(), arms());
    records.run.processors = made_up.processors;
    records.run.ended_at = made_up.ended_at;
    records
}

/// The builds, but one of the small arm's failed, and its work was not counted.
fn with_failures() -> Vec<BuildRow> {
    let mut rows = builds();
    for row in rows.iter_mut().filter(|row| row.arm == "small") {
        match row.block {
            0 => {
                row.instructions_per_request = 0;
                row.not_counted = "the server does not come up".to_owned();
            }
            1 => {
                *row = BuildRow {
                    block: row.block,
                    arm: row.arm.clone(),
                    err: "`cargo build` failed".to_owned(),
                    ..BuildRow::default()
                }
            }
            _ => {}
        }
    }
    rows
}

fn untrusted(builds: &[BuildRow]) -> Vec<String> {
    Costs::page(&records(builds)).sections[0].untrusted.clone()
}

#[test]
fn figures_are_those_of_the_builds() {
    let records = records(&with_failures());
    let all = figures(&records);
    let of = |arm: &str| -> &Figures { all.iter().find(|one| one.arm.name == arm).unwrap() };
    let large = of("large");
    assert!((large.cpu_s.as_ref().unwrap().value - 40.4).abs() < 1e-9);
    assert_eq!(
        (large.crates, large.size_bytes),
        (Some(130), Some(6_500_000))
    );
    let small = of("small");
    assert_eq!((small.failed, small.cpu_s.as_ref().unwrap().count), (1, 2));
    let rows = super::figures::rows(&records, &all);
    let names: Vec<&str> = rows.iter().map(|row| row.own.arm.name.as_str()).collect();
    assert_eq!(names, ["base", "small", "large", "base-twin", "planted"]);
    let added = rows[2].added_instructions().unwrap();
    assert!((added - 0.2).abs() < 1e-9, "{added}");
    assert_eq!(rows[1].added_instructions(), None);
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(run_page(&Costs::page(&records(&with_failures()))));
}

#[test]
fn its_tables_fit_a_terminal() {
    let text = tables(&Costs::page(&records(&builds())), Screen::PLAIN);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_control_that_does_not_behave_makes_the_table_untrusted() {
    assert_eq!(untrusted(&builds()), [""; 0]);
    let factor = |arm: &str, percent: u64| {
        let mut rows = builds();
        for row in rows.iter_mut().filter(|row| row.arm == arm) {
            row.cpu_ns = row.cpu_ns * percent / 100;
        }
        untrusted(&rows)
    };
    let twin = factor("base-twin", 110);
    assert!(
        twin[0].starts_with("A/A twin: 10.1% more CPU time"),
        "{twin:?}"
    );
    let planted = factor("planted", 80);
    let beginning = "planted 25% more CPU time, found 0";
    assert!(planted[0].starts_with(beginning), "{planted:?}");
}

#[test]
fn builds_of_one_arm_that_differ_are_not_trusted() {
    let mut rows = builds();
    let mut large = rows.iter_mut().filter(|row| row.arm == "large");
    large.next_back().unwrap().crates += 1;
    assert_eq!(
        untrusted(&rows),
        ["builds of large differ in crates or size"]
    );
}

#[test]
fn strings_from_outside_are_text_wherever_they_are_shown() {
    let mut records = records(&builds());
    hostile::soil(&mut records.run);
    let mut rows = records.builds.iter_mut();
    rows.find(|row| row.arm == "large").unwrap().not_counted = hostile::HOSTILE.to_owned();
    let facts = &mut records.facts[0];
    facts.advisories = hostile::HOSTILE.to_owned();
    facts.licence = hostile::HOSTILE.to_owned();
    hostile::assert_text(&hostile::kept(Costs::page(&records), "large"));
}

#[test]
fn a_run_continues_only_with_the_tools_that_have_counted() {
    let parent = tempfile::tempdir().unwrap();
    let mut run = runs::header(Costs::NAME, Costs::METHOD, plan(), arms());
    let version = "valgrind-0.0.0".to_owned();
    run.toolchain.tools.insert("valgrind".to_owned(), version);
    let job = runs::begin(&parent.path().join("run"), &run);
    let refused = prepare::refuse_other_tools(&job, &records(&builds())).unwrap_err();
    let refused = refused.to_string();
    assert!(
        refused.contains("valgrind was valgrind-0.0.0 and is"),
        "{refused}"
    );
    let mut uncounted = builds();
    for row in &mut uncounted {
        row.instructions_per_request = 0;
    }
    prepare::refuse_other_tools(&job, &records(&uncounted)).unwrap();
}

#[test]
fn a_damaged_record_is_refused_or_untrusted_or_unchanged() {
    let (_parent, path) = written(&builds());
    damage::is_always_noticed::<Costs>(&path);
}

#[test]
fn what_was_looked_up_is_of_the_locked_versions() {
    let workspace = crate::framework::discover().unwrap();
    let looked_up = published::looked_up(&workspace.root).unwrap();
    assert!(!looked_up.contestants.is_empty());
    for (name, entry) in &looked_up.contestants {
        let mut frameworks = workspace.frameworks.iter();
        let locked = frameworks.find(|one| one.name == *name);
        assert_eq!(
            locked.map(|one| one.version.as_str()),
            Some(entry.version.as_str()),
            "look {name} up again, and enter it into {}",
            published::FILE
        );
    }
}
