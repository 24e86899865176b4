//! `runner compare`: what has changed from one run to another, with its certainty.

use super::{Verdict, print, print_json};
use crate::analysis::{Comparison, compare};
use crate::cli::CompareOptions;
use crate::record::{Records, is_isolated};
use crate::report;
use anyhow::{Context, Result, ensure};

pub(super) fn run(options: &CompareOptions) -> Result<Verdict> {
    for folder in [&options.before, &options.after] {
        ensure!(
            !is_isolated(folder),
            "{} is of an isolated run; only throughput runs are compared",
            folder.display()
        );
    }
    let before = Records::read(&options.before)?;
    let after = Records::read(&options.after)?;
    let comparison: Comparison = compare(&before, &after).with_context(|| {
        format!(
            "cannot compare {} with {}",
            options.before.display(),
            options.after.display()
        )
    })?;
    if options.json {
        print_json(&comparison)?;
    } else {
        print(report::changes(&comparison))?;
    }
    Ok(Verdict::Good)
}
