//! A user's own servers as arms: by their commands on the command line, or from a file.

mod file;
mod options;
mod prepare;

#[cfg(test)]
mod tests;

pub use options::OwnOptions;
pub(super) use prepare::learn;
