//! Tables for a terminal of 80 columns.

use super::claims;
use super::columns::grid;
use super::figures::Report;
use super::format;
use super::markdown::remarks;

/// All tables of a run, with what has to be said under them.
#[must_use]
pub fn tables(report: &Report) -> String {
    let mut text = String::new();
    for level in &report.levels {
        text.push_str(&format!(
            "\n{}\n{}\n",
            claims::heading(level),
            grid(level).terminal()
        ));
        let claims = claims::under(report, level);
        for remark in claims.into_iter().chain(remarks(report, level)) {
            text.push_str(&format::remark(&remark));
        }
    }
    text.push_str(&format!("\n{}", format::remark(claims::HOW_TO_READ)));
    for warning in &report.run.warnings {
        text.push_str(&format!(
            "\n{}",
            format::remark(&format!("warning: {warning}"))
        ));
    }
    text
}
