//! The programs that count for us: are they there, and which versions.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that has to be installed, and the package that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Runs a program on a simulated processor and counts its instructions.
    Valgrind,
    /// Tells a program under valgrind to write down what it has counted.
    Vgdb,
    /// Watches system calls.
    Strace,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Valgrind => "valgrind",
            Self::Vgdb => "vgdb",
            Self::Strace => "strace",
        }
    }

    /// What it is called in records.
    #[must_use]
    pub fn key(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn package(self) -> &'static str {
        match self {
            Self::Valgrind | Self::Vgdb => "valgrind",
            Self::Strace => "strace",
        }
    }
}

/// A tool is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} is not on PATH; install it with: apt-get install {package}",
    name = .0.name(),
    package = .0.package()
)]
pub struct MissingTool(pub Tool);

/// Where a tool is.
///
/// # Errors
///
/// [`MissingTool`] where it is nowhere on PATH.
pub fn find(tool: Tool) -> Result<PathBuf, MissingTool> {
    let folders = env::var_os("PATH").unwrap_or_default();
    find_among(tool, env::split_paths(&folders))
}

fn find_among(
    tool: Tool,
    folders: impl IntoIterator<Item = PathBuf>,
) -> Result<PathBuf, MissingTool> {
    folders
        .into_iter()
        .map(|folder| folder.join(tool.name()))
        .find(|path| path.is_file())
        .ok_or(MissingTool(tool))
}

/// The first line a tool prints when it is asked for its version.
///
/// # Errors
///
/// [`MissingTool`] where it is nowhere on PATH, or does not say.
pub fn version(tool: Tool) -> Result<String, MissingTool> {
    version_of(&find(tool)?).ok_or(MissingTool(tool))
}

/// The same of the tool that records call this; `None` if it does not say, or is not there.
#[must_use]
pub fn version_by_key(key: &str) -> Option<String> {
    let all = [Tool::Valgrind, Tool::Vgdb, Tool::Strace];
    let tool = all.into_iter().find(|tool| tool.key() == key)?;
    version(tool).ok()
}

fn version_of(path: &Path) -> Option<String> {
    let output = Command::new(path).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_says_how_to_get_it() {
        let nowhere = [PathBuf::from("/nowhere")];
        let error = find_among(Tool::Vgdb, nowhere).unwrap_err();
        assert_eq!(
            error.to_string(),
            "vgdb is not on PATH; install it with: apt-get install valgrind"
        );
    }

    #[test]
    fn a_tool_is_found_in_the_folder_that_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("strace");
        std::fs::write(&path, "").unwrap();
        let folders = [PathBuf::from("/nowhere"), folder.path().to_owned()];
        assert_eq!(find_among(Tool::Strace, folders), Ok(path));
    }
}
