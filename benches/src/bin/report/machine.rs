//! What the figures were measured on, and with.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use regrant_benches::disk::is_volatile;

use crate::lines::Lines;
use crate::tables::time;

/// A list in Markdown: processor, memory, system, versions. No path of the machine.
pub(crate) fn describe(lines: &Lines) -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    let mut facts = vec![
        ("processor", format!("{}, {cores} cores", field("/proc/cpuinfo", "model name").unwrap_or_default())),
        ("memory", memory()),
        ("system", format!("Linux {}", read("/proc/sys/kernel/osrelease").trim())),
        ("SHA-256", sha().to_owned()),
    ];
    for (name, program, argument) in [
        ("Rust", "rustc", "-V"),
        ("Node", "node", "--version"),
        ("Python", "python3", "--version"),
        ("day", "date", "+%Y-%m-%d"),
    ] {
        facts.extend(said(program, &[argument]).map(|text| (name, text)));
    }
    facts.extend(said("git", &["rev-parse", "--short", "HEAD"]).map(|text| ("commit", text)));
    facts.extend(lines.line("postgres/version").map(|line| ("Postgres", line.text.clone())));
    facts.extend(disk(lines));
    let crates = lines.under("peers/version/").map(|(name, line)| (name, line.text.clone()));
    let servers = lines.under("http/version/").filter(|(name, _)| !name.ends_with("-sqlite") && *name != "axum");
    let servers = servers.map(|(name, line)| (name, line.text.clone()));
    facts.extend(crates.chain(servers));
    let skipped = lines.under("http/skipped/").map(|(name, _)| (name, "NOT measured: it could not be started".into()));
    facts.extend(skipped);
    facts.iter().map(|(name, fact)| format!("- {name}: {fact}\n")).collect::<Vec<_>>().concat()
}

/// What the files of SQLite were on.
fn disk(lines: &Lines) -> Option<(&'static str, String)> {
    let file_system = &lines.line("sqlite/filesystem")?.text;
    let wait = time(lines.value("sqlite/fdatasync")?);
    let warning = if is_volatile(file_system) { "**NOT DURABLE**, it is memory: " } else { "" };
    Some(("disk of SQLite", format!("{warning}{file_system}; a bare `fdatasync` after an append takes {wait}")))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn memory() -> String {
    let kibibytes = field("/proc/meminfo", "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse().ok());
    kibibytes.map_or_else(String::new, |kibibytes: u64| format!("{} GiB", kibibytes.div_ceil(1024 * 1024)))
}

fn sha() -> &'static str {
    let flags = field("/proc/cpuinfo", "flags").unwrap_or_default();
    if flags.split(' ').any(|flag| flag == "sha_ni") { "by the processor's own instructions" } else { "in software" }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_from_memory_are_not_called_durable() {
        let of = |file_system: &str| {
            let mut lines = Lines::default();
            lines.add(&format!("{{\"id\":\"sqlite/filesystem\",\"text\":\"{file_system}\"}}")).unwrap();
            lines.add("{\"id\":\"sqlite/fdatasync\",\"unit\":\"s\",\"value\":0.002}").unwrap();
            disk(&lines).unwrap().1
        };
        assert!(
            of("tmpfs").contains("NOT DURABLE")
                && of("xfs").contains("xfs; a bare `fdatasync` after an append takes 2.00 ms")
        );
        assert!(!of("xfs").contains("NOT"));
    }
}
