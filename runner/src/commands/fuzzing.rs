//! Everything that reads foreign words or files, as fuzz targets and a property test see it: any input is understood
//! or refused, and what is understood is what the rest of the program may rely on.

use super::load::read_url;
use crate::cli::stage_option;
use crate::load::time_histogram;
use crate::record::{read_histograms, read_rows};
use crate::result::{self, LoadResult, Named};
use crate::run::{BlockRow, ProcessRow};
use crate::values;
use crate::work::callgrind;
use std::path::Path;

/// A reader with its name, and an input that it understands.
pub type Reader = (&'static str, fn(&str), &'static str);

/// All readers.
pub const READERS: [Reader; 7] = [
    ("url", url, "http://name:secret@[::1]:8080/a?b=c#d"),
    ("stages", stages, "1k..50k@1m"),
    ("options", options, "Accept: text/plain"),
    (
        "histogram",
        histogram,
        "Tag=one@64,7.000,0.000,0.640,HISTFAAAABt4nJNpmSzMwMDAxAABzFCaEUoz2X+AMIIZABLrAXs=",
    ),
    ("rows", rows, "block,arm\n1,one"),
    ("json", json, "{\"version\":\"1\",\"ok\":1}"),
    (
        "profile",
        profile,
        "events: Ir\npositions: instr line\nfn=(1) main\n0x10 16 3\ntotals: 3\n",
    ),
];

/// A URL of `runner load`.
///
/// # Panics
///
/// As all of these, if the reader breaks its word.
pub fn url(text: &str) {
    match read_url(text) {
        Ok((shown, path)) => {
            assert!(
                path.starts_with('/') && shown.starts_with("http://"),
                "{shown}"
            );
            let is_clean = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(is_clean(&shown) && is_clean(&path), "{shown:?}");
        }
        Err(words) => {
            // Only what stands before the last `@` may be a password.
            let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
            assert!(
                !words.contains("secret") || shown.contains("secret"),
                "{words}"
            );
        }
    }
}

/// A stage of a rate.
pub fn stages(text: &str) {
    if let Ok(stage) = stage_option(text) {
        let steps = stage.steps();
        assert!(!steps.is_empty() && steps.len() <= 20);
        for step in steps {
            assert!(step.requests().is_finite() && step.from_rate > 0.0 && step.to_rate > 0.0);
        }
    }
}

/// Values of other options.
pub fn options(text: &str) {
    if let Ok(field) = values::header_field(text) {
        assert!(
            !field.name.is_empty() && !field.value.contains(['\r', '\n', '\0']),
            "{field:?}"
        );
    }
    if let Ok(duration) = values::duration(text) {
        assert!(!duration.is_zero(), "{text}");
    }
    if let Ok(rate) = values::rate(text) {
        assert!(rate.is_finite() && rate > 0.0, "{text}");
    }
    let _ = (
        values::count(text),
        values::connections(text),
        values::percent(text),
    );
    let _ = (
        values::timeout(text),
        values::connect_to(text),
        values::method(text),
    );
}

/// A line of a histogram log.
pub fn histogram(text: &str) {
    let lines: Vec<(usize, &str)> = text.lines().enumerate().collect();
    if let Ok(read) = read_histograms(Path::new("x.hlog"), &lines, &time_histogram()) {
        for (_, histogram) in read {
            assert_eq!(histogram.high(), time_histogram().high());
        }
    }
}

/// Rows of a record, under a heading.
pub fn rows(text: &str) {
    let (heading, rows) = text.split_once('\n').unwrap_or((text, ""));
    let lines: Vec<(usize, &str)> = rows.lines().enumerate().collect();
    let path = Path::new("x.csv");
    let _ = read_rows::<BlockRow>(path, heading, &lines);
    let _ = read_rows::<ProcessRow>(path, heading, &lines);
}

/// A result of `runner load --json`, as `merge` takes it.
pub fn json(text: &str) {
    if let Ok(one) = serde_json::from_str::<LoadResult>(text) {
        let _ = result::text(&one, true);
        let name = "x.json".to_owned();
        let _ = result::merge(&[Named { name, result: one }], true);
    }
}

/// A profile of callgrind.
pub fn profile(text: &str) {
    let _ = callgrind::parse(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_inputs_that_are_to_be_understood_are_read() {
        for (_, read, input) in READERS {
            read(input);
        }
        assert!(read_url(READERS[0].2).is_ok());
        assert!(stage_option(READERS[1].2).is_ok());
        assert!(values::header_field(READERS[2].2).is_ok());
    }

    /// Found by `make fuzz`: the path is not a password, although it has the same words.
    #[test]
    fn a_path_may_have_the_words_of_the_password() {
        url("http://name:secret@[::1/secret");
        url("http://name:secret@name:a@[::1/secret");
    }

    proptest! {
        #[test]
        fn any_words_are_understood_or_refused(text in "\\PC{0,80}", letters in "[ -~\\n]{0,80}") {
            for (_, read, _) in READERS {
                read(&text);
                read(&letters);
            }
        }

        #[test]
        fn so_are_right_words_with_one_piece_of_them_replaced(
            at in 0usize..100, length in 0usize..9, new in "[ -~\\n]{0,9}",
        ) {
            for (_, read, input) in READERS {
                let at = at.min(input.len());
                let end = (at + length).min(input.len());
                read(&format!("{}{new}{}", &input[..at], &input[end..]));
            }
        }
    }
}
