//! Numbers as a reader wants them.

use super::escape;
use crate::environment::Machine;

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference of this share, in percent with so many digits after the point, or as a factor if few would read that.
#[must_use]
pub(super) fn difference(share: f64, digits: usize) -> String {
    match share < 1.0 {
        true => format!("{:.digits$}%", share * 100.0),
        false => format!("a factor of {:.1}", share + 1.0),
    }
}

/// `1234.5` as `1,234.50`, with so many digits after the point.
#[must_use]
pub(super) fn decimal(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let whole = text.split('.').next().unwrap_or_default();
    // What is negative or not a number stays as it is.
    match whole.parse::<u64>() {
        Ok(number) => format!("{}{}", grouped(number), &text[whole.len()..]),
        Err(_) => text,
    }
}

/// A positive number, rounded to a whole one.
#[must_use]
pub fn rounded(number: f64) -> u64 {
    number.round() as u64
}

/// A share as a percentage with one digit.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

/// A machine in one line.
#[must_use]
pub fn described(machine: &Machine) -> String {
    let kind = if machine.virtualized {
        " (virtual)"
    } else {
        ""
    };
    format!(
        "{}, {} processors{kind}, {} MiB of memory, kernel {}",
        machine.processor,
        machine.processors,
        grouped(machine.memory_mib),
        machine.kernel
    )
}

/// A remark for a terminal of so many columns: without the marks of a page, indented, broken between words.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> String {
    broken(&escape::terminal(text), columns, 2)
}

/// A heading for a terminal of so many columns, from its edge on.
#[must_use]
pub(super) fn heading(text: &str, columns: usize) -> String {
    broken(&escape::terminal(text), columns, 0)
}

/// Lines that are broken between words; all but the first are indented by two more.
fn broken(text: &str, columns: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in text.split(' ') {
        let length = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if length > columns && !is_empty {
            lines.push_str(&line);
            lines.push('\n');
            line = " ".repeat(indent + 2);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::{decimal, difference, grouped, heading, wrapped};

    #[test]
    fn a_large_difference_is_a_factor() {
        assert_eq!(difference(0.0421, 1), "4.2%");
        assert_eq!(difference(0.65, 0), "65%");
        assert_eq!(difference(7.69, 1), "a factor of 8.7");
    }

    #[test]
    fn a_remark_is_broken_between_words() {
        let text = format!("`{}` {}", "a".repeat(70), "bc ".repeat(40));
        let lines = wrapped(text.trim(), 80);
        assert!(
            lines.lines().all(|line| line.chars().count() <= 80),
            "{lines}"
        );
        let words = |text: &str| {
            text.replace('`', "")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&lines), words(&text));
        assert_eq!(wrapped("* short", 80), "  * short\n");
        assert_eq!(
            heading("64 `connections`: UNTRUSTED", 20),
            "64 connections:\n  UNTRUSTED\n"
        );
    }

    #[test]
    fn digits_are_grouped_from_the_right() {
        let texts = [0, 12, 123, 1234, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "12", "123", "1,234", "1,234,567"]);
        let texts = [0.0, 12.345, 1_234.5, -1_234.5, f64::NAN].map(|one| decimal(one, 2));
        assert_eq!(texts, ["0.00", "12.35", "1,234.50", "-1234.50", "NaN"]);
    }
}
