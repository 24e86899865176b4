//! Why some of the processes of a run cannot begin, in one sentence.

use crate::usage::UsageError;
use anyhow::anyhow;
use serde::{Deserialize, Serialize};

/// Why a process cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    reason: String,
    /// The command line asks for what cannot be.
    is_usage: bool,
}

impl Refusal {
    pub(super) fn of(error: &anyhow::Error) -> Self {
        Self {
            reason: format!("{error:#}"),
            is_usage: error.chain().any(|cause| cause.is::<UsageError>()),
        }
    }

    /// What is in the way, by process unless it is the same for all; nothing if all are ready.
    pub(super) fn of_all(ready: &[Result<(), Self>], names: &[String]) -> Option<Self> {
        let refused = ready.iter().zip(names);
        let refused = refused.filter_map(|(ready, name)| Some((ready.as_ref().err()?, name)));
        let refused: Vec<(&Self, &String)> = refused.collect();
        let (first, _) = *refused.first()?;
        if refused.len() == ready.len() && refused.iter().all(|(other, _)| *other == first) {
            return Some(first.clone());
        }
        let reasons = refused.iter();
        let reasons = reasons.map(|(refusal, name)| format!("{name}: {}", refusal.reason));
        Some(Self {
            reason: reasons.collect::<Vec<_>>().join("; "),
            is_usage: refused.iter().all(|(refusal, _)| refusal.is_usage),
        })
    }

    pub(super) fn into_error(self) -> anyhow::Error {
        match self.is_usage {
            true => UsageError(self.reason).into(),
            false => anyhow!(self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_refuse_is_said_once_and_what_some_refuse_with_their_names() {
        let names = ["part 1 (a)".to_owned(), "part 2 (b)".to_owned()];
        let usage = Err(Refusal::of(&UsageError("no".to_owned()).into()));
        let other = Err(Refusal::of(&anyhow!("gone")));
        assert_eq!(Refusal::of_all(&[Ok(()), Ok(())], &names), None);
        let both = Refusal::of_all(&[usage.clone(), usage.clone()], &names);
        let both = both.unwrap().into_error();
        assert_eq!(both.to_string(), "no");
        assert!(both.is::<UsageError>());
        let mixed = Refusal::of_all(&[usage, other], &names)
            .unwrap()
            .into_error();
        assert_eq!(mixed.to_string(), "part 1 (a): no; part 2 (b): gone");
        assert!(!mixed.is::<UsageError>());
    }
}
