//! Puts generated text between two markers of a page that is otherwise written by hand.

/// The page has not exactly one pair of markers in the right order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no part between `{begin}` and `{end}`, once each and in this order")]
pub struct NoPlace {
    begin: String,
    end: String,
}

/// Replaces what stands between the markers named `name` in `page`.
///
/// # Errors
///
/// [`NoPlace`] if the markers are not there.
pub fn splice(page: &str, name: &str, part: &str) -> Result<String, NoPlace> {
    let begin = format!("<!-- BEGIN: {name} -->");
    let end = format!("<!-- END: {name} -->");
    let pieces = page
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)))
        .filter(|(before, after)| {
            let again = |text: &str| text.contains(&begin) || text.contains(&end);
            !again(before) && !again(after)
        });
    match pieces {
        Some((before, after)) => Ok(format!("{before}{begin}\n\n{part}\n{end}{after}")),
        None => Err(NoPlace { begin, end }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "a\n<!-- BEGIN: x -->\nold\n<!-- END: x -->\nb\n";

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let spliced = splice(PAGE, "x", "new\n").unwrap();
        assert_eq!(
            spliced,
            "a\n<!-- BEGIN: x -->\n\nnew\n\n<!-- END: x -->\nb\n"
        );
        assert_eq!(splice(&spliced, "x", "new\n").unwrap(), spliced);
    }

    #[test]
    fn a_page_without_one_pair_of_markers_is_left_alone() {
        assert!(splice("a", "x", "new").is_err());
        assert!(splice(PAGE, "y", "new").is_err());
        assert!(splice(&PAGE.repeat(2), "x", "new").is_err());
        assert!(splice("<!-- END: x --><!-- BEGIN: x -->", "x", "new").is_err());
    }
}
