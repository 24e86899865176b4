//! Where runs are made, and which folder a new one gets.

use super::job::Design;
use super::options::RunOptions;
use jiff::Zoned;
use std::path::{Path, PathBuf};

/// Where runs are made, and what may change them from outside.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder whose `results/` holds kept runs, and whose sources are recorded.
    pub root: PathBuf,
    /// The folder whose `runs/` holds the others.
    pub target: PathBuf,
    /// Environment variables that the servers read.
    pub variables: Vec<String>,
    /// Whether servers are built there; otherwise neither sources nor compilers are recorded.
    pub builds: bool,
}

/// Kept runs of contestants stand under results/, named by day, machine and experiment; short ones, those of single
/// contestants and those of a user's own servers are left to target/.
pub(super) fn default_path<P>(
    place: &Place,
    options: &RunOptions,
    design: &Design<P>,
    machine: &str,
) -> PathBuf {
    let mut name = format!("{machine}-{}", design.experiment);
    if let Some(variant) = &design.variant {
        name = format!("{name}-{variant}");
    }
    let now = Zoned::now();
    if design.is_kept && place.builds && options.names.is_empty() {
        let day = now.strftime("%Y-%m-%d");
        place.root.join("results").join(format!("{day}-{name}"))
    } else {
        let second = now.strftime("%Y-%m-%d-%H%M%S");
        let runs = place.target.join("runs");
        runs.join(format!("{second}-{name}"))
    }
}

/// The path, or with a number if there is such a folder: a second run of a day stands beside the first.
pub(super) fn free(path: PathBuf) -> PathBuf {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let numbered = |number: u32| PathBuf::from(format!("{}-{number}", path.display()));
    match is_there(&path) {
        false => path,
        true => (2..)
            .map(numbered)
            .find(|path| !is_there(path))
            .expect("there are more numbers than folders"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Processors;
    use std::fs::create_dir;

    #[test]
    fn runs_of_a_users_own_servers_are_not_put_among_results() {
        let parent_of_run = |builds| {
            let place = Place {
                root: "project".into(),
                target: "project/target".into(),
                variables: Vec::new(),
                builds,
            };
            let design = Design {
                experiment: "throughput",
                method: 1,
                is_kept: true,
                processors: Processors {
                    server: vec![0],
                    generator: vec![1],
                },
                variant: None,
                plan: (),
            };
            let path = default_path(&place, &RunOptions::default(), &design, "machine");
            path.parent().map(Path::to_owned)
        };
        assert_eq!(
            parent_of_run(true).as_deref(),
            Some(Path::new("project/results"))
        );
        assert_eq!(
            parent_of_run(false).as_deref(),
            Some(Path::new("project/target/runs"))
        );
    }

    #[test]
    fn a_second_run_of_a_day_stands_beside_the_first() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("2026-11-22-a-processor-2cpu-throughput");
        assert_eq!(free(path.clone()), path);
        for number in 2..4 {
            create_dir(free(path.clone())).unwrap();
            let name = format!("{}-{number}", path.display());
            assert_eq!(free(path.clone()), std::path::Path::new(&name));
        }
    }
}
