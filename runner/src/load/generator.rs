//! The threads of the generator: one per processor, each with its own connections and histogram.
//! They share nothing while a run is on; their results are added when it has ended.

use super::drive::Place;
use super::engine::EngineKind;
use super::fairness::{Fairness, Spread};
use super::measured::{Measured, Opening};
use super::part::share;
use super::spec::LoadSpec;
use super::worker::{Part, Worker};
use super::{Tally, Target};
use crate::environment::processors;
use anyhow::{Context, Result, anyhow};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The load generator: threads that wait for work until it is dropped.
pub struct Generator {
    engine: EngineKind,
    threads: Vec<Thread>,
}

struct Thread {
    jobs: Option<mpsc::Sender<Job>>,
    handle: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

impl Generator {
    /// Starts one thread on each of these processors, or `threads` threads on any where empty.
    ///
    /// # Errors
    ///
    /// If a thread cannot be started or pinned.
    pub fn start(engine: EngineKind, processors: &[usize], threads: usize) -> Result<Self> {
        let places: Vec<Option<usize>> = if processors.is_empty() {
            vec![None; threads.max(1)]
        } else {
            processors.iter().copied().map(Some).collect()
        };
        let threads = places.into_iter().map(|place| Thread::start(engine, place));
        Ok(Self {
            engine,
            threads: threads.collect::<Result<_>>()?,
        })
    }

    /// Which engine does the work.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// How many threads there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Opens `connections` to `target` under `key`, or opens again those the server has closed
    /// since; each has had one right answer when this returns. The tally is of these answers.
    ///
    /// # Errors
    ///
    /// If the server does not answer rightly, or the kernel refuses a socket.
    pub fn open(
        &self,
        key: usize,
        target: &Target,
        connections: usize,
        timeout: Duration,
    ) -> Result<Tally> {
        let threads = self.threads.len();
        let tallies = self.on_each_thread(|index| {
            let target = target.clone();
            let share = share(connections as u64, index, threads) as usize;
            move |worker: &mut Worker| worker.open(key, target, share, timeout)
        })?;
        let mut sum = Tally::default();
        for tally in tallies {
            sum.add(&tally?);
        }
        Ok(sum)
    }

    /// Opens connections to `target` under `key` and asks nothing of them, for a run of so many
    /// `requests`: `connections` of them, or as many as can carry one. Where each carries no more than
    /// one, a single connection shows that somebody is there, and the run opens those it needs. What
    /// cannot be opened is tried again by the run.
    ///
    /// # Errors
    ///
    /// If not one connection can be opened, or the kernel refuses a socket.
    pub fn connect(
        &self,
        key: usize,
        target: &Target,
        connections: usize,
        requests: Option<u64>,
        timeout: Duration,
    ) -> Result<Opening> {
        let threads = self.threads.len();
        let sum = self.connect_shares(key, target, timeout, |index| {
            let batches = requests.map_or(u64::MAX, |all| {
                let own = share(all, index, threads);
                own.div_ceil(u64::from(target.pipeline))
            });
            let own = share(connections as u64, index, threads).min(batches) as usize;
            let opened_max = match target.requests_per_connection {
                Some(1) => usize::from(index == 0),
                _ => own,
            };
            (own, opened_max)
        })?;
        sum.demand_one()
    }

    /// Opens the `first` of `connections` to `target` under `key` and asks nothing of them. Called again with more, it
    /// opens what is not open: so somebody who is slow to accept can be given time in between.
    ///
    /// # Errors
    ///
    /// If the kernel refuses a socket.
    pub fn connect_first(
        &self,
        key: usize,
        target: &Target,
        first: usize,
        connections: usize,
        timeout: Duration,
    ) -> Result<Opening> {
        let threads = self.threads.len();
        self.connect_shares(key, target, timeout, |index| {
            let own = |all: usize| share(all as u64, index, threads) as usize;
            (own(connections), own(first))
        })
    }

    /// Opens connections without a request: how many each thread has, and how many of these it opens.
    fn connect_shares(
        &self,
        key: usize,
        target: &Target,
        timeout: Duration,
        shares: impl Fn(usize) -> (usize, usize),
    ) -> Result<Opening> {
        let parts = self.on_each_thread(|index| {
            let (target, shares) = (target.clone(), shares(index));
            move |worker: &mut Worker| worker.connect(key, target, shares, timeout)
        })?;
        let mut sum = Opening::default();
        for part in parts {
            sum.add(part?)?;
        }
        Ok(sum)
    }

    /// Drives the connections under `key` as `spec` says until it ends.
    ///
    /// # Errors
    ///
    /// If the specification contradicts itself, or the kernel refuses what the loop needs. A server
    /// that misbehaves is not an error here: the tally and the complaint say what it did.
    pub fn run(&self, key: usize, spec: &LoadSpec) -> Result<Measured> {
        spec.check()?;
        let threads = self.threads.len();
        let offered = spec.scheduled().or(spec.duration);
        let start = Arc::new(Barrier::new(threads));
        let clock = Arc::new(OnceLock::new());
        let parts = self.on_each_thread(|index| {
            let (start, clock) = (Arc::clone(&start), Arc::clone(&clock));
            let mut spec = spec.clone();
            spec.requests = spec.own_requests().map(|own| share(own, index, threads));
            spec.connections = spec
                .connections
                .map(|all| share(all as u64, index, threads) as usize);
            move |worker: &mut Worker| {
                start.wait();
                // One start for all, so that windows and intervals of all threads are the same.
                let clock = *clock.get_or_init(|| begin(spec.start));
                let place = Place {
                    index,
                    threads,
                    clock,
                    offered,
                };
                worker.run(key, &spec, place)
            }
        })?;
        let parts: Vec<Part> = parts.into_iter().collect::<Result<_>>()?;
        match spec.window {
            None => merge_whole(parts, spec),
            Some(_) => merge_windows(parts),
        }
    }

    /// Closes the connections under `key`.
    ///
    /// # Errors
    ///
    /// If a thread has died.
    pub fn close(&self, key: usize) -> Result<()> {
        self.on_each_thread(|_| {
            move |worker: &mut Worker| {
                worker.close(key);
            }
        })?;
        Ok(())
    }

    /// Hands each thread a job and waits for all their results.
    fn on_each_thread<R, J>(&self, job_for: impl Fn(usize) -> J) -> Result<Vec<R>>
    where
        R: Send + 'static,
        J: FnOnce(&mut Worker) -> R + Send + 'static,
    {
        let receivers = self.threads.iter().enumerate().map(|(index, thread)| {
            let (results, receiver) = mpsc::channel();
            let job = job_for(index);
            thread.hand(Box::new(move |worker| {
                // The receiver waits below; if it has gone, so has the wish for the result.
                let _ = results.send(job(worker));
            }))?;
            Ok(receiver)
        });
        let receivers = receivers.collect::<Result<Vec<_>>>()?;
        let results = receivers.into_iter().map(|receiver| receiver.recv());
        results
            .collect::<Result<_, _>>()
            .context("a thread of the generator has died")
    }
}

impl Thread {
    fn start(engine: EngineKind, processor: Option<usize>) -> Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (pinned, outcome) = mpsc::channel();
        let handle = std::thread::Builder::new()
            .name("generator".to_owned())
            .spawn(move || {
                let set = processor.map_or(Ok(()), |processor| processors::pin(&[processor]));
                let mut worker = Worker::new(engine);
                // The starter waits for this before it does anything else.
                let _ = pinned.send(set);
                for job in inbox {
                    job(&mut worker);
                }
            })
            .context("cannot start a thread of the generator")?;
        outcome
            .recv()
            .context("a thread of the generator died at its start")??;
        Ok(Self {
            jobs: Some(jobs),
            handle: Some(handle),
        })
    }

    fn hand(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.as_ref().expect("jobs end only with the thread");
        jobs.send(job)
            .map_err(|_| anyhow!("a thread of the generator has died"))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(handle) = self.handle.take() {
            // A panic there has already been reported by whoever waited for its result.
            let _ = handle.join();
        }
    }
}

/// Waits until the run begins: when that was.
fn begin(start: Option<Instant>) -> Instant {
    if let Some(start) = start {
        std::thread::sleep(start.saturating_duration_since(Instant::now()));
    }
    Instant::now()
}

/// The run of all threads lasted from the first start to the last end, in the open loop at least
/// as long as its schedule: the last interval is as much a part of it as the first.
fn merge_whole(parts: Vec<Part>, spec: &LoadSpec) -> Result<Measured> {
    let began = parts.iter().map(|part| part.span.0).min();
    let ended = parts.iter().map(|part| part.span.1).max();
    let ended_early = parts.iter().any(|part| part.ended_early);
    let mut sum = sum_of(parts)?;
    let all = sum.workers.iter().map(|worker| worker.elapsed).max();
    let span = ended.zip(began).map(|(ended, began)| ended - began);
    sum.elapsed = span.unwrap_or_default().max(match spec.scheduled() {
        Some(scheduled) if !ended_early => scheduled,
        Some(scheduled) => scheduled.min(all.unwrap_or_default()),
        None => Duration::ZERO,
    });
    Ok(sum)
}

/// Each thread has crossed the edges of the window by itself, a batch sooner or later than others.
fn merge_windows(mut parts: Vec<Part>) -> Result<Measured> {
    let spreads: Vec<_> = parts
        .iter_mut()
        .filter_map(|part| part.spread.take())
        .collect();
    let mut sum = sum_of(parts)?;
    sum.elapsed = sum.offered.elapsed;
    let all = Spread::of_all(&spreads);
    sum.fairness = Fairness::of(std::slice::from_ref(&all));
    sum.spread = Some(all);
    Ok(sum)
}

/// Adds up what the threads have measured. One without a connection had nothing to do, and no time.
fn sum_of(mut parts: Vec<Part>) -> Result<Measured> {
    if parts.iter().any(|part| part.connections > 0) {
        let counts = |part: &Part| part.connections > 0 || part.measured.tally.scheduled() > 0;
        parts.retain(counts);
    }
    let threads = parts.len() as u32;
    let offered: Duration = parts.iter().map(|part| part.measured.offered.elapsed).sum();
    let mut measured = parts.into_iter().map(|part| part.measured);
    let mut sum = measured.next().expect("a generator has a thread");
    for other in measured {
        sum.add(other)?;
    }
    sum.offered.elapsed = offered / threads;
    Ok(sum)
}
