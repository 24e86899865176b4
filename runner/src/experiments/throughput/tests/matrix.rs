//! A made-up matrix: its exact page, and variants that gain, lose, fail or do not exist.

use super::*;
use crate::arms::Variant;
use crate::experiments::throughput::Matrix;
use crate::fixtures::{damage, hostile, killed, programs};
use crate::output::Screen;
use crate::report::{Kept, more, run_page, tables};
use crate::run::VariantOf;

const VARIANTS: [(&str, Variant); 4] = [
    ("", of(ServerKind::Quickstart, BuildEnv::Release)),
    ("-max", of(ServerKind::Quickstart, BuildEnv::Max)),
    ("-tuned", of(ServerKind::Tuned, BuildEnv::Release)),
    ("-tuned-max", of(ServerKind::Tuned, BuildEnv::Max)),
];

const fn of(server: ServerKind, env: BuildEnv) -> Variant {
    Variant { server, env }
}

/// A contestant by all its variants.
fn variants(of: &str, kind: ArmKind) -> Vec<Arm> {
    let arm = |(place, (suffix, variant)): (usize, &(&str, Variant))| {
        let mut one = arm(&format!("{of}{suffix}"), ArmKind::Contestant);
        match place {
            0 => one.kind = kind,
            _ => {
                one.variant_of = Some(VariantOf {
                    contestant: of.to_owned(),
                    variant: variant.to_string(),
                });
            }
        }
        one
    };
    VARIANTS.iter().enumerate().map(arm).collect()
}

fn matrix_arms() -> Vec<Arm> {
    let mut arms = [
        variants("fast", ArmKind::Contestant),
        variants("slow", ArmKind::Contestant),
        variants("base", ArmKind::Baseline),
    ]
    .concat();
    for arm in &mut arms {
        match arm.name.as_str() {
            "fast-tuned-max" => arm.err = Some("cargo could not build it".to_owned()),
            "slow-tuned" | "slow-tuned-max" => {
                arm.absent = Some("slow has no tuned server".to_owned());
            }
            _ => {}
        }
    }
    let controls = [
        ("null", ArmKind::Null),
        ("base-twin", ArmKind::Twin),
        ("planted", ArmKind::Planted),
    ];
    arms.extend(controls.map(|(name, kind)| arm(name, kind)));
    arms
}

fn rate(arm: &str) -> Option<u64> {
    Some(match arm {
        "fast" => 110_000,
        "fast-max" => 121_000,
        "fast-tuned" => 99_000,
        "slow" | "slow-max" => 50_000,
        "base" | "base-twin" | "planted" | "base-tuned" => 100_000,
        "base-max" | "base-tuned-max" => 104_000,
        "null" => 200_000,
        _ => return None,
    })
}

fn made_up() -> MadeUp {
    let arms = matrix_arms();
    let mut made = MadeUp::new();
    made.run = runs::header(
        Matrix::NAME,
        Matrix::METHOD,
        ThroughputPlan {
            variants: VARIANTS.map(|(_, variant)| variant).to_vec(),
            connects_per_slice: true,
            ..plan()
        },
        arms.clone(),
    );
    made.slowest = |arm| match arm {
        "fast" => (50, 150_000_000),
        "fast-max" => (50, 140_000_000),
        _ => (50, 2_000_000),
    };
    made.rows.clear();
    for block in 0..BLOCKS {
        for (at, arm) in arms.iter().enumerate() {
            let Some(rate) = rate(&arm.name) else {
                continue;
            };
            made.rows.extend((0..ROUNDS).map(|round| {
                let position = (at + 5 * round as usize) % arms.len();
                SliceRow {
                    position,
                    started_us: 2_000_000 * u64::from(round) + 100_000 * position as u64,
                    ..slice(&arm.name, block, round, at, rate)
                }
            }));
        }
    }
    made
}

fn page_of(made: &MadeUp) -> Page {
    Matrix::page(&Matrix::read(&made.write()).unwrap())
}

#[test]
fn the_page_of_a_matrix() {
    insta::assert_snapshot!(run_page(&page_of(&made_up())));
}

#[test]
fn a_matrix_fits_eighty_columns() {
    let text = tables(&page_of(&made_up()), Screen::PLAIN);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(text.contains("121,"), "{text}");
}

#[test]
fn what_each_variant_changes_is_said() {
    let page = page_of(&made_up());
    let takeaway = &page.sections[0].takeaway;
    assert!(
        takeaway.contains("quickstart·max is significantly faster for 2 of 3 (most: `fast` +"),
        "{takeaway}"
    );
    assert!(
        takeaway.contains("tuned·release is significantly slower for 1 of 2 (most: `fast` -"),
        "{takeaway}"
    );
    assert_eq!(
        page.sections[1].takeaway.split(" (").next(),
        Some(
            "Against quickstart·release, p99 at 64 connections falls to less than half in every block: with tuned·release for 1 of 3"
        )
    );
    assert!(!page.is_good, "a variant could not be built");
}

#[test]
fn a_gain_is_the_one_that_was_planted() {
    let level = Matrix::page(&Matrix::read(&made_up().write()).unwrap());
    let cell = |arm: &str, column: &str| {
        let grid = &level.sections[0].grid;
        let column = grid.headings.iter().position(|one| one.long == column);
        let row = grid.rows.iter().find(|row| row.arm.as_deref() == Some(arm));
        serde_json::to_value(&row.unwrap().cells[column.unwrap()]).unwrap()
    };
    for (arm, column, planted) in [
        ("fast", "quickstart·max", 1.1),
        ("fast", "tuned·release", 0.9),
        ("base", "tuned·max", 1.04),
        ("slow", "quickstart·max", 1.0),
    ] {
        let cell = cell(arm, column);
        let end = |name: &str| cell["interval"][name].as_f64().unwrap();
        assert!(
            end("lower") < planted && planted < end("upper"),
            "{arm} {column}: {cell}"
        );
        assert!(end("upper") / end("lower") < 1.05, "{arm} {column}: {cell}");
    }
    assert_eq!(cell("fast", "tuned·max")["kind"], "failed");
    assert_eq!(cell("slow", "tuned·max")["kind"], "missing");
    assert_eq!(cell("null", "tuned·max")["kind"], "empty");
}

#[test]
fn an_untrusted_matrix_claims_nothing() {
    let mut made = made_up();
    made.change("base-twin", |row| {
        (row.ok, row.sent) = (row.ok * 3 / 4, row.sent * 3 / 4);
        row.first_half_ok = row.ok / 2;
    });
    let page = page_of(&made);
    let takeaway = &page.sections[0].takeaway;
    assert!(takeaway.contains("is untrusted"), "{takeaway}");
}

#[test]
fn few_blocks_have_no_gains() {
    let mut made = made_up();
    made.blocks.truncate(3);
    made.run.plan.blocks = 3;
    made.rows.retain(|row| row.block < 3);
    let page = page_of(&made);
    assert!(
        page.sections[0]
            .takeaway
            .starts_with("No gains at 64 connections: 3 complete blocks"),
        "{}",
        page.sections[0].takeaway
    );
}

#[test]
fn the_front_page_has_a_column_for_each_variant() {
    let kept = |folder: &str, page| Kept {
        folder: folder.to_owned(),
        page,
        is_candidate: true,
    };
    let main = Throughput::page(&MadeUp::new().records());
    let front = |runs: &[Kept]| more(runs, "results", &["throughput", "matrix"]);
    let without = front(&[kept("2026-11-22-t", main)]);
    assert!(!without.contains("By server and build"), "{without}");
    let main = Throughput::page(&MadeUp::new().records());
    let text = front(&[
        kept("2026-11-22-t", main),
        kept("2026-11-22-m", page_of(&made_up())),
    ]);
    let place = text.find("By server and build at 64 connections").unwrap();
    let table = &text[place..];
    assert!(table.contains("(results/2026-11-22-m/)"), "{table}");
    assert!(
        table.contains(
            "| contestant | quickstart·release | quickstart·max | tuned·release | tuned·max |"
        ),
        "{table}"
    );
    assert!(
        table.contains("| fast | 109,867 | 121,354 (+10.5%; +8.8\u{a0}to\u{a0}+12.1) |"),
        "{table}"
    );
    assert!(!table.contains("base-twin"), "{table}");
}

#[test]
fn hostile_words_stay_text_in_a_matrix() {
    let mut made = made_up();
    hostile::soil(&mut made.run);
    hostile::assert_text(&hostile::kept(
        Matrix::page(&Matrix::read(&made.write()).unwrap()),
        "slow",
    ));
}

#[test]
fn a_matrix_that_is_killed_at_any_write_continues_to_the_same_rows() {
    let all = [("one", ArmKind::Baseline), ("one-max", ArmKind::Contestant)];
    let all = all.map(|(name, kind)| programs::arm(name, kind, "answers"));
    let (mut arms, launches): (Vec<Arm>, Vec<Launch>) = all.into_iter().unzip();
    arms[1].variant_of = Some(VariantOf {
        contestant: "one".to_owned(),
        variant: VARIANTS[1].1.to_string(),
    });
    let plan = ThroughputPlan {
        variants: VARIANTS.map(|(_, variant)| variant).to_vec(),
        connects_per_slice: true,
        levels: vec![Level {
            connections: 4,
            settling_ms: 1,
            window_ms: 20,
            rounds: 2,
        }],
        blocks: 1,
        warm_up_ms: 1,
        ..plan()
    };
    let run = runs::header(Matrix::NAME, Matrix::METHOD, plan, arms);
    let keys = |records: &ThroughputRecords| {
        let rows = records.slices.iter();
        rows.map(|row| format!("{} {}", row.round, row.arm))
            .collect()
    };
    let writes = killed::at_every_write::<Matrix>(&run, || launches.clone(), keys);
    // Four slices, two processes, two histograms, a block and its closing line.
    assert!(writes >= 10, "{writes}");
}

#[test]
fn a_damaged_matrix_is_refused_or_untrusted_or_unchanged() {
    damage::is_always_noticed::<Matrix>(&made_up().write());
}

#[test]
fn a_variant_that_was_started_again_is_said() {
    let mut records = Matrix::read(&made_up().write()).unwrap();
    for row in records
        .processes
        .iter_mut()
        .filter(|row| row.arm == "fast" && row.block == 1)
    {
        row.attempts = 2;
    }
    let page = run_page(&Matrix::page(&records));
    let said = "`fast`: one process had to be started again.";
    assert_eq!(page.matches(said).count(), 1, "{page}");
}
