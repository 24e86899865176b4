//! Histograms as lines of the standard interval log (HdrHistogram V2, deflated), so that any percentile can
//! be computed again and runs can be merged. Values are nanoseconds.

use crate::stats::decode_histogram;
use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use std::path::Path;
use std::time::Duration;

/// Longest line of a histogram log that is read: no histogram with three digits has more.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Whose times they are: the arm, the condition it was measured under (connections, or a rate), and the
/// block. In the log the tag is `arm@condition`, and the start time stamp is the block in seconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistogramTag {
    /// The arm's name.
    pub arm: String,
    /// The condition.
    pub condition: u64,
    /// The block's number.
    pub block: u32,
}

/// The lines that open a log, and the line of one histogram.
///
/// # Errors
///
/// If an arm's name cannot stand in a tag: it has a comma, a space or a line break.
pub fn histogram_lines(
    comment: &str,
    tag: &HistogramTag,
    histogram: &Histogram<u64>,
) -> Result<(Vec<String>, String)> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment("[Histogram log format version 1.3]");
    builder.add_comment(comment);
    let mut text = Vec::new();
    let mut writer = builder.begin_log_with(&mut text, &mut serializer)?;
    let name = format!("{}@{}", tag.arm, tag.condition);
    let name = Tag::new(&name).context("an arm's name has no comma, space or line break")?;
    let block = Duration::from_secs(u64::from(tag.block));
    writer
        .write_histogram(histogram, block, Duration::ZERO, Some(name))
        .map_err(|error| anyhow!("cannot write a histogram: {error}"))?;
    let text = String::from_utf8(text).context("a log is text")?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = lines.pop().context("a histogram has a line")?;
    Ok((lines, line))
}

/// Reads histograms back from numbered lines, comments left out.
///
/// # Errors
///
/// If a line is not a histogram with a tag as [`histogram_lines`] writes it and with the bounds of `empty`;
/// the error names the file and the line.
pub fn read_histograms(
    file: &Path,
    lines: &[(usize, &str)],
    empty: &Histogram<u64>,
) -> Result<Vec<(HistogramTag, Histogram<u64>)>> {
    lines
        .iter()
        .map(|(number, line)| {
            read_line(line, empty).with_context(|| format!("{}, line {number}", file.display()))
        })
        .collect()
}

fn read_line(line: &str, empty: &Histogram<u64>) -> Result<(HistogramTag, Histogram<u64>)> {
    ensure!(
        line.len() <= LINE_BYTES_MAX,
        "the line is too long for a histogram"
    );
    // The parser takes a line only with its end.
    let line = format!("{line}\n");
    let entry = IntervalLogIterator::new(line.as_bytes()).next();
    let entry = entry.context("the line is empty")?;
    let entry = entry.map_err(|error| anyhow!("the line is not a histogram: {error:?}"))?;
    let LogEntry::Interval(interval) = entry else {
        anyhow::bail!("the line is not a histogram");
    };
    let tag = interval.tag().context("the histogram has no tag")?.as_str();
    let (arm, condition) = tag
        .rsplit_once('@')
        .with_context(|| format!("the tag `{tag}` is not of the form arm@condition"))?;
    let tag = HistogramTag {
        arm: arm.to_owned(),
        condition: condition
            .parse()
            .with_context(|| format!("the tag `{tag}`"))?,
        block: u32::try_from(interval.start_timestamp().as_secs())?,
    };
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(interval.encoded_histogram())
        .context("the histogram is not base64")?;
    Ok((tag, decode_histogram(&bytes, empty)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(value: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).unwrap();
        histogram.record(value).unwrap();
        histogram
    }

    fn tag() -> HistogramTag {
        HistogramTag {
            arm: "one".to_owned(),
            condition: 64,
            block: 7,
        }
    }

    #[test]
    fn a_histogram_is_one_line_and_comes_back() {
        let (head, line) = histogram_lines("Times in ns.", &tag(), &histogram(640_000)).unwrap();
        assert!(
            head.iter()
                .all(|line| line.starts_with('#') || line.starts_with('"')),
            "{head:?}"
        );
        let read = read_histograms(Path::new("x.hlog"), &[(4, &line)], &histogram(1)).unwrap();
        assert_eq!(read, [(tag(), histogram(640_000))]);
    }

    #[test]
    fn an_error_names_file_and_line() {
        let (_, line) = histogram_lines("", &tag(), &histogram(640_000)).unwrap();
        for damaged in [
            line.replace("one@64", "one64"),
            line.replace("one@64", "one@many"),
            line[..line.len() - 9].to_owned(),
            "words".to_owned(),
        ] {
            let lines = [(4, damaged.as_str())];
            let error = read_histograms(Path::new("x.hlog"), &lines, &histogram(1)).unwrap_err();
            assert!(
                format!("{error:#}").starts_with("x.hlog, line 4: "),
                "{error:#}"
            );
        }
        let other = Histogram::new_with_bounds(1, 1_000_000, 2).unwrap();
        let lines = [(4, line.as_str())];
        assert!(read_histograms(Path::new("x.hlog"), &lines, &other).is_err());
    }
}
