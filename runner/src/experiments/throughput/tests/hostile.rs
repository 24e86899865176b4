//! Strings from outside that want to be more than text.

use super::*;
use crate::fixtures::hostile;

#[test]
fn wherever_they_are_shown_they_are_text() {
    let mut made = MadeUp::new();
    hostile::soil(&mut made.run);
    let row = made.rows.iter_mut().find(|row| row.arm == "fast").unwrap();
    (row.ok, row.bad_body) = (row.ok - 1, 1);
    row.err = hostile::HOSTILE.replace(['\r', '\n'], " ");
    hostile::assert_text(&hostile::kept(Throughput::page(&made.records()), "slow"));
}
