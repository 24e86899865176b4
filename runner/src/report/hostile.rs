//! The table of what servers make of malformed and unusual requests.

use super::escape::{clean, markdown};
use crate::environment::Toolchain;
use crate::verify::hostile::{ALL, Class, Hostile, Reaction, Rule, Seen, Survey};
use std::fmt::Write;

/// A contestant and what it made of every request.
#[derive(Debug)]
pub struct Surveyed {
    /// Its name.
    pub name: String,
    /// The version of its framework.
    pub version: String,
    /// What it made of them, or why it could not be asked.
    pub survey: Result<Survey, String>,
}

impl Surveyed {
    /// What was seen of it.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        self.survey.as_ref().map_or(&[], |survey| &survey.seen)
    }

    /// Why not every request was sent to it, if so.
    fn omission(&self) -> Option<String> {
        let survey = match &self.survey {
            Ok(survey) => survey,
            Err(why) => return Some(format!("not asked: {why}")),
        };
        let why = survey.truncated.as_ref()?;
        let left = ALL.len() - survey.seen.len();
        let last = survey.seen.last().map_or("none", |one| one.request);
        Some(format!(
            "{left} of {} requests were not sent, those after `{last}`: {why}",
            ALL.len()
        ))
    }
}

/// As text in Markdown, whatever it holds.
fn escaped(text: &str) -> String {
    markdown(&clean(text))
}

/// The page, in Markdown: a table for each class of requests. `date` is the day on which they were sent.
#[must_use]
pub fn hostile_page(all: &[Surveyed], date: &str, toolchain: &Toolchain) -> String {
    let mut text = String::from(HEAD);
    text.push_str(&circumstances(all, date, toolchain));
    for one in all {
        if let Some(omission) = one.omission() {
            let _ = writeln!(text, "\n- {}: {}", escaped(&one.name), escaped(&omission));
        }
    }
    text.push_str(&summary(all));
    for class in Class::ALL {
        let _ = write!(text, "\n## {class}\n\n{}", table(class, all));
    }
    text
}

/// What was asked, when, and what it was built from.
fn circumstances(all: &[Surveyed], date: &str, toolchain: &Toolchain) -> String {
    let versions = all
        .iter()
        .map(|one| format!("{} {}", escaped(&one.name), escaped(&one.version)));
    let changes = match toolchain.uncommitted {
        Some(true) => ", with changes that are in no revision",
        Some(false) => "",
        None => " (git did not say whether the sources differ from it)",
    };
    format!(
        "\nSent on {}, to {}. Built in cargo's release profile by {} from revision {}{changes}.\n",
        escaped(date),
        versions.collect::<Vec<_>>().join(", "),
        escaped(&toolchain.rustc),
        escaped(toolchain.revision.as_deref().unwrap_or("unknown")),
    )
}

/// Those that were asked.
fn asked(all: &[Surveyed]) -> impl Iterator<Item = &Surveyed> {
    all.iter().filter(|one| one.survey.is_ok())
}

/// The outcomes that are counted, in the order of their columns.
const REACTIONS: [Reaction; 7] = [
    Reaction::Accepted,
    Reaction::Refused,
    Reaction::Closed,
    Reaction::Other,
    Reaction::Hung,
    Reaction::Crashed,
    Reaction::Unconnected,
];

/// How many requests of each kind of outcome, by contestant.
fn summary(all: &[Surveyed]) -> String {
    let names = REACTIONS.map(|reaction| reaction.to_string());
    let mut text = format!(
        "\n| contestant | {} | against the rule |\n|---|{}---:|\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    for one in asked(all) {
        let count = |reaction: Reaction| {
            let outcomes = one.seen().iter().map(|seen| seen.outcome.reaction);
            outcomes.filter(|&one| one == reaction).count().to_string()
        };
        let against = one
            .seen()
            .iter()
            .filter(|seen| seen.conforms == Some(false));
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            escaped(&one.name),
            REACTIONS.map(count).join(" | "),
            against.count()
        );
    }
    text
}

fn table(class: Class, all: &[Surveyed]) -> String {
    let names: Vec<String> = asked(all).map(|one| escaped(&one.name)).collect();
    let mut text = format!(
        "| request | rule | source | {} |\n|---|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for (index, hostile) in ALL.iter().enumerate().filter(|(_, one)| one.class == class) {
        let cell = |one: &Surveyed| one.seen().get(index).map_or("not sent".to_owned(), cell);
        let cells: Vec<String> = asked(all).map(cell).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            escaped(hostile.name),
            rule(hostile),
            hostile.section,
            cells.join(" | ")
        );
    }
    text
}

/// What was seen, with a sign if the rule forbids it.
fn cell(seen: &Seen) -> String {
    let sign = if seen.conforms == Some(false) {
        "✗ "
    } else {
        ""
    };
    let outcome = &seen.outcome;
    let statuses = outcome.interim_statuses.iter().chain(&outcome.statuses);
    let statuses: Vec<String> = statuses.map(ToString::to_string).collect();
    let is_answered = !outcome.statuses.is_empty() && outcome.server_answers_after;
    match statuses.is_empty() {
        true => format!("{sign}{}", outcome.reaction),
        false if is_answered => format!("{sign}{}", statuses.join(", ")),
        false => format!("{sign}{}, {}", statuses.join(", "), outcome.reaction),
    }
}

fn rule(hostile: &Hostile) -> String {
    match hostile.rule {
        Rule::Refuse => "refuse".to_owned(),
        Rule::Accept => "accept".to_owned(),
        Rule::Either => "either".to_owned(),
        Rule::Answers(1) => "one answer".to_owned(),
        Rule::Answers(count) => format!("{count} answers"),
        Rule::AtMost(1) => "at most one answer".to_owned(),
        Rule::AtMost(count) => format!("at most {count} answers"),
        Rule::AnyAnswer => "any answer".to_owned(),
    }
}

const HEAD: &str = "# Malformed and unusual requests\n\n\
    Generated by `runner verify --hostile`; do not edit.\n\n\
    Each contestant's quickstart server gets each request on a connection of its own; a right request on a new connection \
    follows. A cell has the status of each answer, or `closed` (the connection ended without an answer), `hung` (it stayed open for \
    1.5 s and nothing came, as if the request were not finished), `crashed` (a right request is not answered any more), \
    `not connected` (the connection could not be opened), `not HTTP/1`. 100 is an interim answer. ✗: the rule forbids it. An \
    answer of 400 or above refuses. Counted for the rules are answers of success.\n\n\
    What a rule demands is what the standard says to servers (MUST, or what follows from the grammar); *either* if it leaves the choice, *any answer* if it \
    leaves the status. \
    A ✗ is not a vulnerability by itself: most need a proxy in front that reads the same bytes in another way.\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::hostile::Outcome;
    use std::collections::BTreeMap;

    fn seen(hostile: &Hostile) -> Seen {
        let outcome = Outcome {
            reaction: Reaction::Accepted,
            interim_statuses: Vec::new(),
            statuses: vec![200],
            is_closed: false,
            server_answers_after: true,
        };
        Seen {
            request: hostile.name,
            class: hostile.class,
            conforms: hostile.rule.allows(&outcome),
            outcome,
        }
    }

    fn surveyed(name: &str, survey: Result<Survey, String>) -> Surveyed {
        Surveyed {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            survey,
        }
    }

    fn toolchain() -> Toolchain {
        Toolchain {
            rustc: "rustc 1.90.0 (a 2025-09-14)".to_owned(),
            cargo: "cargo 1.90.0".to_owned(),
            revision: Some("0123456789ab".to_owned()),
            uncommitted: Some(false),
            tools: BTreeMap::new(),
            runner: None,
        }
    }

    fn complete() -> Survey {
        Survey {
            seen: ALL.iter().map(seen).collect(),
            truncated: None,
        }
    }

    #[test]
    fn the_table_marks_what_the_rule_forbids() {
        let mut survey = complete();
        survey.seen[0].outcome.interim_statuses = vec![100];
        let all = [
            surveyed("one|two", Ok(survey)),
            surveyed("three", Err("it does not build".to_owned())),
        ];
        let page = hostile_page(&all, "2026-01-31", &toolchain());
        for part in [
            "| no Host | refuse | RFC 9112 §3.2 | ✗ 200 |",
            "| OPTIONS \\* | either | RFC 9112 §3.2.4 | 200 |",
            "| no target | either | RFC 9112 §3.2 | 100, 200 |",
            "one\\|two",
            "- three: not asked: it does not build",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn the_page_says_what_was_asked_when_and_what_it_was_built_from() {
        let all = [
            surveyed("one", Ok(complete())),
            surveyed("other", Ok(complete())),
        ];
        let mut toolchain = toolchain();
        let page = hostile_page(&all, "2026-01-31", &toolchain);
        let told = "Sent on 2026-01-31, to one 1.2.3, other 1.2.3. Built in cargo's release profile by \
            rustc 1.90.0 (a 2025-09-14) from revision 0123456789ab.\n";
        assert!(page.contains(told), "{page}");
        toolchain.uncommitted = Some(true);
        let page = hostile_page(&all, "2026-01-31", &toolchain);
        assert!(
            page.contains("0123456789ab, with changes that are in no revision."),
            "{page}"
        );
    }

    #[test]
    fn what_was_seen_before_a_server_did_not_start_again_is_shown() {
        let mut survey = complete();
        survey.seen.truncate(2);
        survey.seen[1].outcome.reaction = Reaction::Crashed;
        survey.seen[1].outcome.statuses.clear();
        survey.truncated = Some("it does not start again: the port is taken".to_owned());
        let page = hostile_page(&[surveyed("one", Ok(survey))], "2026-01-31", &toolchain());
        let left = ALL.len() - 2;
        for part in [
            &*format!(
                "- one: {left} of {} requests were not sent, those after `no version`: ",
                ALL.len()
            ),
            "it does not start again: the port is taken",
            "| no target | either | RFC 9112 §3.2 | 200 |",
            "| no version | refuse | RFC 9112 §3 | ✗ crashed |",
            "| version HTTP/1.x | refuse | RFC 9112 §2.3 | not sent |",
            "| one | 1 | 0 | 0 | 0 | 0 | 1 | 0 |",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
