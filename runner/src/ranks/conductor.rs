//! The process at the servers of a run whose load comes from other hosts: it tells the generators what to do, watches the
//! servers' machine while they do it, and adds up what they have measured.

use super::World;
use super::messages::Tag;
use super::orders::{Load, Order, READY_WITHIN, Told};
use super::refusal::Refusal;
use super::server_host::Counters;
use crate::environment::{Host, Interface, RunHost, processors};
use crate::interrupt;
use crate::load::{
    Driver, EngineKind, Exchange, LoadSpec, Measured, PartOfHost, ServerHost, WindowOfHosts,
};
use crate::say::say;
use crate::usage::UsageError;
use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How much longer than planned an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Hosts that begin further apart than this share of a window, in percent, have not measured it together;
const APART_PERCENT_MAX: u32 = 1;

/// it is measured again, so often in all.
const ATTEMPTS: u32 = 3;

/// How long a sleep lasts before it looks whether the run was interrupted.
const NAP: Duration = Duration::from_millis(50);

/// The hosts that generate load, seen by the process at the servers. Dropping it ends them.
pub struct Hosts {
    world: World,
    server: IpAddr,
    all: Vec<RunHost>,
}

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

impl Hosts {
    /// Joins the processes that a launcher has started: the first one, which is where servers listen at `server`, gets the
    /// others. These generate load with a thread on each of `processors`, or on each that they may use if there are none,
    /// until the first has ended, and get nothing.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if this process is alone, or if one cannot take part.
    pub fn join(server: IpAddr, processors: &[usize]) -> Result<Option<Self>> {
        let Some(world) = World::join()? else {
            bail!(UsageError(format!(
                "--server-addr measures servers at {server} from other hosts: start it with `mpirun --host SERVER,GENERATOR,... \
                 --map-by ppr:1:node --bind-to none runner ...`"
            )));
        };
        let own = ready(&world, server, processors).map_err(|error| Refusal::of(&error));
        let Some(all) = world.gather(&own, PATIENCE)? else {
            if own.is_ok() {
                world.is_led.set(true);
                world.obey()?;
            }
            return Ok(None);
        };
        world.is_led.set(true);
        // Dropped on the way out if somebody cannot take part: so those who can are told.
        let mut hosts = Self {
            world,
            server,
            all: Vec::new(),
        };
        let outcomes = all
            .iter()
            .map(|one| one.as_ref().map(|_| ()).map_err(Clone::clone));
        let outcomes: Vec<Result<(), Refusal>> = outcomes.collect();
        if let Some(refusal) = Refusal::of_all(&outcomes, hosts.world.names()) {
            return Err(refusal.into_error());
        }
        hosts.all = all.into_iter().flatten().collect();
        hosts.say_who_shares();
        Ok(Some(hosts))
    }

    /// The machine of the servers, and then those that generate load.
    #[must_use]
    pub fn all(&self) -> &[RunHost] {
        &self.all
    }

    /// Where servers listen.
    #[must_use]
    pub fn server(&self) -> IpAddr {
        self.server
    }

    /// A driver with this engine, of the hosts as they are recorded, for so many connections at a time. Threads and connections
    /// of an earlier one end.
    ///
    /// # Errors
    ///
    /// If a host cannot start its threads, or cannot open so many files.
    pub fn driver(
        self: &Rc<Self>,
        engine: EngineKind,
        (of_servers, recorded): (&[usize], &[RunHost]),
        connections: usize,
    ) -> Result<Conductor> {
        self.order(PATIENCE, |rank| Order::Begin {
            engine,
            processors: recorded
                .get(rank)
                .map_or_else(Vec::new, |host| host.processors.clone()),
            connections: self.world.part_of(rank).share(connections as u64) as usize,
        })?;
        Ok(Conductor {
            counters: Counters::at(self.server, of_servers),
            hosts: Rc::clone(self),
            told: RefCell::default(),
            opened: RefCell::default(),
        })
    }

    /// Says which generators are on the host of the servers: that is for tests.
    fn say_who_shares(&self) {
        let mut names = self.all.iter().map(|one| &one.host.name);
        let server = names.next();
        let sharing = names.filter(|name| Some(*name) == server).count();
        if sharing > 0 {
            say(format_args!(
                "{sharing} of the generators run on the host of the servers, and take processors from them: give the launcher one \
                 process per host (--map-by ppr:1:node)"
            ));
        }
    }

    /// Gives each generator an order, and hears what came of it.
    fn order(&self, within: Duration, order: impl Fn(usize) -> Order) -> Result<()> {
        self.tell(&order)?;
        self.answers::<Option<Told>>(within).map(|_| ())
    }

    fn tell(&self, order: impl Fn(usize) -> Order) -> Result<()> {
        for rank in 1..self.world.size() {
            let text = serde_json::to_vec(&order(rank)).context("cannot write an order")?;
            self.world.send(rank, Tag::Words, &text, PATIENCE);
        }
        Ok(())
    }

    /// What each generator answers. All answers are read before an error is returned, so that none is taken for that of the next
    /// order.
    fn answers<T: DeserializeOwned>(&self, within: Duration) -> Result<Vec<T>> {
        let all = 1..self.world.size();
        let heard = all.map(|rank| self.world.receive(rank, Tag::Words, within, within));
        let heard: Vec<Vec<u8>> = heard.collect();
        let read = heard.iter().zip(self.world.names().iter().skip(1));
        let read = read.map(|(text, name)| {
            let outcome = serde_json::from_slice::<Result<T, String>>(text);
            let outcome = outcome.context("cannot read an answer")?;
            outcome.map_err(|why| anyhow!("{name}: {why}"))
        });
        read.collect()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        if interrupt::is_requested() {
            // The record is complete by now. Generators may be in the middle of a window.
            self.world
                .give_up("interrupted; --resume continues the run, under the same launcher");
        }
        // Whoever is gone cannot be told.
        let _ = self.tell(|_| Order::End);
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.world.names()).finish()
    }
}

/// What this host is, if it can take part.
fn ready(world: &World, server: IpAddr, chosen: &[usize]) -> Result<RunHost> {
    if let Some(refusal) = world.binding() {
        bail!(refusal);
    }
    let host = Host::read(Some(SocketAddr::new(server, 0)))?;
    if !world.is_first() {
        let processors = processors_of(chosen, &host)?;
        return Ok(RunHost { host, processors });
    }
    let interface = Interface::with_address(server);
    if interface.is_none() {
        bail!(UsageError(format!(
            "{} does not have the address {server} (--server-addr): the first host of the launcher has to be that of the servers",
            host.name
        )));
    }
    Ok(RunHost {
        host: Host { interface, ..host },
        processors: Vec::new(),
    })
}

/// The processors by which a generator loads: those that were chosen, or all that it may use.
fn processors_of(chosen: &[usize], host: &Host) -> Result<Vec<usize>> {
    let allowed = processors::allowed()?;
    if let Some(missing) = chosen.iter().find(|one| !allowed.contains(one)) {
        bail!(UsageError(format!(
            "{} has no processor {missing} for --generator-processors: it may use {}",
            host.name, host.processors_allowed
        )));
    }
    Ok(match chosen {
        [] => allowed,
        some => some.to_vec(),
    })
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
