//! Where the arms of a run come from: the contestants under frameworks/, or a user's own servers by their commands. Below
//! this, nothing knows of either.

mod contestants;
mod own;

pub use contestants::{Prepared, Variant, contestant, per_connection};
pub use own::OwnOptions;
