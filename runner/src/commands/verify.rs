//! `runner verify`: one line per contestant and check.

mod hostile;

use crate::cli::VerifyOptions;
use crate::framework::{self, BuildError, Framework, Workspace};
use crate::interrupt;
use crate::output::{Verdict, print, print_json};
use crate::server::Program;
use crate::usage::UsageError;
use crate::verify::{Finding, Kind, verify};
use anyhow::Result;
use serde::Serialize;

/// What became of one contestant.
#[derive(Serialize)]
struct Checked {
    framework: String,
    version: String,
    /// Why nothing could be checked, if so.
    err: Option<String>,
    /// It has no such server; no error.
    absent: Option<String>,
    findings: Vec<Finding>,
}

pub(super) fn run(options: &VerifyOptions) -> Result<Verdict> {
    if options.hostile {
        return hostile::run(options);
    }
    let workspace = framework::discover()?;
    let frameworks = workspace.select(&options.names)?;
    let mut all = Vec::new();
    for framework in frameworks {
        let checked = check(&workspace, framework, options)?;
        if !options.json {
            print_lines(&checked)?;
        }
        all.push(checked);
    }
    if options.json {
        print_json(&all)?;
    } else {
        print(summary(&all))?;
    }
    Ok(Verdict::good_if(all.iter().all(Checked::honours_contract)))
}

fn check(workspace: &Workspace, framework: &Framework, options: &VerifyOptions) -> Result<Checked> {
    interrupt::check()?;
    let mut checked = Checked {
        framework: framework.name.clone(),
        version: framework.version.clone(),
        err: None,
        absent: None,
        findings: Vec::new(),
    };
    let (kind, env) = (options.variant.server, options.variant.env);
    match framework::build(workspace, framework, kind, env) {
        Ok(path) => match verify(&Program::new(path), &[]) {
            Ok(findings) => checked.findings = findings,
            Err(error) => checked.err = Some(format!("{error:#}")),
        },
        Err(error @ BuildError::NoSuchServer { .. }) if options.names.is_empty() => {
            checked.absent = Some(error.to_string());
        }
        Err(error @ BuildError::NoSuchServer { .. }) => {
            return Err(UsageError(error.to_string()).into());
        }
        Err(error) => checked.err = Some(format!("{:#}", anyhow::Error::from(error))),
    }
    // An interruption shows as an error of whatever it interrupted.
    interrupt::check()?;
    Ok(checked)
}

impl Checked {
    fn honours_contract(&self) -> bool {
        self.err.is_none() && self.failures(Kind::Contract) == 0
    }

    fn failures(&self, kind: Kind) -> usize {
        let failed = |finding: &&Finding| finding.kind == kind && finding.failure.is_some();
        self.findings.iter().filter(failed).count()
    }
}

fn print_lines(checked: &Checked) -> Result<()> {
    let name = &checked.framework;
    if let Some(reason) = &checked.absent {
        print(format!("{name:<12} -            {reason}"))?;
    }
    if let Some(err) = &checked.err {
        print(format!("{name:<12} FAILED       {err}"))?;
    }
    for finding in &checked.findings {
        let (check, kind) = (finding.check, finding.kind);
        let outcome = match (&finding.failure, kind) {
            (None, _) => "ok".to_owned(),
            (Some(failure), Kind::Contract) => format!("FAILED: {failure}"),
            (Some(failure), Kind::Conformance) => format!("miss: {failure}"),
        };
        print(format!("{name:<12} {check:<12} {outcome}"))?;
    }
    Ok(())
}

fn summary(all: &[Checked]) -> String {
    let present = all
        .iter()
        .filter(|checked| checked.absent.is_none())
        .count();
    let honest = all
        .iter()
        .filter(|checked| checked.absent.is_none() && checked.honours_contract())
        .count();
    let misses: usize = all
        .iter()
        .map(|checked| checked.failures(Kind::Conformance))
        .sum();
    format!("{honest} of {present} honour the contract; {misses} conformance misses")
}
