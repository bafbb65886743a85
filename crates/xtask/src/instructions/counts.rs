//! The file of counts, and the rule of 2 %.

use std::collections::BTreeMap;
use std::fmt;

/// Instructions of one call, by operation.
pub(crate) type Counts = BTreeMap<String, u64>;

/// By how many hundredths a count may grow.
const PERCENT: u64 = 2;
/// What stands at the top of the file.
const HEAD: &str = "\
# Instructions of one call under callgrind, outside the block function of SHA-256, by version of the compiler.
# Held by `cargo xtask instructions`; written by `cargo xtask instructions --renew`.
";

/// A count beside the one that is kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// As it was, or less.
    Kept {
        /// What the file has.
        before: u64,
    },
    /// More than the rule allows.
    Grown {
        /// What the file has.
        before: u64,
    },
    /// The file does not have it.
    Unknown,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { before } => write!(f, "{before} before: ok"),
            Self::Grown { before } => write!(f, "{before} before: GREW by more than {PERCENT} %"),
            Self::Unknown => f.write_str("not in the file"),
        }
    }
}

/// The rule: a count may grow by 2 %, and no more.
pub(crate) fn judge(before: Option<u64>, now: u64) -> Judged {
    match before {
        None => Judged::Unknown,
        Some(before) if now * 100 > before * (100 + PERCENT) => Judged::Grown { before },
        Some(before) => Judged::Kept { before },
    }
}

/// The counts of each compiler.
///
/// # Errors
///
/// The number of a line that is none of `["compiler"]`, `name = count`, a comment, or empty.
pub(crate) fn read(text: &str) -> Result<BTreeMap<String, Counts>, usize> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    let mut compiler = None;
    for (number, line) in (1_usize..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")) {
            all.entry(name.to_owned()).or_default();
            compiler = Some(name);
            continue;
        }
        let counts = compiler.and_then(|name| all.get_mut(name)).ok_or(number)?;
        let (name, count) = line.split_once(" = ").ok_or(number)?;
        counts.insert(name.to_owned(), count.parse().map_err(|_| number)?);
    }
    Ok(all)
}

/// The text of the file.
pub(crate) fn write(all: &BTreeMap<String, Counts>) -> String {
    let section = |(compiler, counts): (&String, &Counts)| {
        let lines = counts.iter().map(|(name, count)| format!("{name} = {count}\n"));
        [format!("\n[\"{compiler}\"]\n")].into_iter().chain(lines).collect::<Vec<_>>().concat()
    };
    [HEAD.to_owned()].into_iter().chain(all.iter().map(section)).collect::<Vec<_>>().concat()
}

/// How many functions a table has.
const FUNCTIONS: usize = 16;

/// The functions that take most of an operation, a call, as a table in Markdown.
pub(crate) fn table(operation: &str, calls: u64, costs: &Counts) -> String {
    let all = costs.values().sum::<u64>().max(1);
    let mut sorted: Vec<(&String, &u64)> = costs.iter().collect();
    sorted.sort_by_key(|(_, cost)| std::cmp::Reverse(**cost));
    let row = |(function, cost): &(&String, &u64)| {
        let thousandths = *cost * 1_000 / all;
        format!("| `{function}` | {} | {}.{} % |\n", *cost / calls, thousandths / 10, thousandths % 10)
    };
    let rows: Vec<String> = sorted.iter().take(FUNCTIONS).map(row).collect();
    format!("| {operation}: function | instructions itself | share |\n|---|---|---|\n{}", rows.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_may_grow_by_two_hundredths() {
        assert_eq!(judge(Some(1_000), 1_020), Judged::Kept { before: 1_000 });
        assert_eq!(judge(Some(1_000), 1_021), Judged::Grown { before: 1_000 });
        assert_eq!(judge(Some(1_000), 1), Judged::Kept { before: 1_000 });
        assert_eq!(judge(None, 1), Judged::Unknown);
    }

    #[test]
    fn the_function_that_takes_most_is_the_first() {
        let costs = Counts::from([("a".into(), 100), ("b".into(), 300)]);
        let table = table("refresh", 10, &costs);
        assert!(table.ends_with("| `b` | 30 | 75.0 % |\n| `a` | 10 | 25.0 % |\n"));
    }

    #[test]
    fn what_was_written_is_read() {
        let counts = Counts::from([("refresh".into(), 3), ("parse".into(), 4)]);
        let all = BTreeMap::from([("1.95.0 x".into(), counts.clone()), ("1.96.0 x".into(), counts)]);
        assert_eq!(read(&write(&all)), Ok(all));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_line() {
        assert_eq!(read("# a\n\nrefresh = 3\n"), Err(3));
        assert_eq!(read("[\"a\"]\nrefresh: 3\n"), Err(2));
        assert_eq!(read("[\"a\"]\nrefresh = many\n"), Err(2));
    }
}
