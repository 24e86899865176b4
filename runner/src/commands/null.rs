//! `runner null`: the null server, one thread per processor.

use crate::cli::NullOptions;
use crate::environment::processors;
use crate::null::{self, Delay, Plants};
use crate::output::Verdict;
use anyhow::Result;

pub(super) fn run(options: &NullOptions) -> Result<Verdict> {
    let threads = processors::allowed()?.len();
    let delay = options.delay.zip(options.delay_every);
    let delay = delay.map(|(length, every)| Delay { length, every });
    let plants = Plants {
        delay,
        held_bytes: options.hold as usize,
    };
    null::serve(options.address, threads, plants)?;
    Ok(Verdict::Good)
}
