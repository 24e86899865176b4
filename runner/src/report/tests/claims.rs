//! What a table claims as a whole: ranks, controls, and what is left out.

use super::{BLOCKS, records};
use crate::record::{BlockRow, SetAside, SliceRow};
use crate::report::{Report, tables};

#[test]
fn equal_contestants_share_their_ranks_and_controls_pass() {
    let report = Report::of(&records());
    let level = &report.levels[0];
    let rank = |name: &str| {
        let row = level.rows.iter().find(|row| row.arm.name == name).unwrap();
        row.figures()
            .unwrap()
            .rps_standing
            .unwrap()
            .rank
            .map(|rank| rank.to_string())
    };
    assert_eq!(rank("fast").as_deref(), Some("1–2"));
    assert_eq!(rank("quick").as_deref(), Some("1–2"));
    assert_eq!(rank("floor").as_deref(), Some("3"));
    assert_eq!(rank("slow").as_deref(), Some("4"));
    assert_eq!((rank("null"), rank("floor-twin")), (None, None));
    assert_eq!(level.analysis.distrust, []);
    assert_eq!(level.analysis.controls.len(), 4);
}

/// The heading after every slice of `arm` has become slower by a tenth.
fn heading_with_slower(arm: &str) -> String {
    let mut records = records();
    for row in records.slices.iter_mut().filter(|row| row.arm == arm) {
        row.elapsed_ns = row.elapsed_ns * 11 / 10;
    }
    let text = tables(&Report::of(&records));
    text.lines()
        .find(|line| line.starts_with("64 connections"))
        .unwrap()
        .to_owned()
}

#[test]
fn a_failing_control_stands_in_the_heading() {
    assert_eq!(heading_with_slower("fast"), "64 connections");
    let twin = heading_with_slower("floor-twin");
    assert!(
        twin.contains("UNTRUSTED, two equal programs differ in requests/s"),
        "{twin}"
    );
    let planted = heading_with_slower("control");
    assert!(
        planted.contains("a planted 5 % is mistaken in requests/s"),
        "{planted}"
    );
    let not_found = heading_with_slower("floor");
    assert!(
        not_found.contains("a planted 5 % is not found in requests/s"),
        "{not_found}"
    );
}

#[test]
fn a_client_bound_row_says_so_at_its_rank() {
    let mut records = records();
    for row in records.slices.iter_mut().filter(|row| row.arm == "quick") {
        row.generator_idle_ns = Some(0);
    }
    let text = tables(&Report::of(&records));
    assert!(
        text.contains("1–2† quick") && text.contains("†: the generator"),
        "{text}"
    );
}

#[test]
fn too_many_blocks_set_aside_stand_in_the_heading() {
    let mut records = records();
    for block in BLOCKS..BLOCKS + 3 {
        records.blocks.push(BlockRow {
            block,
            complete: 1,
            set_aside: SetAside::Steal,
            ..BlockRow::default()
        });
    }
    let text = tables(&Report::of(&records));
    assert!(
        text.contains("UNTRUSTED, 3 of 11 blocks were spoilt"),
        "{text}"
    );
}

#[test]
fn few_blocks_have_no_ranks() {
    let mut records = records();
    records.slices.retain(|row| row.block < 5);
    let report = Report::of(&records);
    let text = tables(&report);
    assert!(
        text.contains("no ranks: 5 complete blocks allow no claim at 95 %: 6 are needed"),
        "{text}"
    );
    assert!(!text.contains("1–2") && !text.contains('┌'), "{text}");
}

#[test]
fn a_block_without_one_arm_is_left_out_whole() {
    let mut records = records();
    let gap = |row: &&mut SliceRow| row.arm == "fast" && row.block == 3;
    for row in records.slices.iter_mut().filter(gap) {
        (row.sent, row.ok, row.err) = (0, 0, "it has died".into());
    }
    let report = Report::of(&records);
    let measured = &report.levels[0].analysis.rps.measured;
    assert_eq!(
        (measured.incomplete, measured.blocks.len()),
        (1, BLOCKS as usize - 1)
    );
    assert!(!measured.numbers.contains(&3) && measured.left_out.is_empty());
}

#[test]
fn an_arm_that_is_often_missing_costs_the_others_nothing() {
    let mut records = records();
    records
        .slices
        .retain(|row| row.arm != "fast" || row.block < 3);
    let measured = &Report::of(&records).levels[0].analysis.rps.measured;
    assert_eq!(
        (measured.incomplete, measured.blocks.len()),
        (0, BLOCKS as usize)
    );
    assert_eq!(measured.left_out, ["fast"]);
}
