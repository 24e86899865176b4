//! What is shown of a latency run.

use super::charts::charts;
use super::columns::{grid, search_grid};
use super::figures::{TableRow, rows};
use super::plan::BEYOND_MIN;
use super::records::LatencyRecords;
use super::tables::{CPU, HELD_SHARE_MIN, P50, P99, QUANTILES, Table, is_ranked};
use crate::analysis::Ranked;
use crate::report::{
    Answers, Body, HOW_TO_READ_RANKS, Page, Pairs, Praise, Section, grouped, percent, rank_claims,
    says_little, spread, takeaway, trust,
};
use crate::run::{Arm, ArmKind};
use std::collections::BTreeMap;

/// The page of a run.
pub(super) fn page(records: &LatencyRecords) -> Page {
    let run = &records.run;
    let rates = run.plan.rates.iter();
    let tables: Vec<Table> = rates
        .map(|level| Table::of(records, level.rate_per_s))
        .collect();
    let all: Vec<(&Table, Vec<TableRow>)> = tables
        .iter()
        .map(|table| (table, rows(records, table)))
        .collect();
    let mut sections: Vec<Section> = all
        .iter()
        .map(|(table, rows)| section(records, table, rows))
        .collect();
    sections.extend(search_section(records));
    let of_hosts = tables.iter().flat_map(|table| hosts(records, table));
    sections.extend(of_hosts);
    let (complete, planned) = (records.counting(), run.plan.blocks);
    let body = Body {
        design: design(records),
        unfinished: match run.plan.rates.is_empty() {
            true => "The run was not finished: only complete searches count.".to_owned(),
            false => format!(
                "The run was not finished: {complete} of {planned} blocks are complete, and only they count."
            ),
        },
        charts: Vec::new(),
        sections,
        reading: reading(records),
        is_good: all
            .iter()
            .all(|(_, rows)| rows.iter().all(TableRow::is_good))
            && records.searches.iter().all(|row| row.err.is_empty()),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    let name = format!("Latency{}", run.plan.link.in_heading());
    Page::of(run, &name, body)
}

/// What hosts say at this rate, if load came from several.
fn hosts(records: &LatencyRecords, table: &Table) -> Vec<Section> {
    let rate_per_s = table.rate_per_s;
    let mut cpu_ns = BTreeMap::new();
    for row in records
        .slices
        .iter()
        .filter(|row| row.rate_per_s == rate_per_s)
    {
        let sums: &mut (u64, u64) = cpu_ns.entry(row.arm.as_str()).or_default();
        sums.0 += row.server_cpu_ns;
        sums.1 += row.ok;
    }
    let condition = (records.run.plan.connections, rate_per_s);
    let heading = table.heading();
    records
        .hosts
        .sections((&heading, condition), &records.run.hosts, &cpu_ns)
}

/// The measures by which a table can be read, the first that has ranks; and how its first are spoken of.
const LEADING: [(usize, Praise); 3] = [
    (
        P99,
        Praise {
            one: "has the shortest 99th percentile of response times",
            several: "have the shortest 99th percentile of response times",
        },
    ),
    (
        P50,
        Praise {
            one: "has the shortest median response time",
            several: "have the shortest median response time",
        },
    ),
    (
        CPU,
        Praise {
            one: "uses the least server CPU time per right answer",
            several: "use the least server CPU time per right answer",
        },
    ),
];

fn design(records: &LatencyRecords) -> String {
    let plan = &records.run.plan;
    let rates = plan.rates.iter().map(|level| {
        format!(
            "{} slices of {} ms a block at {} requests/s",
            level.rounds,
            level.window_ms,
            grouped(level.rate_per_s)
        )
    });
    let rates: Vec<String> = rates.collect();
    let how = match rates.is_empty() {
        true => format!(
            "{} searches per contestant, each on a fresh process",
            plan.searches
        ),
        false => format!(
            "{} blocks of fresh processes, measured round robin: {}",
            plan.blocks,
            rates.join(", ")
        ),
    };
    format!(
        "`SERVER={} ENV={}`{}: open loop, {} arrivals over {} connections; {how}.",
        plan.server,
        plan.env,
        plan.link.in_sentence(),
        plan.arrivals,
        grouped(plan.connections as u64)
    )
}

fn section(records: &LatencyRecords, table: &Table, rows: &[TableRow]) -> Section {
    let (leading, praise) = leading(records, table);
    let mut remarks = Vec::new();
    remarks.extend(
        table
            .delay
            .as_ref()
            .map(super::delay::DelayControl::sentence),
    );
    let cpu = std::iter::once(&table.measures[CPU]);
    let others: Vec<&Ranked> = cpu.filter(|one| one.measure != leading.measure).collect();
    let claims = rank_claims(leading, &others, &table.controls, &[], &records.blocks);
    // The planted delay is this table's planted control.
    remarks.extend(
        claims
            .remarks
            .into_iter()
            .filter(|line| table.delay.is_none() || !line.starts_with("No planted control")),
    );
    remarks.push(beyond(records, table));
    remarks.extend(rows.iter().filter_map(remark));
    let condition = format!("at {}", table.heading());
    let is_untrusted = !table.untrusted.is_empty();
    let mut takeaway = takeaway(leading, praise, &condition, is_untrusted, |_| false);
    if leading.measure != table.measures[P99].measure {
        takeaway.push_str(&format!(
            " The comparison is by {}, since fewer than {BEYOND_MIN:.0} answers of a slice lie beyond p99.",
            leading.measure
        ));
    }
    takeaway.push_str(&also_by_cpu(table, leading));
    Section {
        heading: table.heading(),
        level: Some(table.rate_per_s),
        charts: charts(records, table, rows, &takeaway),
        takeaway,
        pairs: table.measures.iter().filter_map(Pairs::of).collect(),
        untrusted: table.untrusted.iter().map(ToString::to_string).collect(),
        grid: grid(table, rows),
        trust: trusted(records, table, rows),
        spread: spread(leading, &records.run.arms),
        remarks,
        checks: claims.checks,
        ..Section::default()
    }
}

/// If the leading measure says little, as p99 does on a host that stops the server now and then: who is first by server
/// CPU, if somebody is.
fn also_by_cpu(table: &Table, leading: &Ranked) -> String {
    let cpu = &table.measures[CPU];
    let tells_apart = cpu.rank_sets().iter().any(|(_, rank)| rank.best > 1);
    if !table.untrusted.is_empty() || !says_little(leading) || !tells_apart || says_little(cpu) {
        return String::new();
    }
    let praise = Praise {
        one: "uses the least",
        several: "use the least",
    };
    let condition = "by server CPU time per right answer at this rate";
    format!(" {}", takeaway(cpu, praise, condition, false, |_| false))
}

/// What a table is read by: p99, unless a slice has too few answers for a figure of its own.
fn leading<'t>(records: &LatencyRecords, table: &'t Table) -> (&'t Ranked, Praise) {
    let has_ranks =
        |(measure, _): &&(usize, Praise)| is_ranked(records, table.rate_per_s, *measure);
    let found = LEADING.iter().find(has_ranks);
    let (measure, praise) = found.copied().unwrap_or(LEADING[0]);
    (&table.measures[measure], praise)
}

fn answers(records: &LatencyRecords, table: &Table, rows: &[TableRow]) -> Answers {
    let slices = records
        .slices
        .iter()
        .filter(|row| row.rate_per_s == table.rate_per_s);
    let figures = rows.iter().filter_map(|row| row.figures.as_ref().ok());
    Answers {
        counted: slices.map(|row| row.sent).sum(),
        errors: figures.map(|one| one.errors).sum(),
    }
}

/// How many answers lie beyond each percentile, in a slice and in the run.
fn beyond(records: &LatencyRecords, table: &Table) -> String {
    let level = records.level(table.rate_per_s);
    let slices = level.map_or(0, |level| level.rounds * records.counting());
    let parts = QUANTILES
        .iter()
        .enumerate()
        .skip(P99)
        .map(|(index, &quantile)| {
            let beyond = level.map_or(0.0, |level| level.beyond(quantile));
            let unranked = if is_ranked(records, table.rate_per_s, index) {
                String::new()
            } else {
                format!(
                    ", fewer than {BEYOND_MIN:.0}, so it is shown for the whole run and not ranked"
                )
            };
            format!(
                "{} p{} lie {beyond:.1} answers of a slice and {:.0} of the run{unranked}",
                if index == P99 { "Beyond" } else { "beyond" },
                quantile * 100.0,
                beyond * f64::from(slices)
            )
        });
    format!("{}.", parts.collect::<Vec<_>>().join("; "))
}

/// How far the table can be relied on; its planted control is a delay.
fn trusted(records: &LatencyRecords, table: &Table, rows: &[TableRow]) -> Vec<String> {
    let answers = answers(records, table, rows);
    let (leading, _) = leading(records, table);
    let warnings = &records.run.warnings;
    let mut parts = trust(leading, &table.controls, answers, warnings);
    if let Some(delay) = &table.delay {
        let outcome = match delay.failure() {
            None => "found in the 99th percentile, and not in the median",
            Some(_) => "NOT FOUND as it was planted",
        };
        parts.insert(parts.len().min(1), format!("planted delay: {outcome}"));
    }
    parts
}

/// What has to be said of a row.
fn remark(row: &TableRow) -> Option<String> {
    let name = &row.arm.name;
    let figures = match &row.figures {
        Ok(figures) => figures,
        Err(reason) if row.arm.absent.is_some() => return Some(format!("`{name}`: {reason}.")),
        Err(reason) => return Some(format!("`{name}` failed: {reason}.")),
    };
    let mut parts = Vec::new();
    if !figures.holds() {
        let why = match figures.unsent_share > 1.0 - HELD_SHARE_MIN {
            true => ", so its times are those of a backlog, and it",
            false => ": the rest of the requests got no right answer, so it",
        };
        parts.push(format!(
            "held {}% of the rate{why} is not ranked",
            percent(figures.held_share)
        ));
    }
    if figures.errors > 0 {
        let first = figures
            .first_error
            .as_deref()
            .unwrap_or("the reason was not kept");
        parts.push(format!(
            "errors: {}, the first: {first}",
            grouped(figures.errors)
        ));
    }
    parts.extend(figures.restarts.clone());
    (!parts.is_empty()).then(|| format!("`{name}`: {}.", parts.join("; ")))
}

fn search_section(records: &LatencyRecords) -> Option<Section> {
    let objective = records.run.plan.objective.as_ref()?;
    let missing = records.missing_searches();
    let mut untrusted: Vec<String> = records.missing.iter().map(ToString::to_string).collect();
    untrusted.extend((missing > 0).then(|| format!("searches missing: {missing}")));
    let failed = records.searches.iter().filter(|row| !row.err.is_empty());
    let failed = failed.map(|row| format!("`{}`: a search failed: {}.", row.arm, row.err));
    let how = "requests per second: the median of the searches, each on a fresh process and exact to 5%; a rate counts as \
               held if one of three probes of 0.5 s meets the objective without an error.";
    Some(Section {
        heading: format!("Highest rate with {objective}"),
        untrusted,
        grid: search_grid(records)?,
        remarks: std::iter::once(how.to_owned())
            .chain(failed)
            .chain(never_met(records))
            .collect(),
        ..Section::default()
    })
}

/// Whose searches have met the objective at no rate, and how low they went.
fn never_met(records: &LatencyRecords) -> Vec<String> {
    let remark = |arm: &Arm| {
        let own = records.searches.iter().filter(|row| row.arm == arm.name);
        let own: Vec<_> = own.filter(|row| row.err.is_empty()).collect();
        // Probes of a search that failed say nothing of what it would have found.
        let probes = records.probes.iter().filter(|probe| {
            probe.arm == arm.name && own.iter().any(|row| row.search == probe.search)
        });
        let lowest = probes.map(|row| row.rate_per_s).min()?;
        own.iter().all(|row| row.highest_rate_per_s == 0).then(|| {
            format!(
                "`{}` met the objective at none of the rates that were tried, down to {} requests/s.",
                arm.name,
                grouped(lowest)
            )
        })
    };
    records.run.arms.iter().filter_map(remark).collect()
}

fn reading(records: &LatencyRecords) -> Vec<String> {
    let arms = &records.run.arms;
    let baseline = arms.iter().find(|arm| arm.kind == ArmKind::Baseline);
    let baseline = baseline.map_or("the baseline".to_owned(), |arm| {
        format!("`{}`, the baseline", arm.name)
    });
    vec![
        HOW_TO_READ_RANKS.to_owned(),
        "p50, p99, p99.9: percentiles of the response time over the whole run, from when a request was due by the \
         schedule to its answer. A request that has to wait for a free connection waits on the clock. Rows are \
         sorted and ranked by p99."
            .to_owned(),
        format!(
            "ratios are to {baseline}, from slices that are next to each other in time; below 1 is better. All intervals \
             of one measure are jointly valid at 95%."
        ),
        "server CPU: per right answer at this rate, over all threads of the server. At a low rate that is what a running \
         server costs, waking up included."
            .to_owned(),
        "rate held: the share of the schedule that got a right answer. Below 99% a contestant is not ranked. dispatch \
         delay: how late the generator itself sent."
            .to_owned(),
    ]
}
