//! Where the work of one contestant goes: its functions and owners with the most instructions.

use crate::output::Screen;
use crate::report::{Cell, Grid, Heading, grouped, rounded};
use crate::work::Work;

/// Functions shown.
const FUNCTIONS: usize = 40;

/// Columns that stand before a function's name.
const COLUMNS_BEFORE: usize = 24;

/// The counted work of the contestant of this name; names are shortened if a line would be longer than
/// `columns`.
#[must_use]
pub(super) fn profile(name: &str, work: &Work, columns: Option<usize>) -> String {
    let grid = |what: &'static str, rows: Vec<(f64, f64, String)>| {
        let headings = vec![
            Heading::number("instr", Some("instr")),
            Heading::number("%", Some("%")),
            Heading::number("calls", Some("calls")),
            Heading::text(what, Some(what)),
        ];
        let cells = rows.into_iter().map(|(instructions, calls, name)| {
            vec![
                Cell::whole(instructions),
                Cell::percent(instructions / work.instructions_per_request),
                Cell::number(calls, 1),
                Cell::text(name),
            ]
        });
        // Names have been cut to what there is room for.
        let screen = Screen {
            columns: usize::MAX,
            ..Screen::PLAIN
        };
        Grid::plain(headings, cells).terminal(screen)
    };
    let owners = work.owners.iter();
    let owners = owners.map(|one| {
        (
            one.instructions_per_request,
            one.calls_per_request,
            one.owner.clone(),
        )
    });
    let functions = work.functions.iter().take(FUNCTIONS).map(|one| {
        let name = cut(&one.name, columns);
        (
            one.self_instructions_per_request,
            one.calls_per_request,
            name,
        )
    });
    let text = format!(
        "{name}: {} instructions, {} calls a request,\n{} functions in the machine code, {} in the source\n\n{}\n\n{}",
        grouped(rounded(work.instructions_per_request)),
        grouped(rounded(work.tcalls)),
        work.funcs,
        work.funcs_source,
        grid("owner", owners.collect()),
        grid("function", functions.collect())
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
            allocator_calls: Vec::new(),
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
