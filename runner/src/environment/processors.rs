//! Which processors there are for us, and how server and generator share them without meeting.

use anyhow::{Context, Result, bail, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::BTreeMap;
use std::fs;

/// Disjoint places for the server and the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Processors of the server under test.
    pub server: Vec<usize>,
    /// Processors of the generator, one thread each.
    pub generator: Vec<usize>,
}

/// The processors this process may run on.
///
/// # Errors
///
/// If the kernel does not tell.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("cannot read the processor affinity")?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|&one| set.is_set(one))
        .collect())
}

/// Keeps the calling thread on these processors.
///
/// # Errors
///
/// If one of them is not there or not allowed.
pub fn pin(processors: &[usize]) -> Result<()> {
    let set = affinity_set(processors)?;
    sched_setaffinity(None, &set).with_context(|| {
        format!("cannot run on processors {processors:?}; are they all there and allowed?")
    })
}

/// Makes sure that the kernel runs this process on each of these processors.
///
/// Of a list it takes those that are there and is silent about the rest, and the affinity of the
/// runner does not limit it: so each is tried, on a thread of its own.
///
/// # Errors
///
/// Which one it does not take.
pub fn check(processors: &[usize]) -> Result<()> {
    let try_each = || {
        processors.iter().try_for_each(|&one| {
            ensure!(
                pin(&[one]).is_ok(),
                "there is no processor {one} here, or it is not for us"
            );
            Ok(())
        })
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(try_each);
        thread.join().expect("pinning does not panic")
    })
}

/// These processors in the kernel's form.
///
/// # Errors
///
/// If a number is beyond what the kernel can name.
pub fn affinity_set(processors: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for &one in processors {
        if one >= CpuSet::MAX_CPU {
            bail!(
                "processor {one} is beyond the {} the kernel can name",
                CpuSet::MAX_CPU
            );
        }
        set.set(one);
    }
    Ok(set)
}

/// Splits the allowed processors: the first half of the cores for the server, the rest, which is
/// never the smaller part, for the generator. Threads of one core stay together, since what one of
/// them does slows the other.
///
/// # Errors
///
/// If the kernel does not tell which processors are allowed.
pub fn split() -> Result<Split> {
    let cores = group_by_core(&allowed()?, core_of);
    Ok(split_cores(&cores))
}

fn split_cores(cores: &[Vec<usize>]) -> Split {
    if let [only] = cores {
        // One core: its hardware threads are the best there is, and one processor is shared.
        return match only.split_at(only.len() / 2) {
            ([], all) => Split {
                server: all.to_vec(),
                generator: all.to_vec(),
            },
            (server, generator) => Split {
                server: server.to_vec(),
                generator: generator.to_vec(),
            },
        };
    }
    let (server, generator) = cores.split_at(cores.len() / 2);
    Split {
        server: server.concat(),
        generator: generator.concat(),
    }
}

/// The allowed processors grouped by physical core, in order of their numbers.
pub(super) fn group_by_core(
    allowed: &[usize],
    core_of: impl Fn(usize) -> usize,
) -> Vec<Vec<usize>> {
    let mut cores: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &processor in allowed {
        cores.entry(core_of(processor)).or_default().push(processor);
    }
    cores.into_values().collect()
}

/// The lowest-numbered hardware thread of a processor's core; itself if the kernel is silent.
pub(super) fn core_of(processor: usize) -> usize {
    let path = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
    let siblings = fs::read_to_string(path).unwrap_or_default();
    let first = siblings.split(['-', ',', '\n']).next();
    first
        .and_then(|number| number.parse().ok())
        .unwrap_or(processor)
}

/// Reads a list such as `0-3,8`.
///
/// # Errors
///
/// A sentence on what the form is.
pub fn parse_list(text: &str) -> Result<Vec<usize>, String> {
    let wrong = || format!("`{text}` is not a list of processors such as 0-3,8");
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first: usize = first.trim().parse().map_err(|_| wrong())?;
        let last: usize = last.trim().parse().map_err(|_| wrong())?;
        if last < first || CpuSet::MAX_CPU <= last {
            return Err(wrong());
        }
        all.extend(first..=last);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The list in the form that [`parse_list`] reads. The numbers are in order, each once.
#[must_use]
pub fn list(processors: &[usize]) -> String {
    let runs = processors.chunk_by(|one, next| one + 1 == *next);
    let runs: Vec<String> = runs
        .map(|run| match run {
            [first, .., last] => format!("{first}-{last}"),
            one => one.iter().map(usize::to_string).collect(),
        })
        .collect();
    runs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(cores: &[&[usize]]) -> (Vec<usize>, Vec<usize>) {
        let cores: Vec<Vec<usize>> = cores.iter().map(|core| core.to_vec()).collect();
        let split = split_cores(&cores);
        (split.server, split.generator)
    }

    #[test]
    fn server_and_generator_never_meet_where_there_are_two() {
        assert_eq!(parts(&[&[0], &[1]]), (vec![0], vec![1]));
        assert_eq!(parts(&[&[0, 1]]), (vec![0], vec![1]));
        assert_eq!(parts(&[&[0], &[1], &[2]]), (vec![0], vec![1, 2]));
        assert_eq!(parts(&[&[0, 4], &[1, 5]]), (vec![0, 4], vec![1, 5]));
    }

    #[test]
    fn a_single_processor_is_shared() {
        assert_eq!(parts(&[&[3]]), (vec![3], vec![3]));
    }

    #[test]
    fn threads_of_a_core_stay_together() {
        let cores = group_by_core(&[0, 1, 2, 3], |processor| processor % 2);
        assert_eq!(cores, [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn a_processor_that_is_not_there_is_named() {
        let before = allowed().unwrap();
        check(&before).unwrap();
        let beyond = CpuSet::MAX_CPU - 1;
        let error = check(&[before[0], beyond]).unwrap_err().to_string();
        assert!(
            error.contains(&format!("no processor {beyond} here")),
            "{error}"
        );
        assert_eq!(
            allowed().unwrap(),
            before,
            "trying leaves the caller where it was"
        );
    }

    #[test]
    fn lists_are_read_or_refused() {
        assert_eq!(parse_list("0-2,5,1").unwrap(), [0, 1, 2, 5]);
        for text in ["0", "0-1", "0-3,8", "1,3,5-7"] {
            assert_eq!(list(&parse_list(text).unwrap()), text);
        }
        for wrong in ["", "a", "3-1", "1,", "99999999"] {
            assert!(parse_list(wrong).is_err(), "{wrong}");
        }
    }
}
