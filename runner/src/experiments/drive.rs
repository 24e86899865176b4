//! The life of a run, the same for every experiment.

use super::experiment::Experiment;
use super::publish;
use crate::environment::{doctor, several};
use crate::framework::{self, Framework, Workspace};
use crate::load::io_uring_granted;
use crate::output::{Screen, Verdict, print, print_json};
use crate::report::{Page, tables};
use crate::run::{Arm, Facts, Job, Origin, Place};
use crate::say::say;
use anyhow::Result;
use std::path::Path;

/// Carries out what the options ask for: a new run, one that continues, its plan in words, or something else
/// that the experiment offers.
///
/// # Errors
///
/// If it cannot be carried out, or was interrupted. What was measured by then stays in the run's folder.
pub fn drive<E: Experiment>(options: &E::Options) -> Result<Verdict> {
    let Some(origin) = origin::<E>(options)? else {
        // This process was a generator of the run, which has ended.
        return Ok(Verdict::Good);
    };
    let own = own::<E>(options)?;
    let workspace = match own.is_some() {
        true => framework::without_contestants()?,
        false => framework::discover()?,
    };
    let own = own.unwrap_or_default();
    if let Some(outcome) = E::instead(&workspace, options) {
        return outcome;
    }
    if E::run_options(options).list {
        return list::<E>(&workspace, options, &own);
    }
    if origin.is_here() && !E::run_options(options).alone {
        several::refuse()?;
    }
    let mut job = begin_or_resume::<E>(&workspace, options, own)?;
    job.load_from(origin)?;
    let (arms, prepared) = E::prepare(&workspace, &mut job)?;
    // After the builds, which load the machine themselves.
    for warning in doctor::warnings(io_uring_granted()) {
        say(format_args!("{warning}"));
    }
    job.admit(arms)?;
    // From here on everything is on record: what is measured stays, however this ends.
    let is_json = E::run_options(options).json;
    let page = measure_and_publish::<E>(&workspace, &mut job, prepared, is_json)?;
    let gate = E::gate(options, &page);
    gate.iter().for_each(say);
    Ok(Verdict::good_if(page.is_good && gate.is_empty()))
}

/// Where load comes from; nothing if this process was to generate it for another one, and has.
fn origin<E: Experiment>(options: &E::Options) -> Result<Option<Origin>> {
    let apart = E::apart(options).filter(|_| !E::run_options(options).list);
    match apart {
        #[cfg(feature = "mpi")]
        Some(apart) => Origin::of_hosts(apart.server, &apart.processors),
        _ => Ok(Some(Origin::Here)),
    }
}

/// The servers of a user's own that the run measures, if it does. One that continues has them in its record.
fn own<E: Experiment>(options: &E::Options) -> Result<Option<Vec<Arm>>> {
    if let Some(folder) = &E::run_options(options).resume {
        return Ok(Facts::read(folder)?.is_own.then(Vec::new));
    }
    let own = E::own_servers(options)?;
    Ok((!own.is_empty()).then_some(own))
}

fn begin_or_resume<E: Experiment>(
    workspace: &Workspace,
    options: &E::Options,
    own: Vec<Arm>,
) -> Result<Job<E::Plan>> {
    let run_options = E::run_options(options);
    let place = Place {
        root: workspace.root.clone(),
        target: workspace.target.clone(),
        variables: workspace.variables(),
        builds: !workspace.frameworks.is_empty(),
    };
    match &run_options.resume {
        Some(folder) => {
            let method = (E::NAME, E::METHOD);
            Job::resume(&place, folder, run_options.allow_busy, method)
        }
        None => {
            let names = match run_options.names.is_empty() {
                true => Vec::new(),
                false => names(workspace.select(&run_options.names)?),
            };
            let design = E::design(workspace, options)?;
            Job::begin(&place, (names, own), run_options, design)
        }
    }
}

fn names(frameworks: Vec<&Framework>) -> Vec<String> {
    frameworks.iter().map(|one| one.name.clone()).collect()
}

fn measure_and_publish<E: Experiment>(
    workspace: &Workspace,
    job: &mut Job<E::Plan>,
    prepared: E::Prepared,
    is_json: bool,
) -> Result<Page> {
    let folder = job.folder.path().to_owned();
    let outcome = measure::<E>(job, prepared, &folder);
    let finished = job.finish(outcome.is_ok());
    let published = publish::one::<E>(&workspace.root, &folder);
    match &published {
        Ok(page) if is_json => print_json(page)?,
        Ok(page) => print(tables(page, Screen::of_standard_output()))?,
        Err(_) => {}
    }
    let shown = folder.strip_prefix(&workspace.root).unwrap_or(&folder);
    crate::say!("records: {}", shown.display());
    // What ended the run says more than what followed from it.
    outcome?;
    finished?;
    published
}

fn measure<E: Experiment>(
    job: &mut Job<E::Plan>,
    prepared: E::Prepared,
    folder: &Path,
) -> Result<()> {
    let done = E::read(folder)?;
    E::measure(job, prepared, &done)
}

/// The seed whose orders are shown if none is given.
const EXAMPLE_SEED: u64 = 1;

fn list<E: Experiment>(
    workspace: &Workspace,
    options: &E::Options,
    own: &[Arm],
) -> Result<Verdict> {
    let run_options = E::run_options(options);
    let design = E::design(workspace, options)?;
    let mut names = names(workspace.with_baseline(&run_options.names)?);
    names.extend(own.iter().map(|arm| arm.name.clone()));
    let seed = run_options.seed.unwrap_or(EXAMPLE_SEED);
    let mut outline = E::outline(&design.plan, seed, &names);
    if !own.is_empty() {
        // Whoever loads contestants begins with building them.
        outline
            .steps
            .retain(|step| !step.starts_with("build and check"));
        let first = "start each server twice, and learn its answer".to_owned();
        outline.steps.insert(0, first);
    }
    if run_options.json {
        print_json(&outline)?;
        return Ok(Verdict::Good);
    }
    let mut text = outline.text();
    if run_options.seed.is_none() && outline.order.is_some() {
        text.push_str(&format!(
            "\nseed: a run takes one from the clock; the order above is that of --seed {EXAMPLE_SEED}"
        ));
    }
    print(text)?;
    Ok(Verdict::Good)
}
