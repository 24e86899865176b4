//! Name compression: `(id) name` defines, `(id)` refers, anything else is a name itself.

use super::{NAMELESS, Problem};
use std::collections::HashMap;
use std::sync::Arc;

/// The names of one kind. Objects, files and functions have tables of their own.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_id: HashMap<u64, Arc<str>>,
    plain: HashMap<String, Arc<str>>,
}

impl Names {
    /// The name that the text after `fn=` and its like stands for; `clean` is applied to each new
    /// name once.
    pub(super) fn resolve(
        &mut self,
        text: &str,
        clean: impl Fn(&str) -> &str,
    ) -> Result<Arc<str>, Problem> {
        let Some((id, rest)) = compressed(text) else {
            return Ok(self.plain(clean(text)));
        };
        if rest.is_empty() {
            return self.by_id.get(&id).cloned().ok_or(Problem::Undefined(id));
        }
        let name = self.plain(clean(rest));
        self.by_id.insert(id, Arc::clone(&name));
        Ok(name)
    }

    fn plain(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.plain.get(name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = name.into();
        self.plain.insert(name.to_owned(), Arc::clone(&shared));
        shared
    }
}

/// The id and what follows it. A name such as `(below main)` has none.
fn compressed(text: &str) -> Option<(u64, &str)> {
    let (id, rest) = text.strip_prefix('(')?.split_once(')')?;
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Some((id.parse().ok()?, rest.trim_start())))?
}

/// A function's name without the mark of its recursion level (`name'2`), and one name for all
/// code that has no symbol.
pub(super) fn clean_function(name: &str) -> &str {
    let name = match name.rsplit_once('\'') {
        Some((base, level))
            if !base.is_empty()
                && !level.is_empty()
                && level.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        _ => name,
    };
    let is_address = name.strip_prefix("0x").is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    if is_address { NAMELESS } else { name }
}
