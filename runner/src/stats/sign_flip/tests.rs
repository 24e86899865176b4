//! Small cases worked by hand, and what must hold for every table.

use super::*;
use proptest::prelude::*;

fn family(rows: &[Vec<f64>]) -> Family {
    Family::of(&Units::new(rows), 1, RESAMPLES).unwrap()
}

/// Two arms with these differences.
fn differing(differences: &[f64]) -> Vec<Vec<f64>> {
    differences.iter().map(|&one| vec![one, 0.0]).collect()
}

#[test]
fn six_blocks_are_gone_through_exactly() {
    // Centred: −2.5 −1.5 −0.5 0.5 1.5 2.5. Of 32 patterns the largest |t| is that of the sum 9, and
    // place ceil(0.95 · 33) = 32 is the largest of all.
    let found = family(&differing(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let pair = found.pairs[0];
    assert!((pair.mean - 3.5).abs() < 1e-12);
    assert!((pair.sd - 3.5_f64.sqrt()).abs() < 1e-12);
    let mean: f64 = 9.0 / 6.0;
    let variance = (17.5 - 6.0 * mean.powi(2)) / 5.0;
    let expected = mean / (variance / 6.0).sqrt();
    assert!(
        (found.critical - expected).abs() < 1e-9,
        "{} {expected}",
        found.critical
    );
}

#[test]
fn a_clear_difference_is_told_apart_and_none_is_not() {
    let wobble = [0.01, -0.02, 0.015, -0.005, 0.02, -0.01, 0.0, 0.005];
    let rows: Vec<Vec<f64>> = wobble.iter().map(|w| vec![1.0 + w, 0.0, -w]).collect();
    let found = family(&rows);
    assert!(found.pair(0, 1).told_apart && found.pair(0, 2).told_apart);
    assert!(!found.pair(1, 2).told_apart);
}

#[test]
fn too_few_blocks_or_a_single_arm_say_nothing() {
    assert_eq!(Family::of(&Units::new(&differing(&[1.0; 5])), 1, 99), None);
    assert_eq!(Family::of(&Units::new(&vec![vec![1.0]; 9]), 1, 99), None);
    assert_eq!(Family::of(&Units::new(&[]), 1, 99), None);
}

#[test]
fn equal_values_do_not_divide_by_zero() {
    let found = family(&vec![vec![0.0, 0.0, 1.0]; 8]);
    assert!(!found.pair(0, 1).told_apart && found.pair(0, 2).told_apart);
    assert!(found.critical.is_finite());
}

#[test]
fn the_seed_fixes_the_bound() {
    let rows: Vec<Vec<f64>> = (0..20)
        .map(|unit| {
            (0..4)
                .map(|arm| f64::from((unit * 7 + arm * 13) % 11))
                .collect()
        })
        .collect();
    let of = |seed| Family::of(&Units::new(&rows), seed, 499).unwrap().critical;
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

fn tables() -> impl Strategy<Value = Vec<Vec<f64>>> {
    proptest::collection::vec(proptest::collection::vec(-1.0..1.0_f64, 4), 6..10)
}

proptest! {
    #[test]
    fn the_order_of_arms_does_not_matter(rows in tables()) {
        let turned: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().rev().copied().collect()).collect();
        let (found, turned) = (family(&rows), family(&turned));
        prop_assert!((found.critical - turned.critical).abs() < 1e-6 * found.critical);
        for pair in &found.pairs {
            let other = turned.pair(3 - pair.one, 3 - pair.other);
            prop_assert!((pair.mean - other.mean).abs() < 1e-9);
        }
    }

    #[test]
    fn pairs_are_antisymmetric(rows in tables()) {
        let found = family(&rows);
        let (there, back) = (found.pair(0, 3), found.pair(3, 0));
        prop_assert_eq!(there.mean, -back.mean);
        prop_assert_eq!(there.told_apart, back.told_apart);
    }

    #[test]
    fn units_of_measurement_do_not_matter(rows in tables(), factor in 0.1..10.0_f64) {
        // Another unit shifts logs; a block that is faster as a whole shifts its row.
        let moved: Vec<Vec<f64>> = rows
            .iter()
            .enumerate()
            .map(|(unit, row)| row.iter().map(|log| log + factor * unit as f64).collect())
            .collect();
        let (found, moved) = (family(&rows), family(&moved));
        prop_assert!((found.critical - moved.critical).abs() < 1e-6 * found.critical);
    }

    #[test]
    fn step_down_only_adds(rows in tables()) {
        let found = family(&rows);
        for pair in &found.pairs {
            if pair.mean.abs() > found.critical * pair.standard_error {
                prop_assert!(pair.told_apart);
            }
        }
    }
}
