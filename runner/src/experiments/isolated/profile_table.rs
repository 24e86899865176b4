//! Where the work of one contestant goes: its functions and owners with the most instructions.

use crate::report::{Grid, Heading, grouped, rounded};
use crate::work::Work;

/// Functions shown.
const FUNCTIONS: usize = 40;

/// Columns that stand before a function's name.
const COLUMNS_BEFORE: usize = 24;

/// The counted work of the contestant of this name; names are shortened if a line would be longer than
/// `columns`.
#[must_use]
pub(super) fn profile(name: &str, work: &Work, columns: Option<usize>) -> String {
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
                    cut(&one.name, columns),
                ]
            })
            .collect(),
    };
    let text = format!(
        "{name}: {} instructions, {} calls a request,\n{} functions in the machine code, {} in the source\n\n{}\n\n{}",
        grouped(rounded(work.instructions_per_request)),
        grouped(rounded(work.tcalls)),
        work.funcs,
        work.funcs_source,
        owners.terminal(),
        functions.terminal()
    );
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// A name in what is left of a line; its end says most.
fn cut(name: &str, columns: Option<usize>) -> String {
    let length = name.chars().count();
    match columns.map(|all| all.saturating_sub(COLUMNS_BEFORE).max(2)) {
        Some(room) if room < length => {
            let kept: String = name.chars().skip(length + 1 - room).collect();
            format!("…{kept}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{FunctionCost, OwnerShare};

    #[test]
    fn lines_fit_where_they_have_to() {
        let name = "<one::very::Long<Name> as another::Trait<With, Many, Parameters>>::".repeat(3);
        let work = Work {
            requests: 1000,
            instructions_per_request: 123_456.0,
            tcalls: 1234.5,
            funcs: 100,
            funcs_source: 1000,
            owners: vec![OwnerShare {
                owner: "one".to_owned(),
                instructions_per_request: 123_456.0,
                calls_per_request: 1234.5,
            }],
            functions: vec![FunctionCost {
                name: name.clone(),
                owner: "one".to_owned(),
                calls_per_request: 1234.5,
                instances: 1,
                self_instructions_per_request: 123_456.0,
            }],
        };
        let narrow = profile("one", &work, Some(80));
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 80),
            "{narrow}"
        );
        assert!(narrow.contains("…"), "{narrow}");
        assert!(profile("one", &work, None).contains(&name));
    }
}
