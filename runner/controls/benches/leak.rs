//! The floor with a planted leak: 16 bytes at every 100th request, 0.16 bytes per request.

mod canned_answers;

use isolated::Bench;
use std::process::ExitCode;

fn leak(request: u64) {
    if request.is_multiple_of(100) {
        std::hint::black_box(Box::leak(Box::new([0_u8; 16])));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    Bench::new()
        .without_call("canned bytes have no router to call")
        .bytes(async |listener| canned_answers::serve(listener, leak).await)
        .run()
        .await
}
