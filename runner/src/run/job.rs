//! A run from beginning to end: a new one or one that continues, its folder, its record, its arms.

use super::arm::Arm;
use super::exclusive::Exclusive;
use super::folder::{Folder, open_run};
use super::header::{Processors, Run, SCHEMA, State};
use super::identity::{Surroundings, changed_arms, changed_hosts};
use super::options::RunOptions;
use super::origin::Origin;
use super::place::{Place, default_path, free};
use super::row::one_line;
use super::warning::Warning;
use crate::load::{Driver, EngineKind, PartOf};
use crate::usage::UsageError;
use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// What an experiment brings to a run that is to begin.
#[derive(Debug, Clone)]
pub struct Design<P> {
    /// The experiment's name.
    pub experiment: &'static str,
    /// The version of its method.
    pub method: u32,
    /// The plan.
    pub plan: P,
    /// Who runs where.
    pub processors: Processors,
    /// Says of a variant other than the one that is kept by default, for the folder's name.
    pub variant: Option<String>,
    /// Whether the run is worth keeping under results/.
    pub is_kept: bool,
}

/// A run that is being measured.
#[derive(Debug)]
pub struct Job<P> {
    /// Its record.
    pub run: Run<P>,
    /// Its folder.
    pub folder: Folder,
    /// The contestants asked for; all if empty.
    pub names: Vec<String>,
    /// The servers of a user's own that are measured instead, if there are any.
    pub own: Vec<Arm>,
    /// Where load comes from.
    pub origin: Origin,
    is_resumed: bool,
    _exclusive: Exclusive,
}

impl<P: Serialize + DeserializeOwned + Clone> Job<P> {
    /// Begins a run of these contestants, of all if none is named, or of these servers of a user's own: claims the
    /// machine and a folder that is free.
    ///
    /// # Errors
    ///
    /// If either cannot be had.
    pub fn begin(
        place: &Place,
        (names, own): (Vec<String>, Vec<Arm>),
        options: &RunOptions,
        design: Design<P>,
    ) -> Result<Self> {
        let exclusive = Exclusive::claim(options.allow_busy)?;
        let surroundings = Surroundings::read(place)?;
        let path = match &options.out {
            Some(path) => path.clone(),
            None => free(default_path(
                place,
                options,
                &design,
                &surroundings.machine.slug(),
            )),
        };
        let folder = Folder::create(&path)?;
        let mut warnings = Vec::new();
        warnings.extend(
            exclusive
                .other
                .map(|process| Warning::OtherRunner { process }),
        );
        match surroundings.toolchain.uncommitted {
            Some(true) => warnings.push(Warning::UncommittedSources),
            None if place.builds => warnings.push(Warning::UnknownSources),
            None => {}
            Some(false) => {}
        }
        let run = Run {
            schema: SCHEMA,
            experiment: design.experiment.to_owned(),
            method: design.method,
            started_at: now(),
            ended_at: None,
            state: State::Running,
            command: std::env::args().skip(1).collect(),
            seed: options.seed.unwrap_or_else(seed_from_clock),
            plan: design.plan,
            processors: design.processors,
            hosts: Vec::new(),
            machine: surroundings.machine,
            toolchain: surroundings.toolchain,
            environment: surroundings.environment,
            arms: Vec::new(),
            missing: Vec::new(),
            failures: Vec::new(),
            warnings,
            units: None,
            digest: String::new(),
        };
        Ok(Self {
            run,
            folder,
            names,
            own,
            origin: Origin::Here,
            is_resumed: false,
            _exclusive: exclusive,
        })
    }

    /// Continues a run that was interrupted: its own plan, its own seed, its own folder, if nothing has changed
    /// that could change its numbers.
    ///
    /// # Errors
    ///
    /// If it is complete, if anything differs, or if another runner writes to it.
    pub fn resume(place: &Place, path: &Path, allow_busy: bool, kind: (&str, u32)) -> Result<Self> {
        let surroundings = Surroundings::read(place)?;
        Self::continue_in(&surroundings, path, allow_busy, kind)
    }

    pub(super) fn continue_in(
        surroundings: &Surroundings,
        path: &Path,
        allow_busy: bool,
        (experiment, method): (&str, u32),
    ) -> Result<Self> {
        // Nobody else writes to what is read from here on.
        let claim = Folder::claim(path)?;
        let (run, _) = open_run::<P>(path, experiment, method)?;
        if run.state == State::Complete {
            let refusal = format!(
                "{} is complete; there is nothing to continue",
                path.display()
            );
            return Err(UsageError(refusal).into());
        }
        ensure!(
            run.method == method,
            "{} was begun by method {}, and this runner measures by method {method}",
            path.display(),
            run.method
        );
        refuse(path, &surroundings.differences(&run))?;
        let exclusive = Exclusive::claim(allow_busy)?;
        let (folder, given_up) = Folder::reopen(path, claim)?;
        for unit in given_up {
            crate::say!("`{unit}` has lost lines and will be measured again");
        }
        let contestants = run.arms.iter().filter(|arm| arm.kind.is_contestant());
        let mut names: Vec<String> = Vec::new();
        // A contestant may have several arms.
        for arm in contestants {
            if !names.iter().any(|name| name == arm.contestant()) {
                names.push(arm.contestant().to_owned());
            }
        }
        let own = run.arms.iter().filter(|arm| {
            let is_own = arm.own.is_some();
            is_own && arm.kind.is_contestant()
        });
        let own = own.map(|arm| Arm {
            own: arm.own.clone(),
            ..Arm::new(&arm.name, arm.kind)
        });
        let mut job = Self {
            own: own.collect(),
            origin: Origin::Here,
            run,
            folder,
            names,
            is_resumed: true,
            _exclusive: exclusive,
        };
        job.run.state = State::Running;
        job.run.ended_at = None;
        job.run.units = None;
        job.run.missing.clear();
        job.run.failures.clear();
        if let Some(process) = job._exclusive.other {
            job.warn(Warning::OtherRunner { process });
        }
        Ok(job)
    }

    /// Enters the arms that were prepared, and writes the record: from here on, what is measured stays.
    ///
    /// # Errors
    ///
    /// If the run was begun with other binaries, or no arm can be measured at all.
    pub fn admit(&mut self, arms: Vec<Arm>) -> Result<()> {
        if self.is_resumed {
            refuse(self.folder.path(), &changed_arms(&self.run.arms, &arms))?;
        }
        let mut contestants = arms.iter().filter(|arm| arm.kind.is_contestant());
        if !contestants.any(Arm::takes_part) {
            bail!("no contestant can be measured; the errors above say why");
        }
        if self.is_resumed {
            self.folder.allow_writing()?;
        } else {
            self.run.arms = arms;
        }
        self.folder.write_run(&mut self.run)
    }

    /// Lets load come from there, and records the hosts. A run that continues has to have those that it was begun with.
    ///
    /// # Errors
    ///
    /// If it has not.
    pub fn load_from(&mut self, origin: Origin) -> Result<()> {
        if self.is_resumed {
            self.refuse(&changed_hosts(&self.run.hosts, origin.hosts()))?;
        } else {
            self.run.hosts = origin.hosts().to_vec();
        }
        self.origin = origin;
        Ok(())
    }

    /// Spreads load of these numbers of connections over the hosts that generate it: no host has more threads than connections.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if there are fewer connections than hosts.
    pub fn spread(&mut self, connections: &[usize]) -> Result<(), UsageError> {
        let Some((_, generators)) = self.run.hosts.split_first_mut() else {
            return Ok(());
        };
        let of = generators.len();
        let fewest = connections.iter().min().copied().unwrap_or(0);
        let most = connections.iter().max().copied().unwrap_or(0);
        if PartOf::new(of, of).is_none() || fewest < of {
            return Err(UsageError(format!(
                "{fewest} connections do not spread over {of} generators: each needs at least one connection (-c), and there may be \
                 at most 1024 generators"
            )));
        }
        for (place, generator) in generators.iter_mut().enumerate() {
            let part = PartOf::new(place + 1, of);
            let own = part.map_or(0, |part| part.share(most as u64));
            generator.processors.truncate(own as usize);
        }
        Ok(())
    }

    /// What drives load by this engine; so many connections are open at a time.
    ///
    /// # Errors
    ///
    /// If threads cannot be started, here or on other hosts.
    pub fn driver(&self, engine: EngineKind, connections: usize) -> Result<Box<dyn Driver>> {
        let run = &self.run;
        self.origin
            .driver(engine, (&run.processors, &run.hosts), connections)
    }

    /// Refuses to continue a run for these differences, if there are any.
    ///
    /// # Errors
    ///
    /// If there are.
    pub fn refuse(&self, differences: &[String]) -> Result<()> {
        refuse(self.folder.path(), differences)
    }

    /// Adds a warning, once.
    pub fn warn(&mut self, warning: Warning) {
        if !self.run.warnings.contains(&warning) {
            self.run.warnings.push(warning);
        }
    }

    /// Writes what has become known since the run was admitted: a run that is killed keeps it.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn record(&mut self) -> Result<()> {
        self.folder.write_run(&mut self.run)
    }

    /// Notes what failed and has no row of its own.
    pub fn note_failure(&mut self, what: &str, error: &anyhow::Error) {
        let line = one_line(&format!("{what}: {error:#}"));
        crate::say!("{line}");
        self.run.failures.push(line);
    }

    /// Says in the record how the run has ended.
    ///
    /// # Errors
    ///
    /// If the disk does not take it.
    pub fn finish(&mut self, is_complete: bool) -> Result<()> {
        self.run.state = match is_complete {
            true => State::Complete,
            false => State::Interrupted,
        };
        self.run.ended_at = Some(now());
        self.run.units = Some(self.folder.journal.closed());
        self.folder.write_run(&mut self.run)
    }
}

#[cfg(test)]
impl<P: Serialize + DeserializeOwned + Clone> Job<P> {
    /// A run that begins with this record, without cargo.
    pub(crate) fn of_test(path: &Path, run: Run<P>) -> Result<Self> {
        Ok(Self {
            run,
            folder: Folder::create(path)?,
            names: Vec::new(),
            own: Vec::new(),
            origin: Origin::Here,
            is_resumed: false,
            _exclusive: Exclusive::claim(true)?,
        })
    }

    /// Continues a run in the surroundings it was begun in.
    pub(crate) fn continue_in_test(path: &Path, experiment: &str, method: u32) -> Result<Self> {
        let (run, _) = open_run::<P>(path, experiment, method)?;
        let surroundings = Surroundings::of(&run);
        let mut job = Self::continue_in(&surroundings, path, true, (experiment, method))?;
        job.folder.allow_writing()?;
        Ok(job)
    }
}

fn refuse(path: &Path, differences: &[String]) -> Result<()> {
    ensure!(
        differences.is_empty(),
        "{} cannot continue: {}; begin a new run",
        path.display(),
        differences.join("; ")
    );
    Ok(())
}

/// The time as records have it (RFC 3339, UTC).
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Any number will do, as long as it is recorded.
fn seed_from_clock() -> u64 {
    Timestamp::now().as_millisecond().unsigned_abs()
}
