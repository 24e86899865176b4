//! The positive control: the null server, each of whose connections keeps a stated amount of memory. That must be found
//! as the difference to the null server.

use super::figures::Figures;
use crate::analysis::Untrusted;
use crate::run::ArmKind;

/// Its name in rows.
pub(super) const NAME: &str = "null-holding";

/// What each connection keeps.
pub(super) const HELD_BYTES: f64 = 16_384.0;

/// The null server's options for it.
pub(super) const OPTIONS: [&str; 2] = ["--hold", "16384"];

/// By how much it may be measured as something else, as a share: the precision that a run is to have.
pub(super) const MARGIN: f64 = 0.05;

/// What the control came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    found_bytes: f64,
}

impl Held {
    /// Holds the control against the null server; `None` if either has no slope.
    pub(super) fn of(figures: &[Figures]) -> Option<Self> {
        let slope = |kind| {
            let mut own = figures.iter().filter(|one| one.arm.kind == kind);
            Some(own.next()?.slope.as_ref()?.value)
        };
        Some(Self {
            found_bytes: slope(ArmKind::Planted)? - slope(ArmKind::Null)?,
        })
    }

    /// Why it fails, if it does.
    pub(super) fn failure(self) -> Option<Untrusted> {
        let is_found = (self.found_bytes / HELD_BYTES - 1.0).abs() <= MARGIN;
        (!is_found).then(|| Untrusted::ControlFails(self.said()))
    }

    /// In words.
    pub(super) fn said(self) -> String {
        format!(
            "planted {:.1} KiB per connection, found {:.1} KiB",
            HELD_BYTES / 1024.0,
            self.found_bytes / 1024.0
        )
    }
}
