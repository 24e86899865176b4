//! `runner simulate`: error rates of our own analysis, by simulation with the noise of a run.

use crate::cli::SimulateOptions;
use crate::experiments::Experiment as _;
use crate::experiments::throughput::{Table, Throughput};
use crate::framework;
use crate::output::{Verdict, print, print_json};
use crate::run::{Orders, find_runs};
use crate::stats::{Design, ErrorRates, Experiment, Noise, UNITS_MIN};
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
    rounds: u32,
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
    } else if options.rounds == Some(0) {
        "rounds: 0 is out of range; it starts at 1".to_owned()
    } else {
        return Ok(());
    };
    Err(UsageError(refusal))
}

fn newest_run() -> Result<PathBuf> {
    let results = framework::discover()?.root.join("results");
    let runs = find_runs(&results)?.runs;
    let newest = runs
        .into_iter()
        .find(|(_, facts)| facts.experiment == Throughput::NAME);
    let (path, _) =
        newest.context("no throughput run is kept under results/; name one with --from")?;
    Ok(path)
}

fn simulate(options: &SimulateOptions, from: PathBuf) -> Result<Simulation> {
    let records = Throughput::read(&from)?;
    let connections = options.connections;
    let measured_level = records
        .run
        .plan
        .levels
        .iter()
        .find(|one| one.connections == connections);
    let too_little = || {
        format!(
            "{} has too few blocks or rounds at {connections} connections to take its noise from",
            from.display()
        )
    };
    let measured_rounds = measured_level.with_context(too_little)?.rounds;
    let ranked = Table::of(&records, connections).rate;
    let (blocks, arms) = (&ranked.measured.blocks, ranked.measured.arms.len());
    let baseline = ranked.baseline.with_context(too_little)?;
    let noise = Noise::fit(blocks, arms, baseline).with_context(too_little)?;
    let components = ranked.components.with_context(too_little)?;
    let rounds = options.rounds.unwrap_or(measured_rounds);
    let slice_s = slice_s(blocks);
    let orders = Orders {
        seed: options.seed,
        series: 1,
    };
    let design = |block| Design {
        order: (0..rounds)
            .flat_map(|round| orders.order(0, u64::from(block * rounds + round), options.arms))
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
        rounds,
        slice_s,
        resamples: RESAMPLES,
        seed: options.seed,
        noise,
        measured_block_sd: components.block_sd,
        rates,
    })
}

/// The mean time from slice to slice.
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
            "{} runs of {} arms in {} blocks of {} rounds, slices of {:.0} ms, noise of {} at {} connections",
            rates.experiments,
            simulation.arms,
            simulation.blocks,
            simulation.rounds,
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
