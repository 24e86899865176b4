//! Whether the launcher has bound this process to fewer processors than it has itself: Open MPI and Slurm bind each process
//! to one core unless told otherwise, and all threads of the generator would share that core.

use crate::usage::UsageError;
use procfs::process::{Process, Status};

/// Why load from here would be that of one core, with what to do; nothing if the process is not bound.
pub(super) fn refusal() -> Option<UsageError> {
    let own = Process::myself().ok()?.status().ok()?;
    let (mut most, mut parent) = (processors(&own), own.ppid);
    while parent > 0 {
        // What cannot be seen does not bind.
        let Some(status) = Process::new(parent)
            .ok()
            .and_then(|process| process.status().ok())
        else {
            break;
        };
        most = most.max(processors(&status));
        parent = status.ppid;
    }
    refusal_of(processors(&own), most)
}

fn refusal_of(own: u32, most: u32) -> Option<UsageError> {
    (own < most).then(|| {
        UsageError(format!(
            "this process is bound to {own} of the {most} processors that its launcher has, and all threads of the generator \
             would share them; add --bind-to none to mpirun, or --cpu-bind=none to srun, and name processors with \
             --processors"
        ))
    })
}

/// How many processors a process may run on.
fn processors(status: &Status) -> u32 {
    let ranges = status.cpus_allowed_list.iter().flatten();
    ranges.map(|(first, last)| last - first + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_processors_than_the_launcher_has_are_refused_with_the_flag_to_add() {
        assert_eq!(refusal_of(8, 8).map(|refusal| refusal.0), None);
        let words = refusal_of(1, 8).unwrap().0;
        assert!(
            words.contains("1 of the 8") && words.contains("--bind-to none"),
            "{words}"
        );
    }
}
