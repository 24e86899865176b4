//! The matrix: each contestant by server and by build, all interleaved in one run, as the original has a column for each
//! server and a table for each interpreter.

mod charts;
mod columns;
mod options;
mod page;
mod takeaway;

use super::plan::ThroughputPlan;
use super::records::ThroughputRecords;
use super::windows::Windows;
use crate::arms::Variant;
use crate::experiments::LoadOptions;
use crate::framework::{BuildEnv, ServerKind};
use crate::report::Page;
use crate::run::RunOptions;
use anyhow::Result;
use options::MatrixOptions;

/// Its columns. The first is what the others are held against.
const VARIANTS: [Variant; 4] = [
    of(ServerKind::Quickstart, BuildEnv::Release),
    of(ServerKind::Quickstart, BuildEnv::Max),
    of(ServerKind::Tuned, BuildEnv::Release),
    of(ServerKind::Tuned, BuildEnv::Max),
];

const fn of(server: ServerKind, env: BuildEnv) -> Variant {
    Variant { server, env }
}

/// The experiment.
#[derive(Debug)]
pub struct Matrix;

impl Windows for Matrix {
    const NAME: &'static str = "matrix";
    const KEPT_BLOCKS_MIN: u32 = 12;

    type Options = MatrixOptions;

    fn run_options(options: &MatrixOptions) -> &RunOptions {
        &options.run
    }

    fn load(options: &MatrixOptions) -> &LoadOptions {
        &options.load
    }

    fn plan(options: &MatrixOptions) -> Result<ThroughputPlan> {
        let [first, ..] = VARIANTS;
        Ok(ThroughputPlan {
            variants: VARIANTS.to_vec(),
            ..options.windows.plan(first, &options.load)?
        })
    }

    fn page(records: &ThroughputRecords) -> Page {
        page::page(records)
    }
}
