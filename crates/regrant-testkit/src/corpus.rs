//! The vectors that come with this crate.

use crate::vector::{NotApplicable, Vector, VectorFile};

/// A vector file that does not read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {source}")]
pub struct CorpusError {
    /// The file, under `testdata/`.
    pub file: &'static str,
    /// What the reader says, with line and column.
    #[source]
    pub source: toml::de::Error,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$((concat!("vectors/", $name, ".toml"), include_str!(concat!("../testdata/vectors/", $name, ".toml")))),*]
    };
}

/// The vector files, by name and text.
pub const FILES: &[(&str, &str)] = &files![
    "params",
    "order",
    "client-auth",
    "grant",
    "refresh",
    "scope",
    "rotation",
    "retry-window",
    "concurrency",
    "revocation",
    "introspection",
    "http",
    "resource",
    "metadata",
    "registration",
    "compat-payu",
    "compat-partner",
    "compat-wso2",
];

/// The ids of the cases that the vectors were carried from, one a line.
pub const LISTED: &str = include_str!("../testdata/listed-ids.txt");

const NOT_APPLICABLE: &str = include_str!("../testdata/not-applicable.toml");

/// Reads every vector file.
///
/// # Errors
///
/// [`CorpusError`] with the file, and with the place in it.
pub fn vector_files() -> Result<Vec<VectorFile>, CorpusError> {
    FILES.iter().map(|(file, text)| toml::from_str(text).map_err(|source| CorpusError { file, source })).collect()
}

/// Every vector of every file, in order.
///
/// # Errors
///
/// As [`vector_files`].
pub fn vectors() -> Result<Vec<Vector>, CorpusError> {
    Ok(vector_files()?.into_iter().flat_map(|file| file.vector).collect())
}

/// The listed cases that no vector carries, with the reasons.
///
/// # Errors
///
/// As [`vector_files`].
pub fn not_applicable() -> Result<NotApplicable, CorpusError> {
    toml::from_str(NOT_APPLICABLE).map_err(|source| CorpusError { file: "not-applicable.toml", source })
}
