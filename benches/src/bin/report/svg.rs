//! Plots as SVG, written by hand: bars, and lines over a logarithmic axis.

use std::fmt::Write as _;

/// A plot under construction.
#[derive(Debug)]
pub(crate) struct Plot {
    body: String,
    height: f64,
}

/// One line of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// What it is.
    pub(crate) name: String,
    /// Its points.
    pub(crate) points: Vec<(f64, f64)>,
}

/// What stands at an axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axes<'a> {
    /// Under the horizontal one.
    pub(crate) x: &'a str,
    /// Beside the vertical one.
    pub(crate) y: &'a str,
    /// Whether the vertical one is logarithmic; else it begins at nothing.
    pub(crate) log_y: bool,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 50.0;
const OURS: &str = "#1f5fa8";
const OTHERS: &str = "#6b6b6b";
const COLOURS: [&str; 8] = [OURS, "#c2571a", "#3a7d44", "#8a3ffc", "#a61e4d", "#6b6b6b", "#b08900", "#00798c"];

/// A bar for each value, longest first, with its figure beside it. Logarithmic: the peers differ by powers of ten.
pub(crate) fn bars(title: &str, values: &[(String, f64, String)]) -> String {
    let mut sorted: Vec<&(String, f64, String)> = values.iter().filter(|(_, value, _)| *value > 0.0).collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut plot = Plot::new(title, TOP + 34.0 * sorted.len() as f64 + 20.0);
    let least = sorted.last().map_or(1.0, |(_, value, _)| value.log10().floor());
    let most = sorted.first().map_or(2.0, |(_, value, _)| value.log10()).max(least + 0.1);
    for (at, (name, value, shown)) in sorted.iter().enumerate() {
        let y = TOP + 34.0 * at as f64;
        let length = (RIGHT - LEFT - 110.0) * ((value.log10() - least) / (most - least)).max(0.01);
        let colour = if name.starts_with("regrant") { OURS } else { OTHERS };
        plot.rect(LEFT, y, length, 22.0, colour);
        plot.text(LEFT - 8.0, y + 16.0, "end", name);
        plot.text(LEFT + length + 8.0, y + 16.0, "start", shown);
    }
    plot.finish()
}

/// Lines over a logarithmic horizontal axis.
pub(crate) fn lines(title: &str, axes: Axes<'_>, series: &[Series]) -> String {
    let bottom = 360.0;
    let mut plot = Plot::new(title, bottom + 60.0 + 18.0 * series.len() as f64);
    let points = || series.iter().flat_map(|series| &series.points).filter(|(x, y)| *x > 0.0 && *y > 0.0);
    let span = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max).max(least * 1.01))
    };
    let (x_from, x_to) = span(points().map(|(x, _)| x.log10()).collect());
    let scale_y = |y: f64| if axes.log_y { y.log10() } else { y };
    let (mut y_from, mut y_to) = span(points().map(|(_, y)| scale_y(*y)).collect());
    if axes.log_y {
        (y_from, y_to) = (y_from.floor(), y_to.ceil());
    } else {
        (y_from, y_to) = (0.0, y_to * 1.15);
    }
    let place = |(x, y): &(f64, f64)| {
        let across = LEFT - 70.0 + (RIGHT - LEFT + 70.0) * (x.log10() - x_from) / (x_to - x_from).max(1e-9);
        (across, bottom - (bottom - TOP) * (scale_y(*y) - y_from) / (y_to - y_from).max(1e-9))
    };
    plot.axes(bottom, axes);
    for step in 0..=4 {
        let at = y_from + (y_to - y_from) * f64::from(step) / 4.0;
        let value = if axes.log_y { 10_f64.powf(at) } else { at };
        let y = bottom - (bottom - TOP) * f64::from(step) / 4.0;
        plot.line(LEFT - 70.0, y, RIGHT, y, "#dddddd", 1.0);
        plot.text(LEFT - 76.0, y + 4.0, "end", &figure(value));
    }
    let mut marked: Vec<f64> = points().map(|(x, _)| *x).collect();
    marked.sort_by(f64::total_cmp);
    marked.dedup();
    for x in marked {
        let (across, _) = place(&(x, 1.0));
        plot.text(across, bottom + 18.0, "middle", &figure(x));
    }
    for ((at, series), colour) in series.iter().enumerate().zip(COLOURS.iter().cycle()) {
        let placed: Vec<(f64, f64)> = series.points.iter().filter(|(x, y)| *x > 0.0 && *y > 0.0).map(place).collect();
        plot.path(&placed, colour);
        let y = bottom + 56.0 + 18.0 * at as f64;
        plot.rect(LEFT - 70.0, y - 9.0, 18.0, 6.0, colour);
        plot.text(LEFT - 44.0, y, "start", &series.name);
    }
    plot.finish()
}

/// A number as short as it can be read.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", short(value / 1e6)),
        size if size >= 1e4 => format!("{}k", short(value / 1e3)),
        _ => short(value),
    }
}

fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if !(1e-9..100.0).contains(&size) => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Plot {
    fn new(title: &str, height: f64) -> Self {
        let mut plot = Self { body: String::new(), height };
        plot.text(WIDTH / 2.0, 26.0, "middle", title);
        plot
    }

    fn axes(&mut self, bottom: f64, axes: Axes<'_>) {
        self.line(LEFT - 70.0, TOP, LEFT - 70.0, bottom, "#333333", 1.0);
        self.line(LEFT - 70.0, bottom, RIGHT, bottom, "#333333", 1.0);
        self.text(f64::midpoint(LEFT - 70.0, RIGHT), bottom + 38.0, "middle", axes.x);
        let (x, y) = (22.0, f64::midpoint(TOP, bottom));
        let text = escaped(axes.y);
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\">{text}</text>"
        ));
    }

    fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, colour: &str) {
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
        ));
    }

    fn line(&mut self, x: f64, y: f64, to_x: f64, to_y: f64, colour: &str, width: f64) {
        self.add(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" stroke=\"{colour}\" \
             stroke-width=\"{width}\"/>"
        ));
    }

    fn path(&mut self, points: &[(f64, f64)], colour: &str) {
        let text: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let text = text.join(" ");
        self.add(format_args!("<polyline points=\"{text}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"));
        for (x, y) in points {
            self.add(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"));
        }
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        _ = writeln!(self.body, "{element}");
    }

    fn finish(self) -> String {
        let Self { body, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             {body}</svg>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_value_and_the_first() {
        let values = [("a<b".into(), 10.0, "10".into()), ("regrant".into(), 1_000.0, "1k".into())];
        let plot = bars("t", &values);
        let at = |text: &str| plot.find(text).unwrap();
        assert!(at("regrant") < at("a&lt;b") && plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
        assert_eq!(plot.matches("<rect").count(), 3);
    }

    #[test]
    fn every_point_of_a_line_is_inside_the_plot() {
        let points = vec![(1_000.0, 2.0), (1_000_000.0, 3.0)];
        for log_y in [false, true] {
            let series = [Series { name: "one".into(), points: points.clone() }];
            let plot = lines("t", Axes { x: "x", y: "y", log_y }, &series);
            let circles = plot.lines().filter(|line| line.starts_with("<circle"));
            let inside = |line: &str| {
                let number =
                    |name: &str| line.split_once(name).unwrap().1.split('"').next().unwrap().parse::<f64>().unwrap();
                (0.0..=WIDTH).contains(&number("cx=\"")) && (TOP - 1.0..=361.0).contains(&number("cy=\""))
            };
            assert_eq!(circles.filter(|line| inside(line)).count(), 2);
        }
    }

    #[test]
    fn an_empty_plot_is_still_a_plot() {
        assert!(bars("t", &[]).ends_with("</svg>\n"));
        assert!(lines("t", Axes { x: "x", y: "y", log_y: true }, &[]).ends_with("</svg>\n"));
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([1.5, 100_000.0, 1e6, 0.0123, 0.0].map(figure), ["1.5", "100k", "1M", "0.0123", "0"]);
    }
}
