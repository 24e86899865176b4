//! One thread of the generator: the connections it owns, and what is done with them.

use super::Target;
use super::drive::{Goal, Place, Run};
use super::engine::EngineKind;
use super::epoll::Epoll;
use super::fairness::Spread;
use super::measured::{Measured, Opening};
use super::pool::Pool;
use super::spec::LoadSpec;
use super::tally::Tally;
use super::times::Times;
use super::uring::Uring;
use anyhow::{Context, Result};
use rustix::thread::set_current_timer_slack;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// What one thread owns.
pub(super) struct Worker {
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
pub(super) struct Part {
    pub(super) measured: Measured,
    /// From the first request to the last answer.
    pub(super) span: (Instant, Instant),
    /// How the answers of a window are spread over the connections of this thread.
    pub(super) spread: Option<Spread>,
    /// Connections of this thread in the run.
    pub(super) connections: usize,
    /// The run was over before its requests and its time were.
    pub(super) ended_early: bool,
}

impl Worker {
    pub(super) fn new(engine: EngineKind) -> Self {
        // Timers of this thread are for scheduled requests; the usual slack of 50 µs would delay
        // each of them. Without the right to change it they are late, and the delays show it.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        Self {
            engine,
            pools: HashMap::new(),
            times: Times::new(),
        }
    }

    pub(super) fn open(
        &mut self,
        key: usize,
        target: Target,
        connections: usize,
        timeout: Duration,
    ) -> Result<Tally> {
        let pool = pool(&mut self.pools, self.engine, key, target, connections)?;
        let mut run = Run::opening(Goal::Open, timeout, &mut self.times);
        with_pool!(pool, pool => pool.open(&mut run))?;
        Ok(run.tally)
    }

    pub(super) fn connect(
        &mut self,
        key: usize,
        target: Target,
        (connections, opened_max): (usize, usize),
        timeout: Duration,
    ) -> Result<Opening> {
        let pool = pool(&mut self.pools, self.engine, key, target, connections)?;
        let mut run = Run::opening(Goal::Connect, timeout, &mut self.times);
        run.connections = opened_max;
        with_pool!(pool, pool => pool.open(&mut run))?;
        let opened = with_pool!(pool, pool => pool.idle());
        let complaint = with_pool!(pool, pool => pool.validator.complaint());
        let (connect_errors, causes) = (run.tally.connect_errors, std::mem::take(&mut run.causes));
        Ok(Opening {
            opened,
            connect: Some(self.times.connect.clone()),
            connect_errors,
            causes,
            complaint: complaint.map(str::to_owned),
        })
    }

    pub(super) fn close(&mut self, key: usize) {
        self.pools.remove(&key);
    }

    /// The part of one thread in a run.
    pub(super) fn run(&mut self, key: usize, spec: &LoadSpec, place: Place) -> Result<Part> {
        let pool = self
            .pools
            .get_mut(&key)
            .context("no connections were opened under this key")?;
        with_pool!(pool, pool => pool.validator.forget_wrongs());
        let mut run = Run::load(spec, place, &mut self.times);
        with_pool!(pool, pool => pool.load(&mut run))?;
        let counted = with_pool!(pool, pool => pool.finish(&mut run));
        let connections = with_pool!(pool, pool => pool.driven(&run));
        let complaint = with_pool!(pool, pool => pool.validator.complaint()).map(str::to_owned);
        let mut statuses = with_pool!(pool, pool => pool.validator.wrong_statuses()).clone();
        let right = run.tally.ok;
        if right > 0 {
            *statuses
                .entry(with_pool!(pool, pool => pool.expected_status()))
                .or_default() += right;
        }
        let closing = with_pool!(pool, pool => pool.closing());
        let (span, ended_early, cut) = (run.span(), run.ended_early(), run.cut);
        let (causes, pauses) = (std::mem::take(&mut run.causes), run.pauses);
        let early_end = run.early_end(place.offered);
        let elapsed = match spec.window {
            None => span.1 - span.0,
            Some(_) => counted.offered.elapsed,
        };
        let cpu = match spec.window {
            None => Duration::from_nanos(run.cpu_ns()),
            Some(_) => counted.worker.cpu,
        };
        Ok(Part {
            measured: Measured {
                tally: counted.tally,
                outside: counted.outside,
                causes,
                statuses,
                stages: run.stages.take(),
                times: self.times.clone(),
                began: place.clock,
                elapsed,
                offered: counted.offered,
                tail: counted.tail,
                cpu,
                workers: vec![counted.worker],
                pauses,
                probed: counted.probed,
                fairness: None,
                spread: None,
                closing,
                first_half_ok: counted.first_half_ok,
                // A window has no number of requests that could be left.
                cut: cut && (spec.window.is_none() || ended_early),
                early_end,
                complaint: complaint.or(counted.probe_complaint),
            },
            span,
            spread: counted.spread,
            connections,
            ended_early,
        })
    }
}

/// The pool under `key`; a new one where there is none.
fn pool(
    pools: &mut HashMap<usize, AnyPool>,
    engine: EngineKind,
    key: usize,
    target: Target,
    connections: usize,
) -> Result<&mut AnyPool> {
    Ok(match pools.entry(key) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(match engine {
            EngineKind::Epoll => AnyPool::Epoll(Box::new(Pool::new(target, connections)?)),
            EngineKind::IoUring => AnyPool::Uring(Box::new(Pool::new(target, connections)?)),
        }),
    })
}
