//! A server of a user's own, as it is recorded: how it is started, what it is asked, and what a right answer is.

use crate::load::{Exchange, Expected};
use crate::server::Program;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server by its command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnServer {
    /// A command of the shell, in which `{port}` and `{address}` say where it has to listen; the variable ADDR says it
    /// too.
    pub command: String,
    /// The folder it is started in; that of the runner if none is given.
    pub folder: Option<PathBuf>,
    /// Environment variables that are set for it.
    pub environment: BTreeMap<String, String>,
    /// A command of the shell whose first line of output is the version.
    pub version: Option<String>,
    /// The method of each request.
    pub method: String,
    /// The path asked for.
    pub path: String,
    /// Header fields of each request, each as `Name: value`.
    pub fields: Vec<String>,
    /// The body of each request.
    pub body: Option<String>,
    /// The status of a right answer.
    pub expect_status: u16,
    /// The body of a right answer; that of the first answer if none is given.
    pub expect_body: Option<String>,
    /// Header fields of an answer that may differ from one answer to the next; `Date` may by itself.
    pub moving: Vec<String>,
    /// Whether the body may differ too.
    pub any_body: bool,
    /// How long a start may take to its first right answer.
    pub ready_within_ms: u64,
}

impl OwnServer {
    /// What is started.
    #[must_use]
    pub fn program(&self) -> Program {
        Program {
            path: "sh".into(),
            arguments: vec!["-c".into(), self.command.clone().into()],
            folder: self.folder.clone(),
            environment: self.environment.clone(),
            ..Program::default()
        }
    }

    /// What is asked, and what the first answer has to be.
    #[must_use]
    pub fn exchange(&self) -> Exchange {
        Exchange {
            method: self.method.clone(),
            path: self.path.clone(),
            fields: self.fields.clone(),
            body: self.body.clone().unwrap_or_default().into_bytes(),
            expected: Expected::Answer {
                status: self.expect_status,
                body: self.expect_body.clone().map(String::into_bytes),
            },
            requests_per_connection: None,
        }
    }

    /// [`OwnServer::ready_within_ms`] as a duration.
    #[must_use]
    pub fn ready_within(&self) -> Duration {
        Duration::from_millis(self.ready_within_ms)
    }

    /// The files that the command names, by the words that name them: the program, which may lie in a folder of PATH,
    /// and whatever it is given.
    #[must_use]
    pub fn files(&self) -> Vec<(String, PathBuf)> {
        let folder = self.folder.clone().unwrap_or_default();
        let in_path = |word: &str| {
            let path = self.environment.get("PATH").cloned();
            let path = path.or_else(|| std::env::var("PATH").ok())?;
            let mut found = std::env::split_paths(&path).map(|folder| folder.join(word));
            found.find(|file| file.is_file())
        };
        let words = self.command.split_whitespace().enumerate();
        let files = words.filter_map(|(at, word)| {
            let word = word.trim_matches(['"', '\'']);
            let beside = folder.join(Path::new(word));
            let file = match (at, word.contains('/')) {
                (0, false) => in_path(word)?,
                _ => beside,
            };
            file.is_file().then(|| (word.to_owned(), file))
        });
        files.collect()
    }
}

#[cfg(test)]
impl OwnServer {
    /// A server by its command, of which nothing else is said.
    pub(crate) fn of_test(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            folder: None,
            environment: BTreeMap::new(),
            version: None,
            method: "GET".to_owned(),
            path: "/welcome".to_owned(),
            fields: Vec::new(),
            body: None,
            expect_status: 200,
            expect_body: None,
            moving: Vec::new(),
            any_body: false,
            ready_within_ms: 10_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_command_are_its_program_and_what_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("app.py"), "").unwrap();
        let server = OwnServer {
            folder: Some(folder.path().to_owned()),
            ..OwnServer::of_test("sh 'app.py' --port {port} missing.py")
        };
        let files = server.files();
        let words: Vec<&str> = files.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(words, ["sh", "app.py"]);
        assert!(files[0].1.is_absolute());
    }
}
