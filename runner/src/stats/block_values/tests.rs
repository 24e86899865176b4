//! What was planted is found; what must not matter does not.

use super::*;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const ORDER: [usize; 12] = [0, 1, 2, 1, 0, 2, 2, 0, 1, 0, 2, 1];

/// Slices of these arms, evenly spaced, with `log` as a function of place and arm.
fn slices(arms: &[usize], log: impl Fn(usize, usize) -> f64) -> Vec<Slice> {
    let of = |(place, &arm): (usize, &usize)| Slice {
        arm,
        after: place.checked_sub(1).map(|before| arms[before]),
        at_s: place as f64 * 0.05,
        log: log(place, arm),
    };
    arms.iter().enumerate().map(of).collect()
}

fn differences(values: &BlockValues, block: usize) -> [f64; 2] {
    let row = &values.rows[block];
    [row[1] - row[0], row[2] - row[0]]
}

#[test]
fn exact_effects_are_found_exactly() {
    let planted = [0.3, -0.1, -0.2];
    let found = block_values(&[slices(&ORDER, |_, arm| planted[arm])], 3).unwrap();
    for (found, planted) in found.rows[0].iter().zip(planted) {
        assert!((found - planted).abs() < 1e-9, "{found} {planted}");
    }
    assert!(found.neighbour_sds[0] < 1e-9);
}

#[test]
fn two_arms_in_two_slices_differ_by_their_difference() {
    let found = block_values(&[slices(&[0, 1], |_, arm| [1.0, 1.5][arm])], 2).unwrap();
    assert_eq!(found.rows[0], [1.0, 1.5]);
    // Arm 1 follows arm 0 and nothing else, so what is carried over cannot be told from the effects.
    assert_eq!(found.carry_over, None);
}

#[test]
fn what_is_carried_over_is_found_and_does_not_enter_the_effects() {
    let planted = [0.3, -0.1, -0.2];
    let carried = [0.05, -0.02, -0.03];
    let log = |place: usize, arm: usize| {
        planted[arm]
            + place
                .checked_sub(1)
                .map_or(0.0, |before| carried[ORDER[before]])
    };
    let found = block_values(&vec![slices(&ORDER, log); 2], 3).unwrap();
    let [one, two] = differences(&found, 0);
    assert!(
        (one + 0.4).abs() < 1e-9 && (two + 0.5).abs() < 1e-9,
        "{one} {two}"
    );
    let carry_over = found.carry_over.unwrap();
    for (found, planted) in carry_over.of_arm.iter().zip(carried) {
        assert!((found - planted).abs() < 1e-9, "{found} {planted}");
    }
    assert_eq!(carry_over.largest(), 0);
}

#[test]
fn one_jump_of_the_machine_hardly_moves_an_effect() {
    let planted = [0.3, -0.1, -0.2];
    let order = [ORDER, ORDER].concat();
    let jump = |place: usize, arm: usize| planted[arm] + if place < 11 { 0.0 } else { 0.4 };
    let found = block_values(&[slices(&order, jump)], 3).unwrap();
    let [one, two] = differences(&found, 0);
    assert!(
        (one + 0.4).abs() < 0.02 && (two + 0.5).abs() < 0.02,
        "{one} {two}"
    );
}

#[test]
fn an_arm_without_a_slice_has_no_value() {
    assert_eq!(block_values(&[slices(&[0, 1, 0, 1], |_, _| 0.0)], 3), None);
    assert_eq!(
        block_values(&[slices(&ORDER, |_, _| 0.0), Vec::new()], 3),
        None
    );
    assert_eq!(block_values(&[], 2), None);
}

/// Differences of the first two arms per block, and t of the first arm's carry-over, in a run of 12
/// blocks of noise.
fn run_of_noise(random: &mut Pcg64) -> (Vec<f64>, f64) {
    let mut block = || {
        let mut block = slices(&ORDER, |_, _| 0.0);
        block
            .iter_mut()
            .for_each(|slice| slice.log = random.random());
        block
    };
    let blocks: Vec<Vec<Slice>> = (0..12).map(|_| block()).collect();
    let values = block_values(&blocks, 3).unwrap();
    let carry_over = values.carry_over.as_ref().unwrap();
    let t = carry_over.of_arm[0] / carry_over.standard_errors[0];
    (
        (0..12)
            .map(|block| differences(&values, block)[0])
            .collect(),
        t,
    )
}

/// What a block adds to the uncertainty of the carry-over, which all blocks share, is in its own row.
#[test]
fn rows_vary_as_much_as_their_mean_does() {
    let mut random = Pcg64::seed_from_u64(1);
    let (mut of_mean, mut of_rows, mut squared_t) = (0.0, 0.0, 0.0);
    for _ in 0..400 {
        let (values, t) = run_of_noise(&mut random);
        let mean = values.iter().sum::<f64>() / 12.0;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        of_mean += mean.powi(2) / 400.0;
        of_rows += squares / 11.0 / 12.0 / 400.0;
        squared_t += t.powi(2) / 400.0;
    }
    // A variance from 400 runs has a standard error of 7 %.
    let ratio = of_mean / of_rows;
    assert!((0.75..1.33).contains(&ratio), "{ratio}");
    // t of 11 degrees of freedom has the variance 11/9.
    assert!((0.8..1.8).contains(&squared_t), "{squared_t}");
}

proptest! {
    #[test]
    fn scale_and_names_of_arms_do_not_matter(
        logs in proptest::collection::vec(-1.0..1.0_f64, 24),
        shift in -5.0..5.0_f64,
    ) {
        let blocks = |order: &[usize; 12], shift: f64| -> Vec<Vec<Slice>> {
            let block = |block: usize| slices(order, |place, _| logs[block * 12 + place] + shift);
            (0..2).map(block).collect()
        };
        let found = block_values(&blocks(&ORDER, 0.0), 3).unwrap();
        let shifted = block_values(&blocks(&ORDER, shift), 3).unwrap();
        let turned = ORDER.map(|arm| (arm + 1) % 3);
        let renamed = block_values(&blocks(&turned, 0.0), 3).unwrap();
        for block in 0..2 {
            for arm in 0..3 {
                let value = found.rows[block][arm];
                prop_assert!((value + shift - shifted.rows[block][arm]).abs() < 1e-6);
                prop_assert!((value - renamed.rows[block][(arm + 1) % 3]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_difference_planted_in_an_arm_moves_its_values_and_nothing_else(
        logs in proptest::collection::vec(-1.0..1.0_f64, 24),
        planted in -1.0..1.0_f64,
    ) {
        let blocks = |planted: f64| -> Vec<Vec<Slice>> {
            let log = |block: usize, place: usize, arm: usize| {
                logs[block * 12 + place] + if arm == 1 { planted } else { 0.0 }
            };
            (0..2).map(|block| slices(&ORDER, |place, arm| log(block, place, arm))).collect()
        };
        let (found, moved) = (block_values(&blocks(0.0), 3).unwrap(), block_values(&blocks(planted), 3).unwrap());
        for block in 0..2 {
            let ([one, two], [one_moved, two_moved]) = (differences(&found, block), differences(&moved, block));
            prop_assert!((one + planted - one_moved).abs() < 1e-6);
            prop_assert!((two - two_moved).abs() < 1e-6);
        }
    }
}
