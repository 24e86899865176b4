//! The takeaways of several tables: what holds at several concurrencies or rates is said once, for all of them.

use super::format::grouped;
use super::page::Section;
use super::takeaway::listed;

/// A takeaway, apart from the levels it holds at.
struct Said<'s> {
    before: &'s str,
    after: &'s str,
    /// What levels are numbers of; empty for a takeaway that is said as it is.
    unit: &'s str,
    levels: Vec<String>,
}

/// The takeaways of these sections, in their order; those that differ in nothing but the level are joined.
#[must_use]
pub fn takeaways<'s>(sections: impl Iterator<Item = &'s Section>) -> Vec<String> {
    let mut all: Vec<Said> = Vec::new();
    for section in sections.filter(|one| !one.takeaway.is_empty()) {
        let said = Said::of(section);
        match all.iter_mut().find(|one| one.is_same(&said)) {
            Some(one) => one.levels.extend(said.levels),
            None => all.push(said),
        }
    }
    all.iter().map(Said::text).collect()
}

impl<'s> Said<'s> {
    fn of(section: &'s Section) -> Self {
        Self::apart(section).unwrap_or(Self {
            before: &section.takeaway,
            after: "",
            unit: "",
            levels: Vec::new(),
        })
    }

    /// `None` if the section has no level, or its takeaway does not name the level exactly once: a contestant may be
    /// called what a table is.
    fn apart(section: &'s Section) -> Option<Self> {
        let heading = section.heading.as_str();
        let level = grouped(section.level?);
        let unit = heading.strip_prefix(&level)?.strip_prefix(' ')?;
        let (before, after) = section.takeaway.split_once(heading)?;
        (!after.contains(heading)).then(|| Self {
            before,
            after,
            unit,
            levels: vec![level],
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        let is_same_text = (self.before, self.after) == (other.before, other.after);
        !self.unit.is_empty() && self.unit == other.unit && is_same_text
    }

    fn text(&self) -> String {
        let Self { before, after, .. } = self;
        match self.unit {
            "" => (*before).to_owned(),
            unit => format!("{before}{} {unit}{after}", listed(&self.levels)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(level: Option<u64>, takeaway: &str) -> Section {
        let heading = level.map_or("Alone".to_owned(), |level| {
            format!("{} connections", grouped(level))
        });
        Section {
            takeaway: takeaway.replace("LEVEL", &heading),
            heading,
            level,
            ..Section::default()
        }
    }

    fn said(sections: &[Section]) -> Vec<String> {
        takeaways(sections.iter())
    }

    #[test]
    fn what_holds_at_several_levels_is_said_once() {
        let tie = "`a` and `b` answer the most at LEVEL; they are not distinguishable.";
        let all = [
            section(Some(64), tie),
            section(Some(256), "`a` answers the most at LEVEL."),
            section(Some(1_000), tie),
        ];
        assert_eq!(
            said(&all),
            [
                "`a` and `b` answer the most at 64 and 1,000 connections; they are not distinguishable.",
                "`a` answers the most at 256 connections.",
            ]
        );
    }

    #[test]
    fn what_differs_in_a_figure_or_has_no_level_is_said_as_it_is() {
        let all = [
            section(Some(64), "`a` leads at LEVEL: 0.9 of the baseline."),
            section(Some(1_000), "`a` leads at LEVEL: 0.8 of the baseline."),
            section(None, "`a` leads."),
            section(None, "`a` leads."),
            section(None, ""),
        ];
        let expected: Vec<&String> = all[..4].iter().map(|one| &one.takeaway).collect();
        assert_eq!(said(&all).iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_name_that_is_a_level_is_not_taken_for_one() {
        let named = "`LEVEL` leads at LEVEL.";
        let all = [section(Some(64), named), section(Some(1_000), named)];
        assert_eq!(
            said(&all),
            [
                "`64 connections` leads at 64 connections.",
                "`1,000 connections` leads at 1,000 connections.",
            ]
        );
    }
}
