//! Two runs held against each other.

use super::*;
use crate::experiments::compare::compare;
use crate::report::Comparison;
use anyhow::Result;

fn compared(before: &MadeUp, after: &MadeUp) -> Result<Comparison> {
    compare(&before.write(), &after.write())
}

/// The same arms and plan, measured anew.
fn again() -> MadeUp {
    let mut run = MadeUp::new();
    run.run.seed = 8;
    run
}

#[test]
fn an_arm_that_became_slower_has_changed_and_the_others_have_not() {
    let mut after = again();
    after.change("fast", |row| {
        row.ok = row.ok * 9 / 10;
        (row.sent, row.first_half_ok) = (row.ok, row.ok / 2);
    });
    let comparison = compared(&MadeUp::new(), &after).unwrap();
    assert_eq!(comparison.weaknesses, Vec::<String>::new());
    for change in comparison
        .changes
        .iter()
        .filter(|one| one.measure == "requests/s")
    {
        assert_eq!(change.is_significant, change.name == "fast", "{change:?}");
    }
}

#[test]
fn a_run_is_not_compared_with_itself_or_its_copy() {
    let run = MadeUp::new();
    let path = run.write();
    let itself = compare(&path, &path).unwrap_err().to_string();
    assert!(itself.contains("both folders are the same run"), "{itself}");
    let copy = format!("{:#}", compare(&path, &run.write()).unwrap_err());
    assert!(copy.contains("one folder is a copy of the other"), "{copy}");
}

#[test]
fn runs_of_two_methods_are_not_compared() {
    let mut older = again();
    older.run.method = Throughput::METHOD - 1;
    let words = format!("{:#}", compared(&MadeUp::new(), &older).unwrap_err());
    assert!(
        words.contains("their numbers do not mean the same"),
        "{words}"
    );
}

#[test]
fn what_differs_or_is_untrusted_is_named_as_a_weakness() {
    let mut other = again();
    other.run.machine.processor = "Another processor".to_owned();
    other.change("base-twin", |row| {
        row.ok = row.ok * 8 / 10;
        (row.sent, row.first_half_ok) = (row.ok, row.ok / 2);
    });
    let weaknesses = compared(&MadeUp::new(), &other)
        .unwrap()
        .weaknesses
        .join("; ");
    assert!(
        weaknesses.contains("the processor is not the same"),
        "{weaknesses}"
    );
    assert!(
        weaknesses.contains("in the second run, `64 connections: UNTRUSTED"),
        "{weaknesses}"
    );
}
