//! What is wrong with a configuration file, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A configuration that is refused: the file, the line where one is known, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    line: Option<usize>,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// The text of a file and its name, to say where in it something is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Something is wrong with the whole.
    pub(super) fn problem(&self, message: impl fmt::Display) -> Problem {
        Problem { file: self.file.to_owned(), line: None, message: on_one_line(&message.to_string()) }
    }

    /// Something is wrong at a place.
    pub(super) fn at(&self, span: &Range<usize>, message: impl fmt::Display) -> Problem {
        Problem { line: Some(self.line(span.start)), ..self.problem(message) }
    }

    /// What the parser says. Its message names keys and kinds, never the value of a secret; the excerpt that it would
    /// show beside is not told, because a secret may stand on that line.
    pub(super) fn parse_error(&self, error: &toml::de::Error) -> Problem {
        let Some(span) = error.span() else {
            return self.problem(error.message());
        };
        let message = error.message();
        match self.key_at(span.start) {
            Some(key) if !message.contains(key) => self.at(&span, format_args!("{key}: {message}")),
            _ => self.at(&span, message),
        }
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.text.bytes().take(at);
        1 + before.filter(|byte| *byte == b'\n').count()
    }

    /// The bare key that the line of a byte begins with.
    fn key_at(&self, at: usize) -> Option<&str> {
        let line = self.text.lines().nth(self.line(at).saturating_sub(1))?;
        let (key, _) = line.split_once('=')?;
        let key = key.trim();
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (!key.is_empty() && key.bytes().all(bare)).then_some(key)
    }
}

/// A message as one line of a terminal or a log: what the parser repeats of the file may hold control characters, and is
/// told with them escaped.
fn on_one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for character in message.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
