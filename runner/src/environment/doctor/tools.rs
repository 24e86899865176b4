//! Programs that some commands need: without them these say what they leave out.

use super::Check;
use std::env;
use std::path::{Path, PathBuf};

/// Names under which a browser is known that can draw a page without a window.
const BROWSERS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

pub(super) fn checks() -> Vec<Check> {
    let folders = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let folders = folders.unwrap_or_default();
    vec![
        tool(
            "valgrind",
            find(&folders, &["valgrind"]),
            "instructions per request are not counted (isolated)",
            "sudo apt-get install valgrind",
        ),
        tool(
            "strace",
            find(&folders, &["strace"]),
            "system calls per request are not counted (isolated)",
            "sudo apt-get install strace",
        ),
        tool(
            "browser",
            find(&folders, &BROWSERS),
            "the drawn page of a report is not tested",
            "sudo apt-get install chromium",
        ),
    ]
}

fn find(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let mut paths = folders
        .iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    paths.find(|path| path.is_file())
}

fn tool(subject: &'static str, path: Option<PathBuf>, cost: &'static str, mend: &str) -> Check {
    let state = path
        .as_deref()
        .map_or_else(|| "not found".into(), Path::to_string_lossy);
    Check::good(subject, state)
        .unless(path.is_some(), cost, mend)
        .for_some_commands()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_found_in_the_folders_of_the_path_and_its_lack_spoils_no_figure() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("chromium"), "").unwrap();
        let folders = [PathBuf::from("/nowhere"), folder.path().to_owned()];
        assert_eq!(
            find(&folders, &BROWSERS),
            Some(folder.path().join("chromium"))
        );
        assert_eq!(find(&folders, &["strace"]), None);
        let finding = tool("strace", None, "cost", "mend").finding.unwrap();
        assert!(!finding.spoils_figures);
        assert!(
            tool("strace", Some("/bin/strace".into()), "", "")
                .finding
                .is_none()
        );
    }
}
