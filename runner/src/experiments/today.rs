//! The original's systems measured today, beside its own numbers: a kept run of servers by their commands, whose arms
//! are named by system and server.

use super::then_and_now::ORIGINAL;
use crate::report::{Cell, Grid, Heading, Kept, Section, escaped, grouped, link};
use crate::run::ArmKind;
use std::collections::BTreeMap;

/// What each system is served by.
const SERVERS: [&str; 2] = ["gunicorn", "uwsgi"];

/// The concurrency of the original's tables, and of those beside this one.
const ORIGINAL_CONNECTIONS: u64 = 1_000;

/// The column of the figure that is shown,
const RATE: &str = "requests/s";

/// and that of what held it back.
const LIMIT: &str = "limit";

/// What an arm answers per second, and what held it back.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_s: f64,
    /// Only at least that is known.
    is_client_bound: bool,
    /// It is not known which side was the limit.
    is_unclear: bool,
}

impl Rate {
    fn written(self) -> String {
        let bound = if self.is_client_bound {
            "≥\u{a0}"
        } else {
            ""
        };
        let sign = if self.is_unclear { "‡" } else { "" };
        format!("{bound}{}{sign}", grouped(self.per_s as u64))
    }

    /// Its ratio to the floor, as far as their bounds allow one.
    fn to(self, floor: Self) -> String {
        let ratio = self.per_s / floor.per_s;
        let sign = if self.is_unclear || floor.is_unclear {
            "‡"
        } else {
            ""
        };
        match (self.is_client_bound, floor.is_client_bound) {
            (false, false) => format!("{ratio:.3}{sign}"),
            (true, false) => format!("≥\u{a0}{ratio:.3}{sign}"),
            // What may be higher itself, over what is at least this, has no bound.
            (false, true) if !self.is_unclear => format!("≤\u{a0}{ratio:.3}"),
            (_, true) => "-".to_owned(),
        }
    }
}

/// The table of today, for systems of these names in this order; nothing if no run is kept that has most of them.
pub(super) fn table(systems: &[&str], floor: &str, runs: &[Kept]) -> Option<String> {
    let has = |run: &&Kept| {
        let arms = &run.page.arms;
        let is_there = |system: &&&str| {
            let mut names = SERVERS.iter().map(|server| format!("{system}-{server}"));
            names.any(|name| arms.iter().any(|arm| arm.name == name))
        };
        2 * systems.iter().filter(is_there).count() > systems.len()
    };
    let run = runs.iter().find(has)?;
    let section = run.main_section()?;
    let rates = rates(section)?;
    let grid = grid(&with_newer(systems, run), floor, run, &rates);
    let baseline = run
        .page
        .arms
        .iter()
        .find(|arm| arm.kind == ArmKind::Baseline);
    let beside = baseline.and_then(|arm| {
        let rate = rates.get(arm.name.as_str())?;
        Some(format!(
            " In the same run, on the same processors, `{}` answers {} requests/s.",
            escaped(&arm.name),
            grouped(rate.per_s as u64)
        ))
    });
    let doubt = match section.untrusted.is_empty() {
        true => "",
        false => ", UNTRUSTED",
    };
    let elsewhere = match section.level {
        Some(ORIGINAL_CONNECTIONS) => "",
        _ => " (the other tables: 1,000)",
    };
    Some(format!(
        "\n### Today: the same systems on today's interpreter\n\n\
         {}{elsewhere}{doubt}, [{}]({}/), {}. requests/s; in parentheses the ratio to `{floor}` in the same column. One process each, on \
         one processor ([the applications and their versions]({ORIGINAL}/today/README.md)). uwsgi closes each connection \
         after its answer, and gunicorn keeps it. `≥`: the generator, or opening connections, was the limit, so that only a bound of a ratio is known, or none. `‡`: it is unclear what was the limit. `-`: it cannot be installed or served so.{}\n\n{}",
        escaped(&section.heading),
        escaped(&run.page.date),
        link(&run.folder),
        escaped(&run.page.machine),
        beside.unwrap_or_default(),
        grid.markdown(&BTreeMap::new())
    ))
}

/// These systems, and those that came after them.
fn with_newer<'r>(systems: &[&'r str], run: &'r Kept) -> Vec<&'r str> {
    let mut all = systems.to_vec();
    for arm in &run.page.arms {
        let mut systems = SERVERS.iter().filter_map(|server| {
            let system = arm.name.strip_suffix(server)?;
            system.strip_suffix('-')
        });
        all.extend(systems.next().filter(|system| !all.contains(system)));
    }
    all
}

/// The rate of each arm that has one.
fn rates(section: &Section) -> Option<BTreeMap<String, Rate>> {
    let column = section.grid.column(RATE)?;
    let limit = section.grid.column(LIMIT);
    let rows = section.grid.rows.iter().filter_map(|row| {
        let &Cell::Number { value: per_s, .. } = row.cells.get(column)? else {
            return None;
        };
        let limit = limit.and_then(|limit| row.cells.get(limit));
        let is_client_bound = limit.is_some_and(|cell| cell.full().starts_with("client-bound"));
        let is_unclear = limit.is_some_and(|cell| cell.full().starts_with("unclear"));
        let rate = Rate {
            per_s,
            is_client_bound,
            is_unclear,
        };
        Some((row.arm.clone()?, rate))
    });
    Some(rows.collect())
}

fn grid(systems: &[&str], floor: &str, run: &Kept, rates: &BTreeMap<String, Rate>) -> Grid {
    let rows = systems.iter().map(|system| {
        let name = |server: &str| format!("{system}-{server}");
        let mut arms = run.page.arms.iter();
        let version = arms.find(|arm| SERVERS.iter().any(|server| arm.name == name(server)));
        let version = version.and_then(|arm| arm.version.clone());
        let cells = SERVERS.iter().map(|server| {
            let rate = rates.get(&name(server));
            let of_floor = rates.get(&format!("{floor}-{server}"));
            let both = rate.zip(of_floor);
            // A figure does not break between lines.
            both.map_or(Cell::Missing, |(rate, of_floor)| {
                let ratio = match *system == floor {
                    true => "1".to_owned(),
                    false => rate.to(*of_floor),
                };
                Cell::text(format!("{}\u{a0}({ratio})", rate.written()))
            })
        });
        let first = [
            Cell::text(*system),
            version.map_or(Cell::Missing, Cell::text),
        ];
        first.into_iter().chain(cells).collect()
    });
    let mut headings = vec![
        Heading::text("framework", None),
        Heading::text("version", None),
    ];
    headings.extend(SERVERS.map(|server| Heading::number(server, None)));
    Grid::plain(headings, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ArmFacts, GridRow, Page};

    /// A kept run of arms of these names, the n-th of which answers n thousand requests per second.
    fn kept(names: &[&str]) -> Kept {
        let kind = |at| match at {
            0 => ArmKind::Baseline,
            _ => ArmKind::Contestant,
        };
        let facts = names.iter().enumerate().map(|(at, name)| ArmFacts {
            name: (*name).to_owned(),
            kind: kind(at),
            version: Some(format!("1.{at}")),
            note: None,
        });
        let rows = names.iter().enumerate().map(|(at, name)| GridRow {
            arm: Some((*name).to_owned()),
            joins_next: false,
            cells: vec![
                Cell::number(1000.0 * (at + 1) as f64, 0),
                Cell::text(match name.starts_with("newer") {
                    true => "client-bound",
                    false if name.starts_with("unclear") => "unclear",
                    false => "server-bound",
                }),
            ],
        });
        let grid = Grid {
            headings: vec![Heading::number(RATE, None), Heading::text(LIMIT, None)],
            rows: rows.collect(),
        };
        let section = Section {
            heading: "64 connections".to_owned(),
            level: Some(64),
            grid,
            ..Section::default()
        };
        Kept {
            folder: "run".to_owned(),
            page: Page {
                arms: facts.collect(),
                sections: vec![section],
                ..Page::default()
            },
            is_candidate: false,
        }
    }

    #[test]
    fn each_system_has_a_row_with_its_ratio_to_the_floor_of_the_same_server() {
        let names = [
            "base",
            "newer-uwsgi",
            "one-gunicorn",
            "one-uwsgi",
            "wsgi-gunicorn",
            "wsgi-uwsgi",
            "unclear-gunicorn",
        ];
        let text = table(&["one", "gone", "wsgi"], "wsgi", &[kept(&names)]).unwrap();
        let row = |text: &str| text.replace("~", "\u{a0}");
        for expected in [
            "| one | 1.2 | 3,000~(0.600) | 4,000~(0.667) |",
            "| newer | 1.1 | - | ≥~2,000~(≥~0.333) |",
            "| unclear | 1.6 | 7,000‡~(1.400‡) | - |",
        ] {
            assert!(text.contains(&row(expected)), "{text}");
        }
        assert!(text.contains("| gone | - | - | - |"), "{text}");
        assert!(text.contains("`base` answers 1,000 requests/s"), "{text}");
    }

    #[test]
    fn a_ratio_of_bounds_is_a_bound_or_nothing() {
        let rate = |per_s, is_client_bound| Rate {
            per_s,
            is_client_bound,
            is_unclear: false,
        };
        let said = |one: Rate, floor: Rate| one.to(floor).replace('\u{a0}', " ");
        let (known, bound) = (rate(2.0, false), rate(4.0, true));
        assert_eq!(said(rate(1.0, false), known), "0.500");
        assert_eq!(said(bound, known), "≥ 2.000");
        assert_eq!(said(known, bound), "≤ 0.500");
        assert_eq!(said(rate(5.0, true), bound), "-");
        let unclear = Rate {
            is_unclear: true,
            ..known
        };
        assert_eq!(said(unclear, bound), "-");
        assert_eq!(said(unclear, known), "1.000‡");
    }

    #[test]
    fn a_run_of_other_servers_is_not_taken_for_it() {
        assert_eq!(
            table(
                &["one", "two", "wsgi"],
                "wsgi",
                &[kept(&["base", "one-uwsgi"])]
            ),
            None
        );
        assert_eq!(table(&["one"], "wsgi", &[]), None);
    }
}
