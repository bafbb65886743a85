//! Where functions begin and end. Formatted code is what makes this simple: a function ends with
//! the first closing brace that stands as deep as its first word.

use super::source::SourceFile;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// The line of its `fn`, from 1.
    pub(crate) line: usize,
    /// Its length in lines, signature and braces included.
    pub(crate) len: usize,
}

/// Every function of the product part of `file` whose body takes more than one line.
pub(crate) fn functions(file: &SourceFile) -> Vec<Function> {
    let lines: Vec<(usize, &str)> = file.product_lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, (_, line))| is_start(line));
    starts
        .filter_map(|(index, (line, _))| {
            let len = length(lines.get(index..)?)?;
            Some(Function { line: *line, len })
        })
        .collect()
}

/// Whether `fn` is the first word after the words that may stand before it.
fn is_start(line: &str) -> bool {
    let first = line.split_whitespace().find(|word| !is_qualifier(word));
    first == Some("fn")
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub(")
}

fn length(lines: &[(usize, &str)]) -> Option<usize> {
    let (_, first) = lines.first()?;
    let ends = |line: &str| line.ends_with(['{', '}', ';']);
    let head = lines.iter().position(|(_, line)| ends(line))?;
    let (_, opening) = lines.get(head)?;
    if !opening.ends_with('{') {
        return None;
    }
    let body = lines.get(head + 1..)?;
    let closing = body.iter().position(|(_, line)| closes(line, depth(first)))?;
    Some(head + closing + 2)
}

fn closes(line: &str, wanted: usize) -> bool {
    depth(line) == wanted && line.trim() == "}"
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, usize)> {
        let file = SourceFile { path: "a.rs".into(), text: text.into() };
        functions(&file).iter().map(|found| (found.line, found.len)).collect()
    }

    #[test]
    fn a_function_ends_with_the_brace_under_its_first_word() {
        assert_eq!(found("fn a() {\n    if b {\n    }\n}\n"), [(1, 4)]);
        assert_eq!(found("    pub(crate) const fn a() {\n    }\n"), [(1, 2)]);
    }

    #[test]
    fn a_long_signature_counts() {
        assert_eq!(found("\nasync fn a<T>(\n    t: T,\n) -> T\nwhere\n    T: B,\n{\n    t\n}\n"), [(2, 8)]);
    }

    #[test]
    fn what_has_no_body_of_its_own_lines_is_no_function() {
        assert_eq!(found("fn a();\nfn b() {}\n// fn c() {\nlet f: fn() = d;\n}\n"), []);
    }
}
