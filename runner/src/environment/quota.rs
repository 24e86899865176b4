//! A limit on the processors' time of this process's control group, and how long it has stopped us.
//!
//! Such a limit is set for containers and services. A group that has used its time is stopped until the
//! next period, of 100 ms as a rule, and nobody tells it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often and how long a limit has stopped processes of this group so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttling {
    /// Periods in which it did.
    pub periods: u64,
    /// For how long, added up over processors.
    pub time: Duration,
}

impl Throttling {
    /// Reads it, over this group and those it lies in; `None` if there are no control groups.
    #[must_use]
    pub fn read() -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut sum = Self::default();
        for folder in folders(&own, &mounts) {
            let stat = fs::read_to_string(folder.join("cpu.stat")).unwrap_or_default();
            sum.add(Self::parse(&stat));
        }
        sum
    }

    /// What has happened since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            periods: self.periods.saturating_sub(before.periods),
            time: self.time.saturating_sub(before.time),
        }
    }

    fn add(&mut self, other: Self) {
        self.periods += other.periods;
        self.time += other.time;
    }

    /// `cpu.stat` of either version: the first tells ns, the second µs.
    fn parse(stat: &str) -> Self {
        let number = |name: &str| {
            let line = stat.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse::<u64>().ok()
        };
        let ns = number("throttled_time ").map(Duration::from_nanos);
        let us = number("throttled_usec ").map(Duration::from_micros);
        Self {
            periods: number("nr_throttled ").unwrap_or(0),
            time: ns.or(us).unwrap_or_default(),
        }
    }
}

/// How many processors' time the group of this process may use, the least over the groups it lies in; `None` if
/// nothing limits it.
#[must_use]
pub(crate) fn limit() -> Option<f64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).ok();
    let of_group = |folder: PathBuf| match read(&folder, "cpu.max") {
        Some(line) => share_of(line.split_whitespace()),
        None => {
            let quota = read(&folder, "cpu.cfs_quota_us")?;
            let period = read(&folder, "cpu.cfs_period_us")?;
            share_of([quota.trim(), period.trim()].into_iter())
        }
    };
    let limits = folders(&own, &mounts).into_iter().filter_map(of_group);
    limits.min_by(f64::total_cmp)
}

/// Quota over period, both in µs; "max" and a negative quota are no limit.
fn share_of<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<f64> {
    let quota: f64 = words.next()?.parse().ok()?;
    let period: f64 = words.next()?.parse().ok()?;
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

/// The folders of this process's group and of those it lies in, in both versions of control groups.
fn folders(own: &str, mounts: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let Some(root) = mount_of(controllers, mounts) else {
            continue;
        };
        let root = Path::new(root);
        let group = root.join(path.trim_start_matches('/'));
        let within = group
            .ancestors()
            .take_while(|folder| folder.starts_with(root));
        folders.extend(within.map(Path::to_path_buf));
    }
    folders
}

/// Where the hierarchy is mounted that limits processors' time, if it is this one.
fn mount_of<'m>(controllers: &str, mounts: &'m str) -> Option<&'m str> {
    let is_second = controllers.is_empty();
    let is_first = controllers.split(',').any(|name| name == "cpu");
    mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let (place, kind, options) = (fields.get(1)?, fields.get(2)?, fields.get(3)?);
        let is_it = match *kind {
            "cgroup2" => is_second,
            "cgroup" => is_first && options.split(',').any(|name| name == "cpu"),
            _ => false,
        };
        is_it.then_some(*place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_tell_how_long_a_group_was_stopped() {
        let first = "nr_periods 70\nnr_throttled 63\nthrottled_time 5700000000\n";
        let second = "usage_usec 9\nnr_periods 70\nnr_throttled 63\nthrottled_usec 5700000\n";
        let expected = Throttling {
            periods: 63,
            time: Duration::from_millis(5700),
        };
        assert_eq!(Throttling::parse(first), expected);
        assert_eq!(Throttling::parse(second), expected);
        assert_eq!(Throttling::parse("usage_usec 9\n"), Throttling::default());
    }

    #[test]
    fn a_limit_is_quota_over_period() {
        let share = |line: &str| share_of(line.split_whitespace());
        assert_eq!(share("50000 100000"), Some(0.5));
        assert_eq!(share("max 100000"), None);
        assert_eq!(share("-1 100000"), None);
        assert_eq!(share(""), None);
    }

    #[test]
    fn a_group_and_those_it_lies_in_are_found_where_they_are_mounted() {
        let mounts = "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n\
                      cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n\
                      none /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        let own = "4:memory:/a\n3:cpu,cpuacct:/box/one\n0::/\n";
        let found = folders(own, mounts);
        let expected = [
            "/sys/fs/cgroup/cpu,cpuacct/box/one",
            "/sys/fs/cgroup/cpu,cpuacct/box",
            "/sys/fs/cgroup/cpu,cpuacct",
            "/sys/fs/cgroup/unified",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
        assert!(folders("", mounts).is_empty() && folders(own, "").is_empty());
    }
}
