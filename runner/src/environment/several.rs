//! Whether a launcher has started this process as one of several. Each of these would measure alone, and print a
//! report that looks whole.

use crate::usage::UsageError;

/// How many processes there are: of Open MPI, of MPICH and its relatives, of Slurm.
const SIZES: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"];

/// Which process this is by PMIx, from 0. Of the first it does not tell whether there are others.
const RANK: &str = "PMIX_RANK";

/// Which pod of an indexed job this is in Kubernetes.
const JOB_INDEX: &str = "JOB_COMPLETION_INDEX";

/// Refuses to be one of several.
///
/// # Errors
///
/// A [`UsageError`] with the variable that says so, and with what to do.
pub fn refuse() -> Result<(), UsageError> {
    match sign(|name| std::env::var(name).ok()) {
        None => Ok(()),
        Some(sign) => Err(UsageError(format!(
            "{sign} says that this process is one of several: each would measure alone, and nobody would add the \
             figures up; give each its part with `runner load --part K/N` and add the results with `runner merge`, \
             or say --alone if this one is meant to measure alone{}",
            match cfg!(feature = "mpi") {
                true => "",
                false =>
                    " (a runner built with `--features mpi` makes one load of all: docs/MACHINES.md)",
            }
        ))),
    }
}

/// Whether a launcher of MPI may have started this process as one of several: then MPI knows.
#[cfg(feature = "mpi")]
#[must_use]
pub fn may_be() -> bool {
    // MPI knows nothing of a job of Kubernetes.
    let is_set = |name: &&str| std::env::var_os(name).is_some();
    SIZES.iter().chain([&RANK]).any(is_set)
}

/// Refuses to be one of several of which MPI knows nothing: Open MPI 5 under `srun` starts each process as the only one of
/// a world of its own.
///
/// # Errors
///
/// A [`UsageError`] with the variable that says that there are several, and with what to do.
#[cfg(feature = "mpi")]
pub fn refuse_alone() -> Result<(), UsageError> {
    match sign(|name| std::env::var(name).ok()) {
        None => Ok(()),
        Some(sign) => Err(UsageError(format!(
            "{sign} says that this process is one of several, and MPI says that it is alone: the launcher and the MPI \
             library of this runner do not know each other (srun needs --mpi=pmix; mpirun has to be of the same MPI); say \
             --alone if this one is meant to measure alone"
        ))),
    }
}

/// The variable that says so, with its value.
fn sign(read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_above = |name, most: u64| {
        let value = read(name)?;
        let is_above = value.trim().parse().is_ok_and(|number: u64| number > most);
        is_above.then(|| format!("{name}={}", value.trim()))
    };
    let size = SIZES.iter().find_map(|name| is_above(name, 1));
    let index = || read(JOB_INDEX).map(|value| format!("{JOB_INDEX}={}", value.trim()));
    size.or_else(|| is_above(RANK, 0)).or_else(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_is_told_from_the_only_one() {
        let of = |name: &str, value: &str| sign(|asked| (asked == name).then(|| value.to_owned()));
        for name in SIZES {
            assert_eq!(of(name, "2"), Some(format!("{name}=2")));
            for alone in ["1", "0", "", "many"] {
                assert_eq!(of(name, alone), None, "{name}={alone}");
            }
        }
        assert_eq!(of(RANK, "0"), None, "the first may be the only one");
        assert_eq!(of(RANK, "1"), Some("PMIX_RANK=1".to_owned()));
        let pod = Some("JOB_COMPLETION_INDEX=0".to_owned());
        assert_eq!(
            of(JOB_INDEX, "0"),
            pod,
            "a job without an index has no such variable"
        );
        assert_eq!(sign(|_| None), None);
    }
}
