//! What one request costs: the difference of two counts from one live process, of which one saw
//! N requests more. What both have in common, such as the dump itself, is not in it.

use super::callgrind::{Function, Profile};
use super::owner::is_library_of_c;
use std::collections::{BTreeMap, HashMap};

/// An instruction is a request's own where it ran in at least this share of the requests. That
/// leaves out what time brings, such as a new date once a second.
const OWN_SHARE: f64 = 0.9;

/// The cost of `requests` requests, and nothing else.
#[derive(Debug)]
pub struct Difference {
    requests: u64,
    self_costs: HashMap<Function, i64>,
    executions: HashMap<(Function, u64), i64>,
    calls: HashMap<(Function, Function), i64>,
}

impl Difference {
    /// `more` has seen `requests` requests more than `less`.
    #[must_use]
    pub fn between(less: &Profile, more: &Profile, requests: u64) -> Self {
        let mut difference = Self {
            requests,
            self_costs: HashMap::new(),
            executions: HashMap::new(),
            calls: HashMap::new(),
        };
        difference.add(less, -1);
        difference.add(more, 1);
        difference
    }

    fn add(&mut self, profile: &Profile, sign: i64) {
        for (function, address, cost) in profile.self_costs() {
            let cost = sign * signed(cost);
            *self.self_costs.entry(function.clone()).or_default() += cost;
            let place = (function.clone(), address);
            *self.executions.entry(place).or_default() += cost;
        }
        for (caller, callee, count) in profile.calls() {
            // Between blocks without a symbol every jump looks like a call.
            let within_nameless = caller.is_nameless() && caller == callee;
            if !within_nameless {
                let call = (caller.clone(), callee.clone());
                *self.calls.entry(call).or_default() += sign * signed(count);
            }
        }
    }

    /// Instructions per request.
    #[must_use]
    pub fn instructions(&self) -> f64 {
        self.per_request(self.self_costs.values().sum())
    }

    /// Calls per request.
    #[must_use]
    pub fn calls(&self) -> f64 {
        self.per_request(self.calls.values().sum())
    }

    /// Every function with its calls and its own instructions per request.
    pub fn functions(&self) -> impl Iterator<Item = (&Function, f64, f64)> {
        let mut all: BTreeMap<&Function, (i64, i64)> = BTreeMap::new();
        for ((_, callee), calls) in &self.calls {
            all.entry(callee).or_default().0 += calls;
        }
        for (function, cost) in &self.self_costs {
            all.entry(function).or_default().1 += cost;
        }
        all.into_iter().map(|(function, (calls, cost))| {
            (function, self.per_request(calls), self.per_request(cost))
        })
    }

    /// The object that most of the instructions are in, but for the C library and the loader: the program.
    #[must_use]
    pub fn main_object(&self) -> Option<&str> {
        let mut objects: BTreeMap<&str, i64> = BTreeMap::new();
        for (function, cost) in &self.self_costs {
            if !is_library_of_c(function) {
                *objects.entry(&function.object).or_default() += cost;
            }
        }
        let most = objects.into_iter().max_by_key(|&(_, cost)| cost)?;
        (most.1 > 0).then_some(most.0)
    }

    /// How often each function called each other one per request: who, whom, how often.
    pub fn calls_between(&self) -> impl Iterator<Item = (&Function, &Function, f64)> {
        self.calls
            .iter()
            .map(|((caller, callee), calls)| (caller, callee, self.per_request(*calls)))
    }

    /// The addresses that ran in at least nine of ten requests, with their functions. With costs
    /// per instruction, an address costs one each time it runs.
    pub fn own_addresses(&self) -> impl Iterator<Item = (&Function, u64)> {
        self.executions
            .iter()
            .filter(|(_, count)| self.per_request(**count) >= OWN_SHARE)
            .map(|((function, address), _)| (function, *address))
    }

    fn per_request(&self, count: i64) -> f64 {
        count as f64 / self.requests as f64
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("no count comes near 2^63")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::callgrind::parse;

    /// A profile in which `own` ran with each request, `tick` once a second, and both call.
    fn profile(requests: u64, ticks: u64) -> Profile {
        let total = 3 * requests + 50 * ticks + 7;
        let text = format!(
            "positions: instr line\nevents: Ir\nsummary: {total}\n\
             ob=server\nfn=own\n0x10 1 {requests}\n0x11 1 {requests}\n0x12 1 {requests}\n\
             cfn=tick\ncalls={ticks} 0x20 2\n0x12 1 {inside}\n\
             fn=tick\n0x20 2 {inside}\n\
             fn=dump\n0x30 1 7\n\
             fn=0x40\ncfn=0x50\ncalls={requests} 0x50 1\n0x40 1 0\n\
             cfn=own\ncalls={requests} 0x10 1\n0x40 1 0\n",
            inside = 50 * ticks,
        );
        let mut parts = parse(&text).unwrap();
        parts.remove(0)
    }

    #[test]
    fn what_both_have_cancels_and_what_time_brings_is_not_own() {
        let difference = Difference::between(&profile(100, 2), &profile(200, 3), 100);
        assert_eq!(difference.instructions(), 3.5);
        let mut own: Vec<_> = difference
            .own_addresses()
            .map(|(function, address)| (function.name.to_string(), address))
            .collect();
        own.sort();
        let expected = [0x10, 0x11, 0x12].map(|address| ("own".to_owned(), address));
        assert_eq!(own, expected);
    }

    #[test]
    fn jumps_within_nameless_code_are_no_calls() {
        let difference = Difference::between(&profile(100, 2), &profile(200, 3), 100);
        assert_eq!(difference.calls(), 1.01);
    }

    #[test]
    fn functions_carry_their_calls_and_instructions() {
        let difference = Difference::between(&profile(100, 2), &profile(200, 3), 100);
        let own = difference
            .functions()
            .find(|(function, ..)| &*function.name == "own");
        let (_, calls, instructions) = own.unwrap();
        assert_eq!((calls, instructions), (1.0, 3.0));
    }
}
