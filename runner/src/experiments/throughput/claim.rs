//! What must not be: a ratio of requests per second that decides the exit status, by its interval and not by its
//! estimate.

use super::tables::RATE;
use crate::report::{Page, Section};
use crate::run::{Arm, ArmKind};
use crate::usage::UsageError;

/// Which side of the bound fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Below,
    Above,
}

/// A ratio to the baseline that must not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    name: String,
    side: Side,
    bound: f64,
}

impl Claim {
    /// `NAME<RATIO` or `NAME>RATIO`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a claim such as new<0.98 or new>1.02");
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (name, bound) = (text[..at].trim(), text[at + 1..].trim());
        let bound: f64 = bound.parse().map_err(|_| wrong())?;
        if name.is_empty() || !bound.is_finite() || bound <= 0.0 {
            return Err(wrong());
        }
        let side = if text[at..].starts_with('<') {
            Side::Below
        } else {
            Side::Above
        };
        Ok(Self {
            name: name.to_owned(),
            side,
            bound,
        })
    }

    /// Refuses a name that is not one of these servers, or is the baseline.
    pub(super) fn refuse_unknown(&self, arms: &[Arm]) -> Result<(), UsageError> {
        let found = arms.iter().find(|arm| arm.name == self.name);
        let name = &self.name;
        match found {
            Some(arm) if arm.kind == ArmKind::Baseline => Err(UsageError(format!(
                "`{name}` is the baseline, which the others are held against; claim something of one of those"
            ))),
            None if !arms.is_empty() => Err(UsageError(format!(
                "--fail-if names `{name}`, which is not one of the servers"
            ))),
            _ => Ok(()),
        }
    }

    /// Why the run fails by this claim, a sentence for each table; none if it does not.
    pub(super) fn failures(&self, page: &Page) -> Vec<String> {
        let baseline = page.arms.iter().find(|arm| arm.kind == ArmKind::Baseline);
        let Some(baseline) = baseline else {
            return vec![format!("--fail-if {self}: the baseline took no part")];
        };
        let sections = page.sections.iter().filter(|one| one.level.is_some());
        let failures = sections.filter_map(|section| {
            let why = self.failure(section, &baseline.name)?;
            Some(format!("--fail-if {self}, {}: {why}", section.heading))
        });
        failures.collect()
    }

    fn failure(&self, section: &Section, baseline: &str) -> Option<String> {
        if let [first, ..] = section.untrusted.as_slice() {
            return Some(format!(
                "cannot be decided, the table is untrusted: {first}"
            ));
        }
        let mut pairs = section.pairs.iter();
        let pairs = pairs.find(|pairs| pairs.measure == RATE.name);
        let pair = pairs.and_then(|pairs| {
            let place = |name: &str| pairs.arms.iter().position(|arm| arm == name);
            pairs.ratios[place(&self.name)?][place(baseline)?]
        });
        let Some(pair) = pair else {
            return Some(format!("cannot be decided, `{}` has no ratio", self.name));
        };
        let fails = match self.side {
            Side::Below => pair.upper < self.bound,
            Side::Above => pair.lower > self.bound,
        };
        fails.then(|| {
            format!(
                "`{}` has {:.3} ({:.3}–{:.3}) of the requests per second of `{baseline}`",
                self.name, pair.ratio, pair.lower, pair.upper
            )
        })
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let side = match self.side {
            Side::Below => '<',
            Side::Above => '>',
        };
        write!(f, "{}{side}{}", self.name, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Pair, Pairs};

    fn section(lower: f64, upper: f64, untrusted: &[&str]) -> Section {
        let pair = Some(Pair {
            ratio: f64::midpoint(lower, upper),
            lower,
            upper,
            differs: upper < 1.0 || lower > 1.0,
        });
        Section {
            pairs: vec![Pairs {
                measure: RATE.name,
                higher_is_better: true,
                arms: vec!["old".to_owned(), "new".to_owned()],
                ratios: vec![vec![None, None], vec![pair, None]],
            }],
            untrusted: untrusted.iter().map(|&one| one.to_owned()).collect(),
            ..Section::default()
        }
    }

    fn fails(claim: &str, lower: f64, upper: f64) -> bool {
        let claim = Claim::parse(claim).unwrap();
        claim.failure(&section(lower, upper, &[]), "old").is_some()
    }

    #[test]
    fn the_interval_decides_and_not_the_estimate() {
        assert!(fails("new<0.98", 0.95, 0.97));
        // The estimate is below the bound, and nobody knows whether the ratio is.
        assert!(!fails("new<0.98", 0.95, 0.99));
        assert!(!fails("new<0.98", 0.99, 1.01));
        assert!(fails("new > 1.02", 1.03, 1.05));
        assert!(!fails("new>1.02", 1.01, 1.05));
    }

    #[test]
    fn what_cannot_be_decided_fails_and_says_why() {
        let claim = Claim::parse("new<0.98").unwrap();
        let untrusted = claim.failure(&section(1.0, 1.0, &["the twin differs"]), "old");
        assert!(untrusted.unwrap().ends_with("untrusted: the twin differs"));
        let other = Claim::parse("other<0.98").unwrap();
        let missing = other.failure(&section(1.0, 1.0, &[]), "old").unwrap();
        assert!(missing.contains("`other` has no ratio"), "{missing}");
    }

    #[test]
    fn what_is_not_a_claim_is_refused() {
        for text in [
            "new", "new=1", "<1", "new<", "new<x", "new<0", "new<-1", "new<inf",
        ] {
            assert!(Claim::parse(text).is_err(), "{text}");
        }
        let claim = Claim::parse(" new < 0.98").unwrap();
        assert_eq!(claim.to_string(), "new<0.98");
        let baseline = Arm::new("new", ArmKind::Baseline);
        assert!(
            claim
                .refuse_unknown(std::slice::from_ref(&baseline))
                .is_err()
        );
        assert!(
            claim
                .refuse_unknown(&[Arm::new("x", ArmKind::Contestant)])
                .is_err()
        );
        assert!(claim.refuse_unknown(&[]).is_ok());
    }
}
