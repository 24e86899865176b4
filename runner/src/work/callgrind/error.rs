//! Why a profile cannot be read, and in which line.

/// A profile that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ProfileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Another version of the format.
    #[error("format version {0:?}, not 1")]
    Version(String),
    /// A line of no known kind.
    #[error("{0:?} is not a line of this format")]
    Unknown(String),
    /// A number that is none, or too large.
    #[error("{0:?} is not a number")]
    Number(String),
    /// `positions:` other than `instr`, `line` or both.
    #[error("positions {0:?} are not known")]
    Positions(String),
    /// Instructions were not counted.
    #[error("no event is Ir among {0:?}")]
    NoInstructions(String),
    /// A compressed name that was never defined.
    #[error("name ({0}) has not been defined")]
    Undefined(u64),
    /// A cost or a call before any `fn=`.
    #[error("there is no function yet")]
    NoFunction,
    /// `calls=` without `cfn=`.
    #[error("there is no function that is called")]
    NoCallee,
    /// `calls=` or a jump is not followed by its position.
    #[error("the line before it promises a position, and this is none")]
    NoPosition,
    /// The part does not say its total, so it is not whole.
    #[error("the part ends without its total")]
    NoTotal,
    /// The self costs do not add up.
    #[error("self costs add up to {found}, not to {said}")]
    Sum {
        /// What the part says.
        said: u64,
        /// What its lines come to.
        found: u64,
    },
}
