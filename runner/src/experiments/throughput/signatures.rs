//! Rows that show a known signature: what was seen, what it means, and where it is explained. By rule, so that no
//! outlier depends on somebody noticing it.

use super::figures::TableRow;
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
    DelayedAcknowledgement,
    Unfair,
    LittlesLaw,
    AtTheCeiling,
    ManyBytes,
    NeitherBusy,
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

impl Traits {
    /// Those that it shows.
    fn signatures(&self) -> Vec<Signature> {
        let is_stalled =
            DELAYED_ACKNOWLEDGEMENT_MS.contains(&self.median_ms) && self.server_busy < BUSY_MIN;
        // At most as many could be served within 100 ms as there were answers.
        let possible = (self.rate_per_s * 0.1 / self.connections).min(1.0);
        let is_unfair = self.connections > QUEUE_PLACES
            && (self.served).is_some_and(|served| served < SERVED_MIN * possible);
        let is_idle = self.server_busy < BUSY_MIN && self.generator_idle > 1.0 - BUSY_MIN;
        let all = [
            (Signature::DelayedAcknowledgement, is_stalled),
            (Signature::NeitherBusy, is_idle && !is_stalled),
            (Signature::Unfair, is_unfair),
            (
                Signature::LittlesLaw,
                (self.in_use() / self.connections - 1.0).abs() > LITTLE_MAX,
            ),
            (
                Signature::AtTheCeiling,
                self.of_null.is_some_and(|share| share >= CEILING),
            ),
            (
                Signature::ManyBytes,
                self.answer_bytes.0 > MANY_BYTES * self.answer_bytes.1,
            ),
        ];
        let shown = all.into_iter().filter(|(_, is_shown)| *is_shown);
        shown.map(|(signature, _)| signature).collect()
    }

    /// Connections with a request open, by Little's law.
    fn in_use(&self) -> f64 {
        self.rate_per_s * self.mean_ms / 1000.0
    }

    /// What was seen, what it means, and where it is explained.
    fn sentence(&self, signature: Signature) -> String {
        let share = |of: f64| format!("{}%", percent(of));
        match signature {
            Signature::DelayedAcknowledgement => format!(
                "the median service time is {:.1} ms while the server uses {} of its processors. That is the kernel's \
                 delayed acknowledgement of 40 ms: the answer leaves in two segments, and the second one waits for the \
                 first to be acknowledged (RFC 9293, sections 3.7.4 and 3.8.6.3; docs/METHODOLOGY.md)",
                self.median_ms,
                share(self.server_busy)
            ),
            Signature::NeitherBusy => format!(
                "the server uses {} of its processors, and the generator is idle for {} of its time. The server waits \
                 for something other than a processor: a timer, a lock, a limit of its own",
                share(self.server_busy),
                share(self.generator_idle)
            ),
            Signature::Unfair => unfair(&[*self]),
            Signature::LittlesLaw => format!(
                "rate times mean service time makes {:.0} requests open at a time, of {} connections. {} (Little's law; \
                 docs/LOAD.md)",
                self.in_use(),
                grouped(self.connections as u64),
                match self.in_use() < self.connections {
                    true =>
                        "For the rest of the time connections were being opened, or waited for the generator",
                    false =>
                        "Some waited longer than a window, and count there with their whole time",
                }
            ),
            Signature::AtTheCeiling => format!(
                "it reaches {} of the null server's rate, so the row shows the generator and the kernel, not the server",
                share(self.of_null.unwrap_or(0.0))
            ),
            Signature::ManyBytes => format!(
                "an answer has {:.0} bytes, the median contestant's {:.0}: part of its cost is what it sends \
                 (docs/BIAS.md)",
                self.answer_bytes.0, self.answer_bytes.1
            ),
        }
    }
}

/// The sentence of several that serve some connections over and over.
fn unfair(all: &[Traits]) -> String {
    let served = || all.iter().filter_map(|one| one.served);
    let [fewest, most] = [served().reduce(f64::min), served().reduce(f64::max)]
        .map(|one| percent(one.unwrap_or(0.0)));
    let shares = match fewest == most {
        true => format!("{most}%"),
        false => format!("{fewest} to {most}%"),
    };
    let server = if all.len() == 1 {
        "The server answers"
    } else {
        "These servers answer"
    };
    let others = if all.len() == 1 { "lets" } else { "let" };
    format!(
        "{shares} of {} connections got an answer within 100 ms. {server} some of them over and over and {others} the \
         others wait (docs/FINDINGS.md, the first finding)",
        grouped(all.first().map_or(0, |one| one.connections as u64))
    )
}

/// A remark for each contestant that shows one signature or several; those that many share, since it is their runtime's,
/// stand in one remark.
pub(super) fn remarks(
    records: &ThroughputRecords,
    connections: usize,
    rows: &[TableRow],
) -> Vec<String> {
    let measured = || rows.iter().filter(|row| row.arm.kind.is_contestant());
    let bytes_of = |row: &TableRow| answer_bytes(&records.slices_of(connections, &row.arm.name));
    let all: Vec<f64> = measured().filter_map(bytes_of).collect();
    let Some(typical) = median(&all) else {
        return Vec::new();
    };
    let of_row = |row: &TableRow| {
        let traits = traits(records, connections, row, typical)?;
        Some((row.arm.name.clone(), traits))
    };
    written(&measured().filter_map(of_row).collect::<Vec<_>>())
}

fn written(all: &[(String, Traits)]) -> Vec<String> {
    let is_unfair = |one: &&(String, Traits)| one.1.signatures().contains(&Signature::Unfair);
    let (names, those): (Vec<String>, Vec<Traits>) = all
        .iter()
        .filter(is_unfair)
        .map(|(name, traits)| (format!("`{name}`"), *traits))
        .unzip();
    let shared = (!those.is_empty()).then(|| format!("{}: {}.", listed(&names), unfair(&those)));
    let own = all.iter().filter_map(|(name, traits)| {
        let signatures = traits.signatures().into_iter();
        let sentences: Vec<String> = signatures
            .filter(|one| *one != Signature::Unfair)
            .map(|one| traits.sentence(one))
            .collect();
        (!sentences.is_empty()).then(|| format!("`{name}`: {}.", sentences.join("; ")))
    });
    shared.into_iter().chain(own).collect()
}

fn answer_bytes(slices: &[&SliceRow]) -> Option<f64> {
    let (bytes, answers) = slices.iter().fold((0, 0), |(bytes, answers), row| {
        (bytes + row.bytes_received, answers + row.ok)
    });
    (answers > 0).then(|| bytes as f64 / answers as f64)
}

fn traits(
    records: &ThroughputRecords,
    connections: usize,
    row: &TableRow,
    typical_bytes: f64,
) -> Option<Traits> {
    let (figures, limit) = (row.figures()?, row.limit?);
    let slices = records.slices_of(connections, &row.arm.name);
    let answers: u64 = slices.iter().map(|row| row.ok).sum();
    let elapsed_ns: u64 = slices.iter().map(|row| row.elapsed_ns).sum();
    Some(Traits {
        connections: connections as f64,
        rate_per_s: answers as f64 / (elapsed_ns.max(1) as f64 / 1e9),
        median_ms: figures.service_time_p50_us? as f64 / 1000.0,
        mean_ms: figures.service_time_mean_ns / 1e6,
        served: figures.served_per_100_ms,
        generator_idle: limit.evidence.idle_share,
        server_busy: limit.evidence.server_cpu_share.unwrap_or(1.0),
        of_null: limit.evidence.ceiling_share,
        answer_bytes: (answer_bytes(&slices)?, typical_bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A saturated server that answers everybody in turn.
    const ORDINARY: Traits = Traits {
        connections: 1000.0,
        rate_per_s: 50_000.0,
        median_ms: 19.0,
        mean_ms: 20.0,
        served: Some(1.0),
        generator_idle: 0.4,
        server_busy: 0.99,
        of_null: Some(0.6),
        answer_bytes: (130.0, 130.0),
    };

    #[test]
    fn an_ordinary_row_shows_none() {
        assert_eq!(ORDINARY.signatures(), []);
    }

    #[test]
    fn each_signature_is_recognised_by_itself_and_said_with_its_figures() {
        let cases = [
            (
                Traits {
                    connections: 64.0,
                    rate_per_s: 1_523.0,
                    median_ms: 42.0,
                    mean_ms: 42.0,
                    generator_idle: 0.97,
                    server_busy: 0.1,
                    ..ORDINARY
                },
                Signature::DelayedAcknowledgement,
                "42.0 ms while the server uses 10.0%",
            ),
            (
                Traits {
                    generator_idle: 0.8,
                    server_busy: 0.2,
                    ..ORDINARY
                },
                Signature::NeitherBusy,
                "uses 20.0% of its processors",
            ),
            (
                Traits {
                    served: Some(0.74),
                    ..ORDINARY
                },
                Signature::Unfair,
                "74.0% of 1,000 connections",
            ),
            (
                Traits {
                    rate_per_s: 40_000.0,
                    ..ORDINARY
                },
                Signature::LittlesLaw,
                "800 requests open at a time",
            ),
            (
                Traits {
                    of_null: Some(0.995),
                    ..ORDINARY
                },
                Signature::AtTheCeiling,
                "99.5% of the null server's rate",
            ),
            (
                Traits {
                    answer_bytes: (260.0, 130.0),
                    ..ORDINARY
                },
                Signature::ManyBytes,
                "260 bytes, the median contestant's 130",
            ),
        ];
        for (traits, signature, words) in cases {
            assert_eq!(traits.signatures(), [signature]);
            let sentence = traits.sentence(signature);
            assert!(sentence.contains(words), "{sentence}");
        }
    }

    #[test]
    fn what_several_servers_share_is_said_once() {
        let serving = |served| Traits {
            served: Some(served),
            ..ORDINARY
        };
        let long = Traits {
            answer_bytes: (260.0, 130.0),
            ..serving(0.72)
        };
        let all = [("a", serving(0.745)), ("b", ORDINARY), ("c", long)];
        let all = all.map(|(name, traits)| (name.to_owned(), traits));
        let lines = written(&all);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let shared = "`a` and `c`: 72.0 to 74.5% of 1,000 connections got an answer within 100 ms. These servers answer";
        assert!(lines[0].starts_with(shared), "{lines:?}");
        assert!(
            lines[1].starts_with("`c`: an answer has 260 bytes"),
            "{lines:?}"
        );
        assert!(written(&all[..1])[0].starts_with("`a`: 74.5% of 1,000"));
    }

    #[test]
    fn a_server_too_slow_to_serve_all_in_time_is_not_called_unfair() {
        let slow = Traits {
            connections: 4000.0,
            rate_per_s: 17_200.0,
            mean_ms: 232.0,
            served: Some(0.43),
            ..ORDINARY
        };
        assert_eq!(slow.signatures(), []);
    }

    #[test]
    fn few_connections_are_not_called_unfair() {
        let few = Traits {
            connections: 200.0,
            rate_per_s: 10_000.0,
            served: Some(0.5),
            ..ORDINARY
        };
        assert_eq!(few.signatures(), []);
    }
}
