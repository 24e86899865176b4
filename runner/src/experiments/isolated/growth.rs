//! What stays behind after very many repetitions: a leak, an allocator that holds on to pages, or nothing.
//!
//! Live bytes are exact, so a pool that fills once leaves no trace in later doublings, while a leak
//! doubles with the repetitions. Memory resident alone says little: fragmentation and caches of the
//! allocator move it.

use super::plan::Entry;
use super::records::IsolatedRecords;
use super::rows::{Exercise, MemoryRow};
use crate::stats::{Slope, median};
use std::collections::BTreeMap;

/// Growth below this many bytes per repetition is not a leak: ten thousand bytes in a million.
const SLOPE_MIN_BYTES: f64 = 0.01;

/// Less than this in the whole run is not growth of the memory resident: the C library takes memory from the
/// kernel in steps of 132 KiB (mallopt(3), `M_TOP_PAD`), and two steps are one more than chance.
const RESIDENT_MIN_BYTES: f64 = 256.0 * 1024.0;

/// Processes that have to agree.
const PROCESSES_MIN: usize = 3;

/// A doubling of the repetitions has to double what was added, within this range.
const DOUBLING: std::ops::RangeInclusive<f64> = 1.8..=2.2;

/// How many of the last doublings are looked at.
const DOUBLINGS: usize = 3;

/// What became of the memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// Nothing stays behind.
    None,
    /// Live bytes grow in proportion, by this much per repetition.
    Leak(Slope),
    /// Live bytes do not, memory resident does, by this many bytes per repetition.
    Allocator(Slope),
    /// There are too few processes to say anything.
    TooFew,
}

/// One exercise of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Whose memory.
    pub arm: String,
    /// What was repeated.
    pub exercise: Exercise,
    /// Through which entry point.
    pub entry: Entry,
    /// How often.
    pub repetitions: u64,
    /// Live bytes per repetition, the process with the median slope.
    pub live_bytes: Slope,
    /// The verdict.
    pub growth: Growth,
}

impl Watched {
    /// All arms and exercises of a run.
    #[must_use]
    pub fn of(rows: &[MemoryRow]) -> Vec<Self> {
        let mut groups: BTreeMap<(&str, Exercise), BTreeMap<u32, Vec<&MemoryRow>>> =
            BTreeMap::new();
        for row in rows {
            let processes = groups.entry((&row.arm, row.exercise)).or_default();
            processes.entry(row.process).or_default().push(row);
        }
        groups
            .into_iter()
            .filter_map(|((arm, exercise), processes)| {
                Self::of_processes(arm, exercise, processes.values())
            })
            .collect()
    }

    fn of_processes<'r>(
        arm: &str,
        exercise: Exercise,
        processes: impl Iterator<Item = &'r Vec<&'r MemoryRow>> + Clone,
    ) -> Option<Self> {
        let first = processes.clone().next()?.first()?;
        let live: Vec<Slope> = processes
            .clone()
            .filter_map(|rows| slope(rows, |row| row.live_bytes as f64))
            .collect();
        let rss: Vec<Slope> = processes
            .clone()
            .filter_map(|rows| slope(rows, |row| row.rss_kib as f64 * 1024.0))
            .collect();
        let growing = processes
            .clone()
            .filter(|rows| grows(rows, |row| row.live_bytes as f64))
            .count();
        let repetitions = processes
            .clone()
            .flatten()
            .map(|row| row.repetitions)
            .max()?;
        let rss_grows = rss.iter().all(|one| {
            one.lower > SLOPE_MIN_BYTES && one.lower * repetitions as f64 > RESIDENT_MIN_BYTES
        });
        let doubles = processes.clone().all(|rows| doubles(rows));
        let growth = match live.len() {
            count if count < PROCESSES_MIN => Growth::TooFew,
            count if growing == count && doubles => Growth::Leak(typical(&live)?),
            _ if rss_grows && growing == 0 => Growth::Allocator(typical(&rss)?),
            _ => Growth::None,
        };
        Some(Self {
            arm: arm.to_owned(),
            exercise,
            entry: first.entry,
            repetitions,
            live_bytes: typical(&live)?,
            growth,
        })
    }
}

/// How far the planted leak's slope may lie from what was planted, in bytes per request.
const LEAK_TOLERANCE_BYTES: f64 = 0.01;

/// A control of the leak test.
#[derive(Debug, Clone, PartialEq)]
pub struct LeakControl {
    /// Its name.
    pub arm: String,
    /// What was planted, in bytes per request.
    pub planted_bytes: f64,
    /// What was found, if it could be watched.
    pub watched: Option<Watched>,
}

impl LeakControl {
    /// Whether it was found as what it is.
    #[must_use]
    pub fn passes(&self) -> bool {
        let Some(watched) = &self.watched else {
            return false;
        };
        let found = watched.live_bytes.estimate;
        let is_leak = matches!(watched.growth, Growth::Leak(_));
        is_leak == (self.planted_bytes > 0.0)
            && (found - self.planted_bytes).abs() <= LEAK_TOLERANCE_BYTES
    }
}

/// The canned writer, which must not grow, and the planted leak, which must; none if no memory was watched.
#[must_use]
pub fn leak_controls(records: &IsolatedRecords, watched: &[Watched]) -> Vec<LeakControl> {
    let arms = records.run.arms.iter().filter(|_| !watched.is_empty());
    arms.filter_map(|arm| {
        let planted_bytes = IsolatedRecords::planted_leak(arm.kind)?;
        let watched = watched.iter().find(|one| one.arm == arm.name).cloned();
        Some(LeakControl {
            arm: arm.name.clone(),
            planted_bytes,
            watched,
        })
    })
    .collect()
}

/// The slope over the looks after the first quarter: until then pools fill.
fn slope(rows: &[&MemoryRow], bytes: impl Fn(&MemoryRow) -> f64) -> Option<Slope> {
    let last = rows.iter().map(|row| row.repetitions).max()?;
    let late = rows.iter().filter(|row| row.repetitions >= last / 4);
    let points: Vec<(f64, f64)> = late
        .map(|row| (row.repetitions as f64, bytes(row)))
        .collect();
    Slope::of(&points)
}

/// Whether the slope is surely above the least, over the late looks or over the doublings: what grows in
/// steps, such as a table that doubles its capacity, is flat between most of the late looks.
fn grows(rows: &[&MemoryRow], bytes: impl Fn(&MemoryRow) -> f64) -> bool {
    let Some(last) = rows.iter().map(|row| row.repetitions).max() else {
        return false;
    };
    let is_doubling =
        |row: &&&MemoryRow| (0..DOUBLINGS + 3).any(|halvings| row.repetitions == last >> halvings);
    let doublings: Vec<(f64, f64)> = rows
        .iter()
        .filter(is_doubling)
        .map(|row| (row.repetitions as f64, bytes(row)))
        .collect();
    let slopes = [slope(rows, &bytes), Slope::of(&doublings)];
    slopes
        .into_iter()
        .flatten()
        .any(|one| one.lower > SLOPE_MIN_BYTES)
}

/// Whether each of the last doublings of the repetitions has added twice what the one before had.
fn doubles(rows: &[&MemoryRow]) -> bool {
    let at = |repetitions: u64| {
        let mut rows = rows.iter();
        rows.find(|row| row.repetitions == repetitions)
            .map(|row| row.live_bytes as f64)
    };
    let Some(last) = rows.iter().map(|row| row.repetitions).max() else {
        return false;
    };
    let live: Option<Vec<f64>> = (0..DOUBLINGS + 2)
        .rev()
        .map(|halvings| at(last >> halvings))
        .collect();
    let Some(live) = live else {
        return false;
    };
    let added: Vec<f64> = live.windows(2).map(|pair| pair[1] - pair[0]).collect();
    added
        .windows(2)
        .all(|pair| pair[0] > 0.0 && DOUBLING.contains(&(pair[1] / pair[0])))
}

/// The slope of the process in the middle.
fn typical(slopes: &[Slope]) -> Option<Slope> {
    let estimates: Vec<f64> = slopes.iter().map(|one| one.estimate).collect();
    let middle = median(&estimates)?;
    let distance = |one: &Slope| (one.estimate - middle).abs();
    slopes
        .iter()
        .copied()
        .min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: u64 = 1_024_000;

    fn rows(
        live: impl Fn(u64) -> u64,
        rss_kib: impl Fn(u64) -> u64,
        processes: u32,
    ) -> Vec<MemoryRow> {
        let doublings = (0..=10).map(|halvings| LAST >> halvings);
        let equal = (0..=20).map(|look| LAST / 4 + look * 38_400);
        let mut looks: Vec<u64> = doublings.chain(equal).collect();
        looks.sort_unstable();
        looks.dedup();
        let mut rows = Vec::new();
        for process in 0..processes {
            for &repetitions in &looks {
                rows.push(MemoryRow {
                    arm: "one".to_owned(),
                    entry: Entry::Bytes,
                    exercise: Exercise::Requests,
                    process,
                    repetitions,
                    live_bytes: live(repetitions),
                    rss_kib: rss_kib(repetitions),
                });
            }
        }
        rows
    }

    fn growth(live: impl Fn(u64) -> u64, rss_kib: impl Fn(u64) -> u64) -> Growth {
        Watched::of(&rows(live, rss_kib, 3))[0].growth
    }

    #[test]
    fn what_is_planted_is_found() {
        let Growth::Leak(slope) = growth(|n| 5000 + n / 100 * 16, |_| 4000) else {
            panic!("a leak of 16 bytes in 100 requests is not seen");
        };
        assert!((slope.estimate - 0.16).abs() < 0.001, "{slope:?}");
    }

    #[test]
    fn a_vector_that_doubles_its_capacity_and_never_drains_is_a_leak() {
        assert!(matches!(
            growth(|n| n.next_power_of_two(), |_| 4000),
            Growth::Leak(_)
        ));
    }

    #[test]
    fn pools_that_fill_and_flat_memory_are_none() {
        assert_eq!(growth(|_| 5000, |_| 4000), Growth::None);
        assert_eq!(growth(|n| n.min(128_000), |_| 4000), Growth::None);
    }

    #[test]
    fn logarithmic_growth_is_no_leak() {
        let log = |n: u64| (1e6 * (n as f64).ln()) as u64;
        assert_eq!(growth(log, |_| 4000), Growth::None);
    }

    #[test]
    fn pages_that_the_allocator_keeps_have_a_mark_of_their_own() {
        assert!(matches!(
            growth(|_| 5000, |n| 4000 + n / 1000),
            Growth::Allocator(_)
        ));
        // A hundred pages and less in a million requests are the allocator's steps.
        assert_eq!(growth(|_| 5000, |n| 4000 + n / 10_000), Growth::None);
    }

    #[test]
    fn pages_are_not_blamed_where_a_process_has_more_live_bytes() {
        let mut mixed = rows(|n| 100 * n, |n| 4000 + n / 10, 3);
        for row in mixed.iter_mut().filter(|row| row.process == 2) {
            row.live_bytes = 5000;
        }
        assert_eq!(Watched::of(&mixed)[0].growth, Growth::None);
    }

    #[test]
    fn what_a_doubling_adds_has_to_double_within_a_fifth() {
        let power = |exponent: f64| move |n: u64| (n as f64).powf(exponent) as u64;
        assert!(matches!(growth(power(1.1), |_| 4000), Growth::Leak(_)));
        assert_eq!(growth(power(1.3), |_| 4000), Growth::None);
        assert_eq!(growth(power(0.7), |_| 4000), Growth::None);
    }

    #[test]
    fn a_byte_in_a_hundred_requests_is_the_least_that_is_told() {
        assert!(matches!(growth(|n| n / 50, |_| 4000), Growth::Leak(_)));
        assert_eq!(growth(|n| n / 200, |_| 4000), Growth::None);
    }

    #[test]
    fn the_first_quarter_is_for_pools() {
        let late = |n: u64| 5000 + n.min(LAST / 4);
        let found = Watched::of(&rows(late, |_| 4000, 3))[0].live_bytes;
        assert_eq!(found.estimate, 0.0);
    }

    #[test]
    fn one_process_without_growth_rules_out_a_leak() {
        let mut mixed = rows(|n| n, |_| 4000, 3);
        for row in mixed.iter_mut().filter(|row| row.process == 2) {
            row.live_bytes = 5000;
        }
        assert_eq!(Watched::of(&mixed)[0].growth, Growth::None);
        let two = rows(|n| n, |_| 4000, 2);
        assert_eq!(Watched::of(&two)[0].growth, Growth::TooFew);
    }

    #[test]
    fn a_control_passes_as_what_it_is_and_in_no_other_way() {
        let of = |planted_bytes, found: Option<(f64, bool)>| LeakControl {
            arm: "leak".to_owned(),
            planted_bytes,
            watched: found.map(|(estimate, is_leak)| {
                let live_bytes = Slope {
                    estimate,
                    lower: estimate,
                    upper: estimate,
                };
                Watched {
                    arm: "leak".to_owned(),
                    exercise: Exercise::Requests,
                    entry: Entry::Bytes,
                    repetitions: 1_024_000,
                    live_bytes,
                    growth: if is_leak {
                        Growth::Leak(live_bytes)
                    } else {
                        Growth::None
                    },
                }
            }),
        };
        assert!(of(0.16, Some((0.165, true))).passes());
        assert!(of(0.0, Some((0.0, false))).passes());
        for (planted, found) in [
            (0.16, Some((0.18, true))),
            (0.16, Some((0.16, false))),
            (0.0, Some((0.02, false))),
            (0.0, Some((0.0, true))),
            (0.16, None),
        ] {
            assert!(!of(planted, found).passes(), "{planted} {found:?}");
        }
    }
}
