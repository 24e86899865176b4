//! The result of a simulation as a person reads it.

use super::Simulation;
use crate::stats::{ErrorRates, Noise, Rate};
use clap::ValueEnum;

/// Tables of a page: two numbers of connections, by two measures.
const PAGE_TABLES: f64 = 4.0;

pub(super) fn of(simulation: &Simulation) -> String {
    let mut lines = vec![heading(simulation), noise(&simulation.noise)];
    lines.extend(rates(&simulation.rates, simulation.planted_percent));
    lines.push(format!(
        "half-width of a ratio ± {}; a block's ratio {}; blocks that are alike widen intervals by {}",
        percent(simulation.rates.half_width),
        percent(simulation.rates.block_sd),
        percent(simulation.rates.widening - 1.0)
    ));
    lines.push("difference  power  power against all others  blocks for a power of 0.8".to_owned());
    for (effect, power) in &simulation.rates.power {
        lines.push(format!(
            "{effect:>10}  {:>5.2}  {:>24.2}  {:>25}",
            power.against_one, power.against_all.rate, power.blocks_needed
        ));
    }
    lines.join("\n")
}

fn heading(simulation: &Simulation) -> String {
    let name = simulation.condition.to_possible_value();
    let name = name.map_or_else(String::new, |value| value.get_name().to_owned());
    let severity = simulation
        .severity
        .map_or_else(String::new, |severity| format!(" {severity}"));
    format!(
        "{} runs ({name}{severity}) of {} arms in {} blocks of {} rounds, slices {:.0} ms apart, noise of {} at {} \
         connections",
        simulation.rates.experiments,
        simulation.arms,
        simulation.blocks,
        simulation.rounds,
        simulation.slice_s * 1000.0,
        simulation.from.display(),
        simulation.connections
    )
}

fn noise(noise: &Noise) -> String {
    format!(
        "noise (standard deviation): slice {}, drift {} lasting {:.2} s, process {}; in that run, a block's \
         ratio {}, the machine's speed {}",
        percent(noise.slice_sd),
        percent(noise.drift_sd),
        noise.drift_s,
        percent(noise.process_sd),
        percent(noise.block_sd),
        percent(noise.speed_sd)
    )
}

fn rates(rates: &ErrorRates, planted_percent: u64) -> Vec<String> {
    let mut lines = vec![
        line("equal arms significantly different", rates.false_difference),
        line(
            "  the same in runs not called unsound",
            rates.trusted_false_difference,
        ),
        line("called unsound", rates.unsound),
        line("all rank sets hold the truth", rates.rank_set_coverage),
        line("carry-over found (p ≤ 0.05)", rates.carry_over_found),
    ];
    if let Some(failure) = rates.control_failure {
        lines.push(line("a good control fails", failure));
    }
    if let Some(untrusted) = rates.untrusted {
        lines.push(line("untrusted, for whatever reason", untrusted));
        let page = (untrusted.rate * PAGE_TABLES).min(1.0);
        lines.push(format!(
            "  on a page of four such tables, at most {}",
            percent(page)
        ));
    }
    if let Some(found) = rates.blind_control_failure {
        let what = format!("controls fail if {planted_percent}% go unseen");
        lines.push(line(&what, found));
    }
    lines
}

fn line(what: &str, rate: Rate) -> String {
    format!(
        "{what:<42} {} ± {} of runs",
        percent(rate.rate),
        percent(rate.standard_error)
    )
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
