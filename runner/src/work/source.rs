//! The functions of the source behind machine addresses: the one that was compiled there and all
//! that were inlined into it, read from the program's debug information.

use anyhow::{Result, anyhow};
use std::collections::HashSet;
use std::path::Path;

/// A function of the source: its name with its type parameters, and the file its code is in.
///
/// Line tables name inlined functions without their paths; so the file tells one `new` from
/// another.
pub(super) type SourceFunction = (String, String);

/// Functions of the program at `path` that have code at one of these addresses, and the addresses
/// of which the debug information says nothing.
///
/// # Errors
///
/// Where the program's debug information cannot be read.
pub(super) fn functions(
    path: &Path,
    addresses: impl IntoIterator<Item = u64>,
) -> Result<(HashSet<SourceFunction>, HashSet<u64>)> {
    let unreadable = |error: &dyn std::fmt::Display| {
        anyhow!(
            "cannot read the debug information of {}: {error}",
            path.display()
        )
    };
    let loader = addr2line::Loader::new(path).map_err(|error| unreadable(&error))?;
    let mut found = HashSet::new();
    let mut without = HashSet::new();
    for address in addresses {
        let mut frames = loader
            .find_frames(address)
            .map_err(|error| unreadable(&error))?;
        let mut any = false;
        while let Some(frame) = frames.next().map_err(|error| unreadable(&error))? {
            let Some(function) = frame.function else {
                continue;
            };
            let name = function.raw_name().map_err(|error| unreadable(&error))?;
            let file = frame.location.and_then(|location| location.file);
            found.insert((name.into_owned(), file.unwrap_or_default().to_owned()));
            any = true;
        }
        if !any {
            without.insert(address);
        }
    }
    Ok((found, without))
}
