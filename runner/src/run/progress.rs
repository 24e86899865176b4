//! How far a run is: a bar with the time left on a terminal, a line per block elsewhere.
//!
//! Nothing is drawn while a slice runs: the bar has no thread of its own.

use super::blocks::BlockRow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

pub(super) struct Progress {
    bar: ProgressBar,
    conditions: Vec<String>,
    arms: Vec<String>,
    blocks: u32,
}

impl Progress {
    /// `rounds` are those of a block, over all conditions.
    pub(super) fn new(conditions: &[String], rounds: u32, arms: Vec<String>, blocks: u32) -> Self {
        let slices_per_block = u64::from(rounds) * arms.len() as u64;
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let length = slices_per_block * u64::from(blocks);
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %, {eta} left  {wide_msg}");
        bar.set_style(style.expect("the template is a constant that reads"));
        Self {
            bar,
            conditions: conditions.to_vec(),
            arms,
            blocks,
        }
    }

    pub(super) fn warming_up(&self, ordinal: u32, condition: usize, arm: usize) {
        self.say(
            ordinal,
            condition,
            &format!("warming up {}", self.arms[arm]),
        );
    }

    pub(super) fn measuring(&self, ordinal: u32, condition: usize, arm: usize) {
        self.say(ordinal, condition, &self.arms[arm]);
    }

    fn say(&self, ordinal: u32, condition: usize, what: &str) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!(
                "block {}/{}, {}: {what}",
                ordinal + 1,
                self.blocks,
                self.conditions[condition]
            ));
        }
    }

    pub(super) fn slice_ended(&self) {
        self.bar.inc(1);
    }

    pub(super) fn block_ended(&self, ordinal: u32, row: &BlockRow) {
        if self.bar.is_hidden() {
            let seconds = row.elapsed_ms as f64 / 1000.0;
            let outcome = match row.counts() {
                true => String::new(),
                false => format!(", excluded: disturbed by {}", row.disturbed_by),
            };
            let block = ordinal + 1;
            crate::say!("block {block} of {}: {seconds:.1} s{outcome}", self.blocks);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
