//! The rules that look at one file.

use std::path::Path;

use super::functions::functions;
use super::source::SourceFile;

/// The most lines of a file before its tests.
const MAX_FILE: usize = 450;
/// The most lines of a function.
const MAX_FUNCTION: usize = 70;

// Each word is written in two halves, or this file would break its own rules.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];
const PANICKING: [&str; 2] = [concat!(".unw", "rap()"), concat!(".exp", "ect(")];
/// First directories of absolute paths that exist on one machine only.
const MACHINE: [&str; 6] = ["home", "root", "Users", "work", "workspace", "mnt"];

/// Every rule that `file` breaks, as `path:line: what is wrong`.
pub(crate) fn broken(file: &SourceFile) -> Vec<String> {
    let mut broken = Vec::new();
    let mut report = |line: usize, what: String| {
        broken.push(format!("{}:{line}: {what}", file.path.display()));
    };
    every_line(file, &mut report);
    if file.is_product() {
        sizes(file, &mut report);
        panics(file, &mut report);
    }
    broken
}

fn every_line(file: &SourceFile, report: &mut impl FnMut(usize, String)) {
    for (index, line) in file.text.lines().enumerate() {
        for word in UNFINISHED.iter().filter(|word| has_word(line, word)) {
            report(index + 1, format!("unfinished: {word}"));
        }
        for directory in MACHINE.iter().filter(|name| has_absolute(line, name)) {
            report(index + 1, format!("an absolute path under {directory} is of one machine"));
        }
        if leaves_checkout(line, &file.path) {
            report(index + 1, "a path that leads out of the checkout".into());
        }
    }
}

fn sizes(file: &SourceFile, report: &mut impl FnMut(usize, String)) {
    let len = file.product_len();
    if len > MAX_FILE {
        report(len, format!("{len} lines before the tests, of {MAX_FILE} at most"));
    }
    for function in functions(file) {
        if function.len > MAX_FUNCTION {
            let what = format!("a function of {} lines, of {MAX_FUNCTION} at most", function.len);
            report(function.line, what);
        }
    }
}

fn panics(file: &SourceFile, report: &mut impl FnMut(usize, String)) {
    let code = file.product_lines().filter(|(_, line)| !line.trim_start().starts_with("//"));
    for (number, line) in code {
        for call in PANICKING.iter().filter(|call| line.contains(*call)) {
            report(number, format!("{call} outside tests"));
        }
    }
}

/// Whether `word` stands in `line` with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether an absolute path begins with this directory: a slash that follows no part of a
/// relative path or an address, the name, and one more slash.
fn has_absolute(line: &str, directory: &str) -> bool {
    let path = format!("/{directory}/");
    line.match_indices(&path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| is_word(c) || matches!(c, '.' | '-' | '/' | '}' | '*'))
    })
}

/// Whether `line` goes up further than the file is deep.
fn leaves_checkout(line: &str, path: &Path) -> bool {
    let depth = path.components().count() - 1;
    line.contains(&"../".repeat(depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        broken(&SourceFile { path: path.into(), text: text.into() })
    }

    #[test]
    fn a_file_may_be_long_only_in_its_tests() {
        let at_limit = "//\n".repeat(MAX_FILE);
        assert!(check("crates/a/src/b.rs", &at_limit).is_empty());
        assert_eq!(check("crates/a/src/b.rs", &format!("{at_limit}//\n")).len(), 1);
        let tests = format!("{at_limit}#[cfg(test)]\nmod tests {{\n{at_limit}}}\n");
        assert!(check("crates/a/src/b.rs", &tests).is_empty());
    }

    #[test]
    fn a_function_has_a_limit() {
        let body = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines));
        assert!(check("crates/a/src/b.rs", &body(MAX_FUNCTION - 2)).is_empty());
        assert_eq!(check("crates/a/src/b.rs", &body(MAX_FUNCTION - 1)).len(), 1);
    }

    #[test]
    fn nothing_unfinished_anywhere() {
        for word in UNFINISHED {
            assert_eq!(check("docs/a.md", &format!("x {word} y")).len(), 1, "{word}");
        }
        assert!(check("docs/a.md", concat!("to", "do = \"deny\", a", "XX", "Xb")).is_empty());
    }

    #[test]
    fn no_panic_in_the_product() {
        for call in PANICKING {
            let text = format!("a{call};\n// b{call}\n");
            assert_eq!(check("crates/a/src/b.rs", &text).len(), 1);
            assert!(check("crates/a/tests/b.rs", &text).is_empty());
        }
    }

    #[test]
    fn no_path_of_one_machine() {
        for directory in MACHINE {
            assert_eq!(check("a.md", &format!("see /{directory}/x")).len(), 1);
            assert!(check("a.md", &format!("see a/{directory}/x and https://x.example/{directory}/")).is_empty());
        }
    }

    #[test]
    fn no_path_out_of_the_checkout() {
        assert_eq!(check("a.md", concat!(".", "./x")).len(), 1);
        assert_eq!(check("docs/a.md", concat!("(.", "./", "../x)")).len(), 1);
        assert!(check("docs/a.md", "(../x)").is_empty());
    }
}
