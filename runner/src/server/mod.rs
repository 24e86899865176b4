//! The server under test as a child process: started on its processors, watched, stopped, and
//! never left behind.

mod keeper;
mod kept;
mod launch;
mod network;
mod port;
mod readiness;
mod resident;
pub(crate) mod spawn;
mod usage;
mod words;

pub use launch::Launched;
pub use network::{Namespace, Network};
pub(crate) use port::has_socket;
pub use port::{PortTaken, check_free};
pub use resident::Resident;
pub use usage::{CpuTime, Tree, Usage, cpu_of};
pub(crate) use words::last_output;

use crate::client::RawAnswer;
use crate::interrupt;
use crate::load::Exchange;
use anyhow::{Result, bail};
use kept::Kept;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How long a server may take to its first right answer if nobody says otherwise.
pub const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take to end after SIGTERM before SIGKILL ends it.
pub const END_WITHIN: Duration = Duration::from_secs(5);

/// How often a process is looked at while it is waited for.
const PAUSE: Duration = Duration::from_millis(2);

/// How often a process is asked whether it answers, shortly after its start.
const SHORT_PAUSE: Duration = Duration::from_micros(100);

/// For how long after its start it is asked that often.
const SOON: Duration = Duration::from_millis(100);

/// How long a server that has failed may be dying.
const DYING_MAX: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// Its arguments. In them, and in its variables, `{port}` and `{address}` stand for where it has to listen, which
    /// the variable ADDR says as well.
    pub arguments: Vec<OsString>,
    /// The folder it is started in; that of the runner if none is given.
    pub folder: Option<PathBuf>,
    /// Environment variables that are set for it.
    pub environment: BTreeMap<String, String>,
    /// Where it listens.
    pub network: Network,
}

impl Program {
    /// A binary that needs no arguments.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }

    /// As a command that listens on `address`.
    fn command(&self, address: SocketAddr) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(self.arguments.iter().map(|text| filled_in(text, address)))
            .env("ADDR", address.to_string());
        for (name, value) in &self.environment {
            command.env(name, filled_in(OsStr::new(value), address));
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
}

/// The text with the address in place of its placeholders.
fn filled_in(text: &OsStr, address: SocketAddr) -> OsString {
    match text.to_str() {
        Some(text) if text.contains('{') => {
            let text = text.replace("{port}", &address.port().to_string());
            text.replace("{address}", &address.to_string()).into()
        }
        _ => text.to_owned(),
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended by itself, or by the signal's default action, within [`END_WITHIN`] of SIGTERM.
    Clean(Duration),
    /// It ended after SIGTERM with a status that says something went wrong.
    Failed(ExitStatus),
    /// It, or a process that it has started, had to be killed.
    Killed,
}

/// A running server. Dropping it ends it, with all processes it has started.
#[derive(Debug)]
pub struct Server {
    kept: Kept,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its first right answer.
    pub ready_after: Duration,
    /// Bytes of that answer, head and body.
    pub answer_bytes: usize,
}

impl Server {
    /// Starts `program` on a free port and on these processors; it has answered rightly once when
    /// this returns.
    ///
    /// # Errors
    ///
    /// If it does not start, dies, or does not answer rightly in time; the error has the last
    /// lines of its output.
    pub fn start(program: &Program, exchange: &Exchange, processors: &[usize]) -> Result<Self> {
        Self::start_within(program, exchange, processors, READY_WITHIN)
    }

    /// The same for a program that takes longer to its first right answer, as under a tool that
    /// watches it.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub fn start_within(
        program: &Program,
        exchange: &Exchange,
        processors: &[usize],
        ready_within: Duration,
    ) -> Result<Self> {
        let address = program.network.free_address()?;
        let namespace = program.network.namespace();
        let mut server = Self {
            kept: Kept::start(program.command(address), processors, namespace)?,
            address,
            ready_after: Duration::ZERO,
            answer_bytes: 0,
        };
        server.wait_until_ready(exchange, ready_within)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, exchange: &Exchange, ready_within: Duration) -> Result<()> {
        let started = self.kept.started;
        let mut last = None;
        while started.elapsed() < ready_within {
            interrupt::check()?;
            if let Some(status) = self.kept.status()? {
                let what = match self.kept.tree().processes().len() {
                    0 => "ended before it answered".to_owned(),
                    others => format!(
                        "went into the background, where {others} processes of it go on: a server has to stay \
                         in the foreground"
                    ),
                };
                bail!("the server {what} ({status}){}", self.kept.last_output());
            }
            match readiness::ask(exchange, self.address) {
                Ok(answer) => {
                    self.answer_bytes = answer.length_bytes();
                    self.ready_after = started.elapsed();
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
            // How long a start takes is a figure of its own: most take a few milliseconds.
            let pause = match started.elapsed() < SOON {
                true => SHORT_PAUSE,
                false => PAUSE,
            };
            std::thread::sleep(pause);
        }
        let why = last.map_or_else(String::new, |error| format!(": {error:#}"));
        bail!(
            "no right answer within {ready_within:?} of its start{why}{}{}",
            self.listens_elsewhere().unwrap_or_default(),
            self.kept.last_output()
        )
    }

    /// Where its processes listen instead of on its address, and what to do, if they do.
    fn listens_elsewhere(&self) -> Option<String> {
        let listened = port::listened_by(&self.tree().processes());
        let is_there = |one: &SocketAddr| {
            let is_address = one.ip().is_unspecified() || one.ip() == self.address.ip();
            one.port() == self.address.port() && is_address
        };
        if listened.is_empty() || listened.iter().any(is_there) {
            return None;
        }
        let places: Vec<String> = listened.iter().map(ToString::to_string).collect();
        Some(format!(
            "; it listens on {} and not on {}: give it the port by {{port}} or {{address}} in its command, or let it \
             read the variable ADDR",
            places.join(", "),
            self.address
        ))
    }

    /// The number of the process that was started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.kept.pid()
    }

    /// All its processes.
    #[must_use]
    pub fn tree(&self) -> Tree {
        self.kept.tree()
    }

    /// What the kernel says its processes have used so far.
    ///
    /// # Errors
    ///
    /// If they have gone.
    pub fn usage(&self) -> Result<Usage> {
        self.tree().usage()
    }

    /// A clock of the CPU time of all its processes, for another thread to read. A thread that is running is charged
    /// up to its last switch or tick, so the clock is exact while the server waits.
    pub fn cpu_clock(&self) -> impl Fn() -> Result<Duration> + Send + Sync + 'static {
        let tree = self.tree();
        move || tree.cpu()
    }

    /// Asks it once more, on a connection of its own; the answer, which is a right one.
    ///
    /// # Errors
    ///
    /// If none comes, or a wrong one.
    pub fn ask(&self, exchange: &Exchange) -> Result<RawAnswer> {
        readiness::ask(exchange, self.address)
    }

    /// How it ended, if it is no longer running.
    #[must_use]
    pub fn died(&mut self) -> Option<String> {
        let status = self.kept.status().ok().flatten()?;
        Some(format!(
            "the server died ({status}){}",
            self.kept.last_output()
        ))
    }

    /// The same of a server that has failed, which may be dying: its sockets are closed before its end is known, and on a busy
    /// machine much earlier.
    pub fn died_lately(&mut self) -> Option<String> {
        let failed = Instant::now();
        loop {
            let death = self.died();
            if death.is_some() || failed.elapsed() > DYING_MAX {
                return death;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks the server to end, without waiting.
    pub fn ask_to_end(&self) {
        self.kept.ask_main_to_end();
    }

    /// Asks the server to end, waits, and kills what does not. Processes that it leaves behind are asked by
    /// themselves.
    ///
    /// # Errors
    ///
    /// If nobody can say what became of it.
    pub fn stop(mut self) -> Result<Ending> {
        self.ask_to_end();
        let asked = Instant::now();
        let mut has_asked_others = false;
        while asked.elapsed() < END_WITHIN {
            let status = self.kept.status()?;
            if let Some(status) = status
                && self.kept.is_over()
            {
                let by_signal = status.signal() == Some(Signal::TERM.as_raw());
                return Ok(if status.success() || by_signal {
                    Ending::Clean(asked.elapsed())
                } else {
                    Ending::Failed(status)
                });
            }
            if status.is_some() && !has_asked_others {
                self.kept.ask_all_to_end();
                has_asked_others = true;
            }
            std::thread::sleep(PAUSE);
        }
        self.kept.kill();
        Ok(Ending::Killed)
    }
}

/// How often a start is tried: a port may be taken between choosing it and listening, and a machine under load
/// may end a server before it is ready.
const ATTEMPTS: u32 = 3;

/// Starts a server as [`Server::start_within`] does, again if it fails; how many attempts it took.
///
/// # Errors
///
/// That of the last attempt.
pub fn start_repeatedly(
    program: &Program,
    exchange: &Exchange,
    processors: &[usize],
    ready_within: Duration,
) -> Result<(Server, u32)> {
    let mut attempt = 1;
    loop {
        interrupt::check()?;
        match Server::start_within(program, exchange, processors, ready_within) {
            Ok(server) => return Ok((server, attempt)),
            Err(error) if attempt == ATTEMPTS || !program.path.exists() => {
                return match attempt {
                    1 => Err(error),
                    attempts => Err(error.context(format!("{attempts} starts failed"))),
                };
            }
            Err(_) => attempt += 1,
        }
    }
}

#[cfg(test)]
mod tests;
