//! A table as a terminal has room for it: which columns are shown, and headings in several lines if that makes them fit.

use super::escape;
use super::grid::Grid;
use crate::output::Screen;
use comfy_table::{Attribute, CellAlignment, Table, presets};

/// The column of brackets, with the space after it.
const BRACKETS: usize = 2;

/// What is shown of a table.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    /// Its columns.
    columns: Vec<usize>,
    /// Whether headings are broken between words.
    is_broken: bool,
}

impl Grid {
    /// As many columns as there is room for. Those with a short heading come first, their headings are broken into lines
    /// if they do not fit otherwise, and if that is not enough, the last ones but one are left out: errors stay.
    fn fitting(&self, room: usize) -> Shown {
        let (mut columns, others): (Vec<usize>, Vec<usize>) =
            (0..self.headings.len()).partition(|&column| self.headings[column].short.is_some());
        let taken = |columns: &[usize], is_broken: bool| -> usize {
            let widths = columns.iter().map(|&column| self.width(column, is_broken));
            BRACKETS + widths.map(|width| width + 1).sum::<usize>()
        };
        let is_broken = taken(&columns, false) > room;
        while is_broken && columns.len() > 2 && taken(&columns, true) > room {
            columns.remove(columns.len() - 2);
        }
        if !is_broken {
            for column in others {
                if taken(&columns, false) + self.width(column, false) < room {
                    columns.push(column);
                }
            }
            columns.sort_unstable();
        }
        Shown { columns, is_broken }
    }

    /// How wide a column is: its widest cell, or its heading or the longest word of it.
    fn width(&self, column: usize, is_broken: bool) -> usize {
        let heading = self.headings[column].brief();
        let heading = match is_broken {
            true => heading.split(' ').map(length).max().unwrap_or(0),
            false => length(heading),
        };
        let cells = self.rows.iter();
        let cells = cells.map(|row| length(&escape::terminal(&row.cells[column].brief())));
        cells.fold(heading, usize::max)
    }

    /// The headings of these columns, all in as many lines as the longest one takes.
    fn heads(&self, shown: &Shown) -> Vec<String> {
        let columns = shown.columns.iter();
        let heads = columns.map(|&column| {
            let heading = self.headings[column].brief();
            match shown.is_broken {
                true => lines(heading, self.width(column, true)),
                false => vec![heading.to_owned()],
            }
        });
        let heads: Vec<Vec<String>> = heads.collect();
        let most = heads.iter().map(Vec::len).max().unwrap_or(0);
        let heads = heads.iter();
        heads
            .map(|lines| "\n".repeat(most - lines.len()) + &lines.join("\n"))
            .collect()
    }

    /// For a terminal: the columns with a short heading, and as many others as there is room for, with the brief form
    /// of each cell.
    #[must_use]
    pub fn terminal(&self, screen: Screen) -> Table {
        let shown = self.fitting(screen.columns);
        let brackets = self.brackets();
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if screen.is_styled {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let bold = |text| comfy_table::Cell::new(text).add_attribute(Attribute::Bold);
        let before = brackets.iter().map(|_| String::new());
        table.set_header(before.chain(self.heads(&shown)).map(bold));
        for (place, row) in self.rows.iter().enumerate() {
            let bracket = brackets.iter().map(|all| all[place].to_owned());
            let cells = shown.columns.iter();
            let cells = cells.map(|&column| escape::terminal(&row.cells[column].brief()));
            table.add_row(bracket.chain(cells));
        }
        let first = usize::from(brackets.is_some());
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 1));
            let heading = place
                .checked_sub(first)
                .map(|place| self.headings[shown.columns[place]]);
            if heading.is_some_and(|heading| heading.is_number) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Words in lines of at most so many characters, or of one word.
fn lines(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::cell::Cell;
    use crate::report::grid::Heading;
    use proptest::prelude::*;

    const NAMES: [&str; 6] = [
        "one",
        "settled after ms",
        "% in 0–10 ms",
        "errors",
        "10–30 ms",
        "requests/s",
    ];

    /// A table of arms with these headings, whose cells are that wide.
    fn made_up(columns: &[(usize, bool, usize)]) -> Grid {
        let heading = |&(name, is_short, _): &(usize, bool, usize)| {
            Heading::number(NAMES[name], is_short.then_some(NAMES[name]))
        };
        let cells = columns
            .iter()
            .map(|&(.., width)| Cell::text("9".repeat(width)));
        let rows = std::iter::once(
            std::iter::once(Cell::text("contestant"))
                .chain(cells)
                .collect(),
        );
        let first = Heading::text("contestant", Some("contestant"));
        let headings = std::iter::once(first).chain(columns.iter().map(heading));
        let mut grid = Grid::plain(headings.collect(), rows);
        grid.rows[0].arm = Some("contestant".to_owned());
        grid
    }

    fn widest(grid: &Grid, columns: usize) -> usize {
        let screen = Screen {
            columns,
            is_styled: false,
        };
        let text = grid.terminal(screen).to_string();
        text.lines().map(length).max().unwrap_or(0)
    }

    #[test]
    fn headings_are_broken_before_a_column_is_left_out() {
        let grid = made_up(&[(1, true, 4), (2, true, 5), (3, true, 1)]);
        assert!(!grid.fitting(80).is_broken);
        let narrow = grid.fitting(40);
        assert_eq!((narrow.columns.len(), narrow.is_broken), (4, true));
        let text = grid
            .terminal(Screen {
                columns: 40,
                is_styled: false,
            })
            .to_string();
        let heads: Vec<&str> = text.lines().take(3).map(str::trim_end).collect();
        assert_eq!(
            heads,
            [
                "           settled  % in",
                "             after  0–10",
                "contestant      ms    ms errors"
            ][..],
            "{text}"
        );
        // Errors are the last to go, after the name of the row.
        assert_eq!(grid.fitting(25).columns, [0, 3]);
    }

    proptest! {
        #[test]
        fn every_table_fits(
            columns in proptest::collection::vec((0..NAMES.len(), any::<bool>(), 0..20_usize), 0..20),
            room in 45..200_usize
        ) {
            let grid = made_up(&columns);
            prop_assert!(widest(&grid, room) <= room, "{}", grid.terminal(Screen { columns: room, is_styled: false }));
        }
    }
}
