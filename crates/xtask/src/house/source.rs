//! The files of the tree, and which part of each is the product and which is its tests.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::fault::Fault;

/// Directories that hold nothing written by hand.
const SKIPPED: [&str; 5] = [".git", "target", "corpus", "artifacts", "coverage"];

/// One text file of the tree.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Where it is, from the root.
    pub(crate) path: PathBuf,
    /// All of its text.
    pub(crate) text: String,
}

impl SourceFile {
    /// Whether this is a Rust file under the `src` directory of a crate, and not one of tests.
    pub(crate) fn is_product(&self) -> bool {
        let mut parts = self.path.components().map(Component::as_os_str);
        let in_src = parts.next() == Some(OsStr::new("crates")) && parts.nth(1) == Some(OsStr::new("src"));
        in_src && self.path.extension() == Some(OsStr::new("rs")) && !self.is_test()
    }

    /// The numbered lines before the tests at the end of the file, from 1.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let product = self.text.lines().take(self.product_len());
        product.enumerate().map(|(index, line)| (index + 1, line))
    }

    /// How many lines stand before the tests at the end of the file.
    pub(crate) fn product_len(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines.windows(3).position(opens_tests);
        tests.unwrap_or(lines.len())
    }

    fn is_test(&self) -> bool {
        let in_tests = self.path.components().any(|part| part.as_os_str() == "tests");
        let stem = self.path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        in_tests || stem == "tests" || stem.ends_with("_tests")
    }
}

/// `#[cfg(test)]`, perhaps with more conditions, over a module that is written in place; one more
/// attribute may stand between the two.
fn opens_tests(lines: &[&str]) -> bool {
    let [cfg, next, last] = lines else {
        return false;
    };
    let is_cfg = cfg.starts_with("#[cfg(test") || cfg.starts_with("#[cfg(all(test");
    let is_module = |line: &str| line.contains("mod ") && line.ends_with('{');
    is_cfg && (is_module(next) || next.starts_with("#[") && is_module(last))
}

/// Every text file of the checkout, in the order of its path. What is not UTF-8 is not text.
///
/// # Errors
///
/// [`Fault::Io`] if a directory or a file cannot be read.
pub(crate) fn read_tree(root: &Path) -> Result<Vec<SourceFile>, Fault> {
    let mut files = Vec::new();
    read_directory(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_directory(root: &Path, directory: &Path, files: &mut Vec<SourceFile>) -> Result<(), Fault> {
    for entry in fs::read_dir(directory).map_err(Fault::io(directory))? {
        let entry = entry.map_err(Fault::io(directory))?;
        let kind = entry.file_type().map_err(Fault::io(entry.path()))?;
        if kind.is_dir() && !is_skipped(&entry.file_name()) {
            read_directory(root, &entry.path(), files)?;
        } else if kind.is_file() {
            files.extend(read_file(root, &entry.path())?);
        }
    }
    Ok(())
}

fn is_skipped(name: &OsStr) -> bool {
    SKIPPED.iter().any(|skipped| name == *skipped)
}

fn read_file(root: &Path, path: &Path) -> Result<Option<SourceFile>, Fault> {
    let bytes = fs::read(path).map_err(Fault::io(path))?;
    let path = path.strip_prefix(root).unwrap_or(path).to_path_buf();
    Ok(String::from_utf8(bytes).ok().map(|text| SourceFile { path, text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn only_rust_under_a_crates_src_is_the_product() {
        assert!(file("crates/regrant/src/lib.rs", "").is_product());
        assert!(file("crates/regrant/src/grant/record.rs", "").is_product());
        assert!(!file("crates/regrant/src/grant/tests.rs", "").is_product());
        assert!(!file("crates/regrant/src/decide_tests.rs", "").is_product());
        assert!(!file("crates/regrant/tests/order.rs", "").is_product());
        assert!(!file("crates/regrant/src/words.toml", "").is_product());
        assert!(!file("benches/src/lib.rs", "").is_product());
    }

    #[test]
    fn the_product_ends_where_the_tests_begin() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(file("a.rs", text).product_len(), 2);
        let shared = text.replace("mod", "#[expect(x)]\npub(crate) mod");
        assert_eq!(file("a.rs", &shared).product_len(), 2);
        let beside = "#[cfg(test)]\nmod tests;\n\nfn a() {}\n";
        assert_eq!(file("a.rs", beside).product_len(), 4);
        assert_eq!(file("a.rs", beside).product_lines().last(), Some((4, "fn a() {}")));
    }
}
