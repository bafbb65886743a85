//! What became of the vectors.

use std::fmt;

/// The outcome of one vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// Not run to its end, and why.
    Skipped(String),
    /// What was wrong, step by step.
    Failed(Vec<String>),
}

/// The outcomes of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    entries: Vec<(String, Outcome)>,
}

impl Report {
    /// Adds the outcome of one vector under its id and title.
    pub fn add(&mut self, label: String, outcome: Outcome) {
        self.entries.push((label, outcome));
    }

    /// How many passed.
    pub fn passed(&self) -> usize {
        self.entries.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Passed)).count()
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.entries.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_))).count()
    }

    /// How many were skipped.
    pub fn skipped(&self) -> usize {
        self.entries.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Skipped(_))).count()
    }

    /// Every vector with its outcome, in the order of the run.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Outcome)> {
        self.entries.iter().map(|(label, outcome)| (label.as_str(), outcome))
    }
}

/// The counts, then each failure with its details and each skipped vector with its reason.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} passed, {} failed, {} skipped", self.passed(), self.failed(), self.skipped())?;
        for (label, outcome) in &self.entries {
            match outcome {
                Outcome::Passed => {}
                Outcome::Skipped(reason) => writeln!(out, "SKIPPED {label}: {reason}")?,
                Outcome::Failed(details) => {
                    writeln!(out, "FAILED {label}")?;
                    details.iter().try_for_each(|detail| writeln!(out, "    {detail}"))?;
                }
            }
        }
        Ok(())
    }
}
