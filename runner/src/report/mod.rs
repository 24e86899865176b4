//! Tables from records, and from records only: the same files give the same bytes, on any machine.
//!
//! `figures` computes what a row shows, `columns` says how each column shows it, `claims` what a table
//! as a whole says, `changes` what is new in a run, and `grid`, `terminal`,
//! `markdown` and `splice` put it where it is read; `isolated` does the same for isolated runs.

mod changes;
mod claims;
mod columns;
mod figures;
mod format;
mod grid;
mod isolated;
mod limit;
mod markdown;
mod splice;
mod terminal;

pub use changes::changes;
pub use figures::{Figures, Level, Outcome, Report, Row};
pub use isolated::{
    IsolatedReport, front_page_part as isolated_front_page_part, page as isolated_page, profile,
    tables as isolated_tables,
};
pub use markdown::{front_page_part, run_page};
pub use splice::{NoPlace, splice};
pub use terminal::tables;

#[cfg(test)]
pub(crate) use isolated::tests as isolated_tests;

#[cfg(test)]
mod tests;
