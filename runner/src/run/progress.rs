//! How far a run is: a line per build, then a bar with the time left on a terminal, a line per block elsewhere.
//!
//! Nothing is drawn while a slice runs: the bar has no thread of its own.

use super::blocks::BlockRow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Builds, one after the other.
#[derive(Debug)]
pub struct Builds {
    total: usize,
    done: usize,
    began: Instant,
}

impl Builds {
    /// `total` builds from now on.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            began: Instant::now(),
        }
    }

    /// Says that the next one begins, and how long all may still take if the others take as long as those before:
    /// an upper limit, since the first ones build what the others share.
    pub fn begin(&mut self, name: &str) {
        let left = left(self.began.elapsed(), self.done, self.total);
        self.done += 1;
        crate::say!("build {} of {}: {name}{left}", self.done, self.total);
    }
}

/// How long the rest takes if each takes as long as those before; nothing before the first or below a second.
fn left(elapsed: Duration, done: usize, total: usize) -> String {
    let each_s = elapsed.as_secs_f64() / done.max(1) as f64;
    match (each_s * total.saturating_sub(done) as f64).round() as u64 {
        _ if done == 0 || done >= total => String::new(),
        0 => String::new(),
        seconds @ 1..=99 => format!(", about {seconds} s left"),
        seconds => format!(", about {} min left", (seconds + 30) / 60),
    }
}

pub(super) struct Progress {
    bar: ProgressBar,
    conditions: Vec<String>,
    arms: Vec<String>,
    blocks: u32,
    began: Instant,
    done: usize,
}

impl Progress {
    /// `rounds` are those of a block, over all conditions.
    pub(super) fn new(conditions: &[String], rounds: u32, arms: Vec<String>, blocks: u32) -> Self {
        let slices_per_block = u64::from(rounds) * arms.len() as u64;
        // A terminal that cannot move its cursor, or is to get no escapes, gets lines, like a file.
        let target = if std::io::stderr().is_terminal() && crate::output::has_escapes() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let length = slices_per_block * u64::from(blocks);
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%, {eta} left  {wide_msg}");
        bar.set_style(style.expect("the template is a constant that reads"));
        Self {
            bar,
            conditions: conditions.to_vec(),
            arms,
            blocks,
            began: Instant::now(),
            done: 0,
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

    pub(super) fn block_ended(&mut self, ordinal: u32, row: &BlockRow) {
        self.done += 1;
        if self.bar.is_hidden() {
            let seconds = row.elapsed_ms as f64 / 1000.0;
            let outcome = match row.counts() {
                true => String::new(),
                false => format!(", excluded: disturbed by {}", row.disturbed_by),
            };
            let block = ordinal + 1;
            let open = self
                .blocks
                .saturating_sub(ordinal + u32::from(row.counts()));
            let total = self.done + open as usize;
            let left = left(self.began.elapsed(), self.done, total);
            crate::say!(
                "block {block} of {}: {seconds:.1} s{outcome}{left}",
                self.blocks
            );
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::left;
    use std::time::Duration;

    #[test]
    fn the_time_left_follows_from_those_before() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(9), 0, 8), "");
        assert_eq!(left(seconds(20), 2, 8), ", about 60 s left");
        assert_eq!(left(seconds(100), 2, 8), ", about 5 min left");
        assert_eq!(left(seconds(100), 8, 8), "");
        assert_eq!(left(Duration::from_millis(40), 2, 8), "");
    }
}
