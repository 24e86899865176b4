//! `runner doctor`: is this machine fit to measure, what is not costs this, and this mends it.

#[cfg(feature = "mpi")]
mod together;

use crate::cli::DoctorOptions;
use crate::environment::doctor::{self, Check};
use crate::load::io_uring_granted;
use crate::output::{Verdict, print, print_json};
use anyhow::Result;

pub(super) fn run(options: &DoctorOptions) -> Result<Verdict> {
    #[cfg(feature = "mpi")]
    // One that MPI does not know can be examined alone.
    if let Ok(Some(world)) = crate::ranks::World::join() {
        return together::run(options, &world);
    }
    let checks = doctor::examine(io_uring_granted());
    match options.json {
        true => print_json(&checks)?,
        false => print(text(&checks).trim_end())?,
    }
    let found = checks.iter().any(|check| check.finding.is_some());
    Ok(Verdict::good_if(!found))
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check {
        subject,
        state,
        finding,
    } in checks
    {
        let sign = if finding.is_some() { "!!" } else { "ok" };
        text += &format!("{sign}  {subject:<20} {state}\n");
        if let Some(finding) = finding {
            text += &format!(
                "      costs: {}\n      mend:  {}\n",
                finding.cost, finding.mend
            );
        }
    }
    let count = checks
        .iter()
        .filter(|check| check.finding.is_some())
        .count();
    text + &match count {
        0 => "nothing was found against measuring here".to_owned(),
        1 => "1 finding; nothing was changed".to_owned(),
        count => format!("{count} findings; nothing was changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::doctor::Finding;

    #[test]
    fn a_finding_stands_with_its_cost_and_its_command() {
        let check = |finding| Check {
            subject: "somaxconn",
            state: "128".to_owned(),
            finding,
        };
        let finding = Finding {
            cost: "the queue overflows",
            mend: "sudo sysctl".to_owned(),
            spoils_figures: true,
        };
        insta::assert_snapshot!(text(&[check(None), check(Some(finding))]), @r"
        ok  somaxconn            128
        !!  somaxconn            128
              costs: the queue overflows
              mend:  sudo sysctl
        1 finding; nothing was changed
        ");
    }
}
