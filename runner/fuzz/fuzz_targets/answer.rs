//! The strict parser on any bytes: it never panics, and where it finds an answer, the answer has
//! the same length whatever comes after it, and no beginning of it is an answer or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runner::http::{Method, parse};

fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else {
        return;
    };
    let method = match choice & 1 {
        0 => Method::Get,
        _ => Method::Head,
    };
    let _ = parse(bytes, method, true);
    let Ok(Some(answer)) = parse(bytes, method, false) else {
        return;
    };
    let length_bytes = answer.length_bytes;
    assert!(length_bytes <= bytes.len());
    let (status, body) = (answer.status, answer.body.into_owned());
    let longer = [&bytes[..length_bytes], b"HTTP/1.1 200 OK\r\n\r\n"].concat();
    for alike in [&bytes[..length_bytes], &longer] {
        let again = parse(alike, method, false).expect("it was right").expect("it was whole");
        assert_eq!((again.status, again.length_bytes), (status, length_bytes));
        assert_eq!(&*again.body, &*body);
    }
    let cut = length_bytes * usize::from(choice >> 1) / 128;
    assert!(matches!(parse(&bytes[..cut], method, false), Ok(None)), "{cut} of {length_bytes}");
});
