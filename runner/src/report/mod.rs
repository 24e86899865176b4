//! Tables from records, and from records only: the same files give the same bytes, on any machine.
//!
//! `figures` computes what a row shows, `columns` says how each column shows it, `claims` what a table
//! as a whole says, `changes` what is new in a run, and `terminal`,
//! `markdown` and `splice` put it where it is read.

mod changes;
mod claims;
mod columns;
mod figures;
mod format;
mod limit;
mod markdown;
mod splice;
mod terminal;

pub use changes::changes;
pub use figures::{Figures, Level, Outcome, Report, Row};
pub use markdown::{front_page_part, run_page};
pub use splice::{NoPlace, splice};
pub use terminal::tables;

#[cfg(test)]
mod tests;
