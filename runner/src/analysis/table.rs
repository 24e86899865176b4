//! One level of one run: who can be told apart, by throughput and by server CPU time.

use super::HTTP_MARGIN;
use super::controls::{Control, Distrust, judge};
use super::extract::{Measure, Measured, extract};
use super::sensitivity::Sensitivity;
use crate::record::{Arm, ArmKind, Records, SliceRow};
use crate::stats::{
    CarryOver, Components, DRAWS, Interval, RankSet, Ranking, TooFewBlocks, Verdict, block_values,
    kendall_w,
};

/// One level, by both measures.
#[derive(Debug)]
pub struct LevelAnalysis {
    /// Connections.
    pub connections: usize,
    /// By right answers per second.
    pub rps: Ranked,
    /// By server CPU time per request.
    pub cpu: Ranked,
    /// The controls, by both measures.
    pub controls: Vec<Control>,
    /// Why nothing here is to be trusted, if it is not.
    pub distrust: Vec<Distrust>,
    /// What other ways to analyse the same records would change.
    pub sensitivity: Vec<Sensitivity>,
}

/// One level by one measure.
#[derive(Debug)]
pub struct Ranked {
    /// By what.
    pub measure: Measure,
    /// Differences smaller than this are called a tie.
    pub margin: f64,
    /// The slices behind it.
    pub measured: Measured,
    /// One row per block: a log rate per arm.
    pub rows: Vec<Vec<f64>>,
    /// The claims, or why there are none.
    pub ranking: Result<Ranking, TooFewBlocks>,
    /// Who is ranked: the contestants.
    pub field: Vec<usize>,
    /// Who all others are read against.
    pub floor: Option<usize>,
    /// How far blocks agree on the order of the contestants.
    pub kendall_w: Option<f64>,
    /// Where the noise came from.
    pub components: Option<Components>,
    /// What arms carry over into the slice after them.
    pub carry_over: Option<CarryOver>,
}

/// What is said of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Rate relative to the floor's: requests per second, or per CPU second.
    pub ratio: f64,
    /// Its interval, which holds together with all others of the table.
    pub interval: Option<Interval>,
    /// The ranks it can have; contestants only.
    pub rank: Option<RankSet>,
    /// Against the floor and the margin.
    pub verdict: Option<Verdict>,
}

impl LevelAnalysis {
    /// Analyses one level of a run.
    #[must_use]
    pub fn of(records: &Records, connections: usize) -> Self {
        let ranked = |measure| {
            Ranked::of(
                &records.slices,
                connections,
                &records.run.arms,
                measure,
                records.run.plan.seed,
            )
        };
        let (rps, cpu) = (ranked(Measure::Rps), ranked(Measure::ServerCpu));
        let planted_percent = records.run.plan.planted_percent(connections);
        let controls: Vec<Control> = [&rps, &cpu]
            .into_iter()
            .flat_map(|one| judge(one, &records.run.arms, planted_percent))
            .collect();
        let mut distrust: Vec<Distrust> = controls.iter().filter_map(Control::failure).collect();
        distrust.extend([&rps, &cpu].into_iter().flat_map(Distrust::of_ranking));
        distrust.extend(missing_slices(records, connections));
        distrust.extend(Distrust::of_blocks(&records.blocks));
        let sensitivity = Sensitivity::of(records, connections, &rps, &cpu);
        Self {
            connections,
            rps,
            cpu,
            controls,
            distrust,
            sensitivity,
        }
    }
}

fn missing_slices(records: &Records, connections: usize) -> Option<Distrust> {
    let run = &records.run;
    let started = run.arms.iter();
    let arms = started.filter(|arm| arm.err.is_none() && arm.absent.is_none());
    let slices = records.slices.iter();
    let slices = slices.filter(|row| row.connections == connections);
    Distrust::of_slices(slices.count(), arms.count(), run.plan.laps, &records.blocks)
}

impl Ranked {
    /// Ranks the arms of one level by one measure.
    #[must_use]
    pub fn of(
        slices: &[SliceRow],
        connections: usize,
        arms: &[Arm],
        measure: Measure,
        seed: u64,
    ) -> Self {
        let measured = extract(slices, connections, arms, measure);
        let Some(values) = block_values(&measured.blocks, measured.arms.len()) else {
            return Self::of_rows(measure, measured, Vec::new(), arms, seed);
        };
        let ranked = Self::of_rows(measure, measured, values.rows.clone(), arms, seed);
        let floor = ranked.floor;
        let blocks = &ranked.measured.blocks;
        Self {
            components: floor.and_then(|floor| Components::of(blocks, &values, floor)),
            carry_over: values.carry_over,
            ..ranked
        }
    }

    /// Ranks arms by one log rate per block and arm, wherever it comes from.
    pub(super) fn of_rows(
        measure: Measure,
        measured: Measured,
        rows: Vec<Vec<f64>>,
        arms: &[Arm],
        seed: u64,
    ) -> Self {
        let is_contestant = |name: &String| {
            let arm = arms.iter().find(|arm| arm.name == *name);
            arm.is_some_and(|arm| arm.kind == ArmKind::Framework)
        };
        let field: Vec<usize> = (0..measured.arms.len())
            .filter(|&arm| is_contestant(&measured.arms[arm]))
            .collect();
        let floor = arms
            .iter()
            .find(|arm| arm.is_floor())
            .and_then(|arm| measured.index(&arm.name));
        let of_field = |row: &Vec<f64>| field.iter().map(|&arm| row[arm]).collect();
        Self {
            measure,
            margin: HTTP_MARGIN,
            ranking: Ranking::of(&rows, seed, DRAWS),
            kendall_w: kendall_w(&rows.iter().map(of_field).collect::<Vec<_>>()),
            components: None,
            carry_over: None,
            measured,
            rows,
            field,
            floor,
        }
    }

    /// What is said of the arm of this name; nothing where it took no part, or the floor did not.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<Standing> {
        let (arm, floor) = (self.measured.index(name)?, self.floor?);
        if self.rows.is_empty() {
            return None;
        }
        let sum: f64 = self.rows.iter().map(|row| row[arm] - row[floor]).sum();
        let ranking = self.ranking.as_ref().ok();
        Some(Standing {
            ratio: (sum / self.rows.len() as f64).exp(),
            interval: ranking.map(|ranking| ranking.ratio(arm, floor)),
            rank: ranking
                .filter(|_| self.field.contains(&arm))
                .map(|ranking| ranking.rank_set(arm, &self.field)),
            verdict: ranking.map(|ranking| ranking.verdict(arm, floor, self.margin)),
        })
    }

    /// Whether chance has been ruled out between these two.
    #[must_use]
    pub fn told_apart(&self, one: &str, other: &str) -> Option<bool> {
        let (one, other) = (self.measured.index(one)?, self.measured.index(other)?);
        let ranking = self.ranking.as_ref().ok()?;
        Some(ranking.direction(one, other).is_some())
    }

    /// The rank sets of all contestants, by name.
    #[must_use]
    pub fn rank_sets(&self) -> Vec<(&str, RankSet)> {
        let Ok(ranking) = &self.ranking else {
            return Vec::new();
        };
        let field = self.field.iter();
        field
            .map(|&arm| {
                (
                    self.measured.arms[arm].as_str(),
                    ranking.rank_set(arm, &self.field),
                )
            })
            .collect()
    }
}
