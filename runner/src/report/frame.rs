//! What every page of a run has: when and where it was made, by which command, and what weakens it.

use super::format::described;
use crate::run::{Arm, Run};

/// The day a run began: digits and dashes, whatever a record holds.
pub(super) fn date<P>(run: &Run<P>) -> String {
    let is_of_date = |char: &char| char.is_ascii_digit() || *char == '-';
    run.started_at
        .chars()
        .take_while(is_of_date)
        .take(10)
        .collect()
}

/// `0, 2`; a dash for none.
fn numbers(processors: &[usize]) -> String {
    if processors.is_empty() {
        return "–".to_owned();
    }
    let all: Vec<String> = processors.iter().map(usize::to_string).collect();
    all.join(", ")
}

/// Where servers and generators were, if that is not one machine.
fn hosts<P>(run: &Run<P>) -> String {
    let each = run
        .hosts
        .iter()
        .enumerate()
        .map(|(place, one)| match place {
            0 => format!(
                "servers on {}, processors {}",
                one.host.name,
                numbers(&run.processors.server)
            ),
            _ => format!(
                "a generator on {} ({}), processors {}",
                one.host.name,
                one.host.machine.processor,
                numbers(&one.processors)
            ),
        });
    format!("hosts: {}", each.collect::<Vec<_>>().join("; "))
}

/// Machine, tools and command; `more` comes after the machine.
pub(super) fn circumstances<P>(run: &Run<P>, more: Vec<String>) -> Vec<String> {
    let toolchain = &run.toolchain;
    let tools = [&toolchain.rustc, &toolchain.cargo]
        .into_iter()
        .chain(toolchain.tools.values());
    let tools: Vec<&str> = tools
        .map(String::as_str)
        .filter(|tool| !tool.is_empty())
        .collect();
    let mut items = vec![
        format!(
            "command: `runner {}`, seed {}",
            run.command.join(" "),
            run.seed
        ),
        format!("machine: {}", described(&run.machine)),
        match run.processors.generator.as_slice() {
            [] if !run.hosts.is_empty() => hosts(run),
            [] => format!("processor: {}", numbers(&run.processors.server)),
            generator => format!(
                "processors: server on {}, generator on {}",
                numbers(&run.processors.server),
                numbers(generator)
            ),
        },
    ];
    items.extend(more);
    items.extend(run.arms.iter().filter_map(started));
    if !tools.is_empty() {
        items.push(format!("tools: {}", tools.join("; ")));
    }
    if !run.environment.is_empty() {
        let variables = run
            .environment
            .iter()
            .map(|(name, value)| format!("`{name}={value}`"));
        items.push(format!(
            "variables: {}",
            variables.collect::<Vec<_>>().join(", ")
        ));
    }
    items.push(format!(
        "{}method {} of {}, records of schema {}",
        sources(run),
        run.method,
        run.experiment,
        run.schema
    ));
    items.push(format!(
        "started {}, ended {}",
        run.started_at,
        run.ended_at
            .as_deref()
            .unwrap_or("at a time that is not recorded (killed)")
    ));
    items
}

/// How a server of a user's own is started, and what it is asked.
fn started(arm: &Arm) -> Option<String> {
    let own = arm.own.as_ref().filter(|_| arm.kind.is_contestant())?;
    let folder = own.folder.as_ref();
    let within = folder.map_or_else(String::new, |folder| format!(" in `{}`", folder.display()));
    Some(format!(
        "`{}`: `{}`{within}, asked `{} {}`",
        arm.name, own.command, own.method, own.path
    ))
}

/// Which sources were measured, if any were.
fn sources<P>(run: &Run<P>) -> String {
    if run.arms.iter().any(|arm| arm.own.is_some()) {
        return String::new();
    }
    let is_unchanged = match run.toolchain.uncommitted {
        Some(true) => ", with changes that are not in it",
        Some(false) => "",
        None => ", not known whether unchanged",
    };
    let revision = run.toolchain.revision.as_deref();
    let since = revision.map_or_else(String::new, |revision| {
        format!(": `git diff {revision} -- frameworks/` shows what has changed since")
    });
    format!(
        "revision {}{is_unchanged} (relative links lead to the sources of today{since}), ",
        revision.unwrap_or("unknown")
    )
}

/// Checks beyond the contract that contestants do not pass.
pub(super) fn conformance(arms: &[Arm]) -> Vec<String> {
    of_each(arms, |arm| {
        let misses = arm.conformance_misses.join("; ");
        (!misses.is_empty()).then(|| format!("{misses}."))
    })
}

/// What a reader has to know of single contestants.
pub(super) fn notes(arms: &[Arm]) -> Vec<String> {
    of_each(arms, |arm| {
        arm.note.clone().filter(|_| arm.kind.is_contestant())
    })
}

/// What is said of each arm. A variant of which the same is to be said as of its contestant is not named.
fn of_each(arms: &[Arm], said: impl Fn(&Arm) -> Option<String>) -> Vec<String> {
    let repeats = |arm: &Arm, text: &String| {
        let mut others = arms.iter();
        let of = others.find(|one| one.name == arm.contestant() && one.name != arm.name);
        of.and_then(&said).as_ref() == Some(text)
    };
    let each = arms.iter().filter_map(|arm| {
        let text = said(arm)?;
        (!repeats(arm, &text)).then(|| format!("`{}`: {text}", arm.name))
    });
    each.collect()
}

/// What weakens a run.
pub(super) fn warnings<P>(run: &Run<P>) -> Vec<String> {
    run.warnings.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{ArmKind, VariantOf};

    #[test]
    fn what_is_to_be_said_of_all_variants_is_said_of_the_contestant() {
        let arm = |name: &str, misses: &[&str]| Arm {
            variant_of: (name != "one").then(|| VariantOf {
                contestant: "one".to_owned(),
                variant: name.to_owned(),
            }),
            note: Some("it is small".to_owned()),
            conformance_misses: misses.iter().map(|one| (*one).to_owned()).collect(),
            ..Arm::new(name, ArmKind::Contestant)
        };
        let mut arms = [
            arm("one", &["HEAD"]),
            arm("one-max", &["HEAD"]),
            arm("one-tuned", &["HEAD", "Host"]),
        ];
        assert_eq!(
            conformance(&arms),
            ["`one`: HEAD.", "`one-tuned`: HEAD; Host."]
        );
        assert_eq!(notes(&arms), ["`one`: it is small"]);
        arms[0].note = None;
        assert_eq!(
            notes(&arms),
            ["`one-max`: it is small", "`one-tuned`: it is small"]
        );
    }
}
