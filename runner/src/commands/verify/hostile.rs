//! `runner verify --hostile`: what each contestant makes of malformed and unusual requests.

use crate::cli::VerifyOptions;
use crate::framework::{self, BuildError, Framework, Workspace};
use crate::interrupt;
use crate::output::{Verdict, print, print_json};
use crate::record::write_whole;
use crate::report::{Surveyed, hostile_page};
use crate::server::Program;
use crate::verify::hostile::{ALL, Reaction, Seen, survey};
use anyhow::Result;
use serde::Serialize;

/// A contestant in JSON.
#[derive(Serialize)]
struct Told<'s> {
    framework: &'s str,
    err: Option<&'s str>,
    requests: &'s [Seen],
}

/// Good unless a server crashed, hung or could not be asked.
pub(super) fn run(options: &VerifyOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    let mut all: Vec<Surveyed> = Vec::new();
    for framework in workspace.select(&options.names)? {
        interrupt::check()?;
        let seen = ask(&workspace, framework, options);
        // An interruption shows as an error of whatever it interrupted.
        interrupt::check()?;
        let seen = seen.map_err(|error| format!("{error:#}"));
        if !options.json {
            print(lines(&framework.name, &seen))?;
        }
        all.push((framework.name.clone(), seen));
    }
    if options.json {
        let told: Vec<Told> = all.iter().map(told).collect();
        print_json(&told)?;
    }
    if let Some(file) = &options.page {
        write_whole(file, &hostile_page(&all))?;
    }
    Ok(Verdict::good_if(all.iter().all(|(_, seen)| {
        seen.as_ref().is_ok_and(|seen| broken(seen).count() == 0)
    })))
}

fn ask(workspace: &Workspace, framework: &Framework, options: &VerifyOptions) -> Result<Vec<Seen>> {
    let (kind, env) = (options.variant.server, options.variant.env);
    let path = framework::build(workspace, framework, kind, env).map_err(|error| match error {
        BuildError::Other(error) => error,
        error => error.into(),
    })?;
    survey(&Program::new(path))
}

fn broken(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter()
        .filter(|one| matches!(one.outcome.reaction, Reaction::Hung | Reaction::Crashed))
}

fn told((name, seen): &Surveyed) -> Told<'_> {
    Told {
        framework: name,
        err: seen.as_ref().err().map(String::as_str),
        requests: seen.as_deref().unwrap_or_default(),
    }
}

/// A line for each request that went against its rule, and one that counts them.
fn lines(name: &str, seen: &Result<Vec<Seen>, String>) -> String {
    let seen = match seen {
        Ok(seen) => seen,
        Err(why) => return format!("{name:<12} FAILED: {why}"),
    };
    let against = seen.iter().filter(|one| one.conforms == Some(false));
    let mut lines: Vec<String> = against
        .map(|one| {
            let statuses: Vec<String> = one.outcome.statuses.iter().map(u16::to_string).collect();
            format!(
                "{name:<12} {}, {}: {} {}",
                one.class,
                one.request,
                one.outcome.reaction,
                statuses.join(", ")
            )
        })
        .collect();
    lines.push(format!(
        "{name:<12} {} of {} requests as the standard demands or allows; {} hung or crashed",
        ALL.len() - lines.len(),
        ALL.len(),
        broken(seen).count()
    ));
    lines.join("\n")
}
