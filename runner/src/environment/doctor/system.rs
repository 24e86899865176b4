//! The kernel and what it grants: open files, io_uring, the clock; and room on the disk.

use super::{Check, read};
use rustix::process::{Resource, getrlimit};

/// A run with 1000 connections, at both ends of each: generator, server, and their other files.
const FILES: u64 = 4096;

/// Contestants, their benches and records.
const DISK_MIB: u64 = 4096;

/// Clocks that are read without asking the kernel.
const FAST_CLOCKS: [&str; 4] = [
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
];

pub(super) fn checks(granted: Result<(), String>) -> Vec<Check> {
    let clock = read("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let disabled = read("/proc/sys/kernel/io_uring_disabled");
    let free = rustix::fs::statvfs(".").map(|facts| (facts.f_bavail * facts.f_frsize) >> 20);
    vec![
        files(getrlimit(Resource::Nofile).maximum),
        io_uring(granted, disabled.as_deref()),
        self::clock(clock.as_deref()),
        disk(free.ok()),
    ]
}

fn files(hard: Option<u64>) -> Check {
    let state = hard.map_or_else(|| "no limit".to_owned(), |hard| format!("up to {hard}"));
    Check::good("open files", state).unless(
        hard.is_none_or(|hard| hard >= FILES),
        "1,000 connections cannot be open at a time, nor 10,000",
        format!("sudo prlimit --pid $$ --nofile={0}:{0}", 16 * FILES),
    )
}

fn io_uring(granted: Result<(), String>, disabled: Option<&str>) -> Check {
    let state = match &granted {
        Ok(()) => "granted".to_owned(),
        Err(why) => format!("refused ({why})"),
    };
    let mend = match disabled {
        Some("1" | "2") => "sudo sysctl -w kernel.io_uring_disabled=0",
        _ => {
            "a kernel from 6.0 on, and a container that permits it (--security-opt seccomp=unconfined)"
        }
    };
    Check::good("io_uring", state).unless(
        granted.is_ok(),
        "the generator uses epoll, which costs it more per request, and io_uring servers cannot be measured",
        mend,
    )
}

fn clock(clock: Option<&str>) -> Check {
    Check::good("clock", clock.unwrap_or("not told")).unless(
        clock.is_none_or(|clock| FAST_CLOCKS.contains(&clock)),
        "every reading of the clock is a system call, in the servers too (Date)",
        "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource",
    )
}

fn disk(free_mib: Option<u64>) -> Check {
    let state = free_mib.map_or_else(
        || "not told".to_owned(),
        |mib| format!("{:.1} GiB free here", mib as f64 / 1024.0),
    );
    Check::good("disk", state).unless(
        free_mib.is_none_or(|mib| mib >= DISK_MIB),
        "builds of all contestants and the records of a run may not fit",
        "cargo clean, or a folder on another disk (CARGO_TARGET_DIR, --out)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_too_low_are_found() {
        assert!(files(Some(1024)).finding.is_some());
        assert!(files(Some(1 << 20)).finding.is_none() && files(None).finding.is_none());
        assert!(disk(Some(100)).finding.is_some() && disk(Some(100_000)).finding.is_none());
    }

    #[test]
    fn a_refused_io_uring_says_by_whom() {
        let mend = |disabled| {
            let check = io_uring(Err("not permitted".to_owned()), disabled);
            check.finding.unwrap().mend
        };
        assert!(mend(Some("2")).contains("sysctl"));
        assert!(mend(Some("0")).contains("seccomp") && mend(None).contains("seccomp"));
        assert!(io_uring(Ok(()), None).finding.is_none());
    }

    #[test]
    fn a_clock_that_asks_the_kernel_is_found() {
        assert!(clock(Some("hpet")).finding.is_some() && clock(Some("tsc")).finding.is_none());
        assert!(clock(None).finding.is_none());
    }
}
