//! A history for a terminal, and the table and the sentences that its page has too.

use super::{Group, History, Member, Point, Server, Step, Table};
use crate::output::Screen;
use crate::report::cell::Cell;
use crate::report::format::{heading, wrapped};
use crate::report::grid::{Grid, Heading};
use std::fmt::Write;

/// Every group with its runs, its tables and its steps, and the runs that stand in none.
#[must_use]
pub fn text(history: &History, screen: Screen) -> String {
    let mut text = String::new();
    for group in &history.groups {
        let title = format!(
            "{}: ratios to {} in the same run",
            title(&history.experiment, group),
            group.baseline
        );
        let _ = writeln!(text, "{}", heading(&title, screen.columns));
        for run in &group.runs {
            text.push_str(&wrapped(&member(run, &run.folder), screen.columns));
        }
        for table in &group.tables {
            let _ = write!(
                text,
                "\n{}{}\n",
                heading(&table.title(), screen.columns),
                grid(group, table).terminal(screen)
            );
            for sentence in sentences(table) {
                text.push_str(&wrapped(&sentence, screen.columns));
            }
        }
        text.push('\n');
    }
    for one in &history.left_out {
        let words = format!("left out: {}, since {}", one.folder, one.why);
        text.push_str(&wrapped(&words, screen.columns));
    }
    text.trim_end().to_owned()
}

/// What the runs of a group have in common.
pub(super) fn title(experiment: &str, group: &Group) -> String {
    let variant = match group.variant.as_str() {
        "" => String::new(),
        variant => format!(", {variant}"),
    };
    format!(
        "{experiment}, {}{variant}, method {}",
        group.machine, group.method
    )
}

/// One run, and what differs from the one before; `place` is how its folder is written.
pub(super) fn member(run: &Member, place: &str) -> String {
    let mut words = format!("run {}: {}, {place}", run.run, moment(&run.started_at));
    if !run.is_complete {
        words.push_str(", not finished");
    }
    match run.changed.as_slice() {
        [] if run.run == 1 => {}
        [] => words.push_str(". Nothing that is recorded differs from the run before"),
        changed => {
            let _ = write!(words, ". Since the run before: {}", changed.join("; "));
        }
    }
    words + "."
}

/// `2026-11-26T02:13:35Z` as `2026-11-26 02:13`.
fn moment(started_at: &str) -> String {
    let minutes: String = started_at.chars().take("2026-11-26T02:13".len()).collect();
    minutes.replace('T', " ")
}

/// A row for each server and run.
pub(super) fn grid(group: &Group, table: &Table) -> Grid {
    let headings = vec![
        Heading::text("contestant", Some("contestant")),
        Heading::number("run", Some("run")),
        Heading::text("date", None),
        Heading::text("version", Some("version")),
        Heading::text("compiler", None),
        Heading::number("ratio to baseline (95%)", Some("ratio (95%)")),
        Heading::number("step", Some("step")),
        Heading::number("95% of the step", Some("95%")),
        Heading::text("mark", Some("")),
    ];
    let rows = table.servers.iter().flat_map(|server| {
        let points = server.points.iter().enumerate();
        points.map(move |(place, point)| row(group, server, place, point))
    });
    Grid::plain(headings, rows)
}

fn row(group: &Group, server: &Server, place: usize, point: &Point) -> Vec<Cell> {
    let words = |text: Option<&String>| {
        let text = text.filter(|text| !text.is_empty());
        text.map_or(Cell::Missing, Cell::text)
    };
    let run = group.runs.iter().find(|run| run.run == point.run);
    let step = point.step.as_ref();
    let mark = match step {
        _ if !point.is_trusted => "untrusted",
        Some(step) if step.is_marked => "step",
        _ => "",
    };
    let of_step = |cell: fn(&Step) -> Cell| step.map_or(Cell::Empty, cell);
    vec![
        match place {
            0 => Cell::text(&server.name),
            _ => Cell::Empty,
        },
        Cell::count(point.run as u64),
        words(run.map(|run| &run.date)),
        words(point.version.as_ref()),
        words(run.map(|run| &run.compiler)),
        Cell::ratio(point.ratio, point.interval),
        of_step(|step| Cell::text(percent(step.change.estimate))),
        of_step(|step| {
            let [lower, upper] = [step.change.lower, step.change.upper].map(percent);
            Cell::text(format!("{lower}…{upper}"))
        }),
        Cell::text(mark),
    ]
}

/// A ratio as a change.
pub(super) fn percent(ratio: f64) -> String {
    format!("{:+.1}%", (ratio - 1.0) * 100.0)
}

/// What is to be said of a table: its steps, what changed with each, and what it cannot use.
pub(super) fn sentences(table: &Table) -> Vec<String> {
    let mut sentences = Vec::new();
    let marked = table.marked();
    let is_of_one_step = |one: &(&Server, usize, &Step), other: &(&Server, usize, &Step)| {
        (one.1, one.2.from) == (other.1, other.2.from)
    };
    for steps in marked.chunk_by(is_of_one_step) {
        sentences.push(of_one_step(steps));
    }
    if marked.is_empty() && table.steps > 0 {
        sentences.push("No step exceeds its interval.".to_owned());
    }
    for doubt in &table.untrusted {
        sentences.push(format!(
            "Run {} is untrusted here ({}): no step begins or ends with it.",
            doubt.run,
            doubt.reasons.join(", ")
        ));
    }
    sentences.push(match table.steps {
        0 => "Fewer than two trusted runs have this table, so it has no steps.".to_owned(),
        _ => "The intervals of all steps of this table are jointly valid at 95%: if nothing had changed, one such \
              table in twenty would have a mark."
            .to_owned(),
    });
    sentences
}

/// Whoever changed between two runs, and what changed around them.
fn of_one_step(steps: &[(&Server, usize, &Step)]) -> String {
    let Some((_, run, step)) = steps.first() else {
        return String::new();
    };
    let servers = steps.iter().map(|(server, _, step)| {
        let change = percent(step.change.estimate);
        format!("`{}` {change} ({})", server.name, step.server)
    });
    let servers: Vec<String> = servers.collect();
    format!(
        "Run {run} after run {}: {}. Around them: {}.",
        step.from,
        servers.join(", "),
        step.around.join("; ")
    )
}
