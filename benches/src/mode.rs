//! How long a run may take.

use std::env;

/// How much is measured. The environment variable `REGRANT_BENCH` says it: `quick`, `default` or `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Does everything once, with few grants: it shows that all parts work. Its figures mean little.
    Quick,
    /// What the report is made of, in less than half an hour.
    Default,
    /// The same, and what takes much longer: SQLite at ten million grants.
    Full,
}

impl Mode {
    /// What the environment asks for. Whatever it does not know is the default.
    pub fn of_environment() -> Self {
        Self::named(&env::var("REGRANT_BENCH").unwrap_or_default())
    }

    fn named(name: &str) -> Self {
        match name {
            "quick" => Self::Quick,
            "full" => Self::Full,
            _ => Self::Default,
        }
    }

    /// The first of two in a quick run, else the second.
    pub fn pick<T>(self, quick: T, usual: T) -> T {
        if self == Self::Quick { quick } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_the_default() {
        assert_eq!(
            ["quick", "full", "", "fast"].map(Mode::named),
            [Mode::Quick, Mode::Full, Mode::Default, Mode::Default]
        );
        assert_eq!((Mode::Quick.pick(1, 2), Mode::Full.pick(1, 2)), (1, 2));
    }
}
