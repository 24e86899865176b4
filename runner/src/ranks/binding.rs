//! Whether the launcher has bound this process to fewer processors than it has itself: Open MPI and Slurm bind each process
//! to one core unless told otherwise, and all threads of the generator would share that core.

use crate::usage::UsageError;
use procfs::process::{Process, Status};

/// What starts processes on a host: of Open MPI, of its successor PRRTE, of MPICH and of Slurm.
const LAUNCHERS: [&str; 8] = [
    "mpirun",
    "mpiexec",
    "orterun",
    "orted",
    "prterun",
    "prted",
    "hydra_pmi_proxy",
    "slurmstepd",
];

/// Why load from here would be that of few processors, with what to do; nothing if the process is not bound, or if no
/// launcher can be seen.
pub(super) fn refusal() -> Option<UsageError> {
    let own = Process::myself().ok()?.status().ok()?;
    let mut above = own.ppid;
    while above > 0 {
        let status = Process::new(above).ok()?.status().ok()?;
        if LAUNCHERS.contains(&status.name.as_str()) {
            // What binds the launcher itself is meant by whoever did it.
            return refusal_of(processors(&own), processors(&status));
        }
        above = status.ppid;
    }
    None
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
