//! One table over several runs of one machine: the ratio of each server to the baseline, and the steps from run to run
//! that exceed their intervals.
//!
//! A step is what [`changes`](super::changes) says of two runs. A table of several steps asks as many questions as it
//! has servers and steps, so each pair of runs takes its share of the error.

use super::compare::change;
use super::ranked::Ranked;
use crate::stats::Interval;

/// What one run has to say in the table.
#[derive(Debug, Clone, Copy)]
pub struct Chapter<'r> {
    /// Its ranking.
    pub ranked: &'r Ranked,
    /// Whether it is trusted: otherwise it is shown, and no step begins or ends with it.
    pub is_trusted: bool,
}

impl Chapter<'_> {
    fn allows_steps(&self) -> bool {
        self.is_trusted && self.ranked.baseline.is_some() && self.ranked.ranking.is_ok()
    }
}

/// One server over the runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// One for each run that has a figure of it, in their order.
    pub points: Vec<TrackPoint>,
}

/// A server in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPoint {
    /// Which run.
    pub run: usize,
    /// Its ratio to the baseline.
    pub ratio: f64,
    /// Its interval, jointly valid with all others of the run's own table.
    pub interval: Option<Interval>,
    /// What became of it since the trusted run before; `None` if this run or all before it are not to be used.
    pub step: Option<TrackStep>,
}

/// From one run to another.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackStep {
    /// The run before.
    pub from: usize,
    /// The ratio in this run over that in the run before, jointly valid with all other steps of the table.
    pub change: Interval,
    /// Whether the interval excludes 1.
    pub is_significant: bool,
}

/// How many steps a table over these runs has; a run without the table is `None`.
#[must_use]
pub fn steps(runs: &[Option<Chapter>]) -> usize {
    let usable = runs.iter().flatten().filter(|one| one.allows_steps());
    usable.count().saturating_sub(1)
}

/// Every contestant of any of these runs, which are in the order of time: the best of its last run first.
#[must_use]
pub fn tracks(runs: &[Option<Chapter>]) -> Vec<Track> {
    let mut names: Vec<&str> = Vec::new();
    for ranked in runs.iter().flatten().map(|one| one.ranked) {
        let field = ranked.field.iter();
        let field = field.map(|&arm| ranked.measured.arms[arm].as_str());
        names.extend(
            field
                .filter(|name| !names.contains(name))
                .collect::<Vec<_>>(),
        );
    }
    let tracks = names.into_iter().map(|name| Track {
        name: name.to_owned(),
        points: points(runs, name),
    });
    let mut tracks: Vec<Track> = tracks.filter(|track| !track.points.is_empty()).collect();
    let is_rising = runs
        .iter()
        .flatten()
        .any(|one| !one.ranked.measure.higher_is_better);
    tracks.sort_by(|one, other| {
        let last = |track: &Track| track.points.last().map_or(0.0, |point| point.ratio);
        let best_first = last(other).total_cmp(&last(one));
        if is_rising {
            best_first.reverse()
        } else {
            best_first
        }
    });
    tracks
}

fn points(runs: &[Option<Chapter>], name: &str) -> Vec<TrackPoint> {
    let steps = steps(runs);
    let mut before: Option<(usize, Chapter)> = None;
    let of_runs = runs.iter().enumerate();
    let points = of_runs.filter_map(|(run, chapter)| {
        let chapter = (*chapter)?;
        let standing = chapter.ranked.standing(name)?;
        let step = before.filter(|_| chapter.allows_steps());
        let step = step.and_then(|(from, before)| {
            let change = change(before.ranked, chapter.ranked, name, steps)?;
            Some(TrackStep {
                from,
                is_significant: !change.covers(1.0),
                change,
            })
        });
        if chapter.allows_steps() {
            before = Some((run, chapter));
        }
        Some(TrackPoint {
            run,
            ratio: standing.ratio,
            interval: standing.interval,
            step,
        })
    });
    points.collect()
}

#[cfg(test)]
mod tests {
    use super::super::blocks::Measured;
    use super::*;
    use crate::run::{Arm, ArmKind, Measure};
    use proptest::prelude::*;

    const MEASURE: Measure = Measure {
        name: "requests/s",
        higher_is_better: true,
    };

    /// A run in which two contestants have these log ratios to the baseline, with noise that depends on `seed`.
    fn run(levels: [f64; 2], seed: usize) -> Ranked {
        let arms = [
            ("base", ArmKind::Baseline),
            ("one", ArmKind::Contestant),
            ("two", ArmKind::Contestant),
        ];
        let arms = arms.map(|(name, kind)| Arm::new(name, kind));
        let noise = |block: usize, arm: usize| {
            ((block * 37 + arm * 101 + seed * 53) % 23) as f64 / 23.0 - 0.5
        };
        let row = |block| {
            let levels = [0.0, levels[0], levels[1]].into_iter().enumerate();
            let row = levels.map(|(arm, level)| level + 0.004 * noise(block, arm));
            row.collect()
        };
        let measured = Measured {
            arms: arms.iter().map(|arm| arm.name.clone()).collect(),
            blocks: Vec::new(),
            incomplete: 0,
            left_out: Vec::new(),
        };
        Ranked::of_rows(
            measured,
            (0..12).map(row).collect(),
            &arms,
            MEASURE,
            0.02,
            seed as u64,
        )
    }

    fn history(runs: &[Ranked], untrusted: &[usize]) -> Vec<Track> {
        let chapters = runs.iter().enumerate().map(|(place, ranked)| {
            Some(Chapter {
                ranked,
                is_trusted: !untrusted.contains(&place),
            })
        });
        tracks(&chapters.collect::<Vec<_>>())
    }

    /// The runs at which steps are marked, by server.
    fn marked(tracks: &[Track]) -> Vec<(&str, usize)> {
        let points = tracks
            .iter()
            .flat_map(|track| track.points.iter().map(move |point| (track, point)));
        let marked = points.filter(|(_, point)| {
            let step = point.step.as_ref();
            step.is_some_and(|step| step.is_significant)
        });
        marked
            .map(|(track, point)| (track.name.as_str(), point.run))
            .collect()
    }

    #[test]
    fn a_planted_step_of_five_percent_is_marked_where_it_is_and_nowhere_else() {
        let levels = [0.0, 0.0, 1.05_f64.ln(), 1.05_f64.ln()];
        let runs: Vec<Ranked> = levels
            .iter()
            .enumerate()
            .map(|(seed, &level)| run([level - 0.1, -0.3], seed))
            .collect();
        let tracks = history(&runs, &[]);
        assert_eq!(marked(&tracks), [("one", 2)]);
        let step = tracks[0].points[2].step.as_ref().unwrap();
        assert_eq!(step.from, 1);
        assert!(step.change.covers(1.05), "{step:?}");
        assert!(step.change.lower > 1.04 && step.change.upper < 1.06);
    }

    #[test]
    fn one_step_is_what_a_comparison_of_two_runs_says() {
        let runs = [run([0.0, -0.3], 1), run([0.01, -0.3], 2)];
        let compared = super::super::changes("a table", &runs[0], &runs[1]);
        for track in history(&runs, &[]) {
            let step = track.points[1].step.clone().unwrap();
            let same = compared.iter().find(|one| one.name == track.name).unwrap();
            assert_eq!(
                (step.change, step.is_significant),
                (same.change, same.is_significant)
            );
        }
    }

    #[test]
    fn more_steps_have_wider_intervals() {
        let runs: Vec<Ranked> = (0..5).map(|seed| run([0.0, -0.3], seed)).collect();
        let width = |runs: &[Ranked]| {
            let tracks = history(runs, &[]);
            let step = tracks[0].points[1].step.clone();
            step.unwrap().change.half_width()
        };
        assert!(width(&runs) > width(&runs[..2]));
    }

    #[test]
    fn a_server_that_was_away_is_held_against_the_last_run_that_had_it() {
        let mut runs: Vec<Ranked> = (0..3).map(|seed| run([0.0, -0.3], seed)).collect();
        runs[1].measured.arms[1] = "another".to_owned();
        let tracks = history(&runs, &[]);
        let one = tracks.iter().find(|track| track.name == "one").unwrap();
        let places: Vec<usize> = one.points.iter().map(|point| point.run).collect();
        assert_eq!(places, [0, 2]);
        assert_eq!(one.points[1].step.as_ref().unwrap().from, 0);
        // A run without the table at all is passed over in the same way.
        let chapter = |ranked| Chapter {
            ranked,
            is_trusted: true,
        };
        let gap = [Some(chapter(&runs[0])), None, Some(chapter(&runs[2]))];
        assert_eq!(steps(&gap), 1);
        assert_eq!(points(&gap, "one")[1].step.as_ref().unwrap().from, 0);
    }

    #[test]
    fn too_few_blocks_are_shown_and_have_no_step() {
        let mut runs: Vec<Ranked> = (0..3).map(|seed| run([0.0, -0.3], seed)).collect();
        let short = run([0.5, 0.5], 7);
        runs[1] = Ranked {
            ranking: crate::stats::Ranking::of(&short.rows[..5], 1, 99),
            ..short
        };
        let tracks = history(&runs, &[]);
        assert_eq!(marked(&tracks), []);
        assert!(tracks.iter().all(|track| track.points.len() == 3));
        assert!(tracks.iter().all(|track| track.points[1].step.is_none()));
    }

    proptest! {
        #[test]
        fn equal_runs_have_no_step(count in 2..7_usize, level in -1.0..1.0_f64) {
            let runs: Vec<Ranked> = (0..count).map(|_| run([level, -0.3], 3)).collect();
            let tracks = history(&runs, &[]);
            prop_assert_eq!(marked(&tracks), []);
            let steps = tracks.iter().flat_map(|track| &track.points);
            let steps = steps.filter_map(|point| point.step.as_ref());
            prop_assert_eq!(steps.clone().count(), 2 * (count - 1));
            for step in steps {
                prop_assert!((step.change.estimate - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn no_step_begins_or_ends_with_an_untrusted_run(
            untrusted in proptest::collection::btree_set(0..6_usize, 0..6),
            wild in -1.0..1.0_f64,
        ) {
            let untrusted: Vec<usize> = untrusted.into_iter().collect();
            let level = |place| if untrusted.contains(&place) { wild } else { 0.0 };
            let runs: Vec<Ranked> = (0..6).map(|place| run([level(place), -0.3], 3)).collect();
            let tracks = history(&runs, &untrusted);
            for point in tracks.iter().flat_map(|track| &track.points) {
                let Some(step) = &point.step else { continue };
                prop_assert!(!untrusted.contains(&point.run) && !untrusted.contains(&step.from));
            }
            // The others are equal, so whatever the untrusted ones say, nothing is marked.
            prop_assert_eq!(marked(&tracks), []);
            prop_assert!(tracks.iter().all(|track| track.points.len() == 6));
        }
    }
}
