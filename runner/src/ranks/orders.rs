//! What the process at the servers tells the generators to do, and how these do it.

use super::messages::Tag;
use super::{PartOf, World};
use crate::environment::limits;
use crate::interrupt;
use crate::load::{EngineKind, Exchange, Generator, LoadSpec, Measured, Pace, Window};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// How long the first order may take: contestants are built before it.
const FIRST_ORDER_WITHIN: Duration = Duration::from_secs(3 * 3600);

/// How long the next one may: all servers of a block are started in between.
const ORDER_WITHIN: Duration = Duration::from_secs(3600);

/// What a generator answers if it was told to end.
pub(super) const INTERRUPTED: &str = "interrupted";

/// How long all may take to become ready for a window.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(30);

/// What a generator is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Have a thread with this engine on each of these processors, and be ready for so many connections.
    Begin {
        engine: EngineKind,
        processors: Vec<usize>,
        connections: usize,
    },
    /// Open connections.
    Open {
        key: usize,
        exchange: Exchange,
        address: SocketAddr,
        connections: usize,
        timeout: Duration,
    },
    /// Load, from a moment on that is agreed upon next.
    Run { key: usize, load: Load },
    /// Close connections.
    Close { key: usize },
    /// Nothing more.
    End,
}

/// A load as it is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Load {
    pace: Pace,
    requests: Option<u64>,
    duration: Option<Duration>,
    window: Option<Window>,
    timeout: Duration,
    connections: Option<usize>,
}

/// What comes of a load.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) measured: Measured,
    /// How long after the common start it began, and what is known of the clock.
    pub(super) late: Duration,
    pub(super) clock: super::Mapping,
}

impl Load {
    pub(super) fn of(spec: &LoadSpec) -> Self {
        Self {
            pace: spec.pace,
            requests: spec.requests,
            duration: spec.duration,
            window: spec.window,
            timeout: spec.timeout,
            connections: spec.connections,
        }
    }

    /// As this part carries it out.
    fn spec(self, part: PartOf) -> LoadSpec {
        LoadSpec {
            requests: self.requests,
            duration: self.duration,
            window: self.window,
            connections: self.connections.map(|all| part.share(all as u64) as usize),
            part,
            stop: interrupt::flag(),
            ..LoadSpec::new(self.pace, self.timeout)
        }
    }
}

impl World {
    /// Which part of a load falls to the generator of this rank: the first process is none.
    pub(super) fn part_of(&self, rank: usize) -> PartOf {
        PartOf::new(rank, self.size - 1).unwrap_or(PartOf::WHOLE)
    }

    /// At a generator: does what the first process says until that says that nothing more comes.
    pub(super) fn obey(&self) -> Result<()> {
        let mut generator = None;
        let mut within = FIRST_ORDER_WITHIN;
        loop {
            let text = self.receive(0, Tag::Words, within, within);
            within = ORDER_WITHIN;
            let order = serde_json::from_slice(&text).context("cannot read an order")?;
            if interrupt::is_requested() && !matches!(order, Order::End) {
                // The first process ends the run, and then this one.
                let refusal = serde_json::to_vec(&Err::<(), _>(INTERRUPTED));
                let refusal = refusal.context("cannot write an answer")?;
                self.refuse(&order, &refusal)?;
                continue;
            }
            let text = match order {
                Order::End => return Ok(()),
                Order::Begin {
                    engine,
                    processors,
                    connections,
                } => {
                    // Its connections end with it.
                    drop(generator.take());
                    let allowed = limits::allow_connections(connections).map_err(Into::into);
                    let started = allowed.and_then(|()| Generator::start(engine, &processors, 1));
                    answer(started.map(|one| generator = Some(one)))?
                }
                other => {
                    let generator = generator.as_ref().context("an order before the first one");
                    answer(generator.and_then(|generator| self.carry_out(other, generator)))?
                }
            };
            self.send(0, Tag::Words, &text, ORDER_WITHIN);
        }
    }

    /// Answers an order that is not carried out. If it is one for load, the others wait until this process is ready.
    fn refuse(&self, order: &Order, refusal: &[u8]) -> Result<()> {
        if matches!(order, Order::Run { .. }) {
            self.begin_together(Ok(()), READY_WITHIN)?;
        }
        self.send(0, Tag::Words, refusal, ORDER_WITHIN);
        Ok(())
    }

    fn carry_out(&self, order: Order, generator: &Generator) -> Result<Option<Told>> {
        let part = self.part_of(self.rank);
        match order {
            Order::Open {
                key,
                exchange,
                address,
                connections,
                timeout,
            } => {
                let target = exchange.target(address);
                let own = part.share(connections as u64) as usize;
                generator.open(key, &target, own, timeout)?;
            }
            Order::Run { key, load } => return self.carry_out_load(key, load, generator),
            Order::Close { key } => generator.close(key)?,
            Order::Begin { .. } | Order::End => {}
        }
        Ok(None)
    }

    fn carry_out_load(
        &self,
        key: usize,
        load: Load,
        generator: &Generator,
    ) -> Result<Option<Told>> {
        let ready = self.begin_together(Ok(()), READY_WITHIN)?;
        let ((), begin) = ready.context("the others cannot begin")?;
        let spec = LoadSpec {
            start: Some(begin.at),
            ..load.spec(self.part_of(self.rank))
        };
        let measured = generator.run(key, &spec)?;
        // What was broken off is not a window.
        ensure!(!interrupt::is_requested(), INTERRUPTED);
        Ok(Some(Told {
            late: measured.began.saturating_duration_since(begin.at),
            clock: begin.mapping,
            measured,
        }))
    }
}

/// As the first process reads it.
fn answer<T: Serialize>(outcome: Result<T>) -> Result<Vec<u8>> {
    let outcome = outcome.map_err(|error| format!("{error:#}"));
    serde_json::to_vec(&outcome).context("cannot write an answer")
}
