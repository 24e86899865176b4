//! What must not be: a ratio to the baseline that decides the exit status, by its interval and not by its estimate.

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
    /// As it was written; the experiment's main measure if none was.
    measure: Option<String>,
    side: Side,
    bound: f64,
}

impl Claim {
    /// `NAME<RATIO` or `NAME>RATIO`, with `NAME:MEASURE` if it is not about the main measure.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a claim such as new<0.98 or new>1.02");
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (subject, bound) = (text[..at].trim(), text[at + 1..].trim());
        let (name, measure) = match subject.split_once(':') {
            Some((name, measure)) => (name, Some(measure.to_owned())),
            None => (subject, None),
        };
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
            measure,
            side,
            bound,
        })
    }

    /// Refuses a name that is not one of these servers, or is the baseline, and what is not one of these measures.
    pub(super) fn refuse_unknown(
        &self,
        arms: &[Arm],
        measures: &[&'static str],
    ) -> Result<(), UsageError> {
        if let Some(measure) = &self.measure
            && !measures.iter().any(|one| is_meant(measure, one))
        {
            let all = measures.iter().map(|one| one.replace(' ', "-"));
            return Err(UsageError(format!(
                "--fail-if: `{measure}` is not a measure; there are {}",
                all.collect::<Vec<_>>().join(", ")
            )));
        }
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

    /// Why the run fails by this claim, a sentence for each table; none if it does not. A claim that names no measure is
    /// about the `main` one.
    pub(super) fn failures(&self, page: &Page, main: &str) -> Vec<String> {
        let measure = self.measure.as_deref().unwrap_or(main);
        let baseline = page.arms.iter().find(|arm| arm.kind == ArmKind::Baseline);
        let Some(baseline) = baseline else {
            return vec![format!("--fail-if {self}: the baseline took no part")];
        };
        let is_held = |one: &&Section| one.level.is_some() || !one.pairs.is_empty();
        let mut sections = page.sections.iter().filter(is_held).peekable();
        if sections.peek().is_none() {
            return vec![format!(
                "--fail-if {self}: cannot be decided, nothing was measured"
            )];
        }
        let failures = sections.filter_map(|section| {
            let why = self.failure(section, &baseline.name, measure)?;
            Some(format!("--fail-if {self}, {}: {why}", section.heading))
        });
        failures.collect()
    }

    fn failure(&self, section: &Section, baseline: &str, measure: &str) -> Option<String> {
        if let [first, ..] = section.untrusted.as_slice() {
            return Some(format!(
                "cannot be decided, the table is untrusted: {first}"
            ));
        }
        let mut pairs = section.pairs.iter();
        let pairs = pairs.find(|pairs| is_meant(measure, pairs.measure));
        let pair = pairs.and_then(|pairs| {
            let place = |name: &str| pairs.arms.iter().position(|arm| arm == name);
            pairs.ratios[place(&self.name)?][place(baseline)?]
        });
        let Some(pair) = pair else {
            return Some(format!(
                "cannot be decided, `{}` has no ratio of {measure}",
                self.name
            ));
        };
        let fails = match self.side {
            Side::Below => pair.upper < self.bound,
            Side::Above => pair.lower > self.bound,
        };
        fails.then(|| {
            format!(
                "`{}` has {:.3} ({:.3}–{:.3}) times the {measure} of `{baseline}`",
                self.name, pair.ratio, pair.lower, pair.upper
            )
        })
    }
}

/// Whether a measure is meant by these words, in which hyphens stand for spaces.
fn is_meant(words: &str, measure: &str) -> bool {
    words.replace('-', " ").eq_ignore_ascii_case(measure)
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let side = match self.side {
            Side::Below => '<',
            Side::Above => '>',
        };
        let measure = self.measure.iter();
        let measure: String = measure.map(|measure| format!(":{measure}")).collect();
        write!(f, "{}{measure}{side}{}", self.name, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Pair, Pairs};

    const RATE: &str = "requests/s";

    fn section(lower: f64, upper: f64, untrusted: &[&str]) -> Section {
        let pair = Some(Pair {
            ratio: f64::midpoint(lower, upper),
            lower,
            upper,
            differs: upper < 1.0 || lower > 1.0,
        });
        Section {
            pairs: vec![Pairs {
                measure: RATE,
                higher_is_better: true,
                signs: None,
                arms: vec!["old".to_owned(), "new".to_owned()],
                ratios: vec![vec![None, None], vec![pair, None]],
            }],
            untrusted: untrusted.iter().map(|&one| one.to_owned()).collect(),
            ..Section::default()
        }
    }

    fn fails(claim: &str, lower: f64, upper: f64) -> bool {
        let claim = Claim::parse(claim).unwrap();
        claim
            .failure(&section(lower, upper, &[]), "old", RATE)
            .is_some()
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
    fn a_claim_is_about_the_measure_it_names() {
        let claim = Claim::parse("new:system-calls>1").unwrap();
        assert_eq!(claim.to_string(), "new:system-calls>1");
        let mut section = section(1.1, 1.2, &[]);
        assert!(claim.failure(&section, "old", "system-calls").is_some());
        section.pairs[0].measure = "system calls";
        let why = claim.failure(&section, "old", "system-calls").unwrap();
        assert!(why.ends_with("times the system-calls of `old`"), "{why}");
    }

    #[test]
    fn what_cannot_be_decided_fails_and_says_why() {
        let claim = Claim::parse("new<0.98").unwrap();
        let untrusted = claim.failure(&section(1.0, 1.0, &["the twin differs"]), "old", RATE);
        assert!(untrusted.unwrap().ends_with("untrusted: the twin differs"));
        let other = Claim::parse("other<0.98").unwrap();
        let missing = other.failure(&section(1.0, 1.0, &[]), "old", RATE).unwrap();
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
        let refused = |text: &str, name: &str, kind| {
            let claim = Claim::parse(text).unwrap();
            claim.refuse_unknown(&[Arm::new(name, kind)], &[RATE, "system calls"])
        };
        assert!(refused("new<0.98", "new", ArmKind::Baseline).is_err());
        assert!(refused("new<0.98", "x", ArmKind::Contestant).is_err());
        assert!(refused("new<0.98", "new", ArmKind::Contestant).is_ok());
        assert!(refused("new:system-calls<1", "new", ArmKind::Contestant).is_ok());
        let error = refused("new:calls<1", "new", ArmKind::Contestant).unwrap_err();
        let words = "`calls` is not a measure; there are requests/s, system-calls";
        assert!(error.to_string().contains(words), "{error}");
        assert!(claim.refuse_unknown(&[], &[]).is_ok());
    }
}
