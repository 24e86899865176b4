//! `run.json`: everything about a run that is not a measured row.

use crate::environment::{Machine, Toolchain};
use crate::framework::Role;
use crate::load::EngineKind;
use crate::plan::Plan;
use crate::warning::Warning;
use serde::{Deserialize, Serialize};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of the formats.
    pub schema: u32,
    /// Version of the method.
    pub method: u32,
    /// The generator's engine. The first records had no such field, and epoll was all there was.
    #[serde(default = "epoll")]
    pub engine: EngineKind,
    /// When it began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How far it came.
    pub state: State,
    /// The arguments it was started with.
    pub command: Vec<String>,
    /// Its design.
    pub plan: Plan,
    /// Who ran where.
    pub processors: Processors,
    /// The machine.
    pub machine: Machine,
    /// What the programs were made with.
    pub toolchain: Toolchain,
    /// What was compared, in the order of the plan's indices.
    pub arms: Vec<Arm>,
    /// What to doubt.
    pub warnings: Vec<Warning>,
}

fn epoll() -> EngineKind {
    EngineKind::Epoll
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is running, or ended without being able to say so.
    Running,
    /// It was ended from outside; complete blocks count.
    Interrupted,
    /// Every block of the plan was measured.
    Complete,
}

/// Who ran on which processors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processors {
    /// The server under test, one at a time.
    pub server: Vec<usize>,
    /// The generator's threads.
    pub generator: Vec<usize>,
}

/// What an arm is in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmKind {
    /// A contestant.
    Framework,
    /// The floor's binary once more: what differs is noise.
    Twin,
    /// The floor's binary, of whose answers a known share is not counted: it has to be found.
    Planted,
    /// The canned responder: the ceiling of generator and kernel. In an isolated run, the canned writer:
    /// what the harness itself costs.
    Null,
    /// Canned answers of which every hundredth leaves 16 bytes behind: it has to be found.
    Leak,
}

/// One arm of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The name in the rows.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// The contestant's role.
    pub role: Role,
    /// The framework's crate and its resolved version.
    pub version: Option<String>,
    /// How the server spreads its work, as its author states it.
    pub topology: Option<String>,
    /// What a reader has to know of it.
    pub note: Option<String>,
    /// Bytes of one answer, head and body, as the first one had it.
    pub answer_bytes: Option<usize>,
    /// It has no server of the kind asked for; no error.
    pub absent: Option<String>,
    /// Why it was not measured.
    pub err: Option<String>,
    /// Checks beyond the contract that it does not pass.
    pub conformance_misses: Vec<String>,
}

impl Arm {
    /// An arm of which nothing is known but what it is.
    #[must_use]
    pub fn new(name: &str, kind: ArmKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            role: Role::Contestant,
            version: None,
            topology: None,
            note: None,
            answer_bytes: None,
            absent: None,
            err: None,
            conformance_misses: Vec::new(),
        }
    }

    /// The floor once more, as a control. Whatever tells the twin from the floor is noise; from the
    /// planted control it is told by a share that is known, since not all it does is counted.
    #[must_use]
    pub fn control(floor: &Self, kind: ArmKind) -> Self {
        let name = match kind {
            ArmKind::Planted => "control".to_owned(),
            _ => format!("{}-twin", floor.name),
        };
        Self {
            name,
            kind,
            role: Role::Contestant,
            note: None,
            ..floor.clone()
        }
    }

    /// Whether all others are read against it.
    #[must_use]
    pub fn is_floor(&self) -> bool {
        self.kind == ArmKind::Framework && self.role == Role::Floor
    }
}
