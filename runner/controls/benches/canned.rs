//! The floor: what the replayed stream and the runtime cost where nothing is parsed or routed.

mod canned_answers;

use isolated::Bench;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    Bench::new()
        .without_call("canned bytes have no router to call")
        .bytes(async |listener| canned_answers::serve(listener, |_| {}).await)
        .run()
        .await
}
