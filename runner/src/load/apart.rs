//! A window of load from several hosts: what each has measured, added up.

use super::Measured;
use super::fairness::Fairness;
use anyhow::{Context, Result, ensure};
use std::time::Duration;

impl Measured {
    /// The window of all hosts together, which have crossed its edges each by its own clock.
    ///
    /// # Errors
    ///
    /// If there are none, or if histograms differ in shape.
    pub fn of_hosts(parts: Vec<Self>) -> Result<Self> {
        let mut parts = parts;
        // Without a connection there was no load, and no time.
        let has_any = |part: &Self| {
            let tally = &part.tally;
            tally.scheduled() + tally.connect_errors + part.outside.sent > 0
        };
        if parts.iter().any(has_any) {
            parts.retain(has_any);
        }
        let is_whole = |part: &Self| !part.offered.elapsed.is_zero();
        ensure!(
            !parts.iter().any(has_any) || parts.iter().all(is_whole),
            "a generator ended before its window did"
        );
        let hosts = parts.len() as u32;
        let lengths: Duration = parts.iter().map(|part| part.offered.elapsed).sum();
        let spreads: Vec<_> = parts
            .iter()
            .filter_map(|part| part.spread.clone())
            .collect();
        let mut parts = parts.into_iter();
        let mut sum = parts.next().context("load comes from no host")?;
        for part in parts {
            sum.began = sum.began.min(part.began);
            sum.add(part)?;
        }
        sum.offered.elapsed = lengths / hosts;
        sum.elapsed = sum.offered.elapsed;
        sum.fairness = Fairness::of(&spreads);
        sum.spread = None;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::programs::program;
    use crate::load::{
        EngineKind, Exchange, Generator, LoadSpec, Measured, Offered, Pace, Tally, Window,
    };
    use crate::server::Server;
    use std::time::Duration;

    /// A window of one server from one process, as words that another process reads.
    fn window(server: &Server, connections: usize) -> String {
        let generator = Generator::start(EngineKind::Epoll, &[], 1).unwrap();
        let timeout = Duration::from_secs(20);
        let target = Exchange::welcome().target(server.address);
        generator.open(0, &target, connections, timeout).unwrap();
        let spec = LoadSpec {
            window: Some(Window {
                settling: Duration::ZERO,
                length: Duration::from_millis(150),
                rest: timeout,
            }),
            ..LoadSpec::new(Pace::Closed, timeout)
        };
        serde_json::to_string(&generator.run(0, &spec).unwrap()).unwrap()
    }

    #[test]
    fn hosts_add_up_as_threads_do() {
        let server = Server::start(&program("answers"), &Exchange::welcome(), &[]).unwrap();
        let words = [window(&server, 2), window(&server, 3)];
        let parts = || {
            words
                .iter()
                .map(|one| serde_json::from_str::<Measured>(one).unwrap())
        };
        let sum = Measured::of_hosts(parts().collect()).unwrap();
        let of = |value: fn(&Measured) -> u64| parts().map(|part| value(&part)).sum::<u64>();
        assert!(sum.tally.ok > 0);
        assert_eq!(sum.tally.ok, of(|part| part.tally.ok));
        assert_eq!(sum.times.service.len(), of(|part| part.times.service.len()));
        assert_eq!(sum.times.service.len(), sum.tally.ok);
        let fairness = sum.fairness.unwrap();
        assert_eq!((fairness.connections, fairness.served), (5, 5));
        let longest = parts().map(|part| part.elapsed).max().unwrap();
        assert!(sum.elapsed <= longest && sum.elapsed >= Duration::from_millis(100));
        assert_eq!(sum.workers.len(), 2);
    }

    #[test]
    fn a_host_without_a_connection_takes_no_time_and_one_that_ended_early_is_refused() {
        let server = Server::start(&program("answers"), &Exchange::welcome(), &[]).unwrap();
        let word = window(&server, 1);
        let part = || serde_json::from_str::<Measured>(&word).unwrap();
        let mut idle = part();
        idle.tally = Tally::default();
        idle.outside = Tally::default();
        idle.offered = Offered::default();
        let (length, sum) = (
            part().elapsed,
            Measured::of_hosts(vec![part(), idle]).unwrap(),
        );
        assert_eq!((sum.elapsed, sum.tally), (length, part().tally));
        let mut early = part();
        early.offered.elapsed = Duration::ZERO;
        let refused = Measured::of_hosts(vec![part(), early]).unwrap_err();
        assert!(
            refused.to_string().contains("ended before its window"),
            "{refused}"
        );
    }
}
