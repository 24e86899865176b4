//! How much memory a server has: exact, over all its processes.
//!
//! `/proc/PID/status` is cheaper, but the kernel keeps its counts in parts and may be many pages behind.
//! `smaps_rollup` walks the page tables.

use super::usage::{Tree, process};
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;

/// Memory of all processes of a server at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resident {
    /// Resident (RSS), summed: what several processes share counts for each.
    pub resident_bytes: u64,
    /// Proportional (PSS), summed: what several processes share is divided among them.
    pub proportional_bytes: u64,
    /// Written out to swap, and so not resident.
    pub swapped_bytes: u64,
    /// How many processes there are.
    pub processes: u64,
}

impl Resident {
    /// The memory of a server. Pages that its processes share count once, so it is PSS if there are several. The PSS
    /// of a single process would depend on how many others of the same binary happen to run, so it is RSS then.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self.processes {
            0 | 1 => self.resident_bytes,
            _ => self.proportional_bytes,
        }
    }
}

impl Tree {
    /// The memory of all its processes.
    ///
    /// # Errors
    ///
    /// If all processes have ended, or the kernel does not tell.
    pub fn resident(&self) -> Result<Resident> {
        let processes = self.processes();
        ensure!(!processes.is_empty(), "the server has gone");
        let mut sum = Resident::default();
        let mut untold = None;
        for pid in processes {
            match resident_of(pid) {
                Ok(one) => {
                    sum.resident_bytes += one.resident_bytes;
                    sum.proportional_bytes += one.proportional_bytes;
                    sum.swapped_bytes += one.swapped_bytes;
                    sum.processes += 1;
                }
                // It has just ended, and others may go on.
                Err(error) => untold = Some(error),
            }
        }
        match untold {
            Some(error) if sum.processes == 0 => Err(error),
            _ => Ok(sum),
        }
    }
}

fn resident_of(pid: u32) -> Result<Resident> {
    let rollup = process(pid)?
        .smaps_rollup()
        .context("cannot read a server's memory (/proc/PID/smaps_rollup)")?;
    let maps = rollup.memory_map_rollup.0;
    let map = maps.first().context("a server has memory")?;
    of_fields(&map.extension.map)
}

/// From the fields of `smaps_rollup`, in bytes.
fn of_fields(fields: &HashMap<String, u64>) -> Result<Resident> {
    let field = |name: &str| {
        let bytes = fields.get(name).copied();
        bytes.with_context(|| format!("the kernel does not tell `{name}` of a server's memory"))
    };
    Ok(Resident {
        resident_bytes: field("Rss")?,
        proportional_bytes: field("Pss")?,
        swapped_bytes: field("Swap")?,
        processes: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::kept::Kept;
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn a_field_that_is_not_told_is_named() {
        let fields = HashMap::from([("Rss".to_owned(), 4096), ("Pss".to_owned(), 2048)]);
        let error = of_fields(&fields).unwrap_err().to_string();
        assert!(error.contains("`Swap`"), "{error}");
    }

    #[test]
    fn what_several_processes_share_counts_once() {
        let shared = Resident {
            resident_bytes: 300,
            proportional_bytes: 180,
            swapped_bytes: 0,
            processes: 2,
        };
        assert_eq!(shared.bytes(), 180);
        let alone = Resident {
            processes: 1,
            ..shared
        };
        assert_eq!(alone.bytes(), 300);
    }

    #[test]
    fn all_processes_of_a_server_count() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 100 & sleep 100 & wait"]);
        let kept = Kept::start(command, &[], None).unwrap();
        let started = Instant::now();
        let read = || kept.tree().resident().unwrap_or_default();
        while read().processes < 3 && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let all = read();
        assert_eq!(all.processes, 3);
        assert!(
            0 < all.proportional_bytes && all.proportional_bytes < all.resident_bytes,
            "{all:?}"
        );
    }
}
