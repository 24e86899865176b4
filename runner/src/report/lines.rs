//! Prose of Markdown in lines of usual length.

/// Characters of a line of prose.
const LINE: usize = 120;

/// Prose in lines that are broken between words; further lines begin with `indent`. Code is not broken: a line that began
/// with the rest of it could begin an element.
pub(super) fn filled(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    // Of the line: an indent is not one.
    let mut words = 0;
    for word in unbroken(text) {
        let is_full = line.chars().count() + 1 + word.chars().count() > LINE;
        if is_full && words > 0 {
            lines.push_str(&line);
            lines.push('\n');
            line = indent.to_owned();
            words = 0;
        } else if words > 0 {
            line.push(' ');
        }
        line.push_str(&word);
        words += 1;
    }
    lines + &line + "\n"
}

/// The words of a text, those with code in them whole.
fn unbroken(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut is_code = false;
    for word in text.split(' ') {
        match all.last_mut().filter(|_| is_code) {
            Some(last) => last.extend([" ", word]),
            None => all.push(word.to_owned()),
        }
        is_code ^= word.matches('`').count() % 2 == 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_does_not_begin_within_code() {
        let name = "`a name of <script> words`";
        let text = format!("{} {name} and so on", "word ".repeat(22).trim_end());
        assert_eq!(text.find('`').map(|at| at < LINE), Some(true));
        let lines = filled(&text, "");
        assert!(
            lines.lines().all(|line| line.matches('`').count() % 2 == 0),
            "{lines}"
        );
        assert_eq!(lines.replace('\n', " ").trim_end(), text);
    }
}
