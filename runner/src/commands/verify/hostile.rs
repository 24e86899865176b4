//! `runner verify --hostile`: what each contestant makes of malformed and unusual requests.

use crate::cli::VerifyOptions;
use crate::environment::Toolchain;
use crate::framework::{self, BuildError, Framework, Workspace};
use crate::interrupt;
use crate::output::{Verdict, print, print_json};
use crate::record::write_whole;
use crate::report::{Surveyed, hostile_page};
use crate::run::one_line;
use crate::server::Program;
use crate::verify::hostile::{ALL, Reaction, Seen, Survey, survey};
use anyhow::Result;
use jiff::Zoned;
use serde::Serialize;

/// A contestant in JSON.
#[derive(Serialize)]
struct Told<'s> {
    framework: &'s str,
    version: &'s str,
    err: Option<&'s str>,
    truncated: Option<&'s str>,
    requests: &'s [Seen],
}

/// Good unless a server crashed, hung or could not be asked.
pub(super) fn run(options: &VerifyOptions) -> Result<Verdict> {
    let workspace = framework::discover()?;
    // What the servers are built from is what is there before the first build.
    let (toolchain, date) = (Toolchain::read(&workspace.root)?, Zoned::now());
    let mut all: Vec<Surveyed> = Vec::new();
    for framework in workspace.select(&options.names)? {
        interrupt::check()?;
        let survey = ask(&workspace, framework, options);
        // An interruption shows as an error of whatever it interrupted.
        interrupt::check()?;
        let surveyed = Surveyed {
            name: framework.name.clone(),
            version: framework.version.clone(),
            survey: survey.map_err(|error| one_line(&format!("{error:#}"))),
        };
        if !options.json {
            print(lines(&surveyed))?;
        }
        all.push(surveyed);
    }
    if options.json {
        let told: Vec<Told> = all.iter().map(told).collect();
        print_json(&told)?;
    }
    if let Some(file) = &options.page {
        let date = date.strftime("%Y-%m-%d").to_string();
        write_whole(file, &hostile_page(&all, &date, &toolchain))?;
    }
    Ok(Verdict::good_if(all.iter().all(is_good)))
}

fn ask(workspace: &Workspace, framework: &Framework, options: &VerifyOptions) -> Result<Survey> {
    let (kind, env) = (options.variant.server, options.variant.env);
    let path = framework::build(workspace, framework, kind, env).map_err(|error| match error {
        BuildError::Other(error) => error,
        error => error.into(),
    })?;
    let mut survey = survey(&Program::new(path))?;
    survey.truncated = survey.truncated.map(|why| one_line(&why));
    Ok(survey)
}

fn is_good(surveyed: &Surveyed) -> bool {
    let is_complete = |survey: &Survey| survey.truncated.is_none();
    surveyed.survey.as_ref().is_ok_and(is_complete) && broken(surveyed.seen()).count() == 0
}

fn broken(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|one| {
        matches!(
            one.outcome.reaction,
            Reaction::Hung | Reaction::Crashed | Reaction::Unconnected
        )
    })
}

fn told(surveyed: &Surveyed) -> Told<'_> {
    let survey = surveyed.survey.as_ref();
    Told {
        framework: &surveyed.name,
        version: &surveyed.version,
        err: survey.err().map(String::as_str),
        truncated: survey.ok().and_then(|survey| survey.truncated.as_deref()),
        requests: surveyed.seen(),
    }
}

/// A line for each request that went against its rule, one that counts them, and one if not all were sent.
fn lines(surveyed: &Surveyed) -> String {
    let name = &surveyed.name;
    let survey = match &surveyed.survey {
        Ok(survey) => survey,
        Err(why) => return format!("{name:<12} FAILED: {why}"),
    };
    let seen = &survey.seen;
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
        "{name:<12} {} of {} requests as the standard demands or allows; {} hung, crashed or not connected",
        seen.len() - lines.len(),
        seen.len(),
        broken(seen).count()
    ));
    if let Some(why) = &survey.truncated {
        let left = ALL.len() - seen.len();
        lines.push(format!(
            "{name:<12} FAILED: {left} requests were not sent: {why}"
        ));
    }
    lines.join("\n")
}
