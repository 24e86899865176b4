//! `runner merge`: the results of several `load` runs as one.

use crate::cli::MergeOptions;
use crate::output::{Verdict, plain, print, print_json};
use crate::result::{self, LoadResult, Named, SCHEMA};
use crate::values::read_bounded;
use anyhow::{Context, Result, ensure};
use std::path::Path;

pub(super) fn run(options: &MergeOptions) -> Result<Verdict> {
    let results = options.results.iter().map(|path| {
        Ok(Named {
            name: path.display().to_string(),
            result: read(path)?,
        })
    });
    let results = results.collect::<Result<Vec<_>>>()?;
    let sum = result::merge(&results, options.partial)?;
    if options.json {
        print_json(&sum)?;
    } else {
        print(plain(result::text(&sum, true).trim_end()))?;
    }
    Ok(Verdict::Good)
}

fn read(path: &Path) -> Result<LoadResult> {
    let what = || path.display().to_string();
    let text = String::from_utf8(read_bounded(path)?).with_context(what)?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is not JSON; write it with load --json", what()))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    ensure!(
        schema == Some(u64::from(SCHEMA)),
        "{} is not a result of `load --json` of this version (schema {SCHEMA})",
        what()
    );
    serde_json::from_value(value).with_context(what)
}
