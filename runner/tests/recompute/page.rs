//! What a run's page says of its arms. Its form is known here and nowhere else in this test.

use super::record::Measure;

/// The cell that holds an arm's ratio to the baseline.
pub(crate) fn ratio(text: &str, connections: u64, measure: Measure, arm: &str) -> String {
    let grouped = match connections / 1_000 {
        0 => connections.to_string(),
        thousands => format!("{thousands},{:03}", connections % 1_000),
    };
    let heading = format!("## {grouped} connections");
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with(&heading))
        .skip(1);
    let title = match measure {
        Measure::Rate => "ratio to baseline (95%)",
        Measure::ServerCpu => "requests per CPU second, ratio to baseline (95%)",
    };
    let header = lines.find(|line| cells(line).contains(&title)).unwrap();
    let titles = cells(header);
    let place = titles.iter().position(|one| *one == title).unwrap();
    let name = titles.iter().position(|one| *one == "contestant").unwrap();
    let mut rows = lines.map(cells);
    let row = rows.find(|cells| cells.len() > place && is_named(cells[name], arm));
    let cell = row.unwrap_or_else(|| panic!("no row of {arm}"))[place];
    // A ratio and its interval are not torn apart at the end of a line.
    cell.replace('\u{a0}', " ")
}

fn cells(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// Whether a cell names the arm: controls are in italics, and the planted one says how much.
fn is_named(cell: &str, arm: &str) -> bool {
    let bare = cell.trim_matches('*');
    bare == arm
        || bare
            .strip_prefix(arm)
            .is_some_and(|rest| rest.starts_with('-') && rest.ends_with('%'))
}
