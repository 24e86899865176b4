//! A server that runs under callgrind, and the profiles it writes while it runs.

use super::callgrind::{Profile, parse};
use super::tools::{self, Tool};
use crate::interrupt;
use crate::load::Exchange;
use crate::server::{Program, Server, spawn};
use anyhow::{Context, Result, bail, ensure};
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

const PAUSE: Duration = Duration::from_millis(5);

/// A running server whose instructions are counted.
pub(super) struct Session {
    server: Server,
    vgdb: PathBuf,
    // After the server, which writes a last profile as it ends.
    folder: TempDir,
    dumps: u32,
}

impl Session {
    /// Starts `program` on this processor; it has answered once when this returns.
    pub(super) fn start(program: &Program, processor: usize) -> Result<Self> {
        let valgrind = tools::find(Tool::Valgrind)?;
        let vgdb = tools::find(Tool::Vgdb)?;
        let folder = tempfile::tempdir().context("cannot create a folder for profiles")?;
        let command = Program {
            path: valgrind,
            arguments: arguments(program, folder.path()),
            ..program.clone()
        };
        let server =
            Server::start_within(&command, &Exchange::welcome(), &[processor], READY_WITHIN)
                .with_context(|| {
                    format!("{} does not run under valgrind", program.path.display())
                })?;
        Ok(Self {
            server,
            vgdb,
            folder,
            dumps: 0,
        })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// What has been counted since the dump before; counting begins anew.
    pub(super) fn dump(&mut self) -> Result<Profile> {
        self.tell_to_dump()?;
        self.dumps += 1;
        let path = self.folder.path().join(format!("profile.{}", self.dumps));
        let text = self.read_whole(&path)?;
        let mut parts = parse(&text).context("cannot read a profile of callgrind")?;
        ensure!(
            parts.len() == 1,
            "a dump has {} parts, not one",
            parts.len()
        );
        let profile = parts.remove(0);
        ensure!(
            profile.has_addresses() && profile.total() > 0,
            "callgrind has counted nothing"
        );
        Ok(profile)
    }

    fn tell_to_dump(&self) -> Result<()> {
        let mut command = Command::new(&self.vgdb);
        command
            .arg(pipe_prefix(self.folder.path()))
            .arg(format!("--pid={}", self.server.pid()))
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
    output.push(folder.join("profile"));
    let mut arguments: Vec<OsString> = [
        "--tool=callgrind",
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
