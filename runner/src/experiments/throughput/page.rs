//! What is shown of a throughput run.

use super::charts::{ratios, service_times};
use super::columns::{evidence, grid};
use super::figures::{Outcome, TableRow, rows};
use super::records::ThroughputRecords;
use super::settled;
use super::signatures::{self, Parts, Seen};
use super::tables::{ERROR_SHARE_MAX, Table};
use super::verdict;
use crate::experiments::Link;
use crate::report::{
    Answers, Body, HOW_TO_READ_RANKS, Page, Pairs, Praise, Section, grouped, percent, rank_claims,
    spread, takeaway, takeaways, trust,
};
use crate::run::ArmKind;
use std::collections::BTreeMap;

/// The page of a run.
pub(super) fn page(records: &ThroughputRecords) -> Page {
    let run = &records.run;
    let levels = run.plan.connections().into_iter();
    let tables: Vec<Table> = levels.map(|level| Table::of(records, level)).collect();
    let all: Vec<(&Table, Vec<TableRow>)> = tables
        .iter()
        .map(|table| (table, rows(records, table)))
        .collect();
    let mut sections: Vec<Section> = all
        .iter()
        .map(|(table, rows)| section(records, table, rows))
        .collect();
    let of_hosts = tables.iter().flat_map(|table| hosts(records, table));
    sections.extend(of_hosts);
    let takeaways = takeaways(sections.iter());
    let body = Body {
        design: design(records),
        unfinished: records.unfinished(),
        charts: ratios(&all, &takeaways).into_iter().collect(),
        sections,
        reading: reading(records),
        is_good: all
            .iter()
            .all(|(_, rows)| rows.iter().all(TableRow::is_good)),
        circumstances: vec![format!("engine {}", run.plan.engine)],
    };
    let name = format!("Throughput{}", run.plan.link.in_heading());
    Page::of(run, &name, body)
}

const PRAISE: Praise = Praise {
    one: "answers the most requests per second",
    several: "answer the most requests per second",
};

fn design(records: &ThroughputRecords) -> String {
    let plan = &records.run.plan;
    let levels = plan.levels.iter().map(|level| {
        format!(
            "{} slices of {} ms a block at {} connections",
            level.rounds,
            level.window_ms,
            grouped(level.connections as u64)
        )
    });
    let is_own = records.run.arms.iter().any(|arm| arm.own.is_some());
    let who = match is_own {
        true => "Servers by their commands, keep-alive".to_owned(),
        false => format!("`SERVER={} ENV={}`, keep-alive", plan.server, plan.env),
    };
    let network = plan.link.in_sentence();
    format!(
        "{who}{network}: {} blocks of fresh processes, measured round robin under sustained load, each slice after it had time to settle: {}.",
        plan.blocks,
        levels.collect::<Vec<_>>().join(", ")
    )
}

fn section(records: &ThroughputRecords, table: &Table, rows: &[TableRow]) -> Section {
    let mut claims = rank_claims(
        &table.rate,
        &[&table.cpu],
        &table.controls,
        &table.sensitivity,
        &records.blocks,
    );
    settled::claim(records, table.connections, &mut claims);
    let mut remarks = claims.remarks;
    if rows.iter().any(TableRow::is_client_bound) {
        remarks.push(
            "†: the generator was saturated, so the server may be faster than its rank by requests/s; its rank by \
             server CPU does not depend on that."
                .to_owned(),
        );
    }
    if rows.iter().any(TableRow::is_network_bound) {
        remarks.push(
            "† and network-bound: the link was full, or packets were lost, so the server may be faster, and its rank by \
             requests/s says nothing about it."
                .to_owned(),
        );
    }
    remarks.extend(rows.iter().filter_map(remark));
    remarks.extend(short_of(records.run.plan.requests, &counts(rows)));
    let seen = rows
        .iter()
        .filter_map(|row| Seen::of_row(table.connections, row));
    let seen: Vec<Seen> = seen.collect();
    remarks.extend(signatures::remarks(records, &seen, Parts::One));
    let is_client_bound = |name: &str| {
        rows.iter()
            .any(|row| row.arm.name == name && row.is_limited_elsewhere())
    };
    let condition = format!("at {}", table.heading());
    let is_untrusted = !table.untrusted.is_empty();
    Section {
        heading: table.heading(),
        level: Some(table.connections as u64),
        takeaway: verdict::verdicts(records, table, &condition).unwrap_or_else(|| {
            takeaway(
                &table.rate,
                PRAISE,
                &condition,
                is_untrusted,
                is_client_bound,
            )
        }),
        pairs: [&table.rate, &table.cpu]
            .into_iter()
            .filter_map(Pairs::of)
            .collect(),
        untrusted: table.untrusted.iter().map(ToString::to_string).collect(),
        charts: service_times(records, table, rows).into_iter().collect(),
        grid: grid(table, rows),
        trust: trust(
            &table.rate,
            &table.controls,
            answers(rows),
            &records.run.warnings,
        ),
        evidence: evidence(table, rows).map(|grid| ("Numbers behind the limit", grid)),
        spread: spread(&table.rate, &records.run.arms),
        remarks,
        checks: claims.checks,
        ..Section::default()
    }
}

/// What hosts say at this number of connections, if load came from several.
fn hosts(records: &ThroughputRecords, table: &Table) -> Vec<Section> {
    let mut cpu_ns = BTreeMap::new();
    for row in records
        .slices
        .iter()
        .filter(|row| row.connections == table.connections)
    {
        let sums: &mut (u64, u64) = cpu_ns.entry(row.arm.as_str()).or_default();
        sums.0 += row.server_cpu_ns;
        sums.1 += row.ok;
    }
    let condition = (table.connections, 0);
    let heading = table.heading();
    records
        .hosts
        .sections((&heading, condition), &records.run.hosts, &cpu_ns)
}

fn answers(rows: &[TableRow]) -> Answers {
    let figures = || rows.iter().filter_map(TableRow::figures);
    Answers {
        counted: figures().map(|one| one.requests).sum(),
        errors: figures().map(|one| one.errors).sum(),
    }
}

/// What has to be said of a row.
fn remark(row: &TableRow) -> Option<String> {
    let name = &row.arm.name;
    let figures = match &row.outcome {
        Outcome::Absent(reason) => return Some(format!("`{name}`: {reason}.")),
        Outcome::Failed(reason) => return Some(format!("`{name}` failed: {reason}.")),
        Outcome::Measured(figures) => figures,
    };
    let mut parts = Vec::new();
    if figures.errors > 0 {
        let first = figures
            .first_error
            .as_deref()
            .unwrap_or("the reason was not kept");
        parts.push(match figures.errors {
            1 => format!("one error: {first}"),
            count => format!("{} errors, the first: {first}", grouped(count)),
        });
    }
    if row.is_failing() {
        parts.push(format!(
            "{}% of its requests got no right answer, more than {:.0}%, so it is not ranked",
            percent(figures.error_share),
            ERROR_SHARE_MAX * 100.0
        ));
    }
    parts.extend(figures.restarts.clone());
    (!parts.is_empty()).then(|| format!("`{name}`: {}.", parts.join("; ")))
}

/// The requests counted of each contestant.
fn counts(rows: &[TableRow]) -> Vec<(&str, u64)> {
    let contestants = rows.iter().filter(|row| row.arm.kind.is_contestant());
    contestants
        .filter_map(|row| Some((row.arm.name.as_str(), row.figures()?.requests)))
        .collect()
}

/// How many contestants have fewer requests counted than were asked for, and how few.
fn short_of(asked: u64, counts: &[(&str, u64)]) -> Option<String> {
    let short = || counts.iter().filter(|(_, count)| *count < asked);
    let fewest = short().min_by_key(|(_, count)| *count)?;
    let most = short().max_by_key(|(_, count)| *count)?;
    let who = match short().count() {
        all if all == counts.len() => "No contestant reached".to_owned(),
        some => format!("{some} of {} contestants did not reach", counts.len()),
    };
    let figure = |(name, count): &(&str, u64)| format!("{} (`{name}`)", grouped(*count));
    let range = match fewest.0 == most.0 {
        true => figure(fewest),
        false => format!("{} to {}", figure(fewest), figure(most)),
    };
    Some(format!(
        "{who} the {} requests asked for: {range} were counted. A block's time is limited.",
        grouped(asked)
    ))
}

fn reading(records: &ThroughputRecords) -> Vec<String> {
    let arms = &records.run.arms;
    let name = |kind| {
        arms.iter()
            .find(|arm| arm.kind == kind)
            .map(|arm| arm.name.as_str())
    };
    let baseline = match name(ArmKind::Baseline) {
        Some(name) if arms.iter().any(|arm| arm.own.is_some()) => {
            format!("`{name}`, the baseline, which is not ranked")
        }
        Some(name) => format!("`{name}`, the baseline, which has no router and is not ranked"),
        None => "the baseline, which took no part".to_owned(),
    };
    let mut items = vec![
        HOW_TO_READ_RANKS.to_owned(),
        "requests/s: right answers per second; each block counts once, with the median of its slices, and the \
         column is the median over blocks. IQR: the interquartile range over blocks, as a share of the median."
            .to_owned(),
        format!(
            "ratio: to {baseline}, from comparisons of slices that are next to each other in time, so that the \
             drift of the machine cancels. Rows are sorted by it, not by requests/s, which the drift does move. \
             All intervals of a table are jointly valid at 95%."
        ),
        "p50, p99, p99.9: service time at fixed concurrency in a closed loop, from sending a request to reading its \
         answer. It is not the latency at a given rate."
            .to_owned(),
        "served: the share of the connections that got a right answer within 100 ms, and within a window; answers per \
         connection: in a window, percentiles over connections. Shown if windows are long enough; medians over slices."
            .to_owned(),
        "server CPU: per right answer, over all threads of the server, in user and in system mode. A contestant of which \
         more than 1% of the requests got no right answer is not ranked."
            .to_owned(),
        "limit: which side held the rate back, by the generator's idle share, the server's CPU utilisation, and \
         throughput as a share of the null server's (docs/LOAD.md), which are in a table of their own."
            .to_owned(),
    ];
    if let Some(null) = name(ArmKind::Null) {
        items.push(format!(
            "`{null}` sends canned answers: the limit of generator and kernel {}.",
            match records.run.plan.link {
                Link::Loopback => "on this machine",
                Link::Netns => "on this machine, over the same veth pair",
                Link::Hosts => "with these generators, over the same network",
            }
        ));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::short_of;

    #[test]
    fn who_fell_short_is_said_once_for_all() {
        let said = |counts: &[(&str, u64)]| short_of(1_000, counts);
        assert_eq!(said(&[("a", 1_000), ("b", 2_000)]), None);
        assert_eq!(said(&[]), None);
        let rest = "the 1,000 requests asked for";
        assert_eq!(
            said(&[("a", 900), ("b", 20), ("c", 500)]).unwrap(),
            format!(
                "No contestant reached {rest}: 20 (`b`) to 900 (`a`) were counted. A block's time is limited."
            )
        );
        assert_eq!(
            said(&[("a", 1_000), ("b", 20)]).unwrap(),
            format!(
                "1 of 2 contestants did not reach {rest}: 20 (`b`) were counted. A block's time is limited."
            )
        );
    }
}
