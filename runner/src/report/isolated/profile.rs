//! Where the work of one contestant goes: its functions and owners with the most instructions.

use crate::report::format::{grouped, rounded};
use crate::report::grid::{Grid, Heading};
use crate::work::Work;

/// Functions shown.
const FUNCTIONS: usize = 40;

/// The counted work of the contestant of this name, for a terminal.
#[must_use]
pub fn profile(name: &str, work: &Work) -> String {
    let share = |instructions: f64| {
        format!(
            "{:.1}",
            100.0 * instructions / work.instructions_per_request
        )
    };
    let heading = |long, is_number| Heading {
        long,
        short: Some(long),
        is_number,
    };
    let owners = Grid {
        headings: vec![
            heading("instr", true),
            heading("%", true),
            heading("calls", true),
            heading("owner", false),
        ],
        rows: work
            .owners
            .iter()
            .map(|one| {
                vec![
                    grouped(rounded(one.instructions_per_request)),
                    share(one.instructions_per_request),
                    format!("{:.1}", one.calls_per_request),
                    one.owner.clone(),
                ]
            })
            .collect(),
    };
    let functions = Grid {
        headings: vec![
            heading("instr", true),
            heading("%", true),
            heading("calls", true),
            heading("function", false),
        ],
        rows: work
            .functions
            .iter()
            .take(FUNCTIONS)
            .map(|one| {
                vec![
                    grouped(rounded(one.self_instructions_per_request)),
                    share(one.self_instructions_per_request),
                    format!("{:.1}", one.calls_per_request),
                    one.name.clone(),
                ]
            })
            .collect(),
    };
    format!(
        "{name}: {} instructions, {} calls a request, {} functions in the machine code, {} in the source\n\n{}\n\n{}",
        grouped(rounded(work.instructions_per_request)),
        grouped(rounded(work.tcalls)),
        work.funcs,
        work.funcs_source,
        owners.terminal(),
        functions.terminal()
    )
}
