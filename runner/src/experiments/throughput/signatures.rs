//! Rows that show a known signature: what was seen, what it means, and where it is explained. By rule, so that no
//! outlier depends on somebody noticing it.

use super::figures::TableRow;
use super::limit::Limit;
use super::records::ThroughputRecords;
use super::rows::SliceRow;
use crate::report::{grouped, listed, percent};
use crate::stats::median;

/// What signatures are looked for in.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Traits {
    connections: f64,
    /// Right answers per second, over all windows.
    rate_per_s: f64,
    median_ms: f64,
    mean_ms: f64,
    /// Share of the connections that got an answer within 100 ms.
    served: Option<f64>,
    generator_idle: f64,
    server_busy: f64,
    /// The rate as a share of the null server's.
    of_null: Option<f64>,
    /// Bytes of an answer, and of the median contestant's.
    answer_bytes: (f64, f64),
}

/// A known cause of a figure that stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Unfair,
    DelayedAcknowledgement,
    NeitherBusy,
    /// By Little's law, fewer requests are open than there are connections.
    FewerOpen,
    /// By Little's law, more are.
    MoreOpen,
    AtTheCeiling,
    ManyBytes,
}

impl Signature {
    /// In the order in which they are said.
    const ALL: [Self; 7] = [
        Self::Unfair,
        Self::DelayedAcknowledgement,
        Self::NeitherBusy,
        Self::FewerOpen,
        Self::MoreOpen,
        Self::AtTheCeiling,
        Self::ManyBytes,
    ];
}

/// One row of figures that signatures are looked for in.
#[derive(Debug)]
pub(super) struct Seen {
    /// Whose.
    pub(super) name: String,
    /// Which of its rows it is, if it has several: a variant, or a number of connections.
    pub(super) part: String,
    /// What the records call it.
    pub(super) arm: String,
    /// Connections.
    pub(super) connections: usize,
    /// Which side was saturated.
    pub(super) limit: Limit,
    /// Median service time in µs.
    pub(super) p50_us: u64,
    /// Mean service time in ns.
    pub(super) mean_ns: f64,
    /// Share of the connections that got an answer within 100 ms.
    pub(super) served: Option<f64>,
}

impl Seen {
    /// A row of a table, if it was measured and is a contestant's.
    pub(super) fn of_row(connections: usize, row: &TableRow) -> Option<Self> {
        let figures = row.figures().filter(|_| row.arm.kind.is_contestant())?;
        Some(Self {
            name: row.arm.name.clone(),
            part: grouped(connections as u64),
            arm: row.arm.name.clone(),
            connections,
            limit: row.limit?,
            p50_us: figures.service_time_p50_us?,
            mean_ns: figures.service_time_mean_ns,
            served: figures.served_per_100_ms,
        })
    }
}

/// What the rows of one name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// A name has one row.
    One,
    /// A row for each variant.
    Variants,
    /// A row for each number of connections. Who is served is said elsewhere: it is what a sweep is about.
    Connections,
}

/// The kernel puts an acknowledgement off by 40 ms at least (`TCP_DELACK_MIN`, Linux), and by little more on loopback.
const DELAYED_ACKNOWLEDGEMENT_MS: std::ops::Range<f64> = 38.0..50.0;

/// A side that uses less of its processors than this is not busy.
const BUSY_MIN: f64 = 0.5;

/// More connections than a worker of tokio's multi-threaded runtime has places in its queue.
const QUEUE_PLACES: f64 = 256.0;

/// All connections are served if as many as this are: the others may have been between two answers.
const SERVED_MIN: f64 = 0.95;

/// How far connections in use may be from those there are.
const LITTLE_MAX: f64 = 0.1;

/// A row that reaches this share of the null server's rate shows the generator and the kernel.
const CEILING: f64 = 0.99;

/// Answers that are this many times longer than others' cost more by themselves.
const MANY_BYTES: f64 = 1.5;

/// With one connection open, a server waits for its next request.
const BUSY_CONNECTIONS_MIN: f64 = 2.0;

impl Traits {
    fn shows(&self, signature: Signature) -> bool {
        let is_stalled =
            DELAYED_ACKNOWLEDGEMENT_MS.contains(&self.median_ms) && self.server_busy < BUSY_MIN;
        match signature {
            Signature::DelayedAcknowledgement => is_stalled,
            Signature::NeitherBusy => {
                let is_idle = self.server_busy < BUSY_MIN && self.generator_idle > 1.0 - BUSY_MIN;
                is_idle && !is_stalled && self.connections >= BUSY_CONNECTIONS_MIN
            }
            Signature::Unfair => {
                // At most as many could be served within 100 ms as there were answers.
                let possible = (self.rate_per_s * 0.1 / self.connections).min(1.0);
                let is_unfair = |served| served < SERVED_MIN * possible;
                self.connections > QUEUE_PLACES && self.served.is_some_and(is_unfair)
            }
            Signature::FewerOpen => self.in_use() / self.connections < 1.0 - LITTLE_MAX,
            Signature::MoreOpen => self.in_use() / self.connections > 1.0 + LITTLE_MAX,
            Signature::AtTheCeiling => self.of_null.is_some_and(|share| share >= CEILING),
            Signature::ManyBytes => self.answer_bytes.0 > MANY_BYTES * self.answer_bytes.1,
        }
    }

    /// Connections with a request open, by Little's law.
    fn in_use(&self) -> f64 {
        self.rate_per_s * self.mean_ms / 1000.0
    }
}

/// A figure of several rows: from the least to the most, once if these read alike.
fn range(all: &[Traits], of: fn(&Traits) -> f64, written: impl Fn(f64) -> String) -> String {
    let figures = || all.iter().map(of);
    let ends = [
        figures().fold(f64::INFINITY, f64::min),
        figures().fold(f64::NEG_INFINITY, f64::max),
    ];
    let [least, most] = ends.map(written);
    match least == most {
        true => most,
        false => format!("{least} to {most}"),
    }
}

/// What was seen of rows that show a signature, what it means, and where it is explained.
fn sentence(signature: Signature, all: &[Traits]) -> String {
    let share = |of: fn(&Traits) -> f64| format!("{}%", range(all, of, percent));
    let count = |of: fn(&Traits) -> f64| range(all, of, |one| grouped(one.round() as u64));
    let one_or_more =
        |one: &'static str, more: &'static str| if all.len() == 1 { one } else { more };
    match signature {
        Signature::DelayedAcknowledgement => format!(
            "the median service time is {} ms while the server uses {} of its processors. That is the kernel's delayed \
             acknowledgement of 40 ms: the answer leaves in two segments, and the second one waits for the first to be \
             acknowledged (RFC 9293, sections 3.7.4 and 3.8.6.3; docs/METHODOLOGY.md)",
            range(all, |one| one.median_ms, |ms| format!("{ms:.1}")),
            share(|one| one.server_busy)
        ),
        Signature::NeitherBusy => format!(
            "the server uses {} of its processors, and the generator is idle for {} of its time. The server waits for \
             something other than a processor: a timer, a lock, a limit of its own",
            share(|one| one.server_busy),
            share(|one| one.generator_idle)
        ),
        Signature::Unfair => format!(
            "{} of {} connections got an answer within 100 ms. {} some of them over and over and {} the others wait \
             (docs/FINDINGS.md, the first finding)",
            share(|one| one.served.unwrap_or(0.0)),
            count(|one| one.connections),
            one_or_more("The server answers", "These servers answer"),
            one_or_more("lets", "let"),
        ),
        Signature::FewerOpen | Signature::MoreOpen => format!(
            "rate times mean service time makes {}. {} (Little's law; docs/LOAD.md)",
            open_at_a_time(all),
            match signature {
                Signature::FewerOpen =>
                    "For the rest of the time connections were being opened, or waited for the generator",
                _ => "Some waited longer than a window, and count there with their whole time",
            }
        ),
        Signature::AtTheCeiling => format!(
            "{} {} of the null server's rate, so {} the generator and the kernel, not the server",
            one_or_more("it reaches", "they reach"),
            share(|one| one.of_null.unwrap_or(0.0)),
            one_or_more("the row shows", "these rows show"),
        ),
        Signature::ManyBytes => format!(
            "an answer has {} bytes, the median contestant's {}: part of its cost is what it sends (docs/BIAS.md)",
            count(|one| one.answer_bytes.0),
            count(|one| one.answer_bytes.1)
        ),
    }
}

/// How many requests were open by Little's law; as a share if the rows have different numbers of connections.
fn open_at_a_time(all: &[Traits]) -> String {
    let count = |of: fn(&Traits) -> f64| range(all, of, |one| grouped(one.round() as u64));
    let first = all.first().map(|one| one.connections);
    if all.iter().all(|one| Some(one.connections) == first) {
        let (open, connections) = (count(Traits::in_use), count(|one| one.connections));
        return format!("{open} requests open at a time, of {connections} connections");
    }
    let share = range(all, |one| one.in_use() / one.connections, percent);
    format!("requests open on {share}% of the connections at a time")
}

/// A row with its name and its part, and what it shows.
type Row = (String, String, Traits);

/// A remark for each signature that a contestant shows, with all whom it concerns.
pub(super) fn remarks(records: &ThroughputRecords, seen: &[Seen], parts: Parts) -> Vec<String> {
    let bytes_of = |seen: &Seen| answer_bytes(&records.slices_of(seen.connections, &seen.arm));
    let bytes: Vec<f64> = seen.iter().filter_map(bytes_of).collect();
    let Some(typical) = median(&bytes) else {
        return Vec::new();
    };
    let row = |seen: &Seen| {
        let traits = traits(records, seen, typical)?;
        Some((seen.name.clone(), seen.part.clone(), traits))
    };
    written(&seen.iter().filter_map(row).collect::<Vec<Row>>(), parts)
}

fn written(rows: &[Row], parts: Parts) -> Vec<String> {
    let told = Signature::ALL.into_iter();
    let told = told.filter(|one| parts != Parts::Connections || *one != Signature::Unfair);
    let remark = |signature| {
        let shown = rows.iter().filter(|row| row.2.shows(signature));
        let shown: Vec<Row> = shown.cloned().collect();
        let traits: Vec<Traits> = shown.iter().map(|row| row.2).collect();
        let concerned = listed(&concerned(&shown, rows, parts));
        (!shown.is_empty()).then(|| format!("{concerned}: {}.", sentence(signature, &traits)))
    };
    told.filter_map(remark).collect()
}

/// The names of the rows that show something, each once; with the parts that do, if not all of its parts do.
fn concerned(shown: &[Row], rows: &[Row], parts: Parts) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for (name, ..) in shown {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let of = |name: &str, rows: &[Row]| {
        let own = rows.iter().filter(|row| row.0 == name);
        own.map(|row| row.1.clone()).collect::<Vec<String>>()
    };
    let said = |name: &str| {
        let own = of(name, shown);
        if own.len() == of(name, rows).len() {
            return format!("`{name}`");
        }
        let unit = match parts {
            Parts::Connections if own == ["1"] => " connection",
            Parts::Connections => " connections",
            Parts::One | Parts::Variants => "",
        };
        format!("`{name}` ({}{unit})", listed(&own))
    };
    names.into_iter().map(said).collect()
}

fn answer_bytes(slices: &[&SliceRow]) -> Option<f64> {
    let (bytes, answers) = slices.iter().fold((0, 0), |(bytes, answers), row| {
        (bytes + row.bytes_received, answers + row.ok)
    });
    (answers > 0).then(|| bytes as f64 / answers as f64)
}

fn traits(records: &ThroughputRecords, seen: &Seen, typical_bytes: f64) -> Option<Traits> {
    let slices = records.slices_of(seen.connections, &seen.arm);
    let answers: u64 = slices.iter().map(|row| row.ok).sum();
    let elapsed_ns: u64 = slices.iter().map(|row| row.elapsed_ns).sum();
    let evidence = seen.limit.evidence;
    Some(Traits {
        connections: seen.connections as f64,
        rate_per_s: answers as f64 / (elapsed_ns.max(1) as f64 / 1e9),
        median_ms: seen.p50_us as f64 / 1000.0,
        mean_ms: seen.mean_ns / 1e6,
        served: seen.served,
        generator_idle: evidence.idle_share,
        server_busy: evidence.server_cpu_share.unwrap_or(1.0),
        of_null: evidence.ceiling_share,
        answer_bytes: (answer_bytes(&slices)?, typical_bytes),
    })
}

#[cfg(test)]
mod tests;
