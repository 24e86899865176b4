//! Builds one contestant: alone, since a build of several together would give each of them the
//! features all of them ask for (cargo RFC 3692).

use super::errors::{last_errors, pass_on, print_as_on_terminal};
use super::{BuildEnv, Framework, ServerKind, Workspace};
use crate::interrupt;
use crate::server::spawn;
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::BufReader;
use std::path::{Path, PathBuf};
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
    /// Cargo has said why, on the terminal too.
    #[error("`{command}` failed: {errors}")]
    Failed {
        /// The command, to be tried by hand.
        command: String,
        /// The last error lines of cargo, in one line.
        errors: String,
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
    arguments.extend(["--profile", profile(env)]);
    if env == BuildEnv::Max {
        arguments.extend(["--features", MIMALLOC]);
    }
    executable(workspace, &arguments, binary)
}

/// The feature of every contestant that changes its allocator: the other half of [`BuildEnv::Max`].
pub const MIMALLOC: &str = "mimalloc";

/// Cargo's profile of this name.
fn profile(env: BuildEnv) -> &'static str {
    match env {
        BuildEnv::Release => "release",
        BuildEnv::Max => "max",
    }
}

/// Builds one bench of a package, with these features, and returns its executable.
///
/// # Errors
///
/// See [`BuildError`].
pub fn build_bench(
    workspace: &Workspace,
    package: &str,
    bench: &str,
    env: BuildEnv,
    features: &[&str],
) -> Result<PathBuf, BuildError> {
    let features = features.join(",");
    let mut arguments = vec![
        "build",
        "--locked",
        "--profile",
        profile(env),
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

/// A build from nothing, as a user of the framework would make it: cargo's own release profile, without the line tables
/// that this workspace adds.
#[derive(Debug)]
pub struct ColdBuild<'b> {
    /// The top folder of the workspace.
    pub root: &'b Path,
    /// The folder that is built in.
    pub folder: &'b Path,
    /// The package.
    pub package: &'b str,
    /// Its program.
    pub binary: &'b str,
    /// Its cargo features.
    pub features: &'b [String],
    /// Compilers at a time.
    pub jobs: usize,
}

/// What a build has made.
#[derive(Debug, Default)]
pub struct Made {
    /// The program, without symbols.
    pub program: PathBuf,
    /// The packages that were compiled, with the one asked for.
    pub packages: usize,
}

/// Builds from nothing, without the network.
///
/// # Errors
///
/// See [`BuildError`].
pub fn build_cold(cold: &ColdBuild) -> Result<Made, BuildError> {
    let jobs = cold.jobs.to_string();
    let features = cold.features.join(",");
    let mut arguments = vec!["build", "--locked", "--offline", "--quiet", "--release"];
    arguments.extend(["--package", cold.package, "--bin", cold.binary]);
    arguments.extend(["--jobs", &jobs]);
    if !features.is_empty() {
        arguments.extend(["--features", &features]);
    }
    let mut cargo = cargo(cold.root, &arguments);
    cargo
        .env("CARGO_TARGET_DIR", cold.folder)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        // A cache of what others have compiled would be measured instead of the compiler.
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "");
    made(cargo, cold.binary)
}

/// Downloads the sources of every crate in the lockfile.
///
/// # Errors
///
/// See [`BuildError`].
pub fn fetch(workspace: &Workspace) -> Result<(), BuildError> {
    let mut fetch = cargo(&workspace.root, &["fetch", "--locked", "--quiet"]);
    fetch.stdout(Stdio::null());
    let by_hand = by_hand(&fetch);
    let ended = Running::start(&mut fetch)?.end()?;
    ended.map_err(|errors| BuildError::Failed {
        command: by_hand,
        errors,
    })
}

/// Lets cargo build the target of this name, and returns where it has put it.
fn executable(
    workspace: &Workspace,
    arguments: &[&str],
    target: &str,
) -> Result<PathBuf, BuildError> {
    let made = made(cargo(&workspace.root, arguments), target)?;
    Ok(made.program)
}

/// Cargo in its own process group, so that Ctrl-C reaches it through us alone.
fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).current_dir(root).stdin(Stdio::null());
    spawn::in_own_group(&mut cargo);
    cargo
}

/// Cargo at work; what it prints on standard error is shown on ours.
struct Running {
    child: Child,
    printed: JoinHandle<String>,
}

impl Running {
    fn start(cargo: &mut Command) -> Result<Self> {
        print_as_on_terminal(cargo);
        let mut child = cargo
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start cargo; is it on the PATH?")?;
        let printed = child.stderr.take().expect("standard error was asked for");
        Ok(Self {
            child,
            printed: pass_on(printed, std::io::stderr()),
        })
    }

    /// Waits until it ends; its last error lines if it has failed.
    fn end(mut self) -> Result<Result<(), String>> {
        let succeeded = wait(&mut self.child)?;
        // What comes next is said after the last of it.
        let printed = self.printed.join().unwrap_or_default();
        Ok(match succeeded {
            true => Ok(()),
            false => Err(last_errors(&printed)),
        })
    }
}

/// The command, to be tried by hand.
fn by_hand(cargo: &Command) -> String {
    let arguments = cargo.get_args().map(OsStr::to_string_lossy);
    format!("cargo {}", arguments.collect::<Vec<_>>().join(" "))
}

/// Lets cargo build, and reads from its messages what it has made of the target of this name.
fn made(mut cargo: Command, target: &str) -> Result<Made, BuildError> {
    let command = by_hand(&cargo);
    cargo
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    let mut running = Running::start(&mut cargo)?;
    let messages = running.child.stdout.take();
    let messages = messages.expect("standard output was asked for");
    let reader = read_made(messages, target.to_owned());
    let ended = running.end()?;
    let made = reader.join().ok().flatten();
    let none = || format!("cargo has made no `{target}`");
    match ended.and_then(|()| made.ok_or_else(none)) {
        Ok(made) => Ok(made),
        Err(errors) => Err(BuildError::Failed { command, errors }),
    }
}

/// Reads cargo's messages to their end and keeps the path of the target asked for.
fn read_made(messages: ChildStdout, target: String) -> JoinHandle<Option<Made>> {
    std::thread::spawn(move || {
        let (mut program, mut packages) = (None, BTreeSet::new());
        for message in cargo_metadata::Message::parse_stream(BufReader::new(messages)) {
            let Ok(cargo_metadata::Message::CompilerArtifact(artifact)) = message else {
                continue;
            };
            if artifact.target.name == target
                && let Some(path) = artifact.executable
            {
                program = Some(path.into());
            }
            packages.insert(artifact.package_id);
        }
        Some(Made {
            program: program?,
            packages: packages.len(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_fails_says_why_in_its_reason() {
        let root = tempfile::tempdir().unwrap();
        let manifest = "[package]\nname = \"tiny\"\nedition = \"2024\"\n[workspace]\n";
        std::fs::write(root.path().join("Cargo.toml"), manifest).unwrap();
        std::fs::create_dir(root.path().join("src")).unwrap();
        let source = root.path().join("src/main.rs");
        std::fs::write(source, "fn main() {\n    nobody();\n}\n").unwrap();
        let mut cargo = cargo(root.path(), &["build", "--offline"]);
        cargo.env("CARGO_TARGET_DIR", root.path().join("target"));
        let reason = made(cargo, "tiny").unwrap_err().to_string();
        assert!(
            reason
                .starts_with("`cargo build --offline` failed: error[E0425]: cannot find function"),
            "{reason}"
        );
        assert!(reason.contains("src/main.rs:2:5"), "{reason}");
        assert!(reason.contains("could not compile `tiny`"), "{reason}");
        assert!(!reason.contains('\n'), "{reason}");
    }
}
