//! `service-times.hlog`: every histogram of a run in the standard interval log (HdrHistogram V2,
//! deflated), so that any percentile can be computed again and runs can be merged.
//!
//! One line per arm, level and block. The tag is `arm@connections`, the time stamp is the block's
//! number in seconds, and the values are nanoseconds.

use crate::load::time_histogram;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// Whose histogram it is: arm, level and block.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tagged {
    /// The arm's name.
    pub arm: String,
    /// The level.
    pub connections: usize,
    /// The block's number.
    pub block: u32,
}

/// Histograms of service times in nanoseconds.
pub type ServiceTimes = BTreeMap<Tagged, Histogram<u64>>;

/// Appends these histograms to `log`, after an explanation where the log is new.
pub(super) fn append(log: &mut impl Write, times: &ServiceTimes, is_new: bool) -> Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    if is_new {
        builder.add_comment("[Histogram log format version 1.3]");
        builder
            .add_comment("Service times in ns; Tag=arm@connections; StartTimestamp is the block.");
    }
    let mut writer = builder.begin_log_with(log, &mut serializer)?;
    for (key, histogram) in times {
        let tag = format!("{}@{}", key.arm, key.connections);
        let tag = Tag::new(&tag).context("an arm's name has no comma, space or line break")?;
        let block = Duration::from_secs(u64::from(key.block));
        writer
            .write_histogram(histogram, block, Duration::ZERO, Some(tag))
            .map_err(|error| anyhow!("cannot write a histogram: {error}"))?;
    }
    Ok(())
}

/// Reads a log back.
pub(super) fn read(log: &[u8]) -> Result<ServiceTimes> {
    let mut deserializer = Deserializer::new();
    let mut times = ServiceTimes::new();
    for entry in IntervalLogIterator::new(log) {
        let entry = entry.map_err(|error| anyhow!("the log does not read: {error:?}"))?;
        let LogEntry::Interval(interval) = entry else {
            continue;
        };
        let tag = interval.tag().context("a histogram has no tag")?.as_str();
        let (arm, connections) = tag.rsplit_once('@').with_context(|| format!("tag {tag}"))?;
        let key = Tagged {
            arm: arm.to_owned(),
            connections: connections.parse().with_context(|| format!("tag {tag}"))?,
            block: u32::try_from(interval.start_timestamp().as_secs())?,
        };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(interval.encoded_histogram())
            .with_context(|| format!("the histogram of {tag} is no base64"))?;
        let histogram: Histogram<u64> = deserializer
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| anyhow!("the histogram of {tag} does not read: {error}"))?;
        // Several lines of one key add up: that is how runs are merged.
        let sum = times.entry(key).or_insert_with(time_histogram);
        sum.add(&histogram)
            .with_context(|| format!("the histogram of {tag} has other bounds"))?;
    }
    Ok(times)
}
