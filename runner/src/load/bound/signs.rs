//! What the evidence means. The signs are those listed in docs/LOAD.md ("Who is the limit"); each has a
//! threshold that is fixed here, and all that speak against the verdict are named with it.

use super::{Bound, Evidence};
use crate::load::RATE_HELD_SHARE_MIN;

/// A run shorter than this says nothing: what a thread does in so few milliseconds is its start, and
/// a pause of the machine is as long.
const ELAPSED_S_MIN: f64 = 0.2;

/// Nor do fewer right answers than this: they have no percentiles, and a slow one is all of them.
const ANSWERS_MIN: u64 = 100;

/// Below this share of its time waiting, a thread of the generator has no time left.
const IDLE_SHARE_MIN: f64 = 0.02;

/// From this share on it surely has. Between the two, the signs have to agree.
const IDLE_SHARE_AMPLE: f64 = 0.10;

/// From this share of what the null server reaches, generator and kernel are the limit.
const CEILING_SHARE_MAX: f64 = 0.85;

/// From this share of its processors on, a server is busy.
const SERVER_SHARE_BUSY: f64 = 0.90;

/// Above this share of the processors' time, the hypervisor was in the way.
const STEAL_SHARE_MAX: f64 = 0.05;

/// Above this share of its time, others were on the generator's processor.
const KEPT_WAITING_SHARE_MAX: f64 = 0.15;

/// Above this share of its time in pauses, something stopped the generator: a signal, a quota, a
/// paused machine.
const PAUSED_SHARE_MAX: f64 = 0.05;

/// A single pause of this length is in percentiles even of a long run.
const PAUSE_US_MAX: f64 = 100_000.0;

/// Above this, a limit on the processors' time was at work, on the generator or on the server.
const THROTTLED_SHARE_MAX: f64 = 0.01;

/// From this share of its time on a processor, a thread of the generator has done all it can, whatever
/// else there was.
const GENERATOR_CPU_SHARE_FULL: f64 = 0.98;

/// Above this, connections were not busy as a closed loop keeps them: |c − λ·mean| / c.
const RESIDUAL_MAX: f64 = 0.10;

/// With a connection free, a request may leave so late, of its response time, before that is the
/// generator's and no longer the server's.
const LATENESS_SHARE_MAX: f64 = 0.5;

/// Up to this much, lateness is not a sign of a busy generator. A thread that sleeps until a request is
/// due is woken by a timer on a processor that sleeps too, which on a virtual machine takes some
/// hundred µs to come back: the less a generator has to do, the later it is.
const LATENESS_US_MIN: f64 = 1000.0;

impl Evidence {
    /// Whether there is enough of it for a verdict.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.elapsed_s >= ELAPSED_S_MIN && self.answers >= ANSWERS_MIN
    }

    /// The verdict, and what it rests on, in words. The first reason decided.
    #[must_use]
    pub fn judge(&self) -> (Bound, Vec<String>) {
        if !self.is_enough() {
            let (answers, elapsed_s) = (self.answers, self.elapsed_s);
            let reason = format!(
                "too little for a verdict: {answers} right answers of {ANSWERS_MIN}, \
                 {elapsed_s:.3} s of {ELAPSED_S_MIN}"
            );
            return (Bound::Unclear, vec![reason]);
        }
        let disturbed = self.disturbances();
        let client = self.signs_of_client();
        let server = self.signs_of_server();
        match (client.is_empty(), server.is_empty()) {
            _ if !disturbed.is_empty() => (Bound::Unclear, disturbed),
            (false, true) => (Bound::ClientBound, client),
            (true, false) => (Bound::ServerBound, server),
            (true, true) => {
                let idle = percent(self.idle_share);
                let reason =
                    format!("the generator waited {idle} of its time, which decides nothing");
                (Bound::Unclear, vec![reason])
            }
            (false, false) => (Bound::Unclear, [client, server].concat()),
        }
    }

    /// What makes any verdict doubtful.
    fn disturbances(&self) -> Vec<String> {
        let mut signs = self.stops();
        if self.steal_share > STEAL_SHARE_MAX {
            let steal = percent(self.steal_share);
            signs.push(format!(
                "the hypervisor took {steal} of the processors' time"
            ));
        }
        let others_share = self.kept_waiting_share - self.paused_share;
        if others_share > KEPT_WAITING_SHARE_MAX {
            signs.push(format!(
                "others had the generator's processor for {} of its time",
                percent(others_share)
            ));
        }
        // A generator that was never idle has no need of these to be the limit.
        if self.generator_cpu_share >= GENERATOR_CPU_SHARE_FULL {
            return signs;
        }
        if self.handshakes_repeated > 0 {
            signs.push(format!(
                "{} handshakes had to be repeated: a listen queue was full",
                self.handshakes_repeated
            ));
        }
        if let Some(residual) = self.little_residual.filter(|&one| one > RESIDUAL_MAX) {
            signs.push(format!(
                "by Little's law {} of the connections' time is unaccounted for: \
                 nothing was open or being opened",
                percent(residual)
            ));
        }
        signs
    }

    /// What stopped the generator, so far as it is known.
    fn stops(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if self.throttled_share > THROTTLED_SHARE_MAX {
            let share = percent(self.throttled_share);
            signs.push(format!(
                "a limit on the processors' time (cgroup) has stopped processes here for {share} of it"
            ));
        }
        if self.paused_share > PAUSED_SHARE_MAX || self.pause_max_us > PAUSE_US_MAX {
            let cause = match signs.is_empty() {
                true => " (a signal, a paused machine, or others on its processor)",
                false => "",
            };
            signs.push(format!(
                "the generator was stopped for {} of its time, once for {:.0} ms{cause}",
                percent(self.paused_share),
                self.pause_max_us / 1e3
            ));
        }
        signs
    }

    fn signs_of_client(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if self.generator_cpu_share >= GENERATOR_CPU_SHARE_FULL {
            signs.push(format!(
                "the generator used {} of its processor",
                percent(self.generator_cpu_share)
            ));
        } else if self.idle_share < IDLE_SHARE_MIN {
            signs.push(format!(
                "the generator waited only {} of its time",
                percent(self.idle_share)
            ));
        }
        if let Some(share) = self.ceiling_share.filter(|&one| one > CEILING_SHARE_MAX) {
            signs.push(format!(
                "{} of what the null server reaches here",
                percent(share)
            ));
        }
        if let Some(share) = self.sent_share.filter(|&one| one < RATE_HELD_SHARE_MIN)
            && self.idle_share < IDLE_SHARE_AMPLE
        {
            signs.push(format!("only {} of the schedule was sent", percent(share)));
        }
        if let (Some(late_us), Some(response_us)) = (self.lateness_p99_us, self.response_p99_us)
            && late_us > LATENESS_SHARE_MAX * response_us
            && late_us > LATENESS_US_MIN
        {
            signs.push(format!(
                "requests left up to {late_us:.0} µs late (p99) with a connection free, \
                 of {response_us:.0} µs to the answer"
            ));
        }
        signs
    }

    fn signs_of_server(&self) -> Vec<String> {
        let mut signs = Vec::new();
        if let Some(share) = self.server_cpu_share.filter(|&one| one > SERVER_SHARE_BUSY) {
            signs.push(format!(
                "the server used {} of its processors",
                percent(share)
            ));
        }
        if self.idle_share >= IDLE_SHARE_AMPLE {
            signs.push(format!(
                "the generator waited {} of its time",
                percent(self.idle_share)
            ));
        }
        signs
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
