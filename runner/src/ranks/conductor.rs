//! Load from other hosts as the process at the servers drives it: it tells the generators what to do, watches the servers'
//! machine while they do it, and adds up what they have measured.

use super::hosts::{Hosts, PATIENCE};
use super::orders::{Load, Order, READY_WITHIN, Told};
use super::server_host::Counters;
use crate::duration::nanos;
use crate::interrupt;
use crate::load::{Driver, Exchange, LoadSpec, Measured, PartOfHost, ServerHost, WindowOfHosts};
use anyhow::{Context, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Hosts that begin further apart than this share of a window, in percent, have not measured it together.
const APART_PERCENT_MAX: u32 = 1;

/// How often a window is measured until they have.
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
            let starts = window.told.iter();
            let apart = apart(starts.map(|one| (one.late, one.clock.round_trip_ns)));
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

/// How far apart any two of the hosts may have begun, by how late each began and the round trip of its clock: from the earliest that one can have begun to the
/// latest that another can. The process at the servers, whose clock is the common one, opens its window on time.
fn apart(starts: impl Iterator<Item = (Duration, u64)>) -> Duration {
    let bounds = starts.map(|(late, round_trip_ns)| {
        let (late_ns, error_ns) = (i128::from(nanos(late)), i128::from(round_trip_ns / 2));
        (late_ns - error_ns, late_ns + error_ns)
    });
    let bounds: Vec<(i128, i128)> = bounds.chain([(0, 0)]).collect();
    let pairs = bounds.iter().enumerate().flat_map(|(place, first)| {
        let others = bounds
            .iter()
            .enumerate()
            .filter(move |(other, _)| *other != place);
        others.map(move |(_, last)| last.1 - first.0)
    });
    let most_ns = pairs.max().unwrap_or(0);
    Duration::from_nanos(u64::try_from(most_ns).unwrap_or(0))
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
        let planned = spec
            .window
            .map_or(spec.duration.unwrap_or_default(), |window| {
                window.settling + window.length + window.rest
            });
        // Whatever was seen here, what they say has to be read.
        let told = self
            .hosts
            .answers::<Option<Told>>(planned + spec.timeout + PATIENCE)?;
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
        let after = read();
        let server = self.counters.read()?.since(&counters);
        let probed = before.zip(after);
        let probed = probed.map(|(before, after)| after.saturating_sub(before).as_secs_f64());
        // The servers may have kept this process waiting for a processor when the window opened. When it closes load ends, so it
        // does not matter how late that is read.
        let missed = opened.saturating_duration_since(start + window.settling);
        let seen_s = window.length.saturating_sub(missed).as_secs_f64();
        let share = window.length.as_secs_f64() / seen_s.max(1e-9);
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
    let (measured, ns) = (&told.measured, nanos);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_as_far_apart_as_their_clocks_allow() {
        let apart_us = |starts: &[(u64, u64)]| {
            let starts = starts.iter().map(|&(late_us, round_trip_us)| {
                (Duration::from_micros(late_us), round_trip_us * 1000)
            });
            apart(starts).as_micros()
        };
        assert_eq!(apart_us(&[]), 0);
        // From the process at the servers, which opens its window on time.
        assert_eq!(apart_us(&[(300, 0)]), 300);
        assert_eq!(apart_us(&[(0, 100)]), 50);
        // One may have begun 50 us before the start, and the other 50 us after it.
        assert_eq!(apart_us(&[(0, 100), (0, 100)]), 100);
        assert_eq!(apart_us(&[(500, 0), (100, 0)]), 500);
        assert_eq!(apart_us(&[(500, 20), (100, 20)]), 510);
    }
}
