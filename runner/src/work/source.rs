//! The functions of the source behind machine addresses: the one that was compiled there and all
//! that were inlined into it, read from the program's debug information.

use super::callgrind::Function;
use addr2line::Loader;
use anyhow::{Result, anyhow, ensure};
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Display;
use std::path::Path;

/// The linker folds functions of equal code into one and keeps both names; callgrind may know the
/// one and the file's symbol table the other. If less than this agrees, it is another program.
const AGREEING_SHARE: f64 = 0.9;

/// How many functions of the source have code at these addresses.
///
/// They are told apart by their names as line tables give them: with type parameters, but mostly
/// without a path. So one function counts once for each set of types, and two functions of one
/// name and types count once.
///
/// Only the program's own debug information is asked: whether there is some of a library depends
/// on the machine. If it says nothing, the symbol counts.
///
/// # Errors
///
/// If the program's debug information cannot be read, or is of another program than was
/// counted.
pub(super) fn count(path: &Path, addresses: &[(&Function, u64)]) -> Result<usize> {
    let unreadable = |error: &dyn Display| {
        let path = path.display();
        anyhow!("cannot read the debug information of {path}: {error}")
    };
    let loader = Loader::new(path).map_err(|error| unreadable(&error))?;
    let (inside, outside): (Vec<_>, Vec<_>) = addresses
        .iter()
        .partition(|(function, _)| Path::new(&*function.object) == path);
    check_symbols(&loader, path, &inside)?;
    let mut names = HashSet::new();
    let mut symbols: HashSet<&Function> = outside.iter().map(|(function, _)| *function).collect();
    for (function, address) in inside {
        let of_frames = names_at(&loader, address).map_err(|error| unreadable(&error))?;
        if of_frames.is_empty() {
            symbols.insert(function);
        }
        names.extend(of_frames);
    }
    Ok(names.len() + symbols.len())
}

/// The names of the frames at an address, innermost first.
fn names_at(loader: &Loader, address: u64) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    let mut frames = loader.find_frames(address)?;
    while let Some(frame) = frames.next()? {
        if let Some(function) = frame.function {
            names.push(function.raw_name()?.into_owned());
        }
    }
    Ok(names)
}

/// Addresses of a profile are those the object was linked at. That the file's own symbols say the
/// same about them shows that it is so, and that nobody has built the program anew since.
fn check_symbols(loader: &Loader, path: &Path, addresses: &[(&Function, u64)]) -> Result<()> {
    let named = addresses
        .iter()
        .filter(|(function, _)| !function.is_nameless());
    let (mut all, mut agreeing) = (0_u32, 0_u32);
    for (function, address) in named {
        all += 1;
        agreeing += u32::from(loader.find_symbol(*address) == Some(&*function.name));
    }
    ensure!(
        f64::from(all) * AGREEING_SHARE <= f64::from(agreeing),
        "{} is not the program that was counted: {agreeing} of {all} addresses have the symbol \
         they had; has it been built anew meanwhile?",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(object: &Path, name: &str) -> Function {
        Function {
            object: object.to_string_lossy().into(),
            name: name.into(),
        }
    }

    /// A function of this test program, found by its symbol at its address; nothing is inlined into it.
    #[inline(never)]
    fn landmark(number: u64) -> u64 {
        number * 31 + 17
    }

    /// This program's path, and where `landmark` was linked.
    fn linked_landmark() -> (std::path::PathBuf, u64, String) {
        let path = std::env::current_exe().unwrap();
        let maps = procfs::process::Process::myself().unwrap().maps().unwrap();
        let own = |map: &&procfs::process::MemoryMap| matches!(&map.pathname, procfs::process::MMapPath::Path(one) if *one == path);
        let base = maps.iter().find(own).unwrap().address.0;
        assert_eq!(landmark(1), 48);
        let address = landmark as fn(u64) -> u64 as usize as u64 - base;
        let loader = Loader::new(&path).unwrap();
        let symbol = loader.find_symbol(address).unwrap().to_owned();
        (path, address, symbol)
    }

    #[test]
    fn frames_are_named_and_symbols_count_elsewhere() {
        let (path, address, symbol) = linked_landmark();
        let landmark = at(&path, &symbol);
        assert!(symbol.contains("landmark"), "{symbol}");
        let elsewhere = at(Path::new("/lib/libc.so.6"), "memcpy");
        let both = [(&landmark, address), (&elsewhere, 1), (&elsewhere, 2)];
        assert_eq!(count(&path, &both).unwrap(), 2);
    }

    #[test]
    fn another_program_than_was_counted_is_refused() {
        let (path, address, _) = linked_landmark();
        let other = at(&path, "another");
        let error = count(&path, &[(&other, address)]).unwrap_err();
        assert!(error.to_string().contains("0 of 1 addresses"), "{error}");
    }
}
