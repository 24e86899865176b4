//! How far a run is: a bar with the time left on a terminal, a line per block elsewhere.
//!
//! Nothing is drawn while a slice runs: the bar has no thread of its own.

use crate::plan::Plan;
use crate::record::{BlockRow, SetAside};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

pub(super) struct Progress {
    bar: ProgressBar,
    blocks: u32,
}

impl Progress {
    pub(super) fn new(plan: &Plan, arms: usize, complete: u32) -> Self {
        let slices_per_block = plan.levels.len() as u64 * u64::from(plan.laps) * arms as u64;
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let length = slices_per_block * u64::from(plan.blocks.saturating_sub(complete));
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %, {eta} left  {wide_msg}");
        bar.set_style(style.expect("the template is a constant that reads"));
        Self {
            bar,
            blocks: plan.blocks,
        }
    }

    pub(super) fn say(&self, ordinal: u32, connections: usize, what: &str) {
        if !self.bar.is_hidden() {
            let block = ordinal + 1;
            self.bar.set_message(format!(
                "block {block}/{}, {connections} connections: {what}",
                self.blocks
            ));
        }
    }

    pub(super) fn slice_ended(&self) {
        self.bar.inc(1);
    }

    pub(super) fn block_ended(&self, ordinal: u32, row: &BlockRow) {
        if self.bar.is_hidden() {
            let seconds = row.elapsed_ms as f64 / 1000.0;
            let outcome = match row.set_aside {
                SetAside::No => "",
                SetAside::Steal => ", set aside: too much time was stolen",
                SetAside::Sentinel => ", set aside: the processor was slow",
            };
            eprintln!(
                "block {} of {}: {seconds:.1} s{outcome}",
                ordinal + 1,
                self.blocks
            );
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
