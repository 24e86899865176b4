//! Where the work of one contestant goes, for its author: functions and owners by instructions.

use super::job::{plan, processor};
use crate::cli::IsolatedOptions;
use crate::commands::{Verdict, print};
use crate::framework::{self, BuildEnv, ServerKind, Workspace};
use crate::report::profile;
use crate::server::Program;
use crate::usage::UsageError;
use crate::work::{self, tools};
use anyhow::Result;
use std::io::IsTerminal;

pub(super) fn run(workspace: &Workspace, options: &IsolatedOptions) -> Result<Verdict> {
    let [name] = options.names.as_slice() else {
        return Err(UsageError(
            "--profile looks at one contestant: runner isolated NAME --profile".to_owned(),
        )
        .into());
    };
    plan(options).validate()?;
    let processor = processor(options.processor)?;
    let framework = workspace.find(name)?;
    tools::find(tools::Tool::Valgrind)?;
    tools::find(tools::Tool::Vgdb)?;
    let (kind, env) = (ServerKind::Quickstart, BuildEnv::Release);
    let server = framework::build(workspace, framework, kind, env)?;
    let work = work::count(&Program::new(server), processor, options.work_requests)?;
    // Whoever reads it in a file or a pager has room for whole names.
    let columns = std::io::stdout().is_terminal().then_some(80);
    print(profile(name, &work, columns))?;
    Ok(Verdict::Good)
}
