//! The table of what is promised, beside what was reached.

use crate::lines::{Line, Lines};

/// What a measure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// One promise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// What is measured.
    pub(crate) measure: &'static str,
    /// The id of its line.
    pub(crate) id: &'static str,
    /// What it must be.
    pub(crate) target: Target,
    /// What the figure is in, for a reader.
    pub(crate) unit: Unit,
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unit {
    /// `1.25×`
    Times,
    /// `370 B`
    Bytes,
    /// `1.20 ms`, of seconds
    Millis,
    /// `0`
    Count,
}

const fn promise(measure: &'static str, id: &'static str, target: Target, unit: Unit) -> Promise {
    Promise { measure, id, target, unit }
}

use Target::{AtLeast, AtMost};
use Unit::{Bytes, Count, Millis, Times};

/// Every promise, in the order of the report.
pub(crate) const PROMISES: [Promise; 31] = [
    promise(
        "refresh in memory at 100,000 grants, one thread, against the bare work: time",
        "memory/refresh/floor/100000",
        AtMost(1.3),
        Times,
    ),
    promise(
        "`oxide-auth`'s endpoint with a SHA-256 secret policy against the same, from octets to octets: time",
        "peers/oxide-auth/100000",
        AtLeast(3.0),
        Times,
    ),
    promise("`oauth-as` against the same, from octets to octets: time", "peers/oauth-as/100000", AtLeast(3.0), Times),
    promise(
        "refresh after 1,000,000 rotations of one grant against after 10: time",
        "memory/rotations/1000000-against-10",
        AtMost(1.05),
        Times,
    ),
    promise(
        "bytes of the record after 1,000,000 rotations, beyond those after 10",
        "space/record/grown",
        AtMost(0.0),
        Bytes,
    ),
    promise(
        "what a refresh loses from 1,000 to 1,000,000 grants, against what the bare map itself loses there: time",
        "memory/growth/lost-against-map",
        AtMost(1.2),
        Times,
    ),
    promise(
        "memory per live grant in `regrant-memory`, 100,000 grants, no rotation",
        "space/grant/100000/0",
        AtMost(400.0),
        Bytes,
    ),
    promise("the same after 100 rotations", "space/grant/100000/100", AtMost(400.0), Bytes),
    promise("two threads against one, memory store: rate", "memory/threads/2-against-1/rate", AtLeast(1.8), Times),
    promise("SQLite, durable, one caller, against the bare loop: rate", "sqlite/one/rate", AtLeast(0.9), Times),
    promise(
        "SQLite, durable, 64 callers with group commit, against the bare loop of one commit each: rate",
        "sqlite/group/64/rate",
        AtLeast(5.0),
        Times,
    ),
    promise(
        "SQLite, bytes written, against the bare loop at the same group",
        "sqlite/group/64/bytes",
        AtMost(1.1),
        Times,
    ),
    promise("SQLite, statements prepared twice", "sqlite/reprepared", AtMost(0.0), Count),
    promise("SQLite at 10,000,000 grants against 100,000: rate", "sqlite/grants/10000000/rate", AtLeast(0.5), Times),
    promise(
        "Postgres, one request at a time on one connection, against a bare loop: rate",
        "postgres/alone/1/rate",
        AtLeast(0.9),
        Times,
    ),
    promise("the same against `pgbench`: rate", "postgres/alone/1/pgbench/rate", AtLeast(0.9), Times),
    promise(
        "Postgres, one request at a time on each of 8 connections, against a bare loop: rate",
        "postgres/alone/8/rate",
        AtLeast(0.9),
        Times,
    ),
    promise("the same against `pgbench`: rate", "postgres/alone/8/pgbench/rate", AtLeast(0.9), Times),
    promise(
        "Postgres, one request at a time on each of 32 connections, against a bare loop: rate",
        "postgres/alone/32/rate",
        AtLeast(0.9),
        Times,
    ),
    promise("the same against `pgbench`: rate", "postgres/alone/32/pgbench/rate", AtLeast(0.9), Times),
    promise(
        "Postgres, 64 callers in batches over one connection, against one caller alone: rate",
        "postgres/together/1/rate",
        AtLeast(5.0),
        Times,
    ),
    promise(
        "Postgres, 64 callers in batches over 4 connections, against one caller alone: rate",
        "postgres/together/4/rate",
        AtLeast(5.0),
        Times,
    ),
    promise(
        "HTTP, memory store, against the bare axum handler: rate",
        "http/regrant-against-axum/rate",
        AtLeast(0.8),
        Times,
    ),
    promise(
        "HTTP, processor time of `@node-oauth/oauth2-server` against ours",
        "http/oauth2-server-against-regrant/cpu",
        AtLeast(10.0),
        Times,
    ),
    promise(
        "HTTP, processor time of `oidc-provider` against ours",
        "http/oidc-provider-against-regrant/cpu",
        AtLeast(25.0),
        Times,
    ),
    promise(
        "HTTP, processor time of Authlib in memory against ours",
        "http/authlib-against-regrant/cpu",
        AtLeast(60.0),
        Times,
    ),
    promise(
        "HTTP, processor time of Authlib on SQLite against ours in memory",
        "http/authlib-sqlite-against-regrant/cpu",
        AtLeast(60.0),
        Times,
    ),
    promise(
        "HTTP, processor time of Authlib on SQLite against ours on SQLite",
        "http/authlib-sqlite-against-regrant-sqlite/cpu",
        AtLeast(60.0),
        Times,
    ),
    promise(
        "HTTP, memory store, 99th percentile of latency at half the maximal rate",
        "http/regrant/half/99",
        AtMost(0.002),
        Millis,
    ),
    promise("wrong answers over HTTP, memory store", "http/regrant/errors", AtMost(0.0), Count),
    promise("wrong answers over HTTP, SQLite", "http/regrant-sqlite/errors", AtMost(0.0), Count),
];

impl Target {
    /// Whether a figure holds it.
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn write(self, unit: Unit) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", unit.write(most)),
            Self::AtLeast(least) => format!("≥ {}", unit.write(least)),
        }
    }
}

impl Unit {
    /// A figure for a reader.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            Self::Times if value >= 10.0 => format!("{value:.1}×"),
            Self::Times => format!("{value:.2}×"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Millis => format!("{:.2} ms", value * 1e3),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// The table in Markdown.
pub(crate) fn write(lines: &Lines) -> String {
    let head = "| measure | target | reached | runs, least to most | held |\n|---|---|---|---|---|\n";
    let rows = PROMISES.iter().map(|promise| row(promise, lines.line(promise.id), &load(promise, lines)));
    [head.to_owned()].into_iter().chain(rows).collect::<Vec<_>>().concat()
}

/// Beside a latency at half the highest rate: how busy the server was then.
fn load(promise: &Promise, lines: &Lines) -> String {
    let beside = promise.id.strip_suffix("/half/99").and_then(|server| lines.value(&format!("{server}/half/load")));
    beside.map_or_else(String::new, |load| format!(" (its processor {:.0} % busy)", load * 100.0))
}

fn row(promise: &Promise, line: Option<&Line>, load: &str) -> String {
    let Promise { measure, target, unit, .. } = promise;
    let measure = format!("{measure}{load}");
    let target_text = target.write(*unit);
    let Some(line) = line.filter(|line| line.value.is_finite()) else {
        return format!("| {measure} | {target_text} | not measured in this run | | |\n");
    };
    let held = if target.holds(line.value) { "yes" } else { "**no**" };
    let reached = unit.write(line.value);
    format!("| {measure} | {target_text} | {reached} | {} | {held} |\n", spread(line, *unit))
}

fn spread(line: &Line, unit: Unit) -> String {
    let least = line.runs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = line.runs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match line.runs.len() {
        0 => String::new(),
        count => format!("{count}: {} to {}", unit.write(least), unit.write(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_held_at_its_bound() {
        assert!(AtMost(1.3).holds(1.3) && !AtMost(1.3).holds(1.31));
        assert!(AtLeast(3.0).holds(3.0) && !AtLeast(3.0).holds(2.99));
    }

    #[test]
    fn a_row_says_what_was_reached_or_that_nothing_was_measured() {
        let promise = promise("speed", "a", AtLeast(3.0), Times);
        let line = Line { value: 2.5, runs: vec![2.5, 2.0, 3.5], ..Line::default() };
        assert_eq!(
            row(&promise, Some(&line), " (busy)"),
            "| speed (busy) | ≥ 3.00× | 2.50× | 3: 2.00× to 3.50× | **no** |\n"
        );
        assert_eq!(row(&promise, None, ""), "| speed | ≥ 3.00× | not measured in this run | | |\n");
    }

    #[test]
    fn every_promise_has_an_id_of_its_own() {
        let mut ids: Vec<&str> = PROMISES.iter().map(|promise| promise.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PROMISES.len());
    }
}
