//! `runner bench`: the throughput shootout.

mod arms;
mod block;
mod doubts;
mod paced;
mod progress;

use super::spoilt::Watch;
use super::{Verdict, now, print, report, seed_from_clock, shown};
use crate::analysis::blocks_wanted;
use crate::cli::BenchOptions;
use crate::environment::processors::{self, Split};
use crate::environment::{Machine, Toolchain, limits};
use crate::framework::{self, BuildError, Workspace};
use crate::load::Generator;
use crate::plan::Plan;
use crate::record::{ArmKind, BlockRow, Folder, METHOD, Processors, Records, Run, SCHEMA, State};
use crate::report::{Outcome, Report};
use crate::usage::UsageError;
use anyhow::{Result, bail};
use arms::Contender;
use block::Bench;
use jiff::Zoned;
use progress::Progress;
use std::path::{Path, PathBuf};

pub(super) fn run(options: &BenchOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    if options.rate.is_some() || options.slo.is_some() {
        return run_paced(&workspace, options);
    }
    let mut job = match &options.resume {
        None => begin(&workspace, options)?,
        Some(path) => resume(&workspace, path)?,
    };
    let contenders = prepare(&workspace, &mut job)?;
    let mut folder = match job.is_resumed {
        false => Folder::create(&job.place)?,
        true => Folder::reopen(&job.place)?,
    };
    folder.write_run(&job.run)?;
    // From here on everything is on record: what is measured stays, however this ends.
    let outcome = measure(&mut job, contenders, &mut folder);
    finish(&mut job, &folder, outcome.is_ok())?;
    let report = report::write_pages(&workspace.root, &job.place)?;
    if report.blocks > 0 {
        print(crate::report::tables(&report))?;
    }
    eprintln!("records: {}", shown(&workspace, &job.place).display());
    outcome?;
    Ok(Verdict::good_if(is_without_errors(&report)))
}

/// The open loop: latency instead of throughput.
fn run_paced(workspace: &Workspace, options: &BenchOptions) -> Result<Verdict> {
    let plan = plan(options);
    plan.validate()?;
    refuse_impossible(workspace, options, &plan)?;
    let place = options.out.clone().unwrap_or_else(|| {
        let second = Zoned::now().strftime("%Y-%m-%d-%H%M%S");
        let name = format!("{second}-open-loop");
        workspace.target.join("runs").join(name)
    });
    Folder::refuse_existing(&place)?;
    paced::run(workspace, options, &plan, &split(options)?, place)
}

/// A run, and where its records go.
struct Job {
    run: Run,
    /// The contestants asked for; all where empty.
    names: Vec<String>,
    place: PathBuf,
    is_resumed: bool,
    /// Blocks of an interrupted run that are there already.
    done: Vec<BlockRow>,
    /// The number of the next one.
    next_block: u32,
}

/// A new run: its plan, and a place that is free.
fn begin(workspace: &Workspace, options: &BenchOptions) -> Result<Job> {
    let plan = plan(options);
    plan.validate()?;
    refuse_impossible(workspace, options, &plan)?;
    let machine = Machine::read()?;
    let place = options
        .out
        .clone()
        .unwrap_or_else(|| default_place(workspace, options, &plan, &machine));
    Folder::refuse_existing(&place)?;
    let mut run = Run {
        schema: SCHEMA,
        method: METHOD,
        engine: options.engine.resolve()?,
        started_at: now(),
        ended_at: None,
        state: State::Running,
        command: std::env::args().skip(1).collect(),
        processors: split(options)?,
        toolchain: Toolchain::read(&workspace.root)?,
        plan,
        machine,
        arms: Vec::new(),
        warnings: Vec::new(),
    };
    doubts::before(&mut run);
    Ok(Job {
        run,
        names: options.names.clone(),
        place,
        is_resumed: false,
        done: Vec::new(),
        next_block: 0,
    })
}

/// What can be seen to be impossible before anything is built.
fn refuse_impossible(workspace: &Workspace, options: &BenchOptions, plan: &Plan) -> Result<()> {
    let selected = workspace.select(&options.names)?;
    for framework in &selected {
        if !options.names.is_empty() && !framework.servers.contains_key(&plan.server) {
            let (framework, kind) = (framework.name.clone(), plan.server);
            let error = BuildError::NoSuchServer { framework, kind };
            return Err(UsageError(error.to_string()).into());
        }
    }
    // The floor, its twin, the planted control and the canned responder may come on top.
    const OTHER_ARMS: usize = 4;
    let connections_max = plan.levels.iter().max().copied().unwrap_or(0);
    limits::allow_connections((selected.len() + OTHER_ARMS) * connections_max)?;
    Ok(())
}

/// A run that was interrupted: its own plan, its own seed, its own folder.
fn resume(workspace: &Workspace, path: &Path) -> Result<Job> {
    let records = Records::read(path)?;
    let mut run = records.run;
    if run.state == State::Complete {
        bail!(
            "{} is complete; there is nothing to go on with",
            path.display()
        );
    }
    let (machine, toolchain) = (Machine::read()?, Toolchain::read(&workspace.root)?);
    if run.method != METHOD || run.machine != machine || run.toolchain.rustc != toolchain.rustc {
        bail!(
            "{} was begun on another machine or by another method",
            path.display()
        );
    }
    run.state = State::Running;
    let connections_max = run.plan.levels.iter().max().copied().unwrap_or(0);
    limits::allow_connections(run.arms.len() * connections_max)?;
    Ok(Job {
        names: arms::framework_names(&run.arms),
        run,
        place: path.to_owned(),
        is_resumed: true,
        next_block: records.next_block,
        done: records.blocks,
    })
}

/// Builds and checks every arm; what fails becomes part of the record.
fn prepare(workspace: &Workspace, job: &mut Job) -> Result<Vec<Contender>> {
    let run = &mut job.run;
    let prepared = arms::prepare(workspace, &job.names, &run.plan, &run.processors.server)?;
    let (then, now) = (arms::versions(&run.arms), arms::versions(&prepared.arms));
    if job.is_resumed && then != now {
        bail!("the run began with {then:?}, and now there is {now:?}: it cannot go on");
    }
    run.arms = prepared.arms;
    if run
        .arms
        .iter()
        .all(|arm| arm.kind != ArmKind::Framework || arm.err.is_some() || arm.absent.is_some())
    {
        bail!("there is nothing to measure: see what is said above");
    }
    Ok(prepared.contenders)
}

/// Block after block.
fn measure(job: &mut Job, contenders: Vec<Contender>, folder: &mut Folder) -> Result<()> {
    doubts::listen(&mut job.run)?;
    let run = &job.run;
    let generator = Generator::start(run.engine, &run.processors.generator, 1)?;
    let mut complete: u32 = job.done.iter().map(|block| u32::from(block.counts())).sum();
    let mut number = job.next_block;
    let watch = Watch::new(&run.processors.server, run.plan.blocks)?;
    let progress = Progress::new(&run.plan, contenders.len(), complete);
    let mut bench = Bench::new(run, contenders, generator, watch);
    let mut wanted = blocks_wanted(&Records::read(&job.place)?);
    while complete < wanted {
        let row = bench.run_block(number, complete, folder, &progress)?;
        progress.block_ended(complete, &row);
        number += 1;
        complete += u32::from(row.counts());
        if complete == run.plan.blocks && run.plan.until.is_some() {
            wanted = blocks_wanted(&Records::read(&job.place)?);
            eprintln!("{wanted} blocks are needed for the precision asked for, or allowed");
        }
    }
    progress.finish();
    Ok(())
}

/// Says in the record how the run has ended, and what there is to doubt about it.
fn finish(job: &mut Job, folder: &Folder, is_complete: bool) -> Result<()> {
    job.run.state = if is_complete {
        State::Complete
    } else {
        State::Interrupted
    };
    job.run.ended_at = Some(now());
    if is_complete {
        doubts::after(&mut job.run, &Records::read(&job.place)?.blocks);
    }
    folder.write_run(&job.run)
}

fn plan(options: &BenchOptions) -> Plan {
    let mut levels = options.connections.clone();
    levels.sort_unstable();
    levels.dedup();
    Plan {
        server: options.variant.server,
        env: options.variant.env,
        levels,
        requests: options.requests,
        blocks: options.blocks,
        until: options.precision.until(),
        laps: options.laps,
        slice_limit_ms: options.slice_limit_ms,
        warmup_ms: options.warmup_ms,
        timeout_ms: options.timeout_ms,
        seed: options.seed.unwrap_or_else(seed_from_clock),
    }
}

fn split(options: &BenchOptions) -> Result<Processors> {
    let Split { server, generator } = processors::split()?;
    let chosen = |list: &Option<crate::cli::ProcessorList>, otherwise| {
        list.as_ref().map_or(otherwise, |list| list.0.clone())
    };
    Ok(Processors {
        server: chosen(&options.server_processors, server),
        generator: chosen(&options.generator_processors, generator),
    })
}

/// Kept runs stand under results/, named by day, machine and variant; short ones and those of
/// single contestants are left to target/.
fn default_place(
    workspace: &Workspace,
    options: &BenchOptions,
    plan: &Plan,
    machine: &Machine,
) -> PathBuf {
    let mut name = machine.slug();
    if !plan.is_main_job() {
        name = format!("{name}-{}-{}", plan.server, plan.env);
    }
    let now = Zoned::now();
    if plan.is_short() || !options.names.is_empty() {
        let second = now.strftime("%Y-%m-%d-%H%M%S");
        workspace
            .target
            .join("runs")
            .join(format!("{second}-{name}"))
    } else {
        let day = now.strftime("%Y-%m-%d");
        workspace.root.join("results").join(format!("{day}-{name}"))
    }
}

fn is_without_errors(report: &Report) -> bool {
    let mut rows = report.levels.iter().flat_map(|level| &level.rows);
    rows.all(|row| match &row.outcome {
        Outcome::Measured(figures) => figures.errors == 0,
        Outcome::Absent(_) => true,
        Outcome::Failed(_) => false,
    })
}
