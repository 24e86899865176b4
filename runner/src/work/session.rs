//! A server that runs under callgrind, and the profiles its processes write while it runs.

use super::callgrind::{Profile, parse};
use super::subject::Subject;
use super::tools::{self, Tool};
use crate::interrupt;
use crate::server::{Program, Server, has_socket, spawn};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Under valgrind a program starts slowly: its code is translated as it is met.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How long a profile may take to be written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// What the files are called that profiles are written to, before the number of the process.
const PROFILE: &str = "profile";

const PAUSE: Duration = Duration::from_millis(5);

/// A running server whose instructions are counted.
pub(super) struct Session {
    server: Server,
    vgdb: PathBuf,
    // After the server, which writes a last profile as it ends.
    folder: TempDir,
    /// How often each process has been told to dump.
    dumps: HashMap<u32, u32>,
}

impl Session {
    /// Starts a server on this processor; it has answered once when this returns.
    pub(super) fn start(subject: &Subject, processor: usize) -> Result<Self> {
        let program = &subject.program;
        let valgrind = tools::find(Tool::Valgrind)?;
        let vgdb = tools::find(Tool::Vgdb)?;
        let folder = tempfile::tempdir().context("cannot create a folder for profiles")?;
        let command = Program {
            path: valgrind,
            arguments: arguments(program, folder.path()),
            ..program.clone()
        };
        let server = Server::start_within(&command, &subject.exchange, &[processor], READY_WITHIN)
            .with_context(|| format!("{} does not run under valgrind", program.path.display()))?;
        Ok(Self {
            server,
            vgdb,
            folder,
            dumps: HashMap::new(),
        })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// What all processes have been counted since the dump before; counting begins anew.
    pub(super) fn dump(&mut self) -> Result<Profile> {
        let mut whole = Profile::default();
        for pid in self.counted() {
            whole.add(&self.dump_of(pid)?);
        }
        ensure!(
            whole.has_addresses() && whole.total() > 0,
            "callgrind has counted nothing"
        );
        Ok(whole)
    }

    /// The processes that serve. A shell that waits for them does nothing.
    fn counted(&self) -> Vec<u32> {
        let mut processes = self.server.tree().processes();
        processes.retain(|&pid| has_socket(pid));
        processes
    }

    fn dump_of(&mut self, pid: u32) -> Result<Profile> {
        self.tell_to_dump(pid)?;
        let dumps = self.dumps.entry(pid).or_default();
        *dumps += 1;
        let name = format!("{PROFILE}.{pid}.{dumps}");
        let path = self.folder.path().join(name);
        let text = self.read_whole(&path)?;
        let mut parts = parse(&text).context("cannot read a profile of callgrind")?;
        ensure!(
            parts.len() == 1,
            "a dump has {} parts, not one",
            parts.len()
        );
        Ok(parts.remove(0))
    }

    fn tell_to_dump(&self, pid: u32) -> Result<()> {
        let mut command = Command::new(&self.vgdb);
        command
            .arg(pipe_prefix(self.folder.path()))
            .arg(format!("--pid={pid}"))
            .arg(format!("--cmd-time-out={}", WRITTEN_WITHIN.as_secs()))
            .arg("dump");
        spawn::in_own_group(&mut command);
        let output = command.output().context("cannot run vgdb")?;
        let words = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("vgdb cannot reach the server: {}", words.trim());
        }
        Ok(())
    }

    /// A profile is whole once its last line says the total.
    fn read_whole(&mut self, path: &Path) -> Result<String> {
        let asked = Instant::now();
        while asked.elapsed() < WRITTEN_WITHIN {
            interrupt::check()?;
            if let Ok(bytes) = fs::read(path) {
                let text = String::from_utf8_lossy(&bytes);
                let last = text.lines().next_back().unwrap_or_default();
                if text.ends_with('\n') && last.starts_with("totals:") {
                    return Ok(text.into_owned());
                }
            }
            if let Some(death) = self.server.died() {
                bail!(death);
            }
            std::thread::sleep(PAUSE);
        }
        bail!("callgrind has not written a profile in time")
    }

    /// Ends the server, and with it its files.
    pub(super) fn stop(self) -> Result<()> {
        self.server.stop()?;
        self.folder.close().context("cannot remove profiles")
    }
}

fn arguments(program: &Program, folder: &Path) -> Vec<OsString> {
    let mut output = OsString::from("--callgrind-out-file=");
    output.push(folder.join(format!("{PROFILE}.%p")));
    let mut arguments: Vec<OsString> = [
        "--tool=callgrind",
        // A command of the shell becomes the server, or starts it.
        "--trace-children=yes",
        // The cost of each instruction says how often it ran.
        "--dump-instr=yes",
        // Demangled names of one generic function would look like one function.
        "--demangle=no",
        "--compress-strings=no",
        "--compress-pos=no",
        "--cache-sim=no",
        // Threads take turns in the order they asked, as on a processor of their own.
        "--fair-sched=try",
    ]
    .map(OsString::from)
    .into();
    arguments.extend([output, pipe_prefix(folder), program.path.clone().into()]);
    arguments.extend(program.arguments.iter().cloned());
    arguments
}

/// Valgrind's pipes go with the profiles, so that several runs never meet.
fn pipe_prefix(folder: &Path) -> OsString {
    let mut prefix = OsString::from("--vgdb-prefix=");
    prefix.push(folder.join("pipe"));
    prefix
}
