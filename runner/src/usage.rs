//! What the person at the keyboard can get wrong: exit status 2, and a sentence on what to do.

/// A request that cannot be carried out as it was put.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
