//! URLs of `runner load`: understood or refused, whatever they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runner::commands::fuzzing;

fuzz_target!(|text: &str| fuzzing::url(text));
