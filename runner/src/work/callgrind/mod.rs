//! Profiles in the callgrind format, version 1: what each address cost, and who called whom.
//!
//! [`parse`] gives one [`Profile`] per part. Files and line numbers are read and left aside: the
//! debug information knows them better.

mod error;
mod names;
mod numbers;
mod reader;

pub use error::{Problem, ProfileError};

use std::collections::HashMap;
use std::sync::Arc;

/// One machine function: a symbol of an object file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Function {
    /// The object file's path, as the profile gives it.
    pub object: Arc<str>,
    /// The symbol, as the profile gives it, without the mark of a recursion level.
    pub name: Arc<str>,
}

/// Stands for the name of code that no symbol covers. Callgrind makes a function of every basic
/// block of such code, named by its address; here it is one function per object.
pub const NAMELESS: &str = "???";

impl Function {
    /// Whether no symbol covers it.
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        &*self.name == NAMELESS
    }
}

/// A place that has a cost of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Site {
    function: usize,
    address: u64,
}

/// One part of a profile: all that was counted since the part before it.
#[derive(Debug, Default)]
pub struct Profile {
    functions: Vec<Function>,
    numbers: HashMap<Function, usize>,
    self_cost: HashMap<Site, u64>,
    calls: HashMap<(usize, usize), u64>,
    total: u64,
    has_addresses: bool,
}

impl Profile {
    /// All instructions: the sum of all self costs, which is also what the part itself says.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether costs are given for each instruction, not only for each line.
    #[must_use]
    pub fn has_addresses(&self) -> bool {
        self.has_addresses
    }

    /// The self cost at each address, relative to the object as it was linked. Without addresses
    /// there is one entry per function.
    pub fn self_costs(&self) -> impl Iterator<Item = (&Function, u64, u64)> {
        self.self_cost
            .iter()
            .map(|(site, &cost)| (&self.functions[site.function], site.address, cost))
    }

    /// How often each caller called each callee.
    pub fn calls(&self) -> impl Iterator<Item = (&Function, &Function, u64)> {
        self.calls.iter().map(|(&(caller, callee), &count)| {
            (&self.functions[caller], &self.functions[callee], count)
        })
    }

    /// Adds what another process has cost.
    pub fn add(&mut self, other: &Self) {
        let functions = other.functions.iter();
        let numbers: Vec<usize> = functions
            .map(|function| self.number_of(function.clone()))
            .collect();
        for (site, &cost) in &other.self_cost {
            self.add_self_cost(numbers[site.function], site.address, cost);
        }
        for (&(caller, callee), &count) in &other.calls {
            let call = (numbers[caller], numbers[callee]);
            *self.calls.entry(call).or_default() += count;
        }
        self.has_addresses |= other.has_addresses;
    }

    fn number_of(&mut self, function: Function) -> usize {
        if let Some(&number) = self.numbers.get(&function) {
            return number;
        }
        let number = self.functions.len();
        self.functions.push(function.clone());
        self.numbers.insert(function, number);
        number
    }

    fn add_self_cost(&mut self, function: usize, address: u64, cost: u64) {
        *self
            .self_cost
            .entry(Site { function, address })
            .or_default() += cost;
        self.total += cost;
    }
}

/// Reads a whole profile: its parts, in their order.
///
/// # Errors
///
/// If a line cannot be understood, or where self costs do not add up to what the part says of
/// itself: then some line has been misunderstood, and no number of it can be trusted.
pub fn parse(text: &str) -> Result<Vec<Profile>, ProfileError> {
    reader::read(text)
}

#[cfg(test)]
mod tests;
