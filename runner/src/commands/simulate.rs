//! `runner simulate`: error rates of our own analysis, by simulation with the noise of a run.

use super::{Verdict, print, print_json};
use crate::analysis::{Measure, extract};
use crate::cli::SimulateOptions;
use crate::framework;
use crate::plan::Plan;
use crate::record::{Records, find_runs};
use crate::stats::{Components, Design, ErrorRates, Experiment, Noise, UNITS_MIN};
use crate::usage::UsageError;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::PathBuf;

/// Fewer than in a real table, since there are thousands of tables; the bound they give is unbiased.
const RESAMPLES: usize = 1_999;

const ARMS_MAX: usize = 64;
const BLOCKS_MAX: u32 = 1_000;
const EXPERIMENTS_MAX: u64 = 1_000_000;

/// What was simulated and what came of it.
#[derive(Debug, Serialize)]
struct Simulation {
    from: PathBuf,
    connections: usize,
    arms: usize,
    blocks: u32,
    laps: u32,
    slice_s: f64,
    resamples: usize,
    seed: u64,
    noise: Noise,
    /// Standard deviation of a block's ratio in the run the noise is from.
    measured_block_sd: f64,
    #[serde(flatten)]
    rates: ErrorRates,
}

pub(super) fn run(options: &SimulateOptions) -> Result<Verdict> {
    refuse_impossible(options)?;
    let from = match &options.from {
        Some(from) => from.clone(),
        None => newest_run()?,
    };
    let simulation = simulate(options, from)?;
    if options.json {
        print_json(&simulation)?;
    } else {
        print(text(&simulation))?;
    }
    Ok(Verdict::Good)
}

fn refuse_impossible(options: &SimulateOptions) -> Result<(), UsageError> {
    let least = u32::try_from(UNITS_MIN).unwrap_or(u32::MAX);
    let refusal = if options.blocks < least || options.blocks > BLOCKS_MAX {
        format!(
            "blocks: {} is out of range; it goes from {least} to {BLOCKS_MAX}",
            options.blocks
        )
    } else if options.arms < 2 || options.arms > ARMS_MAX {
        format!(
            "arms: {} is out of range; it goes from 2 to {ARMS_MAX}",
            options.arms
        )
    } else if options.experiments < 1 || options.experiments > EXPERIMENTS_MAX {
        format!(
            "experiments: {} is out of range; it goes from 1 to {EXPERIMENTS_MAX}",
            options.experiments
        )
    } else if options.laps == Some(0) {
        "laps: 0 is out of range; it starts at 1".to_owned()
    } else {
        return Ok(());
    };
    Err(UsageError(refusal))
}

fn newest_run() -> Result<PathBuf> {
    let results = framework::discover()?.root.join("results");
    let newest = find_runs(&results)?.into_iter().next();
    let (path, _) = newest.context("no run is kept under results/; name one with --from")?;
    Ok(path)
}

fn simulate(options: &SimulateOptions, from: PathBuf) -> Result<Simulation> {
    let records = Records::read(&from)?;
    let connections = options.connections;
    let measured = extract(
        &records.slices,
        connections,
        &records.run.arms,
        Measure::Rps,
    );
    let floor = records.run.arms.iter().find(|arm| arm.is_floor());
    let floor = floor.and_then(|arm| measured.index(&arm.name)).unwrap_or(0);
    let arms = measured.arms.len();
    let too_little = || {
        format!(
            "{} has too few blocks or laps at {connections} connections to take its noise from",
            from.display()
        )
    };
    let noise = Noise::fit(&measured.blocks, arms, floor).with_context(too_little)?;
    let components = Components::of(&measured.blocks, arms, floor).with_context(too_little)?;
    let laps = options.laps.unwrap_or(records.run.plan.laps);
    // The same requests in more laps are shorter slices.
    let slice_s = slice_s(&measured.blocks) * f64::from(records.run.plan.laps) / f64::from(laps);
    let plan = Plan {
        levels: vec![connections],
        blocks: options.blocks,
        laps,
        seed: options.seed,
        ..records.run.plan.clone()
    };
    let design = |block| Design {
        order: (0..laps)
            .flat_map(|lap| plan.order(block, 0, lap, options.arms))
            .collect(),
        slice_s,
    };
    let experiment = Experiment {
        arms: options.arms,
        designs: (0..options.blocks).map(design).collect(),
        noise,
        experiments: u32::try_from(options.experiments)?,
        resamples: RESAMPLES,
        seed: options.seed,
    };
    let rates = experiment
        .run()
        .context("the simulated blocks are too few for any claim")?;
    Ok(Simulation {
        from,
        connections,
        arms: options.arms,
        blocks: options.blocks,
        laps,
        slice_s,
        resamples: RESAMPLES,
        seed: options.seed,
        noise,
        measured_block_sd: components.block_sd,
        rates,
    })
}

/// Mean time from slice to slice.
fn slice_s(blocks: &[Vec<crate::stats::Slice>]) -> f64 {
    let steps: usize = blocks
        .iter()
        .map(|block| block.len().saturating_sub(1))
        .sum();
    let spans = blocks
        .iter()
        .filter_map(|block| Some(block.last()?.at_s - block.first()?.at_s));
    spans.sum::<f64>() / steps.max(1) as f64
}

fn text(simulation: &Simulation) -> String {
    let (rates, noise) = (&simulation.rates, &simulation.noise);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let mut lines = vec![
        format!(
            "{} runs of {} arms in {} blocks of {} laps, slices of {:.0} ms, noise of {} at {} connections",
            rates.experiments,
            simulation.arms,
            simulation.blocks,
            simulation.laps,
            simulation.slice_s * 1000.0,
            simulation.from.display(),
            simulation.connections
        ),
        format!(
            "noise (standard deviation): slice {}, drift {} lasting {:.2} s, process {}; a block's ratio {}, in \
             that run {}",
            percent(noise.slice_sd),
            percent(noise.drift_sd),
            noise.drift_s,
            percent(noise.process_sd),
            percent(rates.block_sd),
            percent(simulation.measured_block_sd)
        ),
        format!(
            "equal arms told apart in       {} of runs",
            percent(rates.false_difference_rate)
        ),
        format!(
            "all rank sets hold the truth in {} of runs",
            percent(rates.rank_set_coverage)
        ),
        format!(
            "half-width of a ratio           ±{}",
            percent(rates.half_width)
        ),
        "difference  power  power against all others  blocks for a power of 0.8".to_owned(),
    ];
    for (effect, power) in &rates.power {
        lines.push(format!(
            "{effect:>10}  {power:>5.2}  {:>24.2}  {:>25}",
            rates.power_against_all[effect], rates.blocks_needed[effect]
        ));
    }
    lines.join("\n")
}
