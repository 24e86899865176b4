//! One load of several processes that `mpirun` has started, on one host and on hosts that are network namespaces.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod experiments;
mod faults;
mod hosts;
mod together;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A process of a launcher ends within seconds, unless the machine stands still.
const PATIENCE: Duration = Duration::from_secs(60);

const RUNNER: &str = env!("CARGO_BIN_EXE_runner");

/// `mpirun` with these arguments: as root, and with more processes than processors.
fn mpirun(arguments: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args(arguments)
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    command
}

/// So many processes on this host, with a load each.
fn load(processes: usize, arguments: &[&str]) -> Command {
    let processes = processes.to_string();
    let launcher = ["-n", &processes, "--bind-to", "none", RUNNER, "load"];
    mpirun(&[&launcher[..], arguments].concat())
}

/// Exit status, standard output, standard error.
fn outcome(output: Output) -> (i32, String, String) {
    let words = |bytes| String::from_utf8(bytes).unwrap();
    let (said, complained) = (words(output.stdout), words(output.stderr));
    assert!(!complained.contains("panicked"), "{complained}");
    (output.status.code().unwrap_or(-1), said, complained)
}

/// The processes whose command lines have this word.
fn processes_with(word: &str) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|process| {
            let path = format!("/proc/{process}/cmdline");
            let line = fs::read(Path::new(&path)).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(word)
        })
        .collect()
}

/// Waits until it holds.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
