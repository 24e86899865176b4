//! What the user can get wrong: exit status 2, and a sentence on what to do.

use std::fmt::Display;

/// A request that cannot be carried out as it was put.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Checks that each of these values lies in a range, and that there is one.
///
/// # Errors
///
/// Which one does not, and what the range is.
pub fn within<T: PartialOrd + Display>(
    what: &str,
    values: &[T],
    least: T,
    most: T,
) -> Result<(), UsageError> {
    for value in values {
        if *value < least || *value > most {
            return Err(UsageError(format!(
                "{what}: {value} is out of range; it goes from {least} to {most}"
            )));
        }
    }
    if values.is_empty() {
        return Err(UsageError(format!("{what}: at least one is needed")));
    }
    Ok(())
}
