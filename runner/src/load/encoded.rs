//! Histograms as they travel inside JSON: base64 of HdrHistogram's V2 encoding, deflated.

use super::time_histogram;
use crate::stats::decode_histogram;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Deserializer, Serializer, de, ser};

/// As text.
///
/// # Errors
///
/// If the histogram is larger than the encoding allows, which none of ours is.
pub fn encode_times(times: &Histogram<u64>) -> Result<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(times, &mut bytes)
        .map_err(|error| anyhow!("cannot write a histogram: {error}"))?;
    Ok(STANDARD.encode(bytes))
}

/// From text.
///
/// # Errors
///
/// If it is damaged, or has other bounds than histograms of this version.
pub fn decode_times(text: &str) -> Result<Histogram<u64>> {
    let bytes = STANDARD.decode(text).context("a histogram is not base64")?;
    let mut times = time_histogram();
    // The encoding keeps the bounds but not how far a histogram has grown; ours never grows.
    times
        .add(decode_histogram(&bytes, &times)?)
        .context("a histogram has other bounds than this version's")?;
    Ok(times)
}

pub(super) fn serialize<S: Serializer>(times: &Histogram<u64>, to: S) -> Result<S::Ok, S::Error> {
    let text = encode_times(times).map_err(ser::Error::custom)?;
    to.serialize_str(&text)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Histogram<u64>, D::Error> {
    let text = String::deserialize(from)?;
    decode_times(&text).map_err(de::Error::custom)
}
