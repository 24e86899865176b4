//! Builds one contestant: alone, since a build of several together would give each of them the
//! features all of them ask for (cargo RFC 3692).

use super::{BuildEnv, Framework, ServerKind, Workspace};
use crate::interrupt;
use crate::server::spawn;
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// Why there is no binary to run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The contestant has no such server.
    #[error("{framework} has no {kind} server: its documented API offers nothing to tune")]
    NoSuchServer {
        /// The contestant.
        framework: String,
        /// What was asked for.
        kind: ServerKind,
    },
    /// Cargo has said why on the terminal.
    #[error("`{command}` failed; cargo's own words are above")]
    Failed {
        /// The command, to be tried by hand.
        command: String,
    },
    /// Something around cargo went wrong, or the build was interrupted.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// Builds one server and returns its binary; cargo shows its progress on standard error.
///
/// # Errors
///
/// See [`BuildError`].
pub fn build(
    workspace: &Workspace,
    framework: &Framework,
    kind: ServerKind,
    env: BuildEnv,
) -> Result<PathBuf, BuildError> {
    let Some(binary) = framework.servers.get(&kind) else {
        return Err(BuildError::NoSuchServer {
            framework: framework.name.clone(),
            kind,
        });
    };
    let mut arguments = vec![
        "build",
        "--locked",
        "--package",
        &framework.package,
        "--bin",
        binary,
    ];
    match env {
        BuildEnv::Release => arguments.push("--release"),
        BuildEnv::Max => arguments.extend(["--profile", "max", "--features", "mimalloc"]),
    }
    executable(workspace, &arguments, binary)
}

/// Builds one bench of a package as `cargo bench` would, with these features of its dependencies, and
/// returns its executable.
///
/// # Errors
///
/// See [`BuildError`].
pub fn build_bench(
    workspace: &Workspace,
    package: &str,
    bench: &str,
    features: &[&str],
) -> Result<PathBuf, BuildError> {
    let features = features.join(",");
    let mut arguments = vec![
        "build",
        "--locked",
        "--release",
        "--package",
        package,
        "--bench",
        bench,
    ];
    if !features.is_empty() {
        arguments.extend(["--features", &features]);
    }
    executable(workspace, &arguments, bench)
}

/// Lets cargo build the target of this name, and returns where it has put it.
fn executable(
    workspace: &Workspace,
    arguments: &[&str],
    target: &str,
) -> Result<PathBuf, BuildError> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(arguments)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    spawn::in_own_group(&mut cargo);
    let mut child = cargo
        .spawn()
        .context("cannot start cargo; is it on the PATH?")?;
    let messages = child.stdout.take().expect("standard output was asked for");
    let reader = read_executable(messages, target.to_owned());
    let succeeded = wait(&mut child)?;
    match reader.join().ok().flatten() {
        Some(executable) if succeeded => Ok(executable),
        _ => Err(BuildError::Failed {
            command: format!("cargo {}", arguments.join(" ")),
        }),
    }
}

/// Reads cargo's messages to their end and keeps the path of the target asked for.
fn read_executable(messages: ChildStdout, target: String) -> JoinHandle<Option<PathBuf>> {
    std::thread::spawn(move || {
        let mut executable = None;
        for message in cargo_metadata::Message::parse_stream(BufReader::new(messages)) {
            if let Ok(cargo_metadata::Message::CompilerArtifact(artifact)) = message
                && artifact.target.name == target
                && let Some(path) = artifact.executable
            {
                executable = Some(path.into());
            }
        }
        executable
    })
}

/// Waits for cargo; an interruption ends it and its compilers.
fn wait(child: &mut Child) -> Result<bool> {
    const PAUSE: Duration = Duration::from_millis(20);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for cargo")? {
            return Ok(status.success());
        }
        if interrupt::is_requested() {
            kill_process_group(Pid::from_child(child), Signal::INT).context("cannot stop cargo")?;
            child.wait().context("cannot wait for cargo")?;
            return Err(interrupt::Interrupted.into());
        }
        std::thread::sleep(PAUSE);
    }
}
