//! The state machine over the lines of a profile.

use super::names::{Names, clean_function};
use super::numbers::{number, position};
use super::{Function, Problem, Profile, ProfileError};
use std::sync::Arc;

/// The event that counts instructions.
const INSTRUCTIONS: &str = "Ir";

/// What the next line has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Any line.
    Anything,
    /// The inclusive cost of a call, which is not a self cost.
    InclusiveCost,
    /// The place of a jump, which costs nothing.
    JumpPlace,
}

/// What the header says of the columns, and what the part says of its sum.
#[derive(Debug, Clone)]
struct Header {
    instr: bool,
    line: bool,
    instructions_column: usize,
    said: Vec<(usize, u64)>,
}

impl Default for Header {
    fn default() -> Self {
        // The format's own default where `positions:` is missing.
        Self {
            instr: false,
            line: true,
            instructions_column: 0,
            said: Vec::new(),
        }
    }
}

struct Reader {
    parts: Vec<Profile>,
    profile: Profile,
    header: Header,
    objects: Names,
    functions: Names,
    object: Arc<str>,
    function: Option<usize>,
    called_object: Option<Arc<str>>,
    called_function: Option<Arc<str>>,
    expected: Expected,
    last_address: u64,
    last_line: u64,
}

pub(super) fn read(text: &str) -> Result<Vec<Profile>, ProfileError> {
    let mut reader = Reader::new();
    let mut line_number = 0;
    for line in text.lines() {
        line_number += 1;
        let at = |problem| ProfileError {
            line: line_number,
            problem,
        };
        reader.line(line.trim_end(), line_number).map_err(at)?;
    }
    let at_end = |problem| ProfileError {
        line: line_number,
        problem,
    };
    if reader.expected != Expected::Anything {
        return Err(at_end(Problem::NoPosition));
    }
    if reader.has_begun() || reader.parts.is_empty() {
        reader.end_part(line_number)?;
    }
    Ok(reader.parts)
}

impl Reader {
    fn new() -> Self {
        Self {
            parts: Vec::new(),
            profile: Profile::default(),
            header: Header::default(),
            objects: Names::default(),
            functions: Names::default(),
            object: "???".into(),
            function: None,
            called_object: None,
            called_function: None,
            expected: Expected::Anything,
            last_address: 0,
            last_line: 0,
        }
    }

    fn line(&mut self, line: &str, line_number: usize) -> Result<(), Problem> {
        let first = line.as_bytes().first();
        let is_position = first.is_some_and(|byte| byte.is_ascii_digit() || b"+-*".contains(byte));
        if is_position {
            return self.position_line(line);
        }
        if self.expected != Expected::Anything {
            return Err(Problem::NoPosition);
        }
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        match line.split_once('=') {
            Some((key, value)) if is_word(key) => self.specification(key, value),
            _ => match line.split_once(':') {
                Some((key, value)) if is_word(key) => {
                    self.header_line(key, value.trim(), line_number)
                }
                _ => Err(Problem::Unknown(line.to_owned())),
            },
        }
    }

    /// Lines of the form `key: value`, before the costs of a part and after them.
    fn header_line(&mut self, key: &str, value: &str, line: usize) -> Result<(), Problem> {
        match key {
            "version" if value != "1" => return Err(Problem::Version(value.to_owned())),
            "positions" => {
                let has = |name| value.split_ascii_whitespace().any(|one| one == name);
                (self.header.instr, self.header.line) = (has("instr"), has("line"));
                let known = usize::from(self.header.instr) + usize::from(self.header.line);
                if known == 0 || known != value.split_ascii_whitespace().count() {
                    return Err(Problem::Positions(value.to_owned()));
                }
                self.profile.has_addresses = self.header.instr;
            }
            "events" => {
                let mut events = value.split_ascii_whitespace();
                self.header.instructions_column = events
                    .position(|event| event == INSTRUCTIONS)
                    .ok_or_else(|| Problem::NoInstructions(value.to_owned()))?;
            }
            "summary" | "totals" => {
                let said = self.instructions(value.split_ascii_whitespace())?;
                self.header.said.push((line, said));
            }
            // A new part begins where the one before it has ended.
            "part" if self.has_begun() => {
                self.end_part(line).map_err(|error| error.problem)?;
            }
            // The rest describes the run, not its costs.
            _ => {}
        }
        Ok(())
    }

    /// Lines of the form `key=value`.
    fn specification(&mut self, key: &str, value: &str) -> Result<(), Problem> {
        match key {
            "ob" => self.object = self.objects.resolve(value, |name| name)?,
            "cob" => self.called_object = Some(self.objects.resolve(value, |name| name)?),
            "fn" => {
                let name = self.functions.resolve(value, clean_function)?;
                let object = Arc::clone(&self.object);
                self.function = Some(self.profile.number_of(Function { object, name }));
            }
            "cfn" => self.called_function = Some(self.functions.resolve(value, clean_function)?),
            // A jump's target may define a name that a later line refers to.
            "jfn" => drop(self.functions.resolve(value, clean_function)?),
            // Files have a table of their own, of which nothing is needed.
            "fl" | "fi" | "fe" | "cfi" | "cfl" | "jfi" => {}
            "calls" => self.call(value)?,
            "jump" | "jcnd" => self.expected = Expected::JumpPlace,
            _ => return Err(Problem::Unknown(format!("{key}={value}"))),
        }
        Ok(())
    }

    fn call(&mut self, value: &str) -> Result<(), Problem> {
        let caller = self.function.ok_or(Problem::NoFunction)?;
        let name = self.called_function.take().ok_or(Problem::NoCallee)?;
        // Without `cob=`, the callee is in the caller's object.
        let object = self.called_object.take();
        let object = object.unwrap_or_else(|| Arc::clone(&self.object));
        let callee = self.profile.number_of(Function { object, name });
        let count = value.split_ascii_whitespace().next().unwrap_or_default();
        *self.profile.calls.entry((caller, callee)).or_default() += number(count)?;
        self.expected = Expected::InclusiveCost;
        Ok(())
    }

    /// A line that begins with a position: a cost, or what a call or a jump has announced.
    fn position_line(&mut self, line: &str) -> Result<(), Problem> {
        let mut fields = line.split_ascii_whitespace();
        let mut next = || fields.next().ok_or(Problem::NoPosition);
        if self.header.instr {
            self.last_address = position(next()?, self.last_address)?;
        }
        if self.header.line {
            self.last_line = position(next()?, self.last_line)?;
        }
        let cost = self.instructions(fields)?;
        match std::mem::replace(&mut self.expected, Expected::Anything) {
            Expected::InclusiveCost | Expected::JumpPlace => {}
            Expected::Anything => {
                let function = self.function.ok_or(Problem::NoFunction)?;
                let address = if self.header.instr {
                    self.last_address
                } else {
                    0
                };
                self.profile.add_self_cost(function, address, cost);
            }
        }
        Ok(())
    }

    /// The count of instructions among costs; those that are missing at the end are zero.
    fn instructions<'t>(&self, mut costs: impl Iterator<Item = &'t str>) -> Result<u64, Problem> {
        costs
            .nth(self.header.instructions_column)
            .map_or(Ok(0), number)
    }

    fn has_begun(&self) -> bool {
        self.function.is_some() || !self.header.said.is_empty()
    }

    fn end_part(&mut self, line: usize) -> Result<(), ProfileError> {
        let header = std::mem::take(&mut self.header);
        let profile = std::mem::take(&mut self.profile);
        if header.said.is_empty() {
            let problem = Problem::NoTotal;
            return Err(ProfileError { line, problem });
        }
        for (line, said) in header.said {
            let found = profile.total;
            if said != found {
                let problem = Problem::Sum { said, found };
                return Err(ProfileError { line, problem });
            }
        }
        self.parts.push(profile);
        self.function = None;
        (self.last_address, self.last_line) = (0, 0);
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}
