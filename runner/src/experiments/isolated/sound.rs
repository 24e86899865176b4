//! Whether the rows of an isolated run can have been measured: what a run cannot have written is refused with file
//! and line, before a figure is made of it.

use super::rows::{
    AllocationRow, AllocatorCallRow, FunctionRow, MemoryRow, OwnerRow, SampleRow, StartRow,
    SystemCallRow, WorkRow,
};
use crate::run::{Row, fault_of_numbers};

/// A count per request is a number. It may lie a little below zero: it is a difference of two runs, and what
/// happens once a second falls into either.
fn not_a_count(name: &str, value: f64) -> Option<String> {
    (!value.is_finite()).then(|| format!("{name} is {value}, which is not a count"))
}

fn zero(name: &str) -> Option<String> {
    Some(format!("{name} is not above 0, so there is no figure"))
}

impl Row for SampleRow {
    const FILE: &'static str = "samples.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "block {}, {}, round {}, {}",
            self.block, self.entry, self.round, self.arm
        )
    }

    fn fault(&self) -> Option<String> {
        let fault = fault_of_numbers(&[self.requests, self.elapsed_ns, self.server_cpu_ns]);
        if fault.is_some() || !self.err.is_empty() {
            return fault;
        }
        match self.requests {
            0 => zero("requests"),
            requests if self.withheld >= requests => Some(format!(
                "withheld is {}, of {requests} requests",
                self.withheld
            )),
            _ if self.elapsed_ns == 0 => zero("elapsed_ns"),
            _ if self.server_cpu_ns == 0 => zero("server_cpu_ns"),
            _ => None,
        }
    }
}

impl Row for WorkRow {
    const FILE: &'static str = "work.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, process {}", self.arm, self.process)
    }

    fn fault(&self) -> Option<String> {
        match self.err.is_empty() {
            false => None,
            _ if self.funcs == 0 => zero("funcs"),
            _ if self.funcs_source == 0 => zero("funcs_source"),
            _ if self.instructions_per_request <= 0.0 => zero("instructions_per_request"),
            _ if self.calls_per_request <= 0.0 => zero("calls_per_request"),
            _ => not_a_count("instructions_per_request", self.instructions_per_request)
                .or_else(|| not_a_count("calls_per_request", self.calls_per_request)),
        }
    }
}

impl Row for OwnerRow {
    const FILE: &'static str = "owners.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, {}", self.arm, self.owner)
    }

    fn fault(&self) -> Option<String> {
        not_a_count("instructions_per_request", self.instructions_per_request)
            .or_else(|| not_a_count("calls_per_request", self.calls_per_request))
    }
}

impl Row for FunctionRow {
    const FILE: &'static str = "functions.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, {} of {}", self.arm, self.function, self.owner)
    }

    fn fault(&self) -> Option<String> {
        not_a_count("instructions_per_request", self.instructions_per_request)
            .or_else(|| not_a_count("calls_per_request", self.calls_per_request))
    }
}

impl Row for AllocatorCallRow {
    const FILE: &'static str = "allocator-calls.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        let Self {
            arm,
            owner,
            function,
            called,
            ..
        } = self;
        format!("{arm}, {owner}, {function}, {called}")
    }

    fn fault(&self) -> Option<String> {
        not_a_count("calls_per_request", self.calls_per_request)
    }
}

impl Row for SystemCallRow {
    const FILE: &'static str = "system-calls.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, {}", self.arm, self.name)
    }

    fn fault(&self) -> Option<String> {
        not_a_count("calls_per_request", self.calls_per_request)
    }
}

impl Row for AllocationRow {
    const FILE: &'static str = "allocations.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, {}", self.arm, self.entry)
    }

    fn fault(&self) -> Option<String> {
        (self.requests == 0).then(|| zero("requests")).flatten()
    }
}

impl Row for MemoryRow {
    const FILE: &'static str = "memory.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!(
            "{}, {}, process {}, {} repetitions",
            self.arm, self.exercise, self.process, self.repetitions
        )
    }

    fn fault(&self) -> Option<String> {
        match (self.repetitions, self.rss_kib) {
            (0, _) => zero("repetitions"),
            (_, 0) => zero("rss_kib"),
            (repetitions, rss_kib) => fault_of_numbers(&[repetitions, rss_kib]),
        }
    }
}

impl Row for StartRow {
    const FILE: &'static str = "starts.csv";

    fn arm(&self) -> Option<&str> {
        Some(&self.arm)
    }

    fn key(&self) -> String {
        format!("{}, round {}", self.arm, self.round)
    }

    fn fault(&self) -> Option<String> {
        match self.err.is_empty() {
            false => None,
            _ if self.ready_us == 0 => zero("ready_us"),
            _ if self.idle_rss_kib == 0 => zero("idle_rss_kib"),
            _ => fault_of_numbers(&[self.ready_us, self.idle_rss_kib]),
        }
    }
}
