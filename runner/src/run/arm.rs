//! Arms: what one row measures. A contestant is one source of them, the runner's own controls are another.

use super::own_server::OwnServer;
use crate::load::Exchange;
use crate::record::Binary;
use crate::server::{Network, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What an arm is in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmKind {
    /// One of those compared.
    Contestant,
    /// What all others are read against. It is not ranked.
    Baseline,
    /// The A/A twin: the baseline's binary again, so that any difference found is noise.
    Twin,
    /// The positive control: it differs by a known effect, which has to be found.
    Planted,
    /// The null server: canned answers, so the limit of generator and kernel. In an isolated run, the canned
    /// writer: what the harness itself costs.
    Null,
    /// Canned answers of which every hundredth leaves 16 bytes behind: the positive control of the leak test.
    Leak,
}

impl ArmKind {
    /// Whether this is somebody's server, and not a control of ours.
    #[must_use]
    pub fn is_contestant(self) -> bool {
        matches!(self, Self::Contestant | Self::Baseline)
    }

    /// What a reader is told of it beside its name.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Contestant => "",
            Self::Baseline => "baseline",
            Self::Twin => "A/A twin",
            Self::Planted => "planted control",
            Self::Null => "null server",
            Self::Leak => "planted leak",
        }
    }
}

/// Whose variant an arm is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantOf {
    /// The contestant.
    pub contestant: String,
    /// Which variant, in words.
    pub variant: String,
}

/// One arm of a run, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The name in the rows.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// Whose variant it is, if it is not the one that has the contestant's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<VariantOf>,
    /// How it is started and what it is asked, if it is a server of a user's own and not a contestant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnServer>,
    /// The version of what is measured.
    pub version: Option<String>,
    /// How the server spreads its work, as its author states it.
    pub topology: Option<String>,
    /// What a reader of the tables has to know of it.
    pub note: Option<String>,
    /// SHA-256 of each executable that was measured, by its use.
    pub digests: BTreeMap<String, String>,
    /// Bytes of one answer, head and body, as the first one had it.
    pub answer_bytes: Option<usize>,
    /// Entry points at which it cannot be driven, and why.
    pub without: BTreeMap<String, String>,
    /// It has no server of the kind asked for, which is not an error.
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
            variant_of: None,
            own: None,
            version: None,
            topology: None,
            note: None,
            digests: BTreeMap::new(),
            answer_bytes: None,
            without: BTreeMap::new(),
            absent: None,
            err: None,
            conformance_misses: Vec::new(),
        }
    }

    /// The baseline under another name, as a control of this kind.
    #[must_use]
    pub fn control(baseline: &Self, kind: ArmKind) -> Self {
        let name = match kind {
            ArmKind::Twin => format!("{}-twin", baseline.name),
            _ => "planted".to_owned(),
        };
        Self {
            name,
            kind,
            note: None,
            conformance_misses: Vec::new(),
            ..baseline.clone()
        }
    }

    /// The contestant whose arm this is.
    #[must_use]
    pub fn contestant(&self) -> &str {
        let of = self.variant_of.as_ref();
        of.map_or(&self.name, |of| &of.contestant)
    }

    /// Whether it takes part in the measuring.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        self.err.is_none() && self.absent.is_none()
    }
}

/// How an arm is launched, what is asked of it, and what a right answer is.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The arm's name.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// What to start, or why it cannot be had at the moment.
    pub program: Result<Program, String>,
    /// What is asked, and what must be answered.
    pub exchange: Exchange,
    /// The executable whose digest the arm has; `None` if nobody recorded one.
    pub binary: Option<Binary>,
    /// How long a start may take to its first right answer.
    pub ready_within: Duration,
}

impl Launch {
    /// Lets the server listen there.
    pub fn listen_on(&mut self, network: &Network) {
        if let Ok(program) = &mut self.program {
            program.network = network.clone();
        }
    }
}
