//! `runner compare`: what has changed from one run to another, with its certainty.

use crate::cli::CompareOptions;
use crate::experiments::compare::compare;
use crate::output::{Screen, Verdict, print, print_json};
use crate::report;
use anyhow::Result;

pub(super) fn run(options: &CompareOptions) -> Result<Verdict> {
    let comparison = compare(&options.before, &options.after)?;
    if options.json {
        print_json(&comparison)?;
    } else {
        print(report::comparison(
            &comparison,
            Screen::of_standard_output(),
        ))?;
    }
    Ok(Verdict::Good)
}
