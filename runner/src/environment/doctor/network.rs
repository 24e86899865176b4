//! The network's limits: ports for connections, and the queues of those that are being opened. The last two are those
//! that the original shootout set.

use super::{Check, read, read_number};

/// Ports that a run without keep-alive has to have.
const PORTS: u64 = 28_000;

/// As many connections may ask at once as a run has at most by default, with room.
const QUEUE: u64 = 4096;

/// The same for those whose handshake is not over.
const HANDSHAKES: u64 = 1024;

pub(super) fn checks() -> Vec<Check> {
    let range = read("/proc/sys/net/ipv4/ip_local_port_range");
    vec![
        ports(range.as_deref().and_then(range_of)),
        somaxconn(read_number("/proc/sys/net/core/somaxconn")),
        syn_backlog(read_number("/proc/sys/net/ipv4/tcp_max_syn_backlog")),
    ]
}

fn range_of(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once(char::is_whitespace)?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn ports(range: Option<(u64, u64)>) -> Check {
    let count = range.map(|(first, last)| (last + 1).saturating_sub(first));
    let state = range.map_or_else(
        || "not told".to_owned(),
        |(first, last)| format!("{first} to {last} for connections that are opened"),
    );
    Check::good("ports", state).unless(
        count.is_none_or(|count| count >= PORTS),
        "without keep-alive ports run out, and connections fail to open",
        "sudo sysctl -w net.ipv4.ip_local_port_range='32768 60999'",
    )
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "not told".to_owned(), |number| number.to_string())
}

fn somaxconn(length: Option<u64>) -> Check {
    Check::good("somaxconn", number(length)).unless(
        length.is_none_or(|length| length >= QUEUE),
        "the listen queue overflows when many connections are opened at once, and handshakes take a second or more",
        format!("sudo sysctl -w net.core.somaxconn={QUEUE}"),
    )
}

fn syn_backlog(length: Option<u64>) -> Check {
    Check::good("tcp_max_syn_backlog", number(length)).unless(
        length.is_none_or(|length| length >= HANDSHAKES),
        "handshakes are dropped when many connections are opened at once, and are repeated a second later",
        format!("sudo sysctl -w net.ipv4.tcp_max_syn_backlog={QUEUE}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_too_low_are_found_with_their_command() {
        let mend = |check: Check| check.finding.map(|finding| finding.mend);
        assert_eq!(mend(somaxconn(Some(4096))), None);
        let low = mend(somaxconn(Some(128)));
        assert_eq!(
            low.as_deref(),
            Some("sudo sysctl -w net.core.somaxconn=4096")
        );
        assert!(
            mend(syn_backlog(Some(128)))
                .unwrap()
                .contains("tcp_max_syn_backlog")
        );
        assert_eq!(mend(syn_backlog(Some(1024))), None);
        assert_eq!(mend(ports(range_of("32768\t60999"))), None);
        assert!(mend(ports(range_of("60000 60999"))).is_some());
        assert_eq!(mend(ports(None)), None);
    }
}
