//! Counted work: what one request costs a server in user space, and whose code it is.
//!
//! The unmodified program runs under callgrind on one processor and answers one connection. Counts
//! do not vary with the machine's state as times do, but they are counts of this binary: what the
//! compiler has inlined is not a call, which is why source functions are counted too. The kernel's
//! work is in none of them; [`system_calls`] says how often a request asks for it.

mod allocator;
pub mod callgrind;
mod difference;
mod owner;
mod requests;
mod rest;
mod session;
mod source;
mod subject;
mod system_calls;
pub mod tools;

pub use allocator::{AllocatorCall, is_allocation};
pub use difference::Difference;
pub use owner::{display_name, owner};
pub use subject::Subject;
pub use system_calls::{SystemCall, system_calls};

use anyhow::{Context, Result, ensure};
use callgrind::Function;
use requests::Requests;
use serde::Serialize;
use session::Session;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// What one request costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    /// How many requests were counted.
    pub requests: u64,
    /// Instructions in user space.
    pub instructions_per_request: f64,
    /// Calls of machine functions. A jump into another function is one.
    #[serde(rename = "calls_per_request")]
    pub tcalls: f64,
    /// Distinct machine functions that run in nine of ten requests.
    pub funcs: usize,
    /// Distinct functions of the source behind them, inlined ones included, told apart by name and
    /// type parameters. If the debug information of a program other than a contestant does not fit it, that
    /// of machine functions.
    pub funcs_source: usize,
    /// Whose code it is, most instructions first.
    pub owners: Vec<OwnerShare>,
    /// Every function, most instructions first.
    pub functions: Vec<FunctionCost>,
    /// Who asks the allocator for what, the most frequent first.
    pub allocator_calls: Vec<AllocatorCall>,
}

/// What one owner's code has to do with a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnerShare {
    /// A crate, or `std`, `libc`, `allocator`, `loader`, `native`, `unknown`.
    pub owner: String,
    /// Instructions of its functions.
    pub instructions_per_request: f64,
    /// Calls of its functions.
    pub calls_per_request: f64,
}

/// What one function has to do with a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionCost {
    /// Its path, without a hash.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// How many machine functions of this name were met: a generic one has several.
    pub instances: usize,
    /// How often it is called.
    pub calls_per_request: f64,
    /// Its own instructions, without those of the functions it calls.
    pub self_instructions_per_request: f64,
}

/// Counts the work of a server on this processor, over `requests` requests: that of all its processes.
///
/// Within a process counts are as good as exact. Between processes the heap may differ, by what
/// threads do first at the start: half a percent for a program that allocates much and on several
/// threads. So a count that is published is the median of several.
///
/// Functions of the C library have names only where the package of its symbols is installed
/// (`libc6-dbg`); without it, its code is `unknown`.
///
/// # Errors
///
/// [`tools::MissingTool`] where valgrind is missing; otherwise where the server does not come up,
/// answers wrongly, or a profile cannot be read.
pub fn count(subject: &Subject, processor: usize, requests: u64) -> Result<Work> {
    ensure!(0 < requests, "there is nothing to count without requests");
    let mut session = Session::start(subject, processor)?;
    let mut connection = Requests::warmed_up(subject, session.server())?;
    session.dump()?;
    connection.send(requests)?;
    let less = session.dump()?;
    connection.send(2 * requests)?;
    let more = session.dump()?;
    drop(connection);
    session.stop()?;
    let difference = Difference::between(&less, &more, requests);
    summarize(&difference, requests, subject)
}

fn summarize(difference: &Difference, requests: u64, subject: &Subject) -> Result<Work> {
    let functions = function_costs(difference);
    let own: Vec<_> = difference.own_addresses().collect();
    let machine: HashSet<&Function> = own.iter().map(|(function, _)| *function).collect();
    let program = difference
        .main_object()
        .context("no instruction ran in nine of ten requests: were requests answered alike?")?;
    let funcs_source = match source::count(Path::new(program), &own) {
        // The debug information of a contestant is ours to get right; another program may have none that fits.
        Err(_) if !subject.is_contestant() => machine.len(),
        counted => counted?,
    };
    Ok(Work {
        requests,
        instructions_per_request: difference.instructions(),
        tcalls: difference.calls(),
        funcs: machine.len(),
        funcs_source,
        owners: owner_shares(&functions),
        functions,
        allocator_calls: allocator::calls(difference),
    })
}

fn function_costs(difference: &Difference) -> Vec<FunctionCost> {
    let mut by_name: BTreeMap<(String, String), FunctionCost> = BTreeMap::new();
    for (function, calls, instructions) in difference.functions() {
        if calls == 0.0 && instructions == 0.0 {
            continue;
        }
        let (name, owner) = (display_name(function), owner(function));
        let cost = by_name
            .entry((owner.clone(), name.clone()))
            .or_insert_with(|| FunctionCost {
                name,
                owner,
                instances: 0,
                calls_per_request: 0.0,
                self_instructions_per_request: 0.0,
            });
        cost.instances += 1;
        cost.calls_per_request += calls;
        cost.self_instructions_per_request += instructions;
    }
    let mut costs: Vec<FunctionCost> = by_name.into_values().collect();
    costs.sort_by(|a, b| {
        b.self_instructions_per_request
            .total_cmp(&a.self_instructions_per_request)
    });
    costs
}

fn owner_shares(functions: &[FunctionCost]) -> Vec<OwnerShare> {
    let mut by_owner: BTreeMap<&str, OwnerShare> = BTreeMap::new();
    for function in functions {
        let share = by_owner
            .entry(&function.owner)
            .or_insert_with(|| OwnerShare {
                owner: function.owner.clone(),
                instructions_per_request: 0.0,
                calls_per_request: 0.0,
            });
        share.instructions_per_request += function.self_instructions_per_request;
        share.calls_per_request += function.calls_per_request;
    }
    let mut shares: Vec<OwnerShare> = by_owner.into_values().collect();
    shares.sort_by(|a, b| {
        b.instructions_per_request
            .total_cmp(&a.instructions_per_request)
    });
    shares
}
