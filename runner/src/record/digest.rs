//! SHA-256 digests (FIPS 180-4), as hexadecimal text: of binaries, of rows, of records.

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A digest in the making.
#[derive(Debug, Clone, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// A digest of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one line of text. The line break counts, so that two lines never pass for one.
    pub fn line(&mut self, text: &str) {
        self.0.update(text.as_bytes());
        self.0.update(b"\n");
    }

    /// The digest as 64 hexadecimal digits.
    #[must_use]
    pub fn text(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a file's content.
///
/// # Errors
///
/// If the file cannot be read.
pub fn file_digest(path: &Path) -> Result<String> {
    let what = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(what)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer).with_context(what)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read_bytes => hash.update(&buffer[..read_bytes]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_the_standard() {
        // FIPS 180-4: the digest of "abc".
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        std::fs::write(&file, "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(file_digest(&file).unwrap(), expected);
    }

    #[test]
    fn two_lines_do_not_pass_for_one() {
        let of = |lines: &[&str]| {
            let mut digest = Digest::new();
            lines.iter().for_each(|line| digest.line(line));
            digest.text()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
