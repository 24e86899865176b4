//! Where the work of one contestant goes, for its author: functions and owners by instructions.

use super::options::IsolatedOptions;
use super::profile_table::profile;
use crate::framework::{self, ServerKind, Workspace};
use crate::output::{Verdict, print, print_json};
use crate::usage::UsageError;
use crate::work::{self, Subject, tools};
use anyhow::Result;
use std::io::IsTerminal;

pub(super) fn run(workspace: &Workspace, options: &IsolatedOptions) -> Result<Verdict> {
    let [name] = options.run.names.as_slice() else {
        return Err(UsageError(
            "--profile looks at one contestant: runner isolated NAME --profile".to_owned(),
        )
        .into());
    };
    let plan = options.plan();
    plan.validate()?;
    let processor = options.processor()?;
    let framework = workspace.find(name)?;
    tools::find(tools::Tool::Valgrind)?;
    tools::find(tools::Tool::Vgdb)?;
    let server = framework::build(workspace, framework, ServerKind::Quickstart, plan.env)?;
    let work = work::count(&Subject::contestant(server), processor, plan.work_requests)?;
    if options.run.json {
        print_json(&work)?;
        return Ok(Verdict::Good);
    }
    // In a file or a pager there is room for whole names.
    let columns = std::io::stdout().is_terminal().then_some(80);
    print(profile(name, &work, columns))?;
    Ok(Verdict::Good)
}
