//! The commands of docs/MACHINES.md, as they are written there but for host, port and lengths.

use super::null::{Ended, started};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

/// What a launcher is here: it leaves out what is for itself, and Slurm's starts two processes.
const LAUNCHERS: &str = r#"
ssh() { shift; sh -c "$*"; }
srun() {
  while [ "$1" != sh ]; do shift; done
  SLURM_NTASKS=2 SLURM_PROCID=0 "$@" &
  SLURM_NTASKS=2 SLURM_PROCID=1 "$@"
}
"#;

/// The blocks of commands that load.
fn blocks() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/MACHINES.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks
        // `tests/ranks` has what goes by mpirun.
        .filter(|block| block.contains("runner load") && !block.contains("mpirun"))
        .collect()
}

fn run(block: &str, folder: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_runner"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    // Slurm's own line ends with its last process here, so the first one is waited for.
    let block = block.replace("\nrunner merge", "\nwait\nrunner merge");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("set -e\n{LAUNCHERS}{block}")]);
    command
        .env("PATH", path)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_commands_of_the_page_do_what_they_say() {
    let blocks = blocks();
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    for block in blocks {
        let address = SocketAddr::from(([127, 0, 0, 1], super::free_port()));
        let mut null = Command::new(env!("CARGO_BIN_EXE_runner"));
        let server: Ended = started(
            null.args(["null", "--address", &address.to_string()]),
            address,
        );
        let folder = tempfile::tempdir().unwrap();
        let shorter = block
            .replace("10.0.0.5:8080", &address.to_string())
            .replace("-d 30s", "-d 500ms")
            .replace("date +%s) + 5", "date +%s) + 2");
        assert_ne!(shorter, block);
        let output = run(&shorter, folder.path());
        drop(server);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{shorter}\n{said}\n{complaint}");
        let parts = [
            "64 connections, 2 threads",
            ", all 2 parts\n",
            "  part 1 ",
            "  part 2 ",
        ];
        let missing = parts.iter().find(|words| !said.contains(*words));
        assert_eq!(missing, None, "{shorter}\n{said}\n{complaint}");
    }
}
