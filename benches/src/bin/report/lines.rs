//! Reading what the parts wrote.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Every line of every part, by its id.
#[derive(Debug, Default)]
pub(crate) struct Lines(BTreeMap<String, Line>);

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// `x`, `s`, `B`, `1/s` or `count`; empty for a text.
    pub(crate) unit: String,
    /// The figure; not a number for a text.
    pub(crate) value: f64,
    /// The ratios of the runs, where there are several.
    pub(crate) runs: Vec<f64>,
    /// The median seconds of one call of the floor and of the work.
    pub(crate) sides: Option<(f64, f64)>,
    /// The text in place of a figure.
    pub(crate) text: String,
}

impl Lines {
    /// Reads every `.jsonl` of a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut lines = Self::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                lines.add(&fs::read_to_string(path)?)?;
            }
        }
        Ok(lines)
    }

    /// Adds the lines of one part.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        for line in text.lines() {
            let value: Value = serde_json::from_str(line)?;
            let id = value.get("id").and_then(Value::as_str).ok_or("a line without an id")?;
            self.0.insert(id.to_owned(), Line::of(&value));
        }
        Ok(())
    }

    /// One line.
    pub(crate) fn line(&self, id: &str) -> Option<&Line> {
        self.0.get(id)
    }

    /// One figure.
    pub(crate) fn value(&self, id: &str) -> Option<f64> {
        self.line(id).map(|line| line.value).filter(|value| value.is_finite())
    }

    /// The lines whose id begins so, each with the rest of its id.
    pub(crate) fn under<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a Line)> {
        self.0.iter().filter_map(move |(id, line)| Some((id.strip_prefix(start)?, line)))
    }
}

impl Line {
    fn of(value: &Value) -> Self {
        let number = |name: &str| value.get(name).and_then(Value::as_f64);
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let runs = value.get("runs").and_then(Value::as_array);
        Self {
            unit: text("unit"),
            value: number("value").unwrap_or(f64::NAN),
            runs: runs.into_iter().flatten().filter_map(Value::as_f64).collect(),
            sides: number("floor").zip(number("work")),
            text: text("text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_id_and_by_how_it_begins() {
        let mut lines = Lines::default();
        let text = "{\"id\":\"a/b\",\"unit\":\"x\",\"value\":2.0,\"runs\":[1.0,2.0,3.0],\"floor\":1.0,\"work\":2.0}\n";
        lines.add(text).unwrap();
        lines.add("{\"id\":\"a/c\",\"text\":\"1.0\"}\n").unwrap();
        let line = lines.line("a/b").unwrap();
        assert_eq!((line.value, line.runs.len(), line.sides), (2.0, 3, Some((1.0, 2.0))));
        assert_eq!(lines.value("a/c"), None);
        assert_eq!(lines.under("a/").map(|(rest, _)| rest).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        assert!(Lines::default().add("{}\n").is_err() && Lines::default().add("a\n").is_err());
    }
}
