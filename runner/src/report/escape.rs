//! Strings from outside: what they may hold in the model, and how each place they leave it for writes them. A name, a
//! server's last output or a header's value are never markup, whatever they look like.
//!
//! Sentences of the model are plain text with one mark of their own: what stands between two backticks is code.

/// Longer strings are cut off, so that one record cannot bury a page.
const CHARS_MAX: usize = 4000;

/// A string as the model holds it: characters that are not seen or that move others (C0, C1, bidirectional controls)
/// are spelled out, and what is too long is cut off.
#[must_use]
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for (place, char) in text.chars().enumerate() {
        if place == CHARS_MAX {
            cleaned.push('…');
            break;
        }
        if is_invisible(char) {
            cleaned.extend(char.escape_unicode());
        } else {
            cleaned.push(char);
        }
    }
    cleaned
}

fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// For XML and HTML, as text and between the quotes of an attribute.
#[must_use]
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A sentence of the model as HTML: code is code, and all else is text.
#[must_use]
pub(super) fn html(text: &str) -> String {
    pieces(text)
        .map(|piece| match piece {
            Piece::Code(code) => format!("<code>{}</code>", xml(code)),
            Piece::Text(text) => xml(text),
        })
        .collect()
}

/// A sentence of the model as Markdown, in a paragraph, an item or a cell.
#[must_use]
pub fn markdown(text: &str) -> String {
    pieces(text)
        .map(|piece| match piece {
            // Nothing is an entity in code; a comment would still be one to a program that looks for markers.
            // Before a bar, a backslash of its own would be the end of another one: a word joiner, which is not seen, keeps
            // them apart.
            Piece::Code(code) => {
                let code = code.replace("<!", "< !").replace("\\|", "\\\u{2060}|");
                format!("`{}`", code.replace('|', "\\|"))
            }
            Piece::Text(text) => markdown_text(text),
        })
        .collect()
}

fn markdown_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        // Within a word it is a letter like any other.
        let is_within = before.is_alphanumeric() && after.is_alphanumeric();
        before = char;
        match char {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // An address would become a link by itself.
            ':' if after == '/' => escaped.push_str("&#58;"),
            '.' if is_after_www(&escaped) => escaped.push_str("&#46;"),
            // An entity alone is read as the sign before links are looked for; a word joiner is not seen and is not a letter.
            '@' => escaped.push_str("&#64;&#8288;"),
            '_' if is_within => escaped.push(char),
            '|' | '*' | '_' | '[' | ']' | '`' | '\\' | '~' => {
                escaped.push('\\');
                escaped.push(char);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

fn is_after_www(text: &str) -> bool {
    let last = text.as_bytes().last_chunk::<3>();
    last.is_some_and(|last| last.eq_ignore_ascii_case(b"www"))
}

/// The name of a file or folder as a relative link.
#[must_use]
pub fn link(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// A sentence of the model for a terminal.
#[must_use]
pub(super) fn terminal(text: &str) -> String {
    pieces(text)
        .map(|piece| match piece {
            Piece::Code(text) | Piece::Text(text) => text,
        })
        .collect()
}

enum Piece<'t> {
    Text(&'t str),
    Code(&'t str),
}

/// Text and code by turns; a backtick that no other follows is text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((code, after)) = rest.strip_prefix('`').and_then(|one| one.split_once('`'))
            && !code.is_empty()
        {
            rest = after;
            return Some(Piece::Code(code));
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = match rest[first..].find('`') {
            _ if rest.starts_with('`') => first,
            Some(place) => first + place,
            None => rest.len(),
        };
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_unseen_is_spelled_out() {
        assert_eq!(
            clean("a\u{1b}[31m\u{202e}b\u{9b}\r\n"),
            "a\\u{1b}[31m\\u{202e}b\\u{9b}\\u{d}\\u{a}"
        );
        assert_eq!(clean("Ω 1–2 ±3%"), "Ω 1–2 ±3%");
        assert_eq!(clean(&"x".repeat(10_000)).chars().count(), CHARS_MAX + 1);
    }

    #[test]
    fn code_stays_code_and_all_else_is_text() {
        let text = "`a|b` <b> *x* [y](z) `";
        assert_eq!(markdown(text), "`a\\|b` &lt;b&gt; \\*x\\* \\[y\\](z) \\`");
        assert_eq!(html(text), "<code>a|b</code> &lt;b&gt; *x* [y](z) `");
        assert_eq!(terminal("`a` b `"), "a b `");
        assert_eq!(markdown("`<!-- END: x -->`"), "`< !-- END: x -->`");
        assert_eq!(markdown("__x__ a_b _"), "\\_\\_x\\_\\_ a_b \\_");
        assert_eq!(markdown("http://a & b"), "http&#58;//a &amp; b");
        assert_eq!(link("a b)/../<"), "a%20b%29/../%3C");
    }

    #[test]
    fn nothing_becomes_a_link_by_itself() {
        for (text, written) in [
            ("www.evil.example", "www&#46;evil.example"),
            ("(WWW.evil.example)", "(WWW&#46;evil.example)"),
            ("me@evil.example", "me&#64;&#8288;evil.example"),
            ("fast 1.2.3", "fast 1.2.3"),
        ] {
            assert_eq!(markdown(text), written);
        }
    }

    #[test]
    fn a_bar_in_code_does_not_end_a_cell() {
        assert_eq!(markdown("`a|b`"), "`a\\|b`");
        assert_eq!(markdown("`a\\|b`"), "`a\\\u{2060}\\|b`");
    }

    proptest! {
        #[test]
        fn no_text_makes_an_element(text in ".{0,200}") {
            let text = clean(&text);
            let html = html(&text).replace("<code>", "").replace("</code>", "");
            prop_assert!(!html.contains('<') && !html.contains('"'), "{}", html);
            let markdown = markdown(&text);
            prop_assert!(!markdown.contains("<!"), "{}", markdown);
            prop_assert!(!xml(&text).contains('<'));
            let outside: String = markdown.split('`').step_by(2).collect();
            prop_assert!(text.contains('`') || !outside.contains('<'), "{}", markdown);
        }
    }
}
