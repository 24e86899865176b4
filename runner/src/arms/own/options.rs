//! What can be said of a user's own servers on the command line.

use super::file::{self, Listed};
use crate::duration::millis;
use crate::run::{Arm, ArmKind, OwnServer};
use crate::usage::UsageError;
use crate::values::{Body, HeaderField, body, header_field, method, whole_millis};
use anyhow::Result;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// Options of experiments that can measure a user's own servers in place of the contestants.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "own", multiple = true, conflicts_with = "resume")]
#[command(next_help_heading = "Your own servers")]
pub struct OwnOptions {
    /// A server by its command, in place of the contestants; may be repeated. {port} or {address} in the command, or the
    /// variable ADDR, says where it has to listen. The first one is the baseline
    #[arg(long = "arm", value_name = "NAME=COMMAND", value_parser = named, conflicts_with_all = ["names", "server", "env"])]
    pub arms: Vec<(String, String)>,
    /// Servers from a file (docs/YOUR-SERVERS.md), in place of the contestants
    #[arg(long = "arms", id = "arms_file", value_name = "FILE", conflicts_with_all = ["names", "server", "env", "arms"])]
    pub file: Option<PathBuf>,
    /// The one that all others are read against; the first if not given
    #[arg(long, value_name = "NAME", conflicts_with_all = ["names", "arms_file"])]
    pub baseline: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub asked: AskedOptions,
}

/// What servers named on the command line are asked, and what a right answer is.
#[derive(Debug, Clone, Default, Args)]
#[group(
    id = "asked",
    multiple = true,
    requires = "arms",
    conflicts_with = "arms_file"
)]
pub struct AskedOptions {
    /// The path of each request; / if not given
    #[arg(long, value_parser = path)]
    pub path: Option<String>,
    /// The method of each request; GET, or POST if there is a body
    #[arg(short, long, value_parser = method)]
    pub method: Option<String>,
    /// A header field of every request, such as `Accept: text/plain`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = header_field)]
    pub headers: Vec<HeaderField>,
    /// A body for every request: text, or @FILE
    #[arg(long, value_parser = text)]
    pub body: Option<Text>,
    /// The status a right answer has; 200 if not given
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(200..=599))]
    pub expect_status: Option<u16>,
    /// The body a right answer has, byte for byte: text, or @FILE; that of the first answer if not given
    #[arg(long, value_name = "BODY", value_parser = text, conflicts_with = "any_body")]
    pub expect_body: Option<Text>,
    /// A header field of the answer that may differ from one answer to the next, as Date may; may be repeated
    #[arg(long, value_name = "NAME")]
    pub moving: Vec<String>,
    /// The body of the answer may differ from one to the next
    #[arg(long)]
    pub any_body: bool,
    /// How long a server may take to its first right answer; 10s if not given
    #[arg(long, value_parser = whole_millis)]
    pub ready_timeout: Option<Duration>,
}

/// How long a start may take if nobody says otherwise.
pub(super) const READY_WITHIN_MS: u64 = 10_000;

impl OwnOptions {
    /// Whether servers are named.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !self.arms.is_empty() || self.file.is_some()
    }

    /// The servers that are measured in place of the contestants; none if contestants are.
    ///
    /// # Errors
    ///
    /// A [`UsageError`] if they cannot be measured as meant.
    pub fn read(&self) -> Result<Vec<Arm>> {
        let Listed { servers, baseline } = match &self.file {
            Some(file) => file::read(file)?,
            None => Listed {
                servers: self.named(),
                baseline: self.baseline.clone(),
            },
        };
        if servers.is_empty() {
            return match baseline {
                None => Ok(Vec::new()),
                Some(_) => Err(UsageError(
                    "--baseline is of --arm; contestants have a baseline of their own".to_owned(),
                )
                .into()),
            };
        }
        Ok(arms(servers, baseline)?)
    }

    fn named(&self) -> Vec<(String, OwnServer)> {
        let servers = self.arms.iter();
        let servers = servers.map(|(name, command)| (name.clone(), self.asked.server(command)));
        servers.collect()
    }
}

impl AskedOptions {
    fn server(&self, command: &str) -> OwnServer {
        let default_method = if self.body.is_some() { "POST" } else { "GET" };
        let fields = self.headers.iter();
        OwnServer {
            command: command.to_owned(),
            folder: None,
            environment: BTreeMap::new(),
            version: None,
            method: self.method.clone().unwrap_or(default_method.to_owned()),
            path: self.path.clone().unwrap_or("/".to_owned()),
            fields: fields
                .map(|field| format!("{}: {}", field.name, field.value))
                .collect(),
            body: self.body.clone().map(|text| text.0),
            expect_status: self.expect_status.unwrap_or(200),
            expect_body: self.expect_body.clone().map(|text| text.0),
            moving: self.moving.clone(),
            any_body: self.any_body,
            ready_within_ms: self.ready_timeout.map_or(READY_WITHIN_MS, millis),
        }
    }
}

/// Names that the rows of controls have.
const TAKEN: [&str; 3] = ["null", "planted", "late"];

/// Servers as arms: the baseline and those that are held against it.
pub(super) fn arms(
    servers: Vec<(String, OwnServer)>,
    baseline: Option<String>,
) -> Result<Vec<Arm>, UsageError> {
    let refuse = |what: String| Err(UsageError(what));
    let mut names = BTreeSet::new();
    for (name, _) in &servers {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
        if name.is_empty() || !name.chars().all(is_plain) {
            return refuse(format!(
                "`{name}` is not a name for a row: letters, digits, `-`, `_` and `.` make one"
            ));
        }
        if TAKEN.contains(&name.as_str()) || name.ends_with("-twin") {
            return refuse(format!(
                "`{name}` is the name of a control; give the server another one"
            ));
        }
        if !names.insert(name.as_str()) {
            return refuse(format!(
                "two servers are named `{name}`; give each a name of its own"
            ));
        }
    }
    let baseline = match baseline {
        Some(name) if names.contains(name.as_str()) => name,
        Some(name) => {
            let known: Vec<&str> = names.into_iter().collect();
            return refuse(format!(
                "the baseline `{name}` is not one of the servers: {}",
                known.join(", ")
            ));
        }
        None => servers[0].0.clone(),
    };
    let arm = |(name, server): (String, OwnServer)| {
        let kind = match name == baseline {
            true => ArmKind::Baseline,
            false => ArmKind::Contestant,
        };
        Arm {
            own: Some(server),
            ..Arm::new(&name, kind)
        }
    };
    Ok(servers.into_iter().map(arm).collect())
}

/// A text, given as it is or as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

/// `TEXT`, or `@FILE` for what a file holds, which has to be UTF-8.
fn text(text: &str) -> Result<Text, String> {
    let Body(bytes) = body(text)?;
    let read = String::from_utf8(bytes);
    read.map(Text)
        .map_err(|_| format!("`{text}` does not hold UTF-8"))
}

/// `NAME=COMMAND`.
fn named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, command)) if !name.is_empty() && !command.trim().is_empty() => {
            Ok((name.to_owned(), command.to_owned()))
        }
        _ => Err(format!(
            "`{text}` is not a name and a command, such as new='./server --port {{port}}'"
        )),
    }
}

/// The target of a request (RFC 9112, section 3.2.1).
pub(super) fn path(text: &str) -> Result<String, String> {
    let is_visible = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    match text.starts_with('/') && is_visible {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}` is not a path such as /welcome; what is not ASCII has to be percent-encoded"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use crate::experiments;
    use clap::Parser;

    fn asked(arguments: &[&str]) -> Result<Vec<Arm>, String> {
        let line = ["runner", "bench"].iter().chain(arguments);
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        let Command::Experiment(experiments::Command::Bench(options)) = cli.command else {
            unreachable!("the second word is `bench`");
        };
        options.own.read().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_first_server_is_the_baseline_unless_another_is_named() {
        let two = ["--arm", "old=./old {port}", "--arm", "new=X=1 ./new"];
        let kinds = |arguments: &[&str]| {
            let arms = asked(arguments).unwrap();
            let kinds = arms.iter().map(|arm| (arm.name.clone(), arm.kind));
            kinds.collect::<Vec<_>>()
        };
        let [old, new] = ["old".to_owned(), "new".to_owned()];
        let first = [
            (old.clone(), ArmKind::Baseline),
            (new.clone(), ArmKind::Contestant),
        ];
        assert_eq!(kinds(&two), first);
        let named = [&two[..], &["--baseline", "new"]].concat();
        let second = [(old, ArmKind::Contestant), (new, ArmKind::Baseline)];
        assert_eq!(kinds(&named), second);
        let command = asked(&two).unwrap()[1].own.clone().unwrap().command;
        assert_eq!(command, "X=1 ./new");
    }

    #[test]
    fn what_is_asked_holds_for_all() {
        let arms = asked(&[
            "--arm",
            "a=./a",
            "--arm",
            "b=./b",
            "--path",
            "/x?y=1",
            "--body",
            "hi",
            "-H",
            "A: b",
            "--expect-status",
            "201",
            "--moving",
            "X-Id",
            "--ready-timeout",
            "1m",
        ]);
        for arm in arms.unwrap() {
            let own = arm.own.unwrap();
            assert_eq!((own.method.as_str(), own.path.as_str()), ("POST", "/x?y=1"));
            assert_eq!(own.fields, ["A: b"]);
            assert_eq!((own.expect_status, own.ready_within_ms), (201, 60_000));
            assert_eq!(own.moving, ["X-Id"]);
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_do() {
        let refused = [
            (&["--arm", "./server"][..], "not a name and a command"),
            (
                &["--arm", "a=./a", "--arm", "a=./b"],
                "two servers are named `a`",
            ),
            (&["--arm", "a b=./a"], "not a name for a row"),
            (&["--arm", "null=./a"], "the name of a control"),
            (&["--arm", "a-twin=./a"], "the name of a control"),
            (
                &["--arm", "a=./a", "--baseline", "b"],
                "is not one of the servers: a",
            ),
            (&["--baseline", "b"], "contestants have a baseline"),
            (&["--arm", "a=./a", "--path", "x"], "not a path"),
            (&["--path", "/x"], "required"),
            (
                &["--arm", "a=./a", "--server", "tuned"],
                "cannot be used with",
            ),
            (
                &["--arm", "a=./a", "--arms", "x.toml"],
                "cannot be used with",
            ),
            (&["--arms", "x.toml", "--path", "/"], "cannot be used with"),
            (&["--arm", "a=./a", "contestant"], "cannot be used with"),
            (&["--arms", "/missing.toml"], "cannot read /missing.toml"),
        ];
        for (arguments, words) in refused {
            let error = asked(arguments).unwrap_err();
            assert!(error.contains(words), "{arguments:?}: {error}");
        }
        assert_eq!(asked(&[]).unwrap(), []);
    }
}
