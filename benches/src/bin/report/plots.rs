//! The plots of the report.

use crate::lines::Lines;
use crate::svg::{Axes, Series, bars, figure, lines as drawn};

/// Every plot, by the name of its file.
pub(crate) fn all(lines: &Lines) -> [(&'static str, String); 5] {
    [
        ("throughput.svg", throughput(lines)),
        ("latency.svg", latency(lines)),
        ("grants.svg", grants(lines)),
        ("rotations.svg", rotations(lines)),
        ("postgres.svg", postgres(lines)),
    ]
}

fn throughput(lines: &Lines) -> String {
    let rates = lines.under("http/").filter_map(|(rest, line)| {
        let name = rest.strip_suffix("/rate").filter(|name| !name.contains("-against-"))?;
        Some((name.to_owned(), line.value, format!("{}/s", figure(line.value))))
    });
    bars("Refreshes a second over HTTP, one core (logarithmic)", &rates.collect::<Vec<_>>())
}

/// Percentiles at half of each server's own maximal rate. The axis is how many requests are faster for each that is not.
fn latency(lines: &Lines) -> String {
    let mut series: Vec<Series> = Vec::new();
    for (rest, line) in lines.under("http/") {
        let Some((name, percentile)) = rest.split_once("/half/") else { continue };
        let Some(slower) = percentile.parse::<f64>().ok().map(|p| 1.0 - p / 100.0).filter(|slower| *slower > 0.0)
        else {
            continue;
        };
        let point = ((1.0 / slower).round(), line.value * 1e3);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(point),
            None => series.push(Series { name: name.to_owned(), points: vec![point] }),
        }
    }
    let axes = Axes { x: "1 in … is slower (2: median, 100: p99, 10k: p99.99)", y: "milliseconds", log_y: true };
    drawn("Latency at half of each server's maximal rate", axes, &ordered(series))
}

/// The cost of a refresh against how many grants there are.
fn grants(lines: &Lines) -> String {
    let of = |name: &str, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points };
    let ours = lines.under("memory/refresh/").filter_map(|(rest, line)| {
        let grants = rest.strip_suffix("/1")?.parse().ok()?;
        Some((grants, line.value * 1e6))
    });
    let floor = lines.under("memory/floor/").filter_map(|(rest, line)| Some((rest.parse().ok()?, line.value * 1e6)));
    let beside = |name: &str, at: fn((f64, f64)) -> f64| {
        let start = format!("peers/{name}/");
        let points = lines.under(&start).filter_map(|(rest, line)| Some((rest.parse().ok()?, at(line.sides?) * 1e6)));
        points.collect::<Vec<(f64, f64)>>()
    };
    let series = vec![
        of("the bare work", floor.collect()),
        of("regrant, from text to text", ours.collect()),
        of("regrant, from octets to octets", beside("oxide-auth", |(ours, _)| ours)),
        of("oxide-auth, from octets to octets", beside("oxide-auth", |(_, theirs)| theirs)),
        of("oauth-as, from octets to octets", beside("oauth-as", |(_, theirs)| theirs)),
    ];
    let axes = Axes { x: "grants (logarithmic)", y: "microseconds", log_y: false };
    drawn("One refresh against the number of grants, in memory, one thread", axes, &ordered(series))
}

/// What goes through Postgres: alone beside the bare loop and `pgbench`, and 64 callers in batches.
fn postgres(lines: &Lines) -> String {
    let rates = lines.under("postgres/").filter_map(|(rest, line)| {
        let (kind, connections, side) = match rest.split('/').collect::<Vec<_>>().as_slice() {
            [kind, connections, side] if line.unit == "1/s" => (*kind, *connections, *side),
            _ => return None,
        };
        let side = if side == "store" { "regrant" } else { side };
        let name = if kind == "together" {
            format!("{side}, 64 on {connections}")
        } else {
            format!("{side}, {connections} alone")
        };
        Some((name, line.value, format!("{}/s", figure(line.value))))
    });
    bars("Refreshes a second in Postgres: N connections alone, 64 callers on N", &rates.collect::<Vec<_>>())
}

/// The cost of a refresh against how often its grant was refreshed before.
fn rotations(lines: &Lines) -> String {
    let points = lines.under("memory/rotations/");
    let points = points.filter_map(|(rest, line)| Some((rest.parse().ok()?, line.value * 1e6)));
    let series = Series { name: "regrant, one live access token".to_owned(), points: points.collect() };
    let axes = Axes { x: "rotations of the grant before (logarithmic)", y: "microseconds", log_y: false };
    drawn("One refresh against the rotations already done", axes, &ordered(vec![series]))
}

/// Ids are in the order of letters; points are in the order of numbers.
fn ordered(mut series: Vec<Series>) -> Vec<Series> {
    for series in &mut series {
        series.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    series.retain(|series| !series.points.is_empty());
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_in_the_order_of_numbers() {
        let mut lines = Lines::default();
        for (id, value) in [("1000000/1", 3e-6), ("1000/1", 1e-6), ("100000/1", 2e-6), ("1000/2", 9e-6)] {
            let line = format!("{{\"id\":\"memory/refresh/{id}\",\"unit\":\"s\",\"value\":{value}}}");
            lines.add(&line).unwrap();
        }
        let plot = grants(&lines);
        assert_eq!(plot.matches("<circle").count(), 3);
        assert!(plot.contains("regrant, from text to text") && !plot.contains("oxide-auth"));
    }

    #[test]
    fn rates_of_postgres_are_bars_and_ratios_are_none() {
        let mut lines = Lines::default();
        lines.add("{\"id\":\"postgres/alone/8/store\",\"unit\":\"1/s\",\"value\":2000.0}").unwrap();
        lines.add("{\"id\":\"postgres/together/4/unnest\",\"unit\":\"1/s\",\"value\":9000.0}").unwrap();
        lines.add("{\"id\":\"postgres/alone/8/rate\",\"unit\":\"x\",\"value\":0.9}").unwrap();
        let plot = postgres(&lines);
        assert!(plot.contains("regrant, 8 alone") && plot.contains("unnest, 64 on 4") && !plot.contains("rate,"));
    }

    #[test]
    fn a_server_is_a_line_and_a_ratio_is_none() {
        let mut lines = Lines::default();
        lines.add("{\"id\":\"http/axum/half/99\",\"unit\":\"s\",\"value\":0.001}").unwrap();
        lines.add("{\"id\":\"http/axum/half/100\",\"unit\":\"s\",\"value\":0.002}").unwrap();
        lines.add("{\"id\":\"http/regrant-against-axum/rate\",\"unit\":\"x\",\"value\":0.9}").unwrap();
        assert_eq!(latency(&lines).matches("<circle").count(), 1);
        assert!(!throughput(&lines).contains("against"));
    }
}
