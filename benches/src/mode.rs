//! How long a run may take.

use std::env;

/// How much is measured. The environment variable `REGRANT_BENCH` says it: `quick` or `default`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Does everything once, with few grants: it shows that all parts work. Its figures mean little.
    Quick,
    /// What the report is made of, in little more than half an hour.
    Default,
}

impl Mode {
    /// What the environment asks for. Whatever it does not know is the default.
    pub fn of_environment() -> Self {
        Self::named(&env::var("REGRANT_BENCH").unwrap_or_default())
    }

    fn named(name: &str) -> Self {
        if name == "quick" { Self::Quick } else { Self::Default }
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
        assert_eq!(["quick", "fast", ""].map(Mode::named), [Mode::Quick, Mode::Default, Mode::Default]);
        assert_eq!((Mode::Quick.pick(1, 2), Mode::Default.pick(1, 2)), (1, 2));
    }
}
