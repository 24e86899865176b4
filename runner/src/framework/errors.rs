//! What cargo prints on standard error: passed on as it comes, and the last error lines kept for whoever reads of a
//! failed build later.

use crate::output::has_escapes;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::process::Command;
use std::thread::JoinHandle;

/// So much of the end is kept while cargo runs.
const KEPT_BYTES: usize = 64 << 10;

/// At most so many lines are told, which with the command fit into a cell,
const LINES_MAX: usize = 5;

/// and of each so many characters: a linker's command fills pages.
const LINE_CHARS_MAX: usize = 150;

/// Has cargo print in colour and with its progress, as it does on its own if its standard error is a terminal, and ours
/// is one. Nothing is changed that the user has set.
pub(super) fn print_as_on_terminal(cargo: &mut Command) {
    if !std::io::stderr().is_terminal() || !has_escapes() {
        return;
    }
    let mut set = |name: &str, value: &str| {
        if std::env::var_os(name).is_none() {
            cargo.env(name, value);
        }
    };
    set("CARGO_TERM_COLOR", "always");
    if let Some((_, columns)) = console::Term::stderr().size_checked() {
        set("CARGO_TERM_PROGRESS_WHEN", "always");
        set("CARGO_TERM_PROGRESS_WIDTH", &columns.to_string());
    }
}

/// Passes everything on to `to` as soon as it comes, until the other side ends; returns the end of it.
pub(super) fn pass_on(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0; 8 << 10];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            // Whether anybody reads it changes nothing.
            let _ = to.write_all(&buffer[..count]).and_then(|()| to.flush());
            kept.extend_from_slice(&buffer[..count]);
            let surplus = kept.len().saturating_sub(2 * KEPT_BYTES);
            if surplus > 0 {
                kept.drain(..kept.len() - KEPT_BYTES);
            }
        }
        String::from_utf8_lossy(&kept).into_owned()
    })
}

/// The last error lines of what cargo has printed, in one line; without colours, sources and cargo's progress.
pub(super) fn last_errors(printed: &str) -> String {
    let plain = console::strip_ansi_codes(printed);
    // What stands before a carriage return was drawn over.
    let lines = plain
        .lines()
        .filter_map(|line| line.trim_end().rsplit('\r').next());
    let mut is_error = false;
    let (mut errors, mut others) = (Vec::new(), Vec::new());
    for line in lines.filter(|line| !line.trim().is_empty()) {
        is_error = match line {
            line if line.starts_with("error") => true,
            line if line.starts_with("warning") || is_progress(line) => false,
            _ => is_error,
        };
        if is_error && !is_source(line) {
            errors.push(line.trim());
        }
        others.push(line.trim());
    }
    let told = if errors.is_empty() { others } else { errors };
    if told.is_empty() {
        return "cargo printed nothing".to_owned();
    }
    let last = &told[told.len().saturating_sub(LINES_MAX)..];
    let last = last.iter().map(|line| match line.chars().count() {
        ..=LINE_CHARS_MAX => (*line).to_owned(),
        _ => line.chars().take(LINE_CHARS_MAX).chain(['…']).collect(),
    });
    last.collect::<Vec<String>>().join(" | ")
}

/// A line in which cargo says what it does: a verb that ends in column 12.
fn is_progress(line: &str) -> bool {
    let verb = line.trim_start().split(' ').next().unwrap_or_default();
    let column = line.len() - line.trim_start().len() + verb.len();
    column == 12 && verb.starts_with(|first: char| first.is_ascii_uppercase())
}

/// A line of a source that the compiler quotes, or a hint on how to learn more.
fn is_source(line: &str) -> bool {
    let line = line.trim_start();
    let after = line.trim_start_matches(|one: char| one.is_ascii_digit());
    after.trim_start().starts_with('|')
        || line == "..."
        || line.starts_with("For more information about")
        || line.starts_with("Some errors have detailed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::sync::{Arc, Mutex};

    /// As rustc 1.9x and cargo print it, with a progress bar and colours.
    const BROKEN: &str = "\u{1b}[1m\u{1b}[92m   Compiling\u{1b}[0m tiny v0.1.0 (/a/tiny)\n\
        \u{1b}[1m\u{1b}[96m    Building\u{1b}[0m [====>   ] 1/2: tiny\r\u{1b}[K\
        \u{1b}[1m\u{1b}[33mwarning\u{1b}[0m: unused variable: `x`\n --> src/lib.rs:1:5\n  |\n\
        1 | let x = 1;\n  |     ^\n\n\
        \u{1b}[1m\u{1b}[91merror[E0425]\u{1b}[0m: cannot find value `y` in this scope\n \
        --> src/main.rs:2:5\n  |\n2 |     y\n  |     ^ not found in this scope\n\n\
        For more information about this error, try `rustc --explain E0425`.\n\
        warning: build failed, waiting for other jobs to finish...\n\
        error: could not compile `tiny` (bin \"tiny\") due to 1 previous error\n";

    #[test]
    fn errors_are_told_without_colours_sources_and_progress() {
        assert_eq!(
            last_errors(BROKEN),
            "error[E0425]: cannot find value `y` in this scope | --> src/main.rs:2:5 | \
             error: could not compile `tiny` (bin \"tiny\") due to 1 previous error"
        );
    }

    #[test]
    fn causes_belong_to_their_error_and_what_follows_in_parallel_does_not() {
        let printed = "error: failed to run custom build command for `native v1.0.0`\n\n\
            Caused by:\n  process didn't exit successfully: `build-script` (exit status: 1)\n  \
            --- stderr\n  no such library\n   Compiling other v1.0.0\n";
        assert_eq!(
            last_errors(printed),
            "error: failed to run custom build command for `native v1.0.0` | Caused by: | \
             process didn't exit successfully: `build-script` (exit status: 1) | --- stderr | \
             no such library"
        );
    }

    #[test]
    fn the_reason_is_bounded_and_never_empty() {
        let many: String = (0..1000)
            .map(|number| format!("error: {number}{}\n", "x".repeat(5000)))
            .collect();
        let told = last_errors(&many);
        assert!(told.starts_with("error: 995x"), "{told}");
        assert!(told.chars().count() < LINES_MAX * (LINE_CHARS_MAX + 5));
        assert_eq!(last_errors(" \n"), "cargo printed nothing");
        assert_eq!(last_errors("killed\n"), "killed");
    }

    /// What was written, for whoever looks later.
    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn everything_is_passed_on_and_the_end_is_kept() {
        let text = "a line of cargo\n".repeat(20_000);
        let shown = Shown::default();
        let kept = pass_on(Cursor::new(text.clone().into_bytes()), shown.clone());
        let kept = kept.join().unwrap();
        assert_eq!(shown.0.lock().unwrap().len(), text.len());
        assert!(text.ends_with(&kept) && kept.len() >= KEPT_BYTES);
        assert!(kept.len() <= 2 * KEPT_BYTES);
    }
}
