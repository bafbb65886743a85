//! Writes `docs/BENCHMARKS.md` and its plots out of what the parts have measured.
//!
//! The text around the figures is `benches/report.md`, kept by hand: `{{NAME}}` stands for a generated part.
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

mod lines;
mod machine;
mod plots;
mod svg;
mod table;
mod tables;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lines::Lines;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    // A quick run says nothing: its report goes where nothing is committed from.
    let docs = env::var_os("REGRANT_BENCH_DOCS").map_or_else(|| root.join("docs"), PathBuf::from);
    let lines = Lines::read(&regrant_benches::folder())?;
    let template = fs::read_to_string(root.join("benches/report.md"))?;
    let counts = fs::read_to_string(root.join("benches/instructions.toml"))?;
    let parts = [
        ("machine", machine::describe(&lines)),
        ("table", table::write(&lines)),
        ("operations", tables::operations(&lines)),
        ("growth", tables::growth(&lines)),
        ("wire", tables::wire(&lines)),
        ("peers", tables::peers(&lines)),
        ("space", tables::space(&lines)),
        ("http", tables::http(&lines)),
        ("sqlite", tables::rest(&lines, "sqlite/")),
        ("postgres", tables::rest(&lines, "postgres/")),
        ("profile", fs::read_to_string(regrant_benches::folder().join("profile.md")).unwrap_or_default()),
        ("instructions", format!("```toml\n{counts}```\n")),
    ];
    let report = filled(&template, &parts)?;
    let folder = docs.join("benchmarks");
    fs::create_dir_all(&folder)?;
    for (name, plot) in plots::all(&lines) {
        fs::write(folder.join(name), plot)?;
    }
    fs::write(docs.join("BENCHMARKS.md"), report)?;
    Ok(())
}

/// The template with its parts in place. A name that is not known, or a part that has no place, is an error.
fn filled(template: &str, parts: &[(&str, String)]) -> Done<String> {
    let mut report = String::new();
    let mut used = 0;
    let mut rest = template;
    while let Some((text, marked)) = rest.split_once("{{") {
        let (name, after) = marked.split_once("}}").ok_or("a mark without an end")?;
        let part = parts.iter().find(|(known, _)| *known == name);
        let (_, part) = part.ok_or_else(|| format!("nothing is known of {name}"))?;
        report.push_str(text);
        // What is put in may have braces of its own: names of functions do.
        report.push_str(part.trim_end());
        used += 1;
        rest = after;
    }
    report.push_str(rest);
    if used == parts.len() { Ok(report) } else { Err("the template has no place for some part".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_place_and_every_place_its_part() {
        let parts = [("a", "one\n".to_owned())];
        assert_eq!(filled("x {{a}} y", &parts).unwrap(), "x one y");
        assert_eq!(filled("{{a}}", &[("a", "{{closure}}".into())]).unwrap(), "{{closure}}");
        assert!(filled("x", &parts).is_err() && filled("{{a}} {{b}}", &parts).is_err());
    }

    #[test]
    fn the_template_of_the_report_can_be_filled() {
        let template = include_str!("../../../report.md");
        let names = [
            "machine",
            "table",
            "operations",
            "growth",
            "wire",
            "peers",
            "space",
            "http",
            "sqlite",
            "postgres",
            "profile",
            "instructions",
        ];
        assert!(filled(template, &names.map(|name| (name, String::new()))).is_ok());
    }
}
