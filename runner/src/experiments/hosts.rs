//! What a run whose load comes from other hosts says of them: what each generator measured, what the machine of the servers
//! did beside the servers, and whether the network was the limit. Pure but for reading the rows.

use super::link::Link;
use crate::environment::RunHost;
use crate::report::{Cell, Grid, Heading, Section, Shown};
use crate::run::{GeneratorRow, Reader, Run, ServerHostRow};
use crate::stats::median;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// A link that carries this share of what it can is the limit.
const FULL_SHARE: f64 = 0.9;

/// More than this share of the packets lost says the same.
const DROPPED_SHARE_MAX: f64 = 0.001;

/// What a packet of Ethernet takes on the wire beside what interfaces count: preamble, checksum and gap (IEEE 802.3).
const BESIDE_PACKET_BYTES: u64 = 24;

/// The rows of the hosts, of blocks that count; none unless the run has several.
#[derive(Debug, Clone, Default)]
pub(super) struct HostRows {
    generators: Vec<GeneratorRow>,
    servers: Vec<ServerHostRow>,
}

/// A condition of a run: connections and rate.
pub(super) type Condition = (usize, u64);

impl HostRows {
    /// Reads them, if the run has them.
    pub(super) fn read<P>(
        reader: &mut Reader,
        (run, link): (&Run<P>, Link),
        counting: &BTreeSet<u32>,
    ) -> Result<Self> {
        if link != Link::Hosts {
            return Ok(Self::default());
        }
        let mut generators: Vec<GeneratorRow> = reader.rows(&run.arms)?;
        let mut servers: Vec<ServerHostRow> = reader.rows(&run.arms)?;
        generators.retain(|row| counting.contains(&row.block));
        servers.retain(|row| counting.contains(&row.block));
        Ok(Self {
            generators,
            servers,
        })
    }

    /// Whether the network was the limit of an arm under a condition.
    pub(super) fn is_network_bound(
        &self,
        (arm, condition): (&str, Condition),
        hosts: &[RunHost],
    ) -> bool {
        let wire = self.wire(arm, condition);
        wire.is_bound(hosts.first().and_then(|host| wire.share_at(host)))
    }

    fn wire(&self, arm: &str, condition: Condition) -> Wire {
        let own = self.servers.iter();
        Wire::of(own.filter(|row| (row.connections, row.rate_per_s) == condition && row.arm == arm))
    }

    /// The tables of one condition, whose heading this is; `cpu_ns` has the server's own CPU time of each arm, and its right
    /// answers.
    pub(super) fn sections(
        &self,
        (heading, condition): (&str, Condition),
        hosts: &[RunHost],
        cpu_ns: &BTreeMap<&str, (u64, u64)>,
    ) -> Vec<Section> {
        let Some((server, generators)) = hosts.split_first() else {
            return Vec::new();
        };
        vec![
            self.of_generators((heading, condition), generators),
            self.of_server((heading, condition), server, cpu_ns),
        ]
    }

    fn of_generators(
        &self,
        (heading, condition): (&str, Condition),
        generators: &[RunHost],
    ) -> Section {
        let headings = vec![
            Heading::text("generator", Some("generator")),
            Heading::number("threads", Some("threads")),
            Heading::number("% of the answers", Some("answers%")),
            Heading::number("p50 µs", Some("p50µs")),
            Heading::number("p99 µs", Some("p99µs")),
            Heading::number("CPU ns per request", Some("CPUns")),
            Heading::number("idle %", Some("idle%")),
            Heading::number("clock ahead, s", None),
            Heading::number("round trip µs", Some("tripµs")),
            Heading::number("began late by up to µs", Some("lateµs")),
        ];
        let of_condition = || {
            let rows = self.generators.iter();
            rows.filter(|row| (row.connections, row.rate_per_s) == condition)
        };
        let all: u64 = of_condition().map(|row| row.ok).sum();
        let elapsed_ns = self.elapsed_ns(condition);
        let rows = generators.iter().enumerate().map(|(place, host)| {
            let own: Vec<&GeneratorRow> = of_condition()
                .filter(|row| row.generator == place + 1)
                .collect();
            let sum =
                |value: fn(&GeneratorRow) -> u64| own.iter().map(|row| value(row)).sum::<u64>();
            let typical = |value: fn(&GeneratorRow) -> f64| {
                let values: Vec<f64> = own.iter().map(|row| value(row)).collect();
                median(&values)
            };
            let (ok, sent) = (sum(|row| row.ok), sum(|row| row.sent));
            let whole = |value: Option<f64>| value.map_or(Cell::Missing, Cell::whole);
            vec![
                Cell::text(host.host.name.clone()),
                Cell::count(host.processors.len() as u64),
                Cell::percent(ok as f64 / all as f64),
                whole(typical(|row| row.service_time_p50_us as f64)),
                whole(typical(|row| row.service_time_p99_us as f64)),
                quotient(sum(|row| row.generator_cpu_ns), sent),
                Cell::percent(sum(|row| row.generator_idle_ns) as f64 / elapsed_ns as f64),
                typical(|row| row.clock_offset_ns as f64 / 1e9)
                    .map_or(Cell::Missing, |seconds| Cell::number(seconds, 3)),
                whole(typical(|row| row.round_trip_ns as f64 / 1e3)),
                own.iter()
                    .map(|row| row.late_us)
                    .max()
                    .map_or(Cell::Missing, Cell::count),
            ]
        });
        Section {
            heading: format!("{heading}: generators"),
            grid: Grid::plain(headings, rows),
            remarks: vec![
                "Percentiles are medians over slices of all servers. Idle is the idle share of the generator's busiest thread, over all \
                 windows. Clocks are the monotonic clocks of the hosts, which need not agree."
                    .to_owned(),
            ],
            shown: Shown::PageAndTerminal,
            ..Section::default()
        }
    }

    fn of_server(
        &self,
        (heading, condition): (&str, Condition),
        host: &RunHost,
        cpu_ns: &BTreeMap<&str, (u64, u64)>,
    ) -> Section {
        let headings = vec![
            Heading::text("server", Some("server")),
            Heading::number("its CPU ns per request", Some("CPUns")),
            Heading::number("CPU ns of its machine per request", Some("machine")),
            Heading::number("of that in softirq", Some("softirq")),
            Heading::number("packets sent per request", None),
            Heading::number("Mbit/s sent", Some("Mbit/s")),
            Heading::number("% of the link", Some("link%")),
            Heading::number("packets lost %", None),
            Heading::text("network", Some("network")),
        ];
        let rows = cpu_ns.iter().map(|(arm, &(cpu_ns, ok))| {
            let sum = self.wire(arm, condition);
            let share = sum.share_at(host);
            vec![
                Cell::text(format!("`{arm}`")),
                quotient(cpu_ns, ok),
                quotient(sum.machine_cpu_ns, ok),
                quotient(sum.softirq_ns, ok),
                match ok {
                    0 => Cell::Missing,
                    _ => Cell::number(sum.sent_packets as f64 / ok as f64, 2),
                },
                Cell::whole(sum.mbit_s(sum.sent_bytes, sum.sent_packets)),
                share.map_or(Cell::Missing, Cell::percent),
                Cell::percent(sum.dropped_share()),
                Cell::text(sum.verdict(share)),
            ]
        });
        let interface = host.host.interface.as_ref().map(|one| {
            let speed = one.link_mbit_s.map(|speed| format!(", {speed} Mbit/s"));
            format!("`{}`{}", one.name, speed.unwrap_or_default())
        });
        let interface = interface.unwrap_or_else(|| "an unknown interface".to_owned());
        Section {
            heading: format!("{heading}: the servers' machine"),
            grid: Grid::plain(headings, rows),
            remarks: vec![format!(
                "The host {} is reached by {interface}. CPU of the machine is that of the servers' processors, whoever used it, from \
                 `/proc/stat` in ticks of 10 ms: the time in which the kernel handles packets may be charged to no \
                 process. Network-bound: the link carries \
                 {:.0}% of what it can, preamble, checksum and gap included, or more than {:.1}% of the packets were lost. The speed of \
                 a virtual interface is nominal.",
                host.host.name,
                FULL_SHARE * 100.0,
                DROPPED_SHARE_MAX * 100.0
            )],
            shown: Shown::PageAndTerminal,
            ..Section::default()
        }
    }

    /// The time of all windows of a condition together.
    fn elapsed_ns(&self, condition: Condition) -> u64 {
        let rows = self.servers.iter();
        let rows = rows.filter(|row| (row.connections, row.rate_per_s) == condition);
        rows.map(|row| row.elapsed_ns).sum()
    }
}

/// What the machine and its interface did in all windows of an arm.
#[derive(Debug, Default)]
struct Wire {
    elapsed_ns: u64,
    machine_cpu_ns: u64,
    softirq_ns: u64,
    received_bytes: u64,
    received_packets: u64,
    sent_bytes: u64,
    sent_packets: u64,
    dropped_packets: u64,
}

impl Wire {
    fn of<'r>(rows: impl Iterator<Item = &'r ServerHostRow>) -> Self {
        let mut sum = Self::default();
        for row in rows {
            sum.elapsed_ns += row.elapsed_ns;
            sum.machine_cpu_ns += row.machine_cpu_ns;
            sum.softirq_ns += row.softirq_ns;
            sum.received_bytes += row.received_bytes;
            sum.received_packets += row.received_packets;
            sum.sent_bytes += row.sent_bytes;
            sum.sent_packets += row.sent_packets;
            sum.dropped_packets += row.dropped_packets;
        }
        sum
    }

    /// What so many bytes in so many packets take of a wire.
    fn mbit_s(&self, bytes: u64, packets: u64) -> f64 {
        let wire_bytes = bytes + packets * BESIDE_PACKET_BYTES;
        wire_bytes as f64 * 8e3 / self.elapsed_ns.max(1) as f64
    }

    /// The share of the link that the busier direction takes.
    fn share_of(&self, link_mbit_s: u64) -> Option<f64> {
        let sent = self.mbit_s(self.sent_bytes, self.sent_packets);
        let received = self.mbit_s(self.received_bytes, self.received_packets);
        (link_mbit_s > 0).then(|| sent.max(received) / link_mbit_s as f64)
    }

    /// The same at the interface of a host, if its speed is known.
    fn share_at(&self, host: &RunHost) -> Option<f64> {
        let interface = host.host.interface.as_ref()?;
        self.share_of(interface.link_mbit_s?)
    }

    fn dropped_share(&self) -> f64 {
        let packets = self.sent_packets + self.received_packets + self.dropped_packets;
        self.dropped_packets as f64 / packets.max(1) as f64
    }

    fn is_bound(&self, share: Option<f64>) -> bool {
        share.is_some_and(|share| share >= FULL_SHARE) || self.dropped_share() > DROPPED_SHARE_MAX
    }

    fn verdict(&self, share: Option<f64>) -> &'static str {
        match (self.is_bound(share), share) {
            (true, _) => "network-bound",
            (false, Some(_)) => "link not full",
            (false, None) => "not known",
        }
    }
}

fn quotient(sum: u64, count: u64) -> Cell {
    match count {
        0 => Cell::Missing,
        _ => Cell::whole(sum as f64 / count as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second in which the server sent so many bytes and packets.
    fn row(sent_bytes: u64, sent_packets: u64, dropped_packets: u64) -> ServerHostRow {
        ServerHostRow {
            elapsed_ns: 1_000_000_000,
            sent_bytes,
            sent_packets,
            dropped_packets,
            ..ServerHostRow::default()
        }
    }

    #[test]
    fn a_full_link_and_lost_packets_are_the_limit_and_a_free_one_is_not() {
        // 196 bytes of Ethernet, IP, TCP and answer, and 24 that the wire takes beside: 5.7 M/s fill 10 Gbit/s.
        let of = |rows: &[ServerHostRow], link| {
            let wire = Wire::of(rows.iter());
            wire.is_bound(wire.share_of(link))
        };
        let packets = 5_200_000;
        let full = [row(196 * packets, packets, 0)];
        assert!(of(&full, 10_000));
        assert!(!of(&full, 100_000));
        let half = [row(196 * packets, packets, 0), row(0, 0, 0)];
        assert!(!of(&half, 10_000), "over two seconds it is half as much");
        assert!(of(&[row(0, 10_000, 100)], 10_000), "one percent is lost");
        assert!(!of(&[row(0, 10_000, 1)], 10_000));
        let unknown = Wire::of(full.iter());
        assert!(
            !unknown.is_bound(unknown.share_of(0)),
            "a speed that is not known is not reached"
        );
    }

    #[test]
    fn the_share_of_a_link_is_that_of_its_busier_direction() {
        let mut both = row(1_000_000, 0, 0);
        both.received_bytes = 2_000_000;
        let wire = Wire::of([both].iter());
        assert_eq!(wire.share_of(16), Some(1.0));
    }
}
