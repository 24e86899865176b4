//! The processes that a launcher of MPI has started as one run: which one this is, what they tell each other, and one
//! clock for all of them.
//!
//! MPI moves messages before and after what is measured, and never meanwhile: a blocking call of MPI spins, and would take
//! the processor of the generator. So nothing here blocks. Each wait asks, sleeps and asks again, and has a limit: if a
//! cable is cut, MPI does not notice for minutes.

mod binding;
mod clock;
mod conductor;
mod hosts;
mod messages;
mod orders;
mod refusal;
mod server_host;

pub use clock::Mapping;
pub use conductor::Conductor;
pub use hosts::Hosts;

use crate::environment::several;
use crate::interrupt;
use crate::load::PartOf;
use crate::say::say;
use crate::usage::UsageError;
use anyhow::{Context, Result};
use clock::{Round, monotonic_ns};
use messages::Tag;
use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;
use refusal::Refusal;
use rustix::process::{Signal, getpid, kill_process};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

/// How long the first words of all processes may take.
const HELLO_WITHIN: Duration = Duration::from_secs(30);

/// How often a clock is asked; the fastest answer counts.
const CLOCK_ROUNDS: usize = 100;

/// The common start lies at least so far ahead: everybody has to hear of it first.
const START_AHEAD_MIN: Duration = Duration::from_millis(20);

/// Or so many of the longest round trip.
const START_AHEAD_ROUND_TRIPS: u32 = 20;

/// How long an orderly end may take.
const END_WITHIN: Duration = Duration::from_secs(3);

/// All processes of a run, seen by one of them.
pub struct World {
    // Leaves MPI when it is dropped.
    _universe: Universe,
    all: SimpleCommunicator,
    rank: usize,
    size: usize,
    /// What messages call each.
    names: Vec<String>,
    /// How long the latest words of all may have taken: the first process waits so long before it ends.
    within: Cell<Duration>,
    /// The first process leads, and ends what all do in order if it was interrupted: the others do not by themselves.
    is_led: Cell<bool>,
}

/// What a process says first.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    host: String,
    version: String,
}

/// When all begin, by the clock of one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct AgreedStart {
    /// `CLOCK_MONOTONIC` of this host.
    at_ns: i64,
    /// What that is by the calendar of the first.
    unix_ms: u64,
    mapping: Mapping,
}

/// What comes of it if not all can begin.
type Start = Result<AgreedStart, Refusal>;

/// The common start.
#[derive(Debug, Clone, Copy)]
pub struct Begin {
    /// When it is, by the clock of this process.
    pub at: Instant,
    /// The same in ms since 1970, by the clock of the first process.
    pub unix_ms: u64,
    /// The offset of this clock from that of the first process.
    pub mapping: Mapping,
}

impl World {
    /// The processes that have been started together with this one; nothing if no launcher says that there are any.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if a launcher says so and MPI finds this process alone, or if they are of several versions.
    pub fn join() -> Result<Option<Self>> {
        if !several::may_be() {
            return Ok(None);
        }
        let joined = mpi::initialize_with_threading(Threading::Funneled);
        let (universe, _) = joined.context("MPI has been initialized twice")?;
        let all = universe.world();
        let (rank, size) = (all.rank() as usize, all.size() as usize);
        if size == 1 {
            return several::refuse_alone().map(|()| None).map_err(Into::into);
        }
        let mut world = Self {
            _universe: universe,
            all,
            rank,
            size,
            names: (1..=size).map(|number| format!("part {number}")).collect(),
            within: Cell::new(HELLO_WITHIN),
            is_led: Cell::new(false),
        };
        world.exchange_versions()?;
        Ok(Some(world))
    }

    /// Which process this is, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.rank + 1
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether it is the first, which prints what all have measured.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// What messages call the processes, in order: part and host. Only the first one knows all hosts.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Versions have to agree before anything else is said: what else is said depends on them.
    fn exchange_versions(&mut self) -> Result<()> {
        let own = Hello {
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let Some(hellos) = self.gather(&own, HELLO_WITHIN)? else {
            return Ok(());
        };
        for (name, hello) in self.names.iter_mut().zip(&hellos) {
            *name = format!("{name} ({})", hello.host);
        }
        let other = hellos.iter().position(|hello| hello.version != own.version);
        match other {
            None => Ok(()),
            Some(other) => self.give_up(&format!(
                "{} is the runner {}, and {} is {}: install one version on all hosts",
                self.names[other], hellos[other].version, self.names[0], own.version
            )),
        }
    }

    /// Collects what each has to say: at the first process from all in order, elsewhere nothing. Who is not heard of
    /// within this time ends the run.
    ///
    /// # Errors
    ///
    /// If words cannot be written or read.
    pub fn gather<T: Serialize + DeserializeOwned>(
        &self,
        own: &T,
        within: Duration,
    ) -> Result<Option<Vec<T>>> {
        let text = serde_json::to_vec(own).context("cannot write a message")?;
        self.within.set(within);
        if !self.is_first() {
            self.send(0, Tag::Words, &text, within);
            return Ok(None);
        }
        let deadline = Instant::now() + within;
        let read = |text: &[u8]| serde_json::from_slice(text).context("cannot read a message");
        let mut words = vec![read(&text)?];
        for rank in 1..self.size {
            let left = deadline.saturating_duration_since(Instant::now());
            words.push(read(&self.receive(rank, Tag::Words, left, within))?);
        }
        Ok(Some(words))
    }

    /// Waits until all are ready and agrees with them when to begin; `own` is what came of preparing here. If somebody is
    /// not ready nobody begins: the first process gets the error, the others nothing.
    ///
    /// # Errors
    ///
    /// What came of preparing, wherever that was, or a message that cannot be read.
    pub fn begin_together<T>(
        &self,
        own: Result<T>,
        within: Duration,
    ) -> Result<Option<(T, Begin)>> {
        let ready = own.as_ref().map(|_| ()).map_err(Refusal::of);
        let agreed = match self.gather(&ready, within)? {
            Some(all) => self.agree_on_start(&all)?,
            // The first process may have become ready later than this one, and waits for others.
            None => self.await_start(HELLO_WITHIN + within * 2)?,
        };
        match agreed {
            Ok(agreed) => Ok(Some((own?, agreed.begin()))),
            Err(refusal) if self.is_first() => Err(refusal.into_error()),
            Err(_) => Ok(None),
        }
    }

    /// The end of what all do together: until the first process says so, the others sleep, and not within MPI.
    pub fn part(&self, within: Duration) {
        if !self.is_first() {
            self.receive(0, Tag::Words, within, within);
            return;
        }
        for rank in 1..self.size {
            self.send(rank, Tag::Words, &[], HELLO_WITHIN);
        }
    }

    /// At the first process: maps all clocks, and tells each by its own when to begin.
    fn agree_on_start(&self, ready: &[Result<(), Refusal>]) -> Result<Start> {
        if let Some(refusal) = Refusal::of_all(ready, &self.names) {
            self.tell_others(|_| Err(refusal.clone()))?;
            return Ok(Err(refusal));
        }
        let mappings: Vec<Mapping> = (0..self.size).map(|rank| self.map_clock(rank)).collect();
        let longest_ns = mappings.iter().map(|mapping| mapping.round_trip_ns).max();
        let ahead = Duration::from_nanos(longest_ns.unwrap_or(0)) * START_AHEAD_ROUND_TRIPS;
        let ahead = ahead.max(START_AHEAD_MIN) + Duration::from_micros(100) * self.size as u32;
        let own_ns = monotonic_ns() + ahead.as_nanos() as i64;
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since_1970 = since_1970.context("the clock stands before 1970")? + ahead;
        let of = |rank: usize| AgreedStart {
            at_ns: own_ns + mappings[rank].offset_ns,
            unix_ms: since_1970.as_millis() as u64,
            mapping: mappings[rank],
        };
        self.tell_others(|rank| Ok(of(rank)))?;
        Ok(Ok(of(0)))
    }

    /// Elsewhere: tells what the clock says as often as the first process asks, and hears when to begin.
    fn await_start(&self, within: Duration) -> Result<Start> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(text) = self.poll(0, Tag::Words, within) {
                return serde_json::from_slice(&text).context("cannot read a message");
            }
            if self.poll(0, Tag::Ask, within).is_some() {
                self.tell_clock(0, within);
            } else {
                self.pause(deadline, 0, within);
            }
        }
    }

    fn tell_others(&self, of: impl Fn(usize) -> Start) -> Result<()> {
        for rank in 1..self.size {
            let text = serde_json::to_vec(&of(rank)).context("cannot write a message")?;
            self.send(rank, Tag::Words, &text, HELLO_WITHIN);
        }
        Ok(())
    }

    /// The offsets of the clocks after this one in order, by asking them. All processes call it at the same time.
    #[must_use]
    pub fn map_all(&self, within: Duration) -> Vec<Mapping> {
        let mut mappings = Vec::new();
        for asker in 0..self.size {
            for asked in asker + 1..self.size {
                if asker == self.rank {
                    mappings.push(self.map_clock(asked));
                } else if asked == self.rank {
                    // The question that wakes it up.
                    self.receive(asker, Tag::Ask, within, within);
                    self.tell_clock(asker, within);
                }
            }
        }
        mappings
    }

    fn map_clock(&self, rank: usize) -> Mapping {
        if rank == self.rank {
            return Mapping::default();
        }
        // The first question wakes the other side up.
        self.send(rank, Tag::Ask, &[], HELLO_WITHIN);
        let rounds = (0..=CLOCK_ROUNDS).map(|_| {
            let sent_ns = monotonic_ns();
            self.send(rank, Tag::Ask, &[], HELLO_WITHIN);
            let theirs = self.receive_soon(rank, Tag::Clock, HELLO_WITHIN);
            Round {
                sent_ns,
                theirs_ns: messages::number(&theirs),
                received_ns: monotonic_ns(),
            }
        });
        Mapping::of(rounds).unwrap_or_default()
    }

    fn tell_clock(&self, asker: usize, within: Duration) {
        for _ in 0..=CLOCK_ROUNDS {
            self.receive_soon(asker, Tag::Ask, within);
            self.send(asker, Tag::Clock, &monotonic_ns().to_le_bytes(), within);
        }
    }

    /// Why the launcher's binding makes load impossible here, with what to do; nothing if it does not bind.
    #[must_use]
    pub fn binding(&self) -> Option<UsageError> {
        binding::refusal()
    }

    /// Ends all processes: if one of them is missing, the run has failed, and the others need not wait.
    fn give_up(&self, why: &str) -> ! {
        say(format_args!("error: {why}"));
        let status = match interrupt::is_requested() {
            true => i32::from(interrupt::EXIT_STATUS),
            false => 1,
        };
        end_after(END_WITHIN);
        self.all.abort(status)
    }
}

impl Drop for World {
    /// Leaving MPI is a wait for all others, and has no limit of its own.
    fn drop(&mut self) {
        end_after(self.within.get() + END_WITHIN);
    }
}

/// Kills this process if it has not ended by then. The way out of MPI goes through daemons, which may not answer; neither may
/// what MPI has left to be done at an exit.
fn end_after(time: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

impl AgreedStart {
    fn begin(&self) -> Begin {
        let ahead_ns = self.at_ns - monotonic_ns();
        let now = Instant::now();
        let magnitude = Duration::from_nanos(ahead_ns.unsigned_abs());
        Begin {
            at: match ahead_ns < 0 {
                true => now.checked_sub(magnitude).unwrap_or(now),
                false => now + magnitude,
            },
            unix_ms: self.unix_ms,
            mapping: self.mapping,
        }
    }
}
