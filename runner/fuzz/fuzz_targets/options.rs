//! Values of options: header fields, times, rates, counts, addresses: understood or refused, whatever they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runner::commands::fuzzing;

fuzz_target!(|text: &str| fuzzing::options(text));
