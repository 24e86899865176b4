//! The file of a user's own servers: what holds for all of them, and a table `[[arm]]` for each.

use super::options::{READY_WITHIN_MS, path};
use crate::duration::millis;
use crate::run::OwnServer;
use crate::usage::UsageError;
use crate::values::{header_field, method, read_bounded, whole_millis};
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The one that all others are read against; the first if none is named.
    baseline: Option<String>,
    /// What holds for all servers that do not say otherwise.
    #[serde(default)]
    all: Asked,
    /// The servers, each with a name, a command, and what it says otherwise.
    arm: Vec<Table>,
}

/// How a server is started.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Started {
    command: String,
    folder: Option<PathBuf>,
    version: Option<String>,
}

/// What a server is asked, and what a right answer is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    environment: Option<BTreeMap<String, String>>,
    method: Option<String>,
    path: Option<String>,
    headers: Option<Vec<String>>,
    body: Option<String>,
    expect_status: Option<u16>,
    expect_body: Option<String>,
    moving: Option<Vec<String>>,
    any_body: Option<bool>,
    ready_within: Option<String>,
}

/// The servers of a file.
#[derive(Debug)]
pub(super) struct Listed {
    /// By their names.
    pub(super) servers: Vec<(String, OwnServer)>,
    /// Which is the baseline, if it says so.
    pub(super) baseline: Option<String>,
}

/// The servers of a file. Folders are relative to the file's.
///
/// # Errors
///
/// A [`UsageError`] that names the file, and the line if it does not read.
pub(super) fn read(file: &Path) -> Result<Listed> {
    let text = String::from_utf8_lossy(&read_bounded(file)?).into_owned();
    let within = file.parent().unwrap_or(Path::new(""));
    let wrong = |error: String| UsageError(format!("{}: {error}", file.display()));
    Ok(parse(&text, within).map_err(wrong)?)
}

fn parse(text: &str, within: &Path) -> Result<Listed, String> {
    let read: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut servers = Vec::new();
    for (at, entry) in read.arm.into_iter().enumerate() {
        let (name, server) = named(entry, &read.all, within)
            .map_err(|error| format!("[[arm]] number {}: {error}", at + 1))?;
        servers.push((name, server));
    }
    if servers.is_empty() {
        return Err("it names no server; each is a table [[arm]] with a name and a command".into());
    }
    Ok(Listed {
        servers,
        baseline: read.baseline,
    })
}

/// A server and its name.
fn named(mut entry: Table, all: &Asked, within: &Path) -> Result<(String, OwnServer), String> {
    let name = match entry.remove("name") {
        Some(toml::Value::String(name)) => name,
        Some(_) => return Err("its name is not a text".to_owned()),
        None => return Err("it has no name".to_owned()),
    };
    let mut started = Table::new();
    for key in ["command", "folder", "version"] {
        started.extend(entry.remove_entry(key));
    }
    let read = started
        .try_into()
        .and_then(|started| Ok((started, entry.try_into()?)));
    let (started, own) = read.map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok((name, server(started, own, all, within)?))
}

/// What a server says of itself comes before what holds for all.
fn server(started: Started, own: Asked, all: &Asked, within: &Path) -> Result<OwnServer, String> {
    let body = own.body.or_else(|| all.body.clone());
    let default_method = if body.is_some() { "POST" } else { "GET" };
    let asked_method = own.method.or_else(|| all.method.clone());
    let asked_path = own.path.or_else(|| all.path.clone());
    let fields = own.headers.or_else(|| all.headers.clone());
    let fields = fields.unwrap_or_default();
    let fields = fields.iter().map(|field| header_field(field));
    let fields = fields.map(|field| field.map(|one| format!("{}: {}", one.name, one.value)));
    let ready_within = own.ready_within.or_else(|| all.ready_within.clone());
    let expect_status = own.expect_status.or(all.expect_status).unwrap_or(200);
    if !(200..=599).contains(&expect_status) {
        return Err(format!(
            "expect_status = {expect_status} is not the status of a final answer: 200 to 599"
        ));
    }
    // A server's own variables come on top of those of all.
    let mut environment = all.environment.clone().unwrap_or_default();
    environment.extend(own.environment.unwrap_or_default());
    Ok(OwnServer {
        command: started.command,
        folder: match started.folder {
            Some(folder) => Some(within.join(folder)),
            None if within.as_os_str().is_empty() => None,
            None => Some(within.to_owned()),
        },
        environment,
        version: started.version,
        method: method(asked_method.as_deref().unwrap_or(default_method))?,
        path: path(asked_path.as_deref().unwrap_or("/"))?,
        fields: fields.collect::<Result<_, String>>()?,
        body,
        expect_status,
        expect_body: own.expect_body.or_else(|| all.expect_body.clone()),
        moving: own
            .moving
            .or_else(|| all.moving.clone())
            .unwrap_or_default(),
        any_body: own.any_body.or(all.any_body).unwrap_or(false),
        ready_within_ms: match ready_within {
            Some(text) => millis(whole_millis(&text)?),
            None => READY_WITHIN_MS,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
baseline = "new"

[all]
path = "/welcome"
environment = { WORKERS = "1", MODE = "x" }

[[arm]]
name = "old"
command = "./server-old --port {port}"
folder = "old"
version = "./server-old --version"

[[arm]]
name = "new"
command = "./server-new"
path = "/other"
environment = { WORKERS = "2" }
headers = ["Accept:  text/plain"]
expect_body = "Hello"
moving = ["x-id"]
ready_within = "1m"
"#;

    #[test]
    fn what_a_server_says_comes_before_what_holds_for_all() {
        let Listed { servers, baseline } = parse(TWO, Path::new("deploy")).unwrap();
        assert_eq!(baseline.as_deref(), Some("new"));
        let [(old_name, old), (_, new)] = servers.as_slice() else {
            panic!("two servers");
        };
        assert_eq!(old_name, "old");
        assert_eq!(old.version.as_deref(), Some("./server-old --version"));
        assert_eq!(
            (old.path.as_str(), new.path.as_str()),
            ("/welcome", "/other")
        );
        assert_eq!(old.folder.as_deref(), Some(Path::new("deploy/old")));
        assert_eq!(new.folder.as_deref(), Some(Path::new("deploy")));
        assert_eq!(new.environment["WORKERS"], "2");
        assert_eq!(new.environment["MODE"], "x");
        assert_eq!(new.fields, ["Accept: text/plain"]);
        assert_eq!((old.ready_within_ms, new.ready_within_ms), (10_000, 60_000));
        assert_eq!(new.expect_body.as_deref(), Some("Hello"));
    }

    #[test]
    fn what_does_not_read_is_named_with_its_place() {
        let broken =
            |from: &str, to: &str| parse(&TWO.replace(from, to), Path::new("")).unwrap_err();
        let unknown = broken("moving = ", "changing = ");
        assert!(unknown.contains("changing"), "{unknown}");
        let unknown = broken("baseline =", "base =");
        assert!(
            unknown.contains("`base`") && unknown.contains("line 2"),
            "{unknown}"
        );
        let path = broken("\"/other\"", "\"other\"");
        assert!(
            path.starts_with("[[arm]] number 2: `other` is not a path"),
            "{path}"
        );
        assert!(broken("\"1m\"", "\"soon\"").contains("`soon` is not a time"));
        let missing = broken("command = \"./server-new\"", "");
        assert!(missing.contains("command"), "{missing}");
        assert!(parse("", Path::new("")).is_err());
        assert!(
            parse("arm = []", Path::new(""))
                .unwrap_err()
                .contains("names no server")
        );
    }
}
