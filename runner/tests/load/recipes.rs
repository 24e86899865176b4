//! The five recipes that docs/LOAD.md opens with, each as it is written there but for its port and its lengths.

use super::null::{Ended, started};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

/// Lengths of the recipes, and those that a test has time for.
const SHORTER: [(&str, &str); 6] = [
    ("-n 100k", "-n 2k"),
    ("-d 10s", "-d 300ms"),
    ("-d 30s", "-d 300ms"),
    ("-n 2k -c 4", "-n 20 -c 4"),
    ("1k@10s", "1k@200ms"),
    ("1k..50k@1m", "1k..2k@400ms"),
];

/// The recipes' lines.
fn recipes() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LOAD.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("## Five recipes\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines = section.lines().filter(|line| line.starts_with("load "));
    lines.map(str::to_owned).collect()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn null_server(port: u16) -> Ended {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    started(
        command.args(["null", "--address", &address.to_string()]),
        address,
    )
}

/// Runs a recipe in a folder of its own, as a shell would.
fn run(recipe: &str, folder: &Path) -> Output {
    let rest = recipe.strip_prefix("load ").unwrap();
    let line = format!("exec {} load {rest}", env!("CARGO_BIN_EXE_runner"));
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(folder);
    command.output().unwrap()
}

#[test]
fn the_recipes_do_what_they_say() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 5, "{recipes:?}");
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    for recipe in recipes {
        let port = free_port();
        let mut line = recipe.replace("8080", &port.to_string());
        line = line.replace("8000", &port.to_string());
        for (long, short) in SHORTER {
            line = line.replace(long, short);
        }
        let is_launched = line.contains("--launch");
        if is_launched && !has_python {
            eprintln!("python3 is not installed: its recipe is not tried");
            continue;
        }
        let server = (!is_launched).then(|| null_server(port));
        let folder = tempfile::tempdir().unwrap();
        let output = run(&line, folder.path());
        drop(server);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        // A rate that a stalled machine has not held, or an objective missed on one, is an exit status of 1.
        let most = i32::from(line.contains("--rate") || line.contains("--stage"));
        let code = output.status.code();
        assert!(
            code.is_some_and(|code| (0..=most).contains(&code)),
            "{line}: {code:?}\n{said}\n{complaint}"
        );
        assert!(said.contains("requests/s"), "{line}\n{said}\n{complaint}");
        if line.contains("--csv") {
            let rows = fs::read_to_string(folder.path().join("seconds.csv")).unwrap();
            assert!(rows.lines().count() > 1, "{rows}");
        }
    }
}
