//! Tables of isolated runs: `figures` computes, `columns` shows, `claims` says what holds under them,
//! `pages` puts it where it is read.

mod claims;
mod columns;
mod figures;
mod pages;
mod profile;

pub use figures::IsolatedReport;
pub use pages::{front_page_part, page, tables};
pub use profile::profile;

#[cfg(test)]
pub(crate) mod tests;
