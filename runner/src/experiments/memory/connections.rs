//! The connections to one process: opened in steps, kept idle, asked once or put under load, closed.

use crate::interrupt;
use crate::load::{Generator, LoadSpec, Measured, Pace, Target};
use anyhow::{Result, bail, ensure};
use std::thread;
use std::time::Duration;

/// How often closed connections are opened again before that is given up: a server that closes idle ones after some
/// seconds does so while others are being opened.
const PASSES_MAX: u32 = 3;

/// Unused connections are opened so many at a time, with a pause in which the server accepts them: a listen queue may be
/// as short as 128, and what does not fit into it is tried again by the kernel a second later.
const BATCH: usize = 64;
const BATCH_PAUSE: Duration = Duration::from_millis(5);

/// Connections of the generator to one server. Those of each step are a pool of their own, whose key is its place.
pub(super) struct Connections<'g> {
    generator: &'g Generator,
    target: Target,
    timeout: Duration,
    /// How many each pool has.
    pools: Vec<usize>,
    /// The first pool has not asked anything yet.
    is_unused: bool,
}

impl<'g> Connections<'g> {
    /// None yet.
    pub(super) fn to(generator: &'g Generator, target: Target, timeout: Duration) -> Self {
        Self {
            generator,
            target,
            timeout,
            pools: Vec::new(),
            is_unused: false,
        }
    }

    /// How many there are.
    pub(super) fn total(&self) -> usize {
        self.pools.iter().sum()
    }

    /// Opens the first ones and asks nothing of them.
    pub(super) fn open_unused(&mut self, count: usize) -> Result<()> {
        let (key, timeout) = (self.pools.len(), self.timeout);
        self.pools.push(count);
        self.is_unused = true;
        let up_to = |first| {
            let target = &self.target;
            self.generator
                .connect_first(key, target, first, count, timeout)
        };
        for first in (BATCH..count).step_by(BATCH) {
            up_to(first)?;
            thread::sleep(BATCH_PAUSE);
        }
        // What did not fit after all is opened in one of these.
        let mut opening = up_to(count)?;
        for _ in 1..PASSES_MAX {
            if opening.opened() < count {
                opening = up_to(count)?;
            }
        }
        let opened = opening.opened();
        ensure!(
            opened == count,
            "only {opened} of {count} connections could be opened: {}",
            opening.complaint().unwrap_or("the others took too long")
        );
        Ok(())
    }

    /// Opens more until there are so many; each has had a right answer then. How many answers came.
    pub(super) fn grow_to(&mut self, count: usize) -> Result<u64> {
        let mut answers = 0;
        if self.is_unused {
            self.is_unused = false;
            answers += self.ask_each_once()?;
        }
        let more = count.saturating_sub(self.total());
        if more > 0 {
            let (key, timeout) = (self.pools.len(), self.timeout);
            self.pools.push(more);
            let tally = self.generator.open(key, &self.target, more, timeout)?;
            answers += tally.ok;
        }
        for _ in 0..PASSES_MAX {
            match self.open_again()? {
                0 => break,
                again => answers += again,
            }
        }
        Ok(answers)
    }

    /// One request on each of the first ones.
    fn ask_each_once(&self) -> Result<u64> {
        let count = self.pools.first().copied().unwrap_or(0) as u64;
        let spec = LoadSpec {
            requests: Some(count),
            ..self.closed_loop()
        };
        let measured = self.generator.run(0, &spec)?;
        let ok = measured.tally.ok;
        let complaint = measured.complaint.as_deref();
        ensure!(
            ok == count,
            "only {ok} of {count} connections had a right answer: {}",
            complaint.unwrap_or("the others had none")
        );
        Ok(ok)
    }

    /// Opens those that the server has closed; how many these were.
    pub(super) fn open_again(&self) -> Result<u64> {
        let mut again = 0;
        for (key, &count) in self.pools.iter().enumerate() {
            let tally = self
                .generator
                .open(key, &self.target, count, self.timeout)?;
            again += tally.ok;
        }
        Ok(again)
    }

    /// Puts the first ones under load for a while: a request is open on each at all times.
    pub(super) fn load(&self, length: Duration) -> Result<Measured> {
        if self.pools.is_empty() {
            bail!("no connection is open");
        }
        let spec = LoadSpec {
            duration: Some(length),
            ..self.closed_loop()
        };
        self.generator.run(0, &spec)
    }

    fn closed_loop(&self) -> LoadSpec {
        LoadSpec {
            stop: interrupt::flag(),
            ..LoadSpec::new(Pace::Closed, self.timeout)
        }
    }

    /// Closes all, each in order: the server sees their ends.
    ///
    /// # Errors
    ///
    /// If a thread of the generator has died.
    pub(super) fn close(&mut self) -> Result<()> {
        for key in 0..self.pools.len() {
            self.generator.close(key)?;
        }
        self.pools.clear();
        Ok(())
    }
}
