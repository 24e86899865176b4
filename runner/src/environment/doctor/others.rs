//! Who else uses the processors: other guests of the same host, and other programs.

use super::Check;
use crate::environment::{Counters, processors};
use procfs::Current;
use std::time::{Duration, Instant};

/// How long is looked at what others use.
const SAMPLE: Duration = Duration::from_millis(400);

/// Such a share of all processors is more than the noise that blocks and their order are there for.
const STEAL_MAX: f64 = 0.01;
const BUSY_MAX: f64 = 0.05;

pub(super) fn checks() -> Vec<Check> {
    let count = processors::allowed().map_or(1, |allowed| allowed.len());
    let machine = procfs::CpuInfo::current().map_or(count, |info| info.num_cores());
    let (Ok(before), began) = (Counters::read(), Instant::now()) else {
        return vec![steal(None), other_load(None)];
    };
    std::thread::sleep(SAMPLE);
    let during = Counters::read().map(|after| after.since(&before));
    let elapsed_s = began.elapsed().as_secs_f64() * machine as f64;
    let share = |time: Duration| time.as_secs_f64() / elapsed_s;
    let during = during.ok();
    vec![
        steal(during.map(|during| share(during.steal))),
        other_load(during.map(|during| share(during.busy))),
    ]
}

fn state(share: Option<f64>) -> String {
    share.map_or_else(
        || "not told".to_owned(),
        |share| format!("{:.1}% of all processors over {SAMPLE:?}", share * 100.0),
    )
}

fn steal(share: Option<f64>) -> Check {
    Check::good("steal", state(share)).unless(
        share.is_none_or(|share| share <= STEAL_MAX),
        "the host gives our processors to other guests, and blocks are disturbed",
        "measure at another time, or on a machine of its own (vmstat 1 shows it as st)",
    )
}

fn other_load(share: Option<f64>) -> Check {
    Check::good("other load", state(share)).unless(
        share.is_none_or(|share| share <= BUSY_MAX),
        "other programs use the processors that we measure on, and blocks are disturbed",
        "end what is not needed: ps -eo pid,pcpu,comm --sort=-pcpu | head",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_found_if_they_use_more_than_a_little() {
        assert!(steal(Some(0.02)).finding.is_some() && steal(Some(0.005)).finding.is_none());
        assert!(
            other_load(Some(0.5)).finding.is_some() && other_load(Some(0.01)).finding.is_none()
        );
        assert!(steal(None).finding.is_none() && steal(None).state == "not told");
        assert_eq!(
            steal(Some(0.0123)).state,
            "1.2% of all processors over 400ms"
        );
    }
}
