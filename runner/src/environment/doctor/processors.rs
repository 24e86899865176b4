//! The processors: how many there are for us, whether they are whole, and how fast they are.

use super::{Check, read, read_number};
use crate::environment::processors::{allowed, core_of, group_by_core};
use crate::environment::quota;
use std::fs;
use std::path::Path;

pub(super) fn checks() -> Vec<Check> {
    let allowed = allowed().unwrap_or_default();
    let cores = group_by_core(&allowed, core_of);
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let folders = quota::folders(&own, &mounts);
    let limits = folders.iter().filter_map(|folder| limit_of(folder));
    let tightest = limits.min_by(f64::total_cmp);
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let boost = read_number("/sys/devices/system/cpu/cpufreq/boost").map(|boost| boost != 0);
    let no_turbo = read_number("/sys/devices/system/cpu/intel_pstate/no_turbo");
    vec![
        count(allowed.len()),
        shared(allowed.len(), cores.len()),
        quota(tightest, allowed.len()),
        self::governor(governor.as_deref()),
        self::boost(boost, no_turbo.map(|off| off == 0)),
    ]
}

fn count(processors: usize) -> Check {
    Check::good("processors", format!("{processors} for this process")).unless(
        processors >= 2,
        "server and generator take turns on one processor, and every figure is of both",
        "run on two processors or more (taskset, the container's --cpuset-cpus)",
    )
}

fn shared(processors: usize, cores: usize) -> Check {
    let state = match (processors, cores) {
        (_, 1) => "all processors are threads of one core".to_owned(),
        (processors, cores) if processors == cores => "none, as far as is known".to_owned(),
        (processors, cores) => format!("{processors} processors on {cores} cores"),
    };
    Check::good("shared cores", state).unless(
        cores >= 2 || processors < 2,
        "server and generator are threads of one core, and each slows the other",
        "run on two cores or more (lscpu --extended shows them)",
    )
}

/// The processors that a control group may use, if it is limited.
fn limit_of(folder: &Path) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let of = |name| fs::read_to_string(folder.join(name)).ok();
    if let Some(text) = of("cpu.max") {
        let (quota, period) = text.split_once(' ')?;
        return Some(number(quota)? / number(period)?);
    }
    let quota = number(&of("cpu.cfs_quota_us")?).filter(|&quota| quota > 0.0)?;
    Some(quota / number(&of("cpu.cfs_period_us")?)?)
}

fn quota(limit: Option<f64>, processors: usize) -> Check {
    let state = match limit {
        Some(limit) => format!("{limit:.2} processors"),
        None => "none".to_owned(),
    };
    Check::good("quota", state).unless(
        limit.is_none_or(|limit| limit >= processors as f64),
        "server and generator are stopped for the rest of each period once it is used, which looks like a slow server",
        "take the limit away (docker run without --cpus; systemd-run -p CPUQuota= ...), or use --cpuset-cpus",
    )
}

fn governor(governor: Option<&str>) -> Check {
    Check::good("governor", governor.unwrap_or("not told")).unless(
        governor.is_none_or(|governor| governor == "performance"),
        "the clock rate follows the load, so a slice depends on the one before it",
        "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
    )
}

fn boost(boost: Option<bool>, turbo: Option<bool>) -> Check {
    let state = match boost.or(turbo) {
        Some(true) => "on",
        Some(false) => "off",
        None => "not told",
    };
    let mend = match boost {
        Some(_) => "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
        None => "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo",
    };
    Check::good("boost", state).unless(
        state != "on",
        "the clock rate depends on heat and on how many processors work",
        mend,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(check: &Check) -> bool {
        check.finding.is_some()
    }

    #[test]
    fn what_makes_server_and_generator_meet_is_found() {
        assert!(is_found(&count(1)) && !is_found(&count(2)));
        assert!(is_found(&shared(2, 1)) && !is_found(&shared(4, 2)) && !is_found(&shared(2, 2)));
        // One processor is one finding.
        assert!(!is_found(&shared(1, 1)));
    }

    #[test]
    fn a_quota_is_read_in_both_versions_of_control_groups() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(limit_of(folder.path()), None);
        write("cpu.cfs_quota_us", "-1\n");
        write("cpu.cfs_period_us", "100000\n");
        assert_eq!(limit_of(folder.path()), None);
        write("cpu.cfs_quota_us", "10000\n");
        assert_eq!(limit_of(folder.path()), Some(0.1));
        write("cpu.max", "max 100000\n");
        assert_eq!(limit_of(folder.path()), None);
        write("cpu.max", "150000 100000\n");
        assert_eq!(limit_of(folder.path()), Some(1.5));
        assert!(is_found(&quota(Some(1.5), 2)) && !is_found(&quota(Some(2.0), 2)));
        assert!(!is_found(&quota(None, 2)));
    }

    #[test]
    fn a_clock_rate_that_moves_is_found() {
        assert!(
            is_found(&governor(Some("powersave"))) && !is_found(&governor(Some("performance")))
        );
        assert!(!is_found(&governor(None)));
        assert!(is_found(&boost(Some(true), None)) && is_found(&boost(None, Some(true))));
        assert!(!is_found(&boost(None, None)) && !is_found(&boost(Some(false), None)));
        let mend = boost(None, Some(true)).finding.unwrap().mend;
        assert!(mend.contains("no_turbo"), "{mend}");
    }
}
