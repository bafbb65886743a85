//! What was measured, as lines of JSON that the report is made of.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::ratio::Pairs;

/// The lines of one part of the benchmarks: a file `PART.jsonl`, begun anew. `benches/README.md` has the form.
///
/// Each line is printed as well, so that a long run shows how it goes.
#[derive(Debug)]
pub struct Results {
    file: File,
}

/// Where the lines of all parts are: what `REGRANT_BENCH_RESULTS` names, or `target/bench-results/default`.
pub fn folder() -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-results/default"));
    env::var_os("REGRANT_BENCH_RESULTS").map_or_else(beside, PathBuf::from)
}

impl Results {
    /// Begins the lines of one part.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(part: &str) -> Result<Self, Box<dyn Error>> {
        let folder = folder();
        fs::create_dir_all(&folder)?;
        Ok(Self { file: File::create(folder.join(format!("{part}.jsonl")))? })
    }

    /// One figure. `id` tells it from all others of all parts: `what/of/which/size`.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn figure(&mut self, id: &str, unit: &str, value: f64) -> Result<(), Box<dyn Error>> {
        self.line(&json!({ "id": id, "unit": unit, "value": value }))
    }

    /// A ratio of paired runs, `work / floor` of the time, with the seconds of both.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn pairs(&mut self, id: &str, pairs: &Pairs) -> Result<(), Box<dyn Error>> {
        let Pairs { ratios, floor, work } = pairs;
        self.line(
            &json!({ "id": id, "unit": "x", "value": pairs.ratio(), "runs": ratios, "floor": floor, "work": work }),
        )
    }

    /// A ratio of several runs that were paired elsewhere.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn ratios(&mut self, id: &str, ratios: &[f64]) -> Result<(), Box<dyn Error>> {
        let value = crate::ratio::median(ratios.to_vec());
        self.line(&json!({ "id": id, "unit": "x", "value": value, "runs": ratios }))
    }

    /// Something that is no number: a version, a setting.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn text(&mut self, id: &str, text: &str) -> Result<(), Box<dyn Error>> {
        self.line(&json!({ "id": id, "text": text }))
    }

    #[expect(clippy::print_stdout, reason = "a long run shows how it goes")]
    fn line(&mut self, line: &Value) -> Result<(), Box<dyn Error>> {
        println!("{line}");
        writeln!(self.file, "{line}")?;
        Ok(())
    }
}
