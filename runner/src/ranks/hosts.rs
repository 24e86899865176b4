//! The hosts of a run, seen by the process at the servers: who they are, what they are told to do, and what they answer.

use super::World;
use super::conductor::Conductor;
use super::messages::Tag;
use super::orders::{INTERRUPTED, Order, Told};
use super::refusal::Refusal;
use crate::environment::{Host, Interface, RunHost, processors};
use crate::interrupt;
use crate::load::EngineKind;
use crate::say::say;
use crate::usage::UsageError;
use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How much longer than planned an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// The hosts that generate load, seen by the process at the servers. Dropping it ends them.
pub struct Hosts {
    pub(super) world: World,
    server: IpAddr,
    all: Vec<RunHost>,
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
        Ok(Conductor::of(Rc::clone(self), of_servers))
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
    pub(super) fn order(&self, within: Duration, order: impl Fn(usize) -> Order) -> Result<()> {
        self.tell(&order)?;
        self.answers::<Option<Told>>(within).map(|_| ())
    }

    pub(super) fn tell(&self, order: impl Fn(usize) -> Order) -> Result<()> {
        for rank in 1..self.world.size() {
            let text = serde_json::to_vec(&order(rank)).context("cannot write an order")?;
            self.world.send(rank, Tag::Words, &text, PATIENCE);
        }
        Ok(())
    }

    /// What each generator answers. All answers are read before an error is returned, so that none is taken for that of the next
    /// order.
    pub(super) fn answers<T: DeserializeOwned>(&self, within: Duration) -> Result<Vec<T>> {
        let all = 1..self.world.size();
        let heard = all.map(|rank| self.world.receive(rank, Tag::Words, within, within));
        let heard: Vec<Vec<u8>> = heard.collect();
        let read = heard.iter().zip(self.world.names().iter().skip(1));
        let read = read.map(|(text, name)| {
            let outcome = serde_json::from_slice::<Result<T, String>>(text);
            let outcome = outcome.context("cannot read an answer")?;
            if outcome
                .as_ref()
                .is_err_and(|why| why.ends_with(INTERRUPTED))
            {
                say(format_args!("{name} was interrupted, and ends the run"));
                interrupt::flag().store(true, Ordering::Relaxed);
                interrupt::check()?;
            }
            outcome.map_err(|why| anyhow!("{name}: {why}"))
        });
        read.collect()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        if interrupt::is_requested() {
            // The record is written by now. Generators may be in the middle of a window.
            self.world.give_up("interrupted");
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
