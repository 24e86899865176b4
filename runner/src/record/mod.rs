//! How records lie on disk: files written whole or appended line by line, CSV rows, histogram logs and
//! digests. What the rows mean is for the experiments.

mod appended;
mod binary;
mod csv;
mod digest;
mod hlog;
mod lines;
mod whole;

pub use appended::Appended;
pub use binary::Binary;
pub use csv::{CsvLines, read_rows};
pub use digest::{Digest, file_digest};
pub use hlog::{HistogramTag, histogram_lines, read_histograms};
pub use lines::{Lines, read_lines};
pub use whole::{sync_folder, write_whole};
