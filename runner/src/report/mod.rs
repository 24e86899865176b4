//! Tables from records, and from records only: the same files give the same bytes, on any machine.
//!
//! A [`Page`] says what is shown of a run, section by section; [`Grid`] is a table of cells; `markdown` and
//! `terminal` put them where they are read, `splice` puts generated text into a page that is written by hand.
//! `claims` are the sentences that stand under tables, `frame` is what every page has.

mod beside;
mod cell;
mod changes;
mod chart;
mod claims;
mod cleaning;
mod digits;
mod escape;
mod format;
mod frame;
mod front;
mod grid;
pub mod history;
mod hostile;
mod html;
mod index;
mod lines;
mod markdown;
mod more;
mod page;
mod pairs;
mod room;
mod splice;
mod spread;
pub mod svg;
mod takeaway;
mod takeaways;
mod terminal;
mod trust;

pub use cell::{Bounds, Cell};
pub use changes::{Comparison, comparison};
pub use chart::{
    Axis, Chart, Curve, Curves, Drawing, Point, Range, RangeRow, Ranges, RatioMark, RatioRow,
    Ratios, StackRow, Stacks, Subject, TrackMark, TrackPart, TrackRow, TrackStep, Tracks,
};
pub use claims::{Claims, HOW_TO_READ_RANKS, rank_claims};
pub use escape::{link, markdown as escaped};
pub use format::{described, grouped, percent, rounded, wrapped};
pub use front::{Kept, front_page, newest, of_experiment, pick};
pub use grid::{Column, Grid, GridRow, Heading};
pub use hostile::{Surveyed, hostile_page};
pub use html::html_page;
pub use index::{html_name, index};
pub use markdown::run_page;
pub use more::{VARIANTS, more};
pub use page::{ArmFacts, Body, Page, Section, Shown, WARNINGS};
pub use pairs::{Pair, Pairs};
pub use splice::{NoPlace, splice};
pub use spread::spread;
pub use takeaway::{Praise, listed, says_little, takeaway};
pub use takeaways::takeaways;
pub use terminal::tables;
pub use trust::{Answers, trust, warned};
