//! `runner bench --rate` and `--slo`: how long a user waits at a rate that all contestants hold, and
//! the highest rate at which each meets an objective. Open loop, so stalls are seen by all whom
//! they delay.

mod search;
mod table;

use super::arms::{self, Contender};
use crate::cli::BenchOptions;
use crate::commands::{Verdict, print};
use crate::framework::Workspace;
use crate::interrupt;
use crate::load::{Generator, LoadSpec, Measured, Objective, Pace, Target, Times};
use crate::plan::Plan;
use crate::record::Processors;
use crate::server::Server;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use table::{LatencyRow, ProbeRow, SearchRow};

/// How long one rate is probed in a search.
const PROBE_FOR: Duration = Duration::from_millis(500);

/// How long one contestant is measured at the common rate, in each block.
const MEASURE_FOR: Duration = Duration::from_secs(1);

/// How often a rate is tried before it counts as not held.
const TRIES: u32 = 3;

/// Searches per contestant: their median is printed, with their range.
const SEARCHES: u32 = 3;

/// What all steps share.
struct Setting<'s> {
    options: &'s BenchOptions,
    plan: &'s Plan,
    processors: &'s Processors,
    connections: usize,
    generator: Generator,
    contenders: Vec<Contender>,
    place: PathBuf,
}

/// Searches where there is an objective, then measures at the rate given or found.
pub(super) fn run(
    workspace: &Workspace,
    options: &BenchOptions,
    plan: &Plan,
    processors: &Processors,
    place: PathBuf,
) -> Result<Verdict> {
    let prepared = arms::prepare(workspace, &options.names, plan, &processors.server)?;
    if prepared.contenders.is_empty() {
        bail!("there is nothing to measure: see what is said above");
    }
    fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
    let engine = options.engine.resolve()?;
    let setting = Setting {
        options,
        plan,
        processors,
        connections: plan.levels[0],
        generator: Generator::start(engine, &processors.generator, 1)?,
        contenders: prepared.contenders,
        place,
    };
    let mut page = table::heading(&setting);
    let mut highest = BTreeMap::new();
    if let Some(objective) = &options.slo {
        let searches = setting.search_all(objective)?;
        page.push_str(&table::searches(objective, &searches));
        highest = table::medians(&searches);
    }
    let rate = match options.rate {
        Some(rate) => rate,
        None => common_rate(&highest)?,
    };
    let rows = setting.measure_all(rate)?;
    page.push_str(&table::latencies(rate, &rows)?);
    fs::write(setting.place.join("README.md"), &page).context("cannot write the page")?;
    print(&page)?;
    eprintln!("records: {}", setting.place.display());
    Ok(Verdict::good_if(rows.iter().all(|row| row.errors == 0)))
}

/// Half of what the slowest holds: every contestant has room, and the times are no queue's.
fn common_rate(highest: &BTreeMap<String, f64>) -> Result<f64> {
    let lowest = highest.values().copied().reduce(f64::min);
    let lowest =
        lowest.context("no contestant met the objective at any rate; try a higher bound")?;
    Ok(search::comfortable(lowest))
}

impl Setting<'_> {
    /// Several searches per contestant, each on a fresh process.
    fn search_all(&self, objective: &Objective) -> Result<Vec<SearchRow>> {
        let (mut searches, mut probes) = (Vec::new(), Vec::new());
        for block in 0..SEARCHES {
            for contender in self.in_order(block) {
                eprintln!("search {} of {SEARCHES}: {}", block + 1, contender.name);
                let highest = self.search(objective, block, contender, &mut probes)?;
                searches.push(SearchRow {
                    block,
                    arm: contender.name.clone(),
                    highest_rate: highest,
                });
            }
        }
        table::write_rows(&self.place.join("probes.csv"), &probes)?;
        table::write_rows(&self.place.join("searches.csv"), &searches)?;
        Ok(searches)
    }

    fn search(
        &self,
        objective: &Objective,
        block: u32,
        contender: &Contender,
        probes: &mut Vec<ProbeRow>,
    ) -> Result<Option<f64>> {
        self.with_server(contender, |_| {
            search::highest_held(|rate| {
                // A stall of the machine must not end a search: only what fails each time has failed.
                for _ in 0..TRIES {
                    let measured = self.load(rate, PROBE_FOR)?;
                    let is_met = objective.is_met_by(&measured);
                    probes.push(ProbeRow::new(
                        block,
                        &contender.name,
                        rate,
                        &measured,
                        is_met,
                    ));
                    if is_met {
                        return Ok(true);
                    }
                    // What was in flight when the rate was too high must not be in the next probe.
                    self.pause()?;
                }
                Ok(false)
            })
        })
    }

    /// Every contestant in every block, in a new order, at one rate.
    fn measure_all(&self, rate: f64) -> Result<Vec<LatencyRow>> {
        let mut rows = Vec::new();
        let mut times: BTreeMap<String, Times> = BTreeMap::new();
        for block in 0..self.plan.blocks {
            for contender in self.in_order(block) {
                eprintln!(
                    "block {} of {}: {}",
                    block + 1,
                    self.plan.blocks,
                    contender.name
                );
                let (measured, cpu) = self.with_server(contender, |server| {
                    let before = server.cpu()?;
                    let measured = self.load(rate, MEASURE_FOR)?;
                    Ok((measured, server.cpu()?.saturating_sub(before)))
                })?;
                rows.push(LatencyRow::new(
                    block,
                    &contender.name,
                    rate,
                    &measured,
                    cpu,
                ));
                match times.get_mut(&contender.name) {
                    Some(sum) => sum.add(&measured.times)?,
                    None => drop(times.insert(contender.name.clone(), measured.times)),
                }
            }
        }
        table::write_rows(&self.place.join("latency.csv"), &rows)?;
        table::write_log(&self.place.join("response-times.hlog"), &times)?;
        Ok(rows)
    }

    /// All contenders, in the order of this block.
    fn in_order(&self, block: u32) -> impl Iterator<Item = &Contender> {
        let order = self.plan.order(block, 0, 0, self.contenders.len());
        order.into_iter().map(|key| &self.contenders[key])
    }

    /// A fresh process, connected and warmed up in the closed loop; ended afterwards.
    fn with_server<R>(
        &self,
        contender: &Contender,
        step: impl FnOnce(&Server) -> Result<R>,
    ) -> Result<R> {
        interrupt::check()?;
        let server = Server::start(&contender.program, &self.processors.server)
            .with_context(|| contender.name.clone())?;
        let target = Target::welcome(server.address);
        let timeout = self.plan.timeout();
        self.generator.open(0, &target, self.connections, timeout)?;
        let warmup = LoadSpec {
            pace: Pace::Closed,
            ..self.limits(self.options.rate.unwrap_or(0.0), self.plan.warmup())
        };
        self.generator.run(0, &warmup)?;
        let result = step(&server);
        self.generator.close(0)?;
        server.stop()?;
        interrupt::check()?;
        result.with_context(|| contender.name.clone())
    }

    fn load(&self, rate: f64, duration: Duration) -> Result<Measured> {
        interrupt::check()?;
        self.generator.run(0, &self.limits(rate, duration))
    }

    fn limits(&self, rate: f64, duration: Duration) -> LoadSpec {
        let pace = Pace::Open {
            rate,
            arrivals: self.options.arrivals,
            seed: self.plan.seed,
        };
        LoadSpec {
            duration: Some(duration),
            stop: interrupt::flag(),
            ..LoadSpec::new(pace, self.plan.timeout())
        }
    }

    /// A moment without load, so that a backlog is gone.
    fn pause(&self) -> Result<()> {
        std::thread::sleep(Duration::from_millis(100));
        Ok(interrupt::check()?)
    }
}
