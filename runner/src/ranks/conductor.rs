//! Load from other hosts as the process at the servers drives it: it tells the generators what to do, watches the servers'
//! machine while they do it, and adds up what they have measured.

use super::hosts::{Hosts, PATIENCE};
use super::orders::{Load, Order, READY_WITHIN, Told};
use super::server_host::Counters;
use crate::interrupt;
use crate::load::{Driver, Exchange, LoadSpec, Measured, PartOfHost, ServerHost, WindowOfHosts};
use anyhow::{Context, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Hosts that begin further apart than this share of a window, in percent, have not measured it together;
const APART_PERCENT_MAX: u32 = 1;

/// it is measured again, so often in all.
const ATTEMPTS: u32 = 3;

/// How long a sleep lasts before it looks whether the run was interrupted.
const NAP: Duration = Duration::from_millis(50);

/// Generators on other hosts as one driver of load.
pub struct Conductor {
    hosts: Rc<Hosts>,
    counters: Counters,
    told: RefCell<Option<WindowOfHosts>>,
    /// What was opened last for each key: a window that is measured again begins with all connections open.
    opened: RefCell<BTreeMap<usize, Opened>>,
}

/// Connections as they were asked for.
#[derive(Debug, Clone)]
struct Opened {
    exchange: Exchange,
    address: SocketAddr,
    connections: usize,
    timeout: Duration,
}

impl Driver for Conductor {
    fn open(
        &self,
        key: usize,
        (exchange, address): (&Exchange, SocketAddr),
        connections: usize,
        timeout: Duration,
    ) -> Result<()> {
        let opened = Opened {
            exchange: exchange.clone(),
            address,
            connections,
            timeout,
        };
        self.open_again(key, &opened)?;
        self.opened.borrow_mut().insert(key, opened);
        Ok(())
    }

    fn run(&self, key: usize, spec: &LoadSpec) -> Result<Measured> {
        let mut attempts = 1;
        loop {
            let window = self.run_once(key, spec)?;
            let length = spec.window.map(|window| window.length);
            let apart = apart(&window.told);
            let is_together = length.is_none_or(|length| apart * 100 <= length * APART_PERCENT_MAX);
            if is_together || attempts == ATTEMPTS {
                return self.sum(window, length.map(|_| (attempts, is_together)));
            }
            attempts += 1;
            if let Some(opened) = self.opened.borrow().get(&key) {
                self.open_again(key, opened)?;
            }
        }
    }

    fn close(&self, key: usize) -> Result<()> {
        self.hosts.order(PATIENCE, |_| Order::Close { key })
    }

    fn told(&self) -> Option<WindowOfHosts> {
        self.told.take()
    }
}

/// How far apart the first and the last of the hosts may have begun, as far as the clocks tell.
fn apart(told: &[Told]) -> Duration {
    let error = |one: &Told| Duration::from_nanos(one.clock.round_trip_ns / 2);
    let last = told.iter().map(|one| one.late + error(one)).max();
    let first = told
        .iter()
        .map(|one| one.late.saturating_sub(error(one)))
        .min();
    last.unwrap_or_default()
        .saturating_sub(first.unwrap_or_default())
}

/// A load that all hosts have driven once.
struct Once {
    began: Instant,
    told: Vec<Told>,
    watched: Watched,
}

/// What was seen at the servers in a window.
#[derive(Debug, Default)]
struct Watched {
    server: ServerHost,
    probed: Option<Duration>,
}

impl Conductor {
    /// A driver of these hosts, whose servers have these processors.
    pub(super) fn of(hosts: Rc<Hosts>, of_servers: &[usize]) -> Self {
        Self {
            counters: Counters::at(hosts.server(), of_servers),
            hosts,
            told: RefCell::default(),
            opened: RefCell::default(),
        }
    }

    fn open_again(&self, key: usize, opened: &Opened) -> Result<()> {
        // Sixty-four handshakes are under way at a time.
        let rounds = u32::try_from(opened.connections / 64).unwrap_or(u32::MAX);
        let within = opened.timeout * rounds.saturating_add(3) + PATIENCE;
        self.hosts.order(within, |_| Order::Open {
            key,
            exchange: opened.exchange.clone(),
            address: opened.address,
            connections: opened.connections,
            timeout: opened.timeout,
        })
    }

    /// One load from all hosts. Between its start and its end no message is sent.
    fn run_once(&self, key: usize, spec: &LoadSpec) -> Result<Once> {
        self.hosts.tell(|_| Order::Run {
            key,
            load: Load::of(spec),
        })?;
        let begin = self.hosts.world.begin_together(Ok(()), READY_WITHIN)?;
        let ((), begin) = begin.context("the generators cannot begin")?;
        let watched = self.watch(begin.at, spec);
        let rest = spec.window.map_or(Duration::ZERO, |window| window.rest);
        // Whatever was seen here, what they say has to be read.
        let told = self
            .hosts
            .answers::<Option<Told>>(spec.timeout + rest + PATIENCE)?;
        let told = told.into_iter().collect::<Option<Vec<Told>>>();
        interrupt::check()?;
        Ok(Once {
            began: begin.at,
            told: told.context("an answer without figures")?,
            watched: watched?,
        })
    }

    /// Sleeps until load ends; what the servers' machine does in the window.
    fn watch(&self, start: Instant, spec: &LoadSpec) -> Result<Watched> {
        let Some(window) = spec.window else {
            sleep_until(start + spec.duration.unwrap_or_default());
            return Ok(Watched::default());
        };
        // A server that has died has no clock. Its connections say so.
        let read = || spec.probe.as_ref().and_then(|probe| probe.read().ok());
        sleep_until(start + window.settling);
        let (opened, before) = (Instant::now(), read());
        let counters = self.counters.read()?;
        sleep_until(start + window.settling + window.length);
        let (length, after) = (opened.elapsed(), read());
        let server = self.counters.read()?.since(&counters);
        let probed = before.zip(after);
        let probed = probed.map(|(before, after)| after.saturating_sub(before).as_secs_f64());
        // The servers may keep this process waiting for a processor: what was read is brought to the length of the window.
        let share = window.length.as_secs_f64() / length.as_secs_f64().max(1e-9);
        Ok(Watched {
            server,
            probed: probed.map(|probed_s| Duration::from_secs_f64(probed_s * share)),
        })
    }

    /// What all have measured; `window` has how often it was tried and whether all began together, if it was a window.
    fn sum(&self, once: Once, window: Option<(u32, bool)>) -> Result<Measured> {
        let Once {
            began,
            told,
            watched,
        } = once;
        self.told
            .replace(window.map(|(attempts, is_together)| WindowOfHosts {
                generators: told.iter().map(part).collect(),
                server: watched.server,
                attempts,
                is_together,
            }));
        let parts = told.into_iter().map(|one| one.measured).collect();
        Ok(Measured {
            began,
            probed: watched.probed,
            ..Measured::of_hosts(parts)?
        })
    }
}

fn part(told: &Told) -> PartOfHost {
    let (measured, ns) = (&told.measured, crate::duration::nanos);
    let at_us = |quantile| measured.times.service.value_at_quantile(quantile) / 1000;
    PartOfHost {
        clock_offset_ns: told.clock.offset_ns,
        round_trip_ns: told.clock.round_trip_ns,
        late_ns: ns(told.late),
        sent: measured.tally.sent,
        ok: measured.tally.ok,
        cpu_ns: ns(measured.cpu),
        idle_ns: measured.idle().map_or(0, ns),
        service_time_p50_us: at_us(0.5),
        service_time_p99_us: at_us(0.99),
    }
}

/// Sleeps until then, or until the run is interrupted.
fn sleep_until(moment: Instant) {
    loop {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() || interrupt::is_requested() {
            return;
        }
        std::thread::sleep(left.min(NAP));
    }
}
