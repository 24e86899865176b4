//! A profile printed with compressed names and relative positions reads as the same one printed
//! without.

use super::{calls, costs, one};
use proptest::prelude::*;
use std::collections::HashMap;
use std::fmt::Write;

/// One line of a function's body.
#[derive(Debug, Clone)]
enum Line {
    Cost {
        address: u64,
        line: u64,
        cost: u64,
    },
    Call {
        callee: (u8, u8),
        count: u64,
        address: u64,
        line: u64,
    },
    Jump {
        target: u64,
        address: u64,
        line: u64,
    },
}

/// A stretch of lines of one function of one object.
type Stretch = ((u8, u8), Vec<Line>);

fn line() -> impl Strategy<Value = Line> {
    let place = || (0x1000..0x1200_u64, 0..60_u64);
    prop_oneof![
        (place(), 0..1000_u64).prop_map(|((address, line), cost)| Line::Cost {
            address,
            line,
            cost
        }),
        (place(), (0..3_u8, 0..4_u8), 0..9_u64).prop_map(|((address, line), callee, count)| {
            Line::Call {
                callee,
                count,
                address,
                line,
            }
        }),
        (place(), 0x1000..0x1200_u64).prop_map(|((address, line), target)| Line::Jump {
            target,
            address,
            line
        }),
    ]
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let function = (0..3_u8, 0..4_u8);
    prop::collection::vec((function, prop::collection::vec(line(), 0..8)), 0..12)
}

/// Writes in either manner.
struct Printer {
    compressed: bool,
    text: String,
    ids: HashMap<(&'static str, String), usize>,
    last: (u64, u64),
}

impl Printer {
    fn name(&mut self, key: &str, table: &'static str, name: String) {
        let known = self.ids.len() + 1;
        let shown = if !self.compressed {
            name
        } else if let Some(id) = self.ids.get(&(table, name.clone())) {
            format!("({id})")
        } else {
            self.ids.insert((table, name.clone()), known);
            format!("({known}) {name}")
        };
        writeln!(self.text, "{key}={shown}").unwrap();
    }

    fn position(&self, value: u64, last: u64) -> String {
        match value.cmp(&last) {
            _ if !self.compressed => format!("{value:#x}"),
            std::cmp::Ordering::Equal => "*".to_owned(),
            std::cmp::Ordering::Greater => format!("+{}", value - last),
            std::cmp::Ordering::Less => format!("-{}", last - value),
        }
    }

    fn place(&self, address: u64, line: u64) -> String {
        let (last_address, last_line) = self.last;
        let address = self.position(address, last_address);
        format!("{address} {}", self.position(line, last_line))
    }

    fn positioned(&mut self, address: u64, line: u64, rest: &str) {
        let place = self.place(address, line);
        writeln!(self.text, "{place}{rest}").unwrap();
        self.last = (address, line);
    }

    fn line(&mut self, line: &Line) {
        match *line {
            Line::Cost {
                address,
                line,
                cost,
            } => {
                self.positioned(address, line, &format!(" {cost}"));
            }
            Line::Call {
                callee: (object, function),
                count,
                address,
                line,
            } => {
                self.name("cob", "object", format!("o{object}"));
                self.name("cfi", "file", format!("f{function}"));
                self.name("cfn", "function", format!("f{function}"));
                let target = self.place(0x1100, 7);
                writeln!(self.text, "calls={count} {target}").unwrap();
                self.positioned(address, line, " 4711");
            }
            Line::Jump {
                target,
                address,
                line,
            } => {
                let target = self.place(target, line);
                writeln!(self.text, "jump=3 {target}").unwrap();
                self.positioned(address, line, "");
            }
        }
    }
}

fn printed(stretches: &[Stretch], compressed: bool) -> String {
    let mut printer = Printer {
        compressed,
        text: String::new(),
        ids: HashMap::new(),
        last: (0, 0),
    };
    let mut total = 0;
    for ((object, function), lines) in stretches {
        printer.name("ob", "object", format!("o{object}"));
        printer.name("fl", "file", format!("f{function}"));
        printer.name("fn", "function", format!("f{function}"));
        for line in lines {
            printer.line(line);
            if let Line::Cost { cost, .. } = line {
                total += cost;
            }
        }
    }
    let body = printer.text;
    format!(
        "version: 1\npositions: instr line\nevents: Ir\nsummary: {total}\n\n{body}\ntotals: {total}\n"
    )
}

proptest! {
    #[test]
    fn compression_changes_nothing(stretches in stretches()) {
        let plain = one(&printed(&stretches, false));
        let compressed = one(&printed(&stretches, true));
        prop_assert_eq!(costs(&plain), costs(&compressed));
        prop_assert_eq!(calls(&plain), calls(&compressed));
        let total: u64 = costs(&plain).iter().map(|(_, _, cost)| cost).sum();
        prop_assert_eq!(plain.total(), total);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(((fn|ob|cfn|calls|jump|summary)[=:]|[-+*]|0x)?[0-9a-f() ]{0,12}\n){0,12}") {
        // Either answer is right; a panic is not.
        let _ = crate::work::callgrind::parse(&text);
    }
}
