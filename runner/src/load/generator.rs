//! The threads of the generator: one per processor, each with its own connections and histogram.
//! They share nothing while a run is on; their results are added when it has ended.

use super::causes::Causes;
use super::drive::{Limits, Run, Times};
use super::engine::EngineKind;
use super::epoll::Epoll;
use super::pool::Pool;
use super::uring::Uring;
use super::{Tally, Target};
use crate::environment::processors;
use anyhow::{Context, Result, anyhow};
use rustix::thread::set_current_timer_slack;
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What one run has measured, over all threads.
#[derive(Debug)]
pub struct Measured {
    /// Outcomes and bytes.
    pub tally: Tally,
    /// Why connections failed.
    pub causes: Causes,
    /// How long things took.
    pub times: Times,
    /// From the first request sent to the last answer read.
    pub elapsed: Duration,
    /// User and system time of the generator's threads.
    pub cpu: Duration,
    /// What each of the generator's threads did with its time.
    pub workers: Vec<WorkerTime>,
    /// Requests were left when the time was up.
    pub cut: bool,
    /// What was wrong with the first answer that was not right, or why the run gave up.
    pub complaint: Option<String>,
}

impl Measured {
    /// How long the busiest thread had nothing to do.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.workers.iter().map(WorkerTime::idle).min()
    }
}

/// What one thread of the generator did during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerTime {
    /// User and system time.
    pub cpu: Duration,
    /// Spent waiting for the kernel to have something.
    pub waited: Duration,
    /// From the start of the run to its end on this thread.
    pub elapsed: Duration,
}

impl WorkerTime {
    /// The time in which there was nothing to do. A wait may do work too (io_uring sends and receives
    /// inside it), so CPU time has a say.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.waited.min(self.elapsed.saturating_sub(self.cpu))
    }
}

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
    /// Where a thread cannot be started or pinned.
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
    /// Where the server does not answer rightly, or the kernel refuses a socket.
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

    /// Drives the connections under `key` until `limits` end it.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses what the loop needs. A server that misbehaves is no error here:
    /// the tally and the complaint say what it did.
    pub fn run(&self, key: usize, limits: &Limits) -> Result<Measured> {
        let threads = self.threads.len();
        let start = Arc::new(Barrier::new(threads));
        let parts = self.on_each_thread(|index| {
            let start = Arc::clone(&start);
            let mut limits = limits.clone();
            limits.requests = limits.requests.map(|all| share(all, index, threads));
            limits.connections = limits
                .connections
                .map(|all| share(all as u64, index, threads) as usize);
            move |worker: &mut Worker| {
                start.wait();
                worker.run(key, &limits, index, threads)
            }
        })?;
        merge(parts)
    }

    /// Closes the connections under `key`.
    ///
    /// # Errors
    ///
    /// Where a thread has died.
    pub fn close(&self, key: usize) -> Result<()> {
        self.on_each_thread(|_| {
            move |worker: &mut Worker| {
                worker.pools.remove(&key);
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

/// What one thread owns.
struct Worker {
    engine: EngineKind,
    pools: HashMap<usize, AnyPool>,
    times: Times,
}

/// A pool on either engine.
enum AnyPool {
    Epoll(Box<Pool<Epoll>>),
    Uring(Box<Pool<Uring>>),
}

/// Does the same to a pool of either kind: the engines differ in type only.
macro_rules! with_pool {
    ($any:expr, $pool:ident => $do:expr) => {
        match $any {
            AnyPool::Epoll($pool) => $do,
            AnyPool::Uring($pool) => $do,
        }
    };
}

/// What one thread has measured.
struct Part {
    measured: Measured,
    span: (Instant, Instant),
}

impl Worker {
    fn new(engine: EngineKind) -> Self {
        // Timers of this thread are for scheduled requests; the usual slack of 50 µs would delay
        // each of them. Without the right to change it they are late, and the delays show it.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        Self {
            engine,
            pools: HashMap::new(),
            times: Times::new(),
        }
    }

    fn open(
        &mut self,
        key: usize,
        target: Target,
        connections: usize,
        timeout: Duration,
    ) -> Result<Tally> {
        let pool = match self.pools.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(match self.engine {
                EngineKind::Epoll => AnyPool::Epoll(Box::new(Pool::new(target, connections)?)),
                EngineKind::IoUring => AnyPool::Uring(Box::new(Pool::new(target, connections)?)),
            }),
        };
        let mut run = Run::open(timeout, &mut self.times);
        with_pool!(pool, pool => pool.open(&mut run))?;
        Ok(run.tally)
    }

    fn run(&mut self, key: usize, limits: &Limits, index: usize, threads: usize) -> Result<Part> {
        let pool = self
            .pools
            .get_mut(&key)
            .context("no connections were opened under this key")?;
        with_pool!(pool, pool => pool.validator.forget_complaint());
        let cpu_before = thread_cpu();
        let mut run = Run::load(limits, index, threads, &mut self.times);
        with_pool!(pool, pool => pool.load(&mut run))?;
        let cpu = thread_cpu().saturating_sub(cpu_before);
        let span = run.span();
        let (tally, cut) = (run.tally, run.cut);
        let causes = std::mem::take(&mut run.causes);
        let worker = WorkerTime {
            cpu,
            waited: Duration::from_nanos(run.waited_ns),
            elapsed: Duration::from_nanos(run.now_ns),
        };
        let complaint = with_pool!(pool, pool => pool.validator.complaint());
        Ok(Part {
            measured: Measured {
                tally,
                causes,
                times: self.times.clone(),
                elapsed: span.1 - span.0,
                cpu,
                workers: vec![worker],
                cut,
                complaint: complaint.map(str::to_owned),
            },
            span,
        })
    }
}

/// The run of all threads lasted from the first start to the last end.
fn merge(parts: Vec<Result<Part>>) -> Result<Measured> {
    let mut parts = parts.into_iter();
    let first = parts.next().expect("a generator has a thread")?;
    let (mut sum, (mut began, mut ended)) = (first.measured, first.span);
    for part in parts {
        let part = part?;
        sum.tally.add(&part.measured.tally);
        sum.times
            .add(&part.measured.times)
            .context("histograms of one run have one shape")?;
        sum.cpu += part.measured.cpu;
        sum.workers.extend(part.measured.workers);
        sum.causes.add(&part.measured.causes);
        sum.cut |= part.measured.cut;
        sum.complaint = sum.complaint.or(part.measured.complaint);
        began = began.min(part.span.0);
        ended = ended.max(part.span.1);
    }
    sum.elapsed = ended - began;
    Ok(sum)
}

/// The part of `all` that falls to one of `parts`; the parts add up to `all`.
fn share(all: u64, index: usize, parts: usize) -> u64 {
    let (index, parts) = (index as u64, parts as u64);
    all / parts + u64::from(index < all % parts)
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}
