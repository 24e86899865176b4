//! What a reader of a result ought to know besides its figures, a line each.

use super::{HostRun, LoadResult};
use crate::load::{Closing, EarlyEnd, WhyEarly};
use std::time::Duration;

/// From this share of a run on, a single answer has kept its connection from being asked in a way that
/// percentiles would have shown.
const STALL_SHARE_MIN: f64 = 0.01;

/// An answer that took so many times as long as 99 % of all is not part of their distribution.
const STALL_TIMES_P99_MIN: f64 = 10.0;

/// Parts of a load that were together for all but this share of the time were together.
const APART_SHARE_MAX: f64 = 0.01;

impl LoadResult {
    /// The remarks on this result.
    pub(super) fn remarks(&self) -> Vec<String> {
        let closing = self.server_closes.map(|closing| {
            let what = match closing {
                Closing::Announced => "ends each connection after one answer",
                Closing::Unannounced => {
                    "ends each connection after one answer without announcing it"
                }
                Closing::UnderWay => {
                    "ends connections without announcing it, and requests that may not be repeated were lost"
                }
            };
            format!("the server {what}: one request per connection")
        });
        let of_parts = [self.missing_parts(), self.apart()];
        let all = of_parts.into_iter().chain([closing, self.hidden_stall()]);
        all.flatten().collect()
    }

    /// A sum that is not the load that was asked for.
    fn missing_parts(&self) -> Option<String> {
        let parts = self.asked.parts.as_ref().filter(|_| self.runs > 1)?;
        let words = parts.missing_text()?;
        Some(format!("{words}: this is not the load that was asked for"))
    }

    /// Parts that did not load at the same time: while some were alone, the server had less to do.
    fn apart(&self) -> Option<String> {
        self.asked.parts.as_ref()?;
        let spans = || self.hosts.iter().map(HostRun::span_s);
        let (first_s, last_s) = (
            spans().map(|(from_s, _)| from_s).min_by(f64::total_cmp)?,
            spans().map(|(from_s, _)| from_s).max_by(f64::total_cmp)?,
        );
        let (sooner_s, later_s) = (
            spans().map(|(_, to_s)| to_s).min_by(f64::total_cmp)?,
            spans().map(|(_, to_s)| to_s).max_by(f64::total_cmp)?,
        );
        let (together_s, all_s) = ((sooner_s - last_s).max(0.0), later_s - first_s);
        (together_s < (1.0 - APART_SHARE_MAX) * all_s).then(|| {
            format!(
                "by the clocks of their hosts the parts began up to {:.2} s apart, and all of them loaded during {together_s:.2} s \
                 of {all_s:.2} s: the rate is the mean over all of that",
                last_s - first_s
            )
        })
    }

    /// In a closed loop whoever waits asks nothing: a stall delays one request of each connection, where
    /// users would have sent as many as ever (coordinated omission).
    fn hidden_stall(&self) -> Option<String> {
        let times = &self.service_time_us;
        let (max_s, p99_s) = (times.max? / 1e6, times.p99? / 1e6);
        let is_stall = max_s >= STALL_SHARE_MIN * self.duration_s
            && max_s >= STALL_TIMES_P99_MIN * p99_s
            && self.asked.rate.is_none();
        let would_wait = (self.rps * max_s) as u64;
        (is_stall && would_wait > self.asked.connections as u64).then(|| {
            format!(
                "the slowest answer took {max_s:.2} s; a closed loop asks nothing meanwhile, where users \
                 at this rate would have sent {would_wait} requests more: --rate counts their wait"
            )
        })
    }
}

/// When a run ended before its time, and why.
pub(super) fn early_end(end: &EarlyEnd) -> String {
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let planned = match end.planned {
        Some(planned) => format!(" of {}", seconds(planned)),
        None => ", with requests left".to_owned(),
    };
    let why = match end.why {
        WhyEarly::Stopped => "it was interrupted".to_owned(),
        WhyEarly::Hopeless => format!(
            "for {}, twice --timeout, connections could not be opened and no right answer came",
            seconds(end.patience)
        ),
    };
    format!("the run ended after {}{planned}: {why}", seconds(end.after))
}

#[cfg(test)]
mod tests {
    use super::super::tests::result;
    use super::*;

    /// 10 000 answers a second for 10 s, one of which took so long.
    fn closed_loop(max_s: f64) -> LoadResult {
        let mut run = result();
        run.duration_s = 10.0;
        run.rps = 10_000.0;
        run.service_time_us.p99 = Some(5_000.0);
        run.service_time_us.max = Some(max_s * 1e6);
        run
    }

    #[test]
    fn a_stall_in_a_closed_loop_is_said_with_what_it_hides() {
        let notes = closed_loop(1.5).remarks();
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].contains("took 1.50 s") && notes[0].contains("--rate"),
            "{notes:?}"
        );
        assert!(notes[0].contains("15000 requests more"), "{notes:?}");
    }

    #[test]
    fn a_run_that_is_given_up_says_when_of_what_and_why() {
        let end = |why, planned| {
            early_end(&EarlyEnd {
                why,
                after: Duration::from_millis(4040),
                planned,
                patience: Duration::from_secs(4),
            })
        };
        let hopeless = end(WhyEarly::Hopeless, Some(Duration::from_secs(20)));
        assert!(
            hopeless.starts_with("the run ended after 4.04 s of 20.00 s: for 4.00 s"),
            "{hopeless}"
        );
        assert_eq!(
            end(WhyEarly::Stopped, None),
            "the run ended after 4.04 s, with requests left: it was interrupted"
        );
    }

    #[test]
    fn a_slow_answer_that_percentiles_would_not_show_is_no_stall() {
        assert!(closed_loop(0.05).remarks().is_empty());
        let mut paced = closed_loop(1.5);
        paced.asked.rate = Some(10_000.0);
        assert!(paced.remarks().is_empty());
        let mut slow = closed_loop(1.5);
        slow.service_time_us.p99 = Some(1e6);
        assert!(slow.remarks().is_empty());
    }
}
