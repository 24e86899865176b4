//! `runner null`: the canned responder, one thread per processor.

use super::Verdict;
use crate::cli::NullOptions;
use crate::environment::processors;
use crate::null;
use anyhow::Result;

pub(super) fn run(options: &NullOptions) -> Result<Verdict> {
    let threads = processors::allowed()?.len();
    null::serve(options.address, threads)?;
    Ok(Verdict::Good)
}
