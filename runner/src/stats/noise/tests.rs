//! The model is fitted to blocks that were made from it.

use super::*;

const ARMS: usize = 6;

fn design() -> Design {
    let round =
        |round: usize| (0..ARMS).map(move |place| (place * (1 + 4 * (round % 2)) + round) % ARMS);
    Design {
        order: (0..10).flat_map(round).collect(),
        slice_s: 0.05,
    }
}

fn planted() -> Noise {
    Noise {
        process_sd: 0.02,
        drift_sd: 0.2,
        drift_s: 1.0,
        slice_sd: 0.03,
        speed_sd: 0.3,
        speed_correlation: 0.5,
        block_sd: 0.0,
    }
}

fn blocks(noise: &Noise, count: usize) -> Vec<Vec<Slice>> {
    let mut random = Pcg64::seed_from_u64(1);
    let machine = noise.machine(&vec![design(); count], &mut random);
    let mut block = |machine: &Vec<f64>| {
        let luck: Vec<f64> = (0..ARMS)
            .map(|_| noise.process_sd * normal(&mut random))
            .collect();
        noise.block(
            &design(),
            machine,
            |arm, speed| speed + luck[arm],
            &mut random,
        )
    };
    machine.iter().map(&mut block).collect()
}

#[test]
fn noise_of_a_known_model_is_fitted() {
    let fitted = Noise::fit(&blocks(&planted(), 80), ARMS, 0).unwrap();
    let near = |found: f64, planted: f64| (0.6..1.67).contains(&(found / planted));
    assert!(
        near(fitted.drift_sd / fitted.drift_s.sqrt(), 0.2),
        "{fitted:?}"
    );
    assert!(near(fitted.process_sd, 0.02), "{fitted:?}");
    // Each block's own drift is in the speed, too: its mean over 3 s of a drift that lasts 1 s.
    assert!((0.25..0.42).contains(&fitted.speed_sd), "{fitted:?}");
    assert!(
        (0.15..0.7).contains(&fitted.speed_correlation),
        "{fitted:?}"
    );
}

#[test]
fn whatever_the_parts_a_ratio_varies_as_it_did() {
    let fitted = Noise::fit(&blocks(&planted(), 80), ARMS, 0).unwrap();
    let block_sd = |noise: &Noise| {
        let made = blocks(noise, 200);
        let values = block_values(&made, ARMS).unwrap();
        Components::of(&made, &values, 0).unwrap().block_sd
    };
    let (found, truth) = (block_sd(&fitted), block_sd(&planted()));
    assert!((found / truth - 1.0).abs() < 0.2, "{found} {truth}");
}

#[test]
fn heavy_tails_have_standard_deviation_one() {
    let mut random = Pcg64::seed_from_u64(3);
    let squares: f64 = (0..200_000)
        .map(|_| heavy_tailed(&mut random).powi(2))
        .sum();
    assert!((squares / 200_000.0 - 1.0).abs() < 0.1, "{squares}");
}

#[test]
fn a_run_without_blocks_has_no_noise() {
    assert_eq!(Noise::fit(&[], ARMS, 0), None);
}
