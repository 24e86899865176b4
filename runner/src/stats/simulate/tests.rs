//! The error rates of small experiments are those promised.

use super::*;
use std::sync::LazyLock;

fn experiment() -> Experiment {
    let round = |round: usize| (0..4).map(move |place| (place * (1 + 2 * (round % 2)) + round) % 4);
    let design = Design {
        order: (0..4).flat_map(round).collect(),
        slice_s: 0.05,
    };
    Experiment {
        arms: 4,
        designs: vec![design; 24],
        noise: Noise {
            process_sd: 0.005,
            drift_sd: 0.1,
            drift_s: 1.0,
            slice_sd: 0.01,
            speed_sd: 0.1,
            speed_correlation: 0.5,
            block_sd: 0.01,
        },
        condition: Condition::Clean,
        severity: 0.0,
        planted_percent: 5,
        experiments: 120,
        draws: 299,
        seed: 1,
    }
}

static CLEAN: LazyLock<ErrorRates> = LazyLock::new(|| experiment().run().unwrap());

fn under(condition: Condition) -> ErrorRates {
    let severity = condition.severity().unwrap_or(0.0);
    let experiment = Experiment {
        condition,
        severity,
        ..experiment()
    };
    experiment.run().unwrap()
}

#[test]
fn error_rates_are_those_promised_and_do_not_depend_on_threads() {
    let rates = &*CLEAN;
    // 120 runs: a rate of 5 % has a standard error of 2 %.
    assert!(rates.false_difference.rate <= 0.12, "{rates:?}");
    assert!(rates.rank_set_coverage.rate >= 0.88, "{rates:?}");
    assert!(rates.control_failure.unwrap().rate <= 0.05, "{rates:?}");
    assert!(
        rates.blind_control_failure.unwrap().rate >= 0.95,
        "{rates:?}"
    );
    let (small, large) = (rates.power["1%"], rates.power["5%"]);
    assert!(small.against_one <= large.against_one, "{rates:?}");
    assert!(small.blocks_needed > large.blocks_needed, "{rates:?}");
    let one = experiment().count(0, 1).unwrap();
    assert_eq!(one.rates(120, 4).power, rates.power);
}

#[test]
fn no_condition_makes_false_differences_frequent() {
    for condition in [
        Condition::Skewed,
        Condition::RareState,
        Condition::Correlated,
        Condition::CarryOver,
        Condition::MovingRatio,
    ] {
        let rates = under(condition);
        assert!(
            rates.trusted_false_difference.rate <= 0.15,
            "{condition:?} {rates:?}"
        );
    }
}

#[test]
fn what_is_carried_over_is_found_and_nothing_is_not() {
    assert!(under(Condition::CarryOver).carry_over_found.rate > 0.9);
    assert!(CLEAN.carry_over_found.rate < 0.12);
}

#[test]
fn a_ratio_that_moves_with_the_machine_hardly_widens_its_interval() {
    let (clean, moving) = (&*CLEAN, under(Condition::MovingRatio));
    assert!(
        moving.half_width < 1.3 * clean.half_width,
        "{clean:?} {moving:?}"
    );
}

#[test]
fn drift_that_is_not_cancelled_would_be_seen() {
    // Arms always in the same places of a machine that drifts.
    let mut fixed = experiment();
    for design in &mut fixed.designs {
        design.order = (0..16).map(|place| place % 4).collect();
    }
    fixed.noise.process_sd = 0.05;
    let wide = fixed.run().unwrap();
    assert!(wide.half_width > 2.0 * CLEAN.half_width, "{wide:?}");
}

#[test]
fn too_few_blocks_have_no_error_rates() {
    let mut few = experiment();
    few.designs.truncate(3);
    assert_eq!(few.run(), None);
}
