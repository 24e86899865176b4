//! What is not added, and why.

use super::{LoadResult, Named};
use crate::load::PartOf;
use crate::result::parts::of_incomplete;
use crate::result::{HostRun, Parts, SCHEMA};

/// Why results cannot be added. Results have the names of their files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They are of different things.
    #[error(
        "{name} differs from {first} in its {what} ({found}, not {expected}); only like can be added"
    )]
    Unlike {
        /// Which result.
        name: String,
        /// The first one.
        first: String,
        /// In what it differs.
        what: &'static str,
        /// What it has.
        found: String,
        /// What the first has.
        expected: String,
    },
    /// One run would count twice.
    #[error("{name} is {earlier} once more; a run is added once")]
    Repeated {
        /// Which result.
        name: String,
        /// Which one it repeats.
        earlier: String,
    },
    /// One run would count twice: by itself and in a sum.
    #[error("{name} is already in {sum}, which is a sum of runs; a run is added once")]
    Contained {
        /// Which result.
        name: String,
        /// The sum that has it.
        sum: String,
    },
    /// One run would count twice: in two sums.
    #[error("{name} and {earlier} are sums that have {shared} in common; a run is added once")]
    Overlapping {
        /// Which result.
        name: String,
        /// The other one.
        earlier: String,
        /// What both have, in words.
        shared: String,
    },
    /// One part of a load would count twice.
    #[error("{name} and {earlier} both have {part} of one load; each part is added once")]
    SamePart {
        /// Which result.
        name: String,
        /// The other one.
        earlier: String,
        /// Which part, in words.
        part: String,
    },
    /// A load without one of its parts is another load.
    #[error(
        "{words}, and without it this is not the load that was asked for; give the results of all parts, or --partial \
         to add those that there are"
    )]
    Missing {
        /// Which parts are missing, in words.
        words: String,
    },
    /// There are no such parts, so no generator has written it.
    #[error("{name} has parts that a load does not have: {held:?} of {of}")]
    NoParts {
        /// Which result.
        name: String,
        /// Which parts it says it has.
        held: Vec<u32>,
        /// Of how many.
        of: u32,
    },
    /// Stages of one run are not those of another.
    #[error(
        "{name} has stages, which are not added up unless they are parts of one load (--part); look at each result by itself"
    )]
    Staged {
        /// Which result.
        name: String,
    },
    /// Its counts do not add up, so no generator has written it.
    #[error("{name} does not add up: it has {sent} requests sent, and outcomes of {outcomes}")]
    Unbalanced {
        /// Which result.
        name: String,
        /// How many requests it says were sent.
        sent: u64,
        /// What became of requests, all outcomes together.
        outcomes: u128,
    },
}

/// Refuses what is not to be added.
pub(super) fn check(results: &[Named]) -> Result<(), MergeError> {
    for (index, other) in results.iter().enumerate() {
        check_balance(other)?;
        check_parts(other)?;
        // Before they are compared: a part differs from the whole that it is in.
        for earlier in &results[..index] {
            check_new(other, earlier)?;
        }
        let is_whole = of_incomplete(other.result.asked.parts.as_ref()).is_none();
        if other.result.asked.stages.is_some() && is_whole {
            return Err(MergeError::Staged {
                name: other.name.clone(),
            });
        }
        check_alike(other, &results[0])?;
    }
    Ok(())
}

fn check_balance(Named { name, result }: &Named) -> Result<(), MergeError> {
    let outcomes = result.errors.requests_wide() + u128::from(result.ok);
    if outcomes == u128::from(result.sent) {
        return Ok(());
    }
    Err(MergeError::Unbalanced {
        name: name.clone(),
        sent: result.sent,
        outcomes,
    })
}

fn check_parts(Named { name, result }: &Named) -> Result<(), MergeError> {
    let Some(Parts { of, held, .. }) = &result.asked.parts else {
        return Ok(());
    };
    let is_one = |&part: &u32| PartOf::new(part as usize, *of as usize).is_some();
    let are_ordered = held.is_sorted_by(|one, next| one < next);
    match held.iter().all(is_one) && are_ordered && !held.is_empty() {
        true => Ok(()),
        false => Err(MergeError::NoParts {
            name: name.clone(),
            held: held.clone(),
            of: *of,
        }),
    }
}

/// No run of the one is a run of the other. Two runs never agree in all times, counts and distributions: so much is
/// known of results, too, that do not name their runs.
fn check_new(one: &Named, earlier: &Named) -> Result<(), MergeError> {
    let has = |of: &Named, run: &HostRun| of.result.hosts.iter().any(|other| other.id == run.id);
    let own = &one.result.hosts;
    let shared: Vec<&HostRun> = own.iter().filter(|run| has(earlier, run)).collect();
    let names = || (one.name.clone(), earlier.name.clone());
    let is_same = |count: usize| !shared.is_empty() && shared.len() == count;
    Err(
        match (is_same(own.len()), is_same(earlier.result.hosts.len())) {
            _ if one.result == earlier.result => repeated(names()),
            (true, true) => repeated(names()),
            (true, false) => MergeError::Contained {
                name: one.name.clone(),
                sum: earlier.name.clone(),
            },
            (false, true) => MergeError::Contained {
                name: earlier.name.clone(),
                sum: one.name.clone(),
            },
            (false, false) if shared.is_empty() => return Ok(()),
            (false, false) => MergeError::Overlapping {
                name: one.name.clone(),
                earlier: earlier.name.clone(),
                shared: match shared.len() {
                    1 => "a run".to_owned(),
                    count => format!("{count} runs"),
                },
            },
        },
    )
}

fn repeated((name, earlier): (String, String)) -> MergeError {
    MergeError::Repeated { name, earlier }
}

/// A word for what a result is of: parts of one load are added to nothing else.
fn load_of(run: &LoadResult) -> String {
    let Some(parts) = of_incomplete(run.asked.parts.as_ref()) else {
        return "the whole".to_owned();
    };
    let mut words = format!("{} parts, {} connections", parts.of, run.asked.connections);
    if let Some(requests) = parts.requests {
        words.push_str(&format!(", {requests} requests"));
    }
    if let Some(seconds) = parts.duration_s {
        words.push_str(&format!(", {seconds} s"));
    }
    words
}

fn check_alike(other: &Named, first: &Named) -> Result<(), MergeError> {
    type Trait = fn(&LoadResult) -> String;
    let traits: [(&'static str, Trait); 14] = [
        ("schema", |run| run.schema.to_string()),
        ("version", |run| run.version.clone()),
        ("target", |run| run.asked.url.clone()),
        ("method", |run| run.asked.method.clone()),
        ("request", |run| or(&run.asked.request, "not recorded")),
        ("expected answer", |run| {
            or(&run.asked.expected, "not recorded")
        }),
        ("engine", |run| run.asked.engine.to_string()),
        ("rate", |run| match run.asked.rate {
            Some(rate) => format!("{rate} requests per second"),
            None => "none: closed loop".to_owned(),
        }),
        ("stages", |run| or(&run.asked.stages, "none")),
        ("load", load_of),
        ("arrivals", |run| or(&run.asked.arrivals, "none")),
        ("pipeline", |run| run.asked.pipeline.to_string()),
        ("requests per connection", |run| {
            or(&run.asked.requests_per_connection, "no limit")
        }),
        ("histogram bounds", |run| {
            let of = &run.histograms;
            format!(
                "{} to {} ns, {} digits",
                of.lowest_ns, of.highest_ns, of.digits
            )
        }),
    ];
    for (what, read) in traits {
        let (found, expected) = (read(&other.result), read(&first.result));
        if found != expected {
            return Err(MergeError::Unlike {
                name: other.name.clone(),
                first: first.name.clone(),
                what,
                found,
                expected,
            });
        }
    }
    debug_assert_eq!(first.result.schema, SCHEMA, "readers refuse other shapes");
    Ok(())
}

/// A value in words, or the words for none.
fn or(value: &Option<impl ToString>, none: &str) -> String {
    value
        .as_ref()
        .map_or_else(|| none.to_owned(), ToString::to_string)
}
