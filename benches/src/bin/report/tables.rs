//! The figures behind the table, in tables of their own.

use crate::lines::Lines;
use crate::svg::figure;

const OPERATIONS: [&str; 7] = ["refresh", "retry", "replay", "introspect", "revoke", "issue", "client_credentials"];
const GRANTS: [&str; 3] = ["1000", "100000", "1000000"];

/// Seconds for a reader.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-6 => format!("{:.0} ns", seconds * 1e9),
        seconds if seconds < 1e-3 => format!("{:.2} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

fn cell(lines: &Lines, id: &str, write: impl Fn(f64) -> String) -> String {
    lines.value(id).map_or_else(|| "–".to_owned(), write)
}

fn joined(head: &str, rows: impl IntoIterator<Item = String>) -> String {
    let columns = head.matches('|').count() - 1;
    let rule = format!("|{}\n", "---|".repeat(columns));
    [format!("{head}\n"), rule].into_iter().chain(rows).collect::<Vec<_>>().concat()
}

/// Every request through the memory store.
pub(crate) fn operations(lines: &Lines) -> String {
    let threads: Vec<String> = {
        let mut all: Vec<usize> = lines
            .under("memory/refresh/")
            .filter_map(|(rest, _)| rest.split_once('/')?.1.parse().ok())
            .filter(|threads| *threads < 1_000)
            .collect();
        all.sort_unstable();
        all.dedup();
        all.iter().map(usize::to_string).collect()
    };
    let columns = |threads: &str| GRANTS.map(|grants| format!(" {} grants, {threads} thr. |", named(grants))).concat();
    let head = format!("| request |{}", threads.iter().map(|threads| columns(threads)).collect::<Vec<_>>().concat());
    let row = |operation: &&str| {
        let cells = threads.iter().flat_map(|threads| {
            GRANTS.map(|grants| format!(" {} |", cell(lines, &format!("memory/{operation}/{grants}/{threads}"), time)))
        });
        format!("| {operation} |{}\n", cells.collect::<Vec<_>>().concat())
    };
    joined(&head, OPERATIONS.iter().map(row))
}

fn named(grants: &str) -> String {
    grants.parse().map_or_else(|_| grants.to_owned(), figure)
}

/// What is lost with the number of grants.
pub(crate) fn growth(lines: &Lines) -> String {
    let ratio = |id: &str| cell(lines, id, |value| format!("{value:.2}×"));
    let rows = [
        ("regrant", "memory/growth/refresh", "memory/growth/refresh/lost"),
        ("the bare work of a refresh", "memory/growth/floor", "memory/growth/floor/lost"),
        ("of it, the map update alone", "", "memory/growth/map/lost"),
    ];
    let row = |(name, id, lost): (&str, &str, &str)| {
        let times = if id.is_empty() { "–".to_owned() } else { ratio(id) };
        format!("| {name} | {times} | {} |\n", cell(lines, lost, time))
    };
    joined("| | time at 1,000,000 against 1,000 | lost each |", rows.map(row))
}

/// The wire alone, and the decision alone.
pub(crate) fn wire(lines: &Lines) -> String {
    let rows = ["parse", "render", "decide"].map(|name| (name.to_owned(), lines.value(&format!("wire/{name}"))));
    let whole = lines.under("wire/refresh/floor/").filter_map(|(grants, line)| {
        let (floor, work) = line.sides?;
        let grants = named(grants);
        Some(format!(
            "| a refresh from octets to octets at {grants} grants; the bare work; the ratio | {}; {}; {:.2}× |\n",
            time(work),
            time(floor),
            line.value
        ))
    });
    let rows = rows.into_iter().filter_map(|(name, value)| Some(format!("| {name} | {} |\n", time(value?))));
    joined("| | time |", rows.chain(whole))
}

/// The Rust peers in process.
pub(crate) fn peers(lines: &Lines) -> String {
    let mut rows = Vec::new();
    for name in ["oxide-auth", "oauth-as"] {
        for grants in GRANTS {
            let Some(line) = lines.line(&format!("peers/{name}/{grants}")) else { continue };
            let Some((ours, theirs)) = line.sides else { continue };
            let (ours, theirs, ratio) = (time(ours), time(theirs), line.value);
            rows.push(format!("| {name} | {} | {theirs} | {ours} | {ratio:.2}× |\n", named(grants)));
        }
    }
    joined("| peer | grants | peer | regrant | ratio |", rows)
}

/// Bytes per grant.
pub(crate) fn space(lines: &Lines) -> String {
    let bytes = |value: f64| format!("{value:.0} B");
    let grants = lines.value("peers/space/grants").map_or_else(String::new, figure);
    let beside = ["regrant", "oxide-auth", "oauth-as"].map(|name| {
        let of = |rotations: &str| cell(lines, &format!("peers/space/{name}/{rotations}"), bytes);
        format!("| {name}, {grants} grants, beside its peers | {} | {} |\n", of("0"), of("100"))
    });
    let alone = GRANTS.map(|grants| {
        let of = |rotations: &str| cell(lines, &format!("space/grant/{grants}/{rotations}"), bytes);
        format!("| regrant, {} grants | {} | {} |\n", named(grants), of("0"), of("100"))
    });
    joined("| store in memory, bytes per live grant | no rotation | 100 rotations |", alone.into_iter().chain(beside))
}

/// Everything over HTTP.
pub(crate) fn http(lines: &Lines) -> String {
    let mut names: Vec<&str> = lines.under("http/").filter_map(|(rest, _)| rest.strip_suffix("/rate")).collect();
    names.retain(|name| !name.contains("-against-"));
    names.sort_by(|a, b| {
        let rate = |name: &str| lines.value(&format!("http/{name}/rate")).unwrap_or_default();
        rate(b).total_cmp(&rate(a))
    });
    let row = |name: &&str| {
        let of = |what: &str, write: &dyn Fn(f64) -> String| cell(lines, &format!("http/{name}/{what}"), write);
        let mebibytes = |value: f64| format!("{:.0} MiB", value / 1024.0 / 1024.0);
        let count = |value: f64| format!("{value:.0}");
        let share = |value: f64| format!("{:.0} %", value * 100.0);
        format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            of("rate", &count),
            of("cpu", &time),
            of("latency/50", &time),
            of("latency/99", &time),
            of("half/50", &time),
            of("half/99", &time),
            of("half/load", &share),
            of("resident", &mebibytes),
            format_args!("{}; {}", of("errors", &count), of("generator", &share)),
        )
    };
    let head = "| server | refreshes/s | processor each | p50 | p99 | p50 at half | p99 at half | its load then | resident | \
                wrong answers; the generator's own processor |";
    joined(head, names.iter().map(row))
}

/// The lines of a part as they are.
pub(crate) fn rest(lines: &Lines, start: &str) -> String {
    let rows = lines.under(start).map(|(id, line)| {
        let value = match line.unit.as_str() {
            "" => line.text.clone(),
            "x" => format!("{:.2}×", line.value),
            "s" => time(line.value),
            unit => format!("{} {}", figure(line.value), if unit == "count" { "" } else { unit }),
        };
        format!("| {id} | {} |\n", value.trim_end())
    });
    joined("| what | |", rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_the_unit_that_fits() {
        assert_eq!([3.2e-8, 1.5e-6, 0.0021, 2.0].map(time), ["32 ns", "1.50 µs", "2.10 ms", "2.00 s"]);
    }

    #[test]
    fn the_head_of_a_table_has_a_rule_of_as_many_columns() {
        assert_eq!(joined("| a | b |", ["| 1 | 2 |\n".to_owned()]), "| a | b |\n|---|---|\n| 1 | 2 |\n");
    }

    #[test]
    fn servers_stand_in_the_order_of_their_rates() {
        let mut lines = Lines::default();
        lines.add("{\"id\":\"http/slow/rate\",\"unit\":\"1/s\",\"value\":1.0}").unwrap();
        lines.add("{\"id\":\"http/fast/rate\",\"unit\":\"1/s\",\"value\":2.0}").unwrap();
        lines.add("{\"id\":\"http/fast-against-slow/rate\",\"unit\":\"x\",\"value\":2.0}").unwrap();
        let table = http(&lines);
        assert!(table.find("| fast |").unwrap() < table.find("| slow |").unwrap());
        assert_eq!(table.lines().count(), 4);
    }

    #[test]
    fn a_line_is_written_in_its_unit() {
        let mut lines = Lines::default();
        lines.add("{\"id\":\"sqlite/a/rate\",\"unit\":\"x\",\"value\":5.0}").unwrap();
        lines.add("{\"id\":\"sqlite/b\",\"text\":\"wal\"}").unwrap();
        assert!(rest(&lines, "sqlite/").ends_with("| a/rate | 5.00× |\n| b | wal |\n"));
    }
}
