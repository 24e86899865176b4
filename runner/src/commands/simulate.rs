//! `runner simulate`: error rates of our own analysis, by simulation with the noise of a run.

mod text;

use crate::cli::SimulateOptions;
use crate::experiments::Experiment as _;
use crate::experiments::throughput::{Table, Throughput};
use crate::framework;
use crate::output::{Verdict, print, print_json};
use crate::run::{Orders, find_runs};
use crate::stats::{BLOCKS_MIN, Condition, Design, ErrorRates, Experiment, Noise, Slice};
use crate::usage::UsageError;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::PathBuf;

/// Fewer than in a real table, since there are thousands of tables; the bound they give is unbiased.
const DRAWS: usize = 1_999;

const ARMS_MAX: usize = 64;
const BLOCKS_MAX: u32 = 1_000;
const EXPERIMENTS_MAX: u64 = 1_000_000;

/// What was simulated and what came of it.
#[derive(Debug, Serialize)]
struct Simulation {
    from: PathBuf,
    connections: usize,
    condition: Condition,
    severity: Option<f64>,
    arms: usize,
    blocks: u32,
    rounds: u32,
    slice_s: f64,
    planted_percent: u64,
    draws: usize,
    seed: u64,
    noise: Noise,
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
        print(text::of(&simulation))?;
    }
    Ok(Verdict::Good)
}

fn refuse_impossible(options: &SimulateOptions) -> Result<(), UsageError> {
    let least = u32::try_from(BLOCKS_MIN).unwrap_or(u32::MAX);
    let out_of = |name: &str, value: &dyn std::fmt::Display, range: &str| {
        Err(UsageError(format!(
            "{name}: {value} is out of range; it goes from {range}"
        )))
    };
    if options.blocks < least || options.blocks > BLOCKS_MAX {
        return out_of(
            "blocks",
            &options.blocks,
            &format!("{least} to {BLOCKS_MAX}"),
        );
    }
    if options.arms < 2 || options.arms > ARMS_MAX {
        return out_of("arms", &options.arms, &format!("2 to {ARMS_MAX}"));
    }
    if options.experiments < 1 || options.experiments > EXPERIMENTS_MAX {
        return out_of(
            "experiments",
            &options.experiments,
            &format!("1 to {EXPERIMENTS_MAX}"),
        );
    }
    if options.rounds == Some(0) {
        return out_of("rounds", &0, "1");
    }
    let Some(severity) = options.severity else {
        return Ok(());
    };
    let (condition, most) = (options.condition, options.condition.severity_max());
    if condition.severity().is_none() {
        return Err(UsageError(
            "severity: a clean run has none; choose a --condition".to_owned(),
        ));
    }
    if !(0.0..=most).contains(&severity) {
        return out_of("severity", &severity, &format!("0 to {most}"));
    }
    Ok(())
}

fn newest_run() -> Result<PathBuf> {
    let results = framework::root()?.join("results");
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
    let plan = &records.run.plan;
    let too_little = || {
        format!(
            "{} has too few blocks or rounds at {connections} connections to take its noise from",
            from.display()
        )
    };
    let level = plan.level(connections).with_context(too_little)?;
    let measured = Table::of(&records, connections).rate;
    let (blocks, arms) = (&measured.measured.blocks, measured.measured.arms.len());
    let baseline = measured.baseline.with_context(too_little)?;
    let noise = Noise::fit(blocks, arms, baseline).with_context(too_little)?;
    let rounds = options.rounds.unwrap_or(level.rounds);
    let slice_s = spacing_s(blocks);
    let orders = Orders {
        seed: options.seed,
        series: 1,
    };
    let order = |index: u32| orders.order(0, u64::from(index), options.arms);
    let design = |block| Design {
        order: (0..rounds)
            .flat_map(|round| order(block * rounds + round))
            .collect(),
        slice_s,
    };
    let severity = options.severity.or(options.condition.severity());
    let planted_percent = plan.withheld_percent(connections);
    let experiment = Experiment {
        arms: options.arms,
        designs: (0..options.blocks).map(design).collect(),
        noise,
        condition: options.condition,
        severity: severity.unwrap_or(0.0),
        planted_percent,
        experiments: u32::try_from(options.experiments)?,
        draws: DRAWS,
        seed: options.seed,
    };
    let rates = experiment
        .run()
        .context("the simulated blocks are too few for any claim")?;
    Ok(Simulation {
        from,
        connections,
        condition: options.condition,
        severity,
        arms: options.arms,
        blocks: options.blocks,
        rounds,
        slice_s,
        planted_percent,
        draws: DRAWS,
        seed: options.seed,
        noise,
        rates,
    })
}

/// Mean time from slice to slice.
fn spacing_s(blocks: &[Vec<Slice>]) -> f64 {
    let steps: usize = blocks
        .iter()
        .map(|block| block.len().saturating_sub(1))
        .sum();
    let spans = blocks
        .iter()
        .filter_map(|block| Some(block.last()?.at_s - block.first()?.at_s));
    spans.sum::<f64>() / steps.max(1) as f64
}
