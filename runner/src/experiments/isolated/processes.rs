//! Work whose result does not depend on time, done on all processors at once: one task per processor.

use crate::environment::processors;
use crate::interrupt;
use anyhow::Result;
use std::sync::{Mutex, mpsc};
use std::thread;

/// Does all `tasks`, each on a processor of its own, and hands every outcome to `keep` as it comes.
///
/// # Errors
///
/// If `keep` fails, or the run is interrupted.
pub(super) fn on_all_processors<Task: Send, Outcome: Send>(
    tasks: Vec<Task>,
    work: impl Fn(&Task, usize) -> Outcome + Sync,
    mut keep: impl FnMut(Task, Outcome) -> Result<()>,
) -> Result<()> {
    let queue = Mutex::new(tasks.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    thread::scope(|scope| {
        let (sender, outcomes) = mpsc::channel();
        for processor in processors::allowed()? {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while let Some(task) = next() {
                    let outcome = work(&task, processor);
                    // If something has failed, nobody listens any more, and this ends, too.
                    if sender.send((task, outcome)).is_err() || interrupt::is_requested() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (task, outcome) in outcomes {
            interrupt::check()?;
            keep(task, outcome)?;
        }
        interrupt::check()?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        let mut sum = 0;
        let work = |task: &u64, _| task * 2;
        let keep = |task: u64, outcome: u64| {
            assert_eq!(outcome, 2 * task);
            sum += task;
            Ok(())
        };
        on_all_processors((0..100).collect(), work, keep).unwrap();
        assert_eq!(sum, 4950);
    }

    #[test]
    fn a_result_that_cannot_be_kept_ends_it() {
        let keep = |_, ()| anyhow::bail!("the disk is full");
        let error = on_all_processors((0..100).collect::<Vec<u64>>(), |_, _| (), keep).unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
    }
}
