//! Histograms from their bytes (HdrHistogram V2, deflated), which may come from anywhere: what their head claims is
//! held against what is expected before memory is taken for it.

use anyhow::{Context, Result, anyhow, ensure};
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use std::io::Read;

/// The cookies of the two layers, and the lengths of their heads: `EncodableHistogram` of the Java implementation.
const DEFLATED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;
const DEFLATED_HEAD_BYTES: usize = 8;
const PLAIN_HEAD_BYTES: usize = 40;

/// A count takes at most so many bytes.
const COUNT_BYTES_MAX: u64 = 9;

/// Reads a histogram with the bounds of `like`.
///
/// # Errors
///
/// If it has others, or is damaged. It takes no more memory than a histogram of these bounds needs.
pub fn decode_histogram(bytes: &[u8], like: &Histogram<u64>) -> Result<Histogram<u64>> {
    ensure!(
        number(bytes, 0).is_some_and(|cookie| cookie == DEFLATED),
        "the histogram is not one of HdrHistogram V2, deflated"
    );
    let deflated = bytes.get(DEFLATED_HEAD_BYTES..).unwrap_or_default();
    let longest_bytes = PLAIN_HEAD_BYTES as u64 + COUNT_BYTES_MAX * like.distinct_values() as u64;
    let mut plain = Vec::new();
    ZlibDecoder::new(deflated)
        .take(longest_bytes)
        .read_to_end(&mut plain)
        .context("the histogram does not read")?;
    let long = |at| Some(u64::from(number(&plain, at)?) << 32 | u64::from(number(&plain, at + 4)?));
    let head = (number(&plain, 0), number(&plain, 12), long(16), long(24));
    let digits = u32::from(like.sigfig());
    ensure!(
        number(&plain, 0) == Some(PLAIN) && plain.len() >= PLAIN_HEAD_BYTES,
        "the histogram is damaged"
    );
    ensure!(
        head == (
            Some(PLAIN),
            Some(digits),
            Some(like.low()),
            Some(like.high())
        ),
        "the histogram has other bounds than this version writes"
    );
    let claimed_bytes = number(&plain, 4).map_or(0, |length| length as usize);
    ensure!(
        claimed_bytes <= plain.len() - PLAIN_HEAD_BYTES,
        "the histogram does not read: it is shorter than it says"
    );
    Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|error| anyhow!("the histogram does not read: {error}"))
}

/// The 32-bit number at this place.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
    use proptest::prelude::*;
    use std::io::Write;

    fn like() -> Histogram<u64> {
        Histogram::new_with_bounds(1_000, 3_600_000_000_000, 3).unwrap()
    }

    fn encoded(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(histogram, &mut bytes)
            .unwrap();
        bytes
    }

    /// A head that claims so much, deflated, with so many zeros behind it.
    fn claiming(payload_bytes: u32, digits: u32, highest: u64, zeros: usize) -> Vec<u8> {
        let mut plain = Vec::new();
        for number in [PLAIN, payload_bytes, 0, digits] {
            plain.extend(number.to_be_bytes());
        }
        for number in [1_000, highest, 1f64.to_bits()] {
            plain.extend(number.to_be_bytes());
        }
        plain.extend(vec![0; zeros]);
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(&plain).unwrap();
        let deflated = deflated.finish().unwrap();
        let mut bytes = DEFLATED.to_be_bytes().to_vec();
        bytes.extend((deflated.len() as u32).to_be_bytes());
        bytes.extend(deflated);
        bytes
    }

    #[test]
    fn what_was_encoded_comes_back() {
        let mut histogram = like();
        for value in [1_000, 2_000_000, 3_600_000_000_000] {
            histogram.record_n(value, 3).unwrap();
        }
        assert_eq!(
            decode_histogram(&encoded(&histogram), &like()).unwrap(),
            histogram
        );
        assert_eq!(
            decode_histogram(&encoded(&like()), &like()).unwrap(),
            like()
        );
    }

    #[test]
    fn no_memory_is_taken_for_what_is_only_claimed() {
        let highest = like().high();
        for (bytes, why) in [
            (claiming(u32::MAX, 3, highest, 0), "shorter than it says"),
            (claiming(4, 5, u64::MAX / 2, 4), "other bounds"),
            // A gigabyte of zeros in a megabyte.
            (
                claiming(1 << 30, 3, highest, 1 << 26),
                "shorter than it says",
            ),
            (vec![0; 60], "not one of HdrHistogram"),
            (Vec::new(), "not one of HdrHistogram"),
        ] {
            let error = decode_histogram(&bytes, &like()).unwrap_err();
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_is_more_than_an_error(at in 0usize..80, value: u8, length in 0usize..80) {
            let mut histogram = like();
            histogram.record_n(5_000, 7).unwrap();
            let mut bytes = encoded(&histogram);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(length.max(at));
            let _ = decode_histogram(&bytes, &like());
        }
    }
}
