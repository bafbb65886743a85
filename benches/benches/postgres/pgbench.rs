//! The same two statements by `pgbench`, which is written in C and does nothing else.

use std::process::Command;

use crate::{Done, Stand};

const SCRIPT: &str = "\\set n random(0, :grants - 1)\n\
    SELECT revision AS r, lineage, current_digest, tokens, client_id, subject, scope, attributes, refresh_issued_at, \
    refresh_expires_at FROM regrant.grants WHERE id = int8send(0) || int8send(:n) \\gset\n\
    UPDATE regrant.grants SET revision = :r + 1, generation = generation \
    WHERE id = int8send(0) || int8send(:n) AND revision = :r;\n";

/// How many loads and updates go through in a second, over so many connections.
pub(crate) fn rate(stand: &Stand, connections: usize) -> Done<f64> {
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), SCRIPT)?;
    let mut pgbench = Command::new(stand.server.binaries().join("pgbench"));
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--client", &connections.to_string()]);
    pgbench.args(["--jobs", "1", "--time", &stand.span.as_secs().max(1).to_string()]);
    pgbench.args(["--define", &format!("grants={}", stand.grants)]).arg("--file").arg(script.path()).arg(stand.url());
    let output = pgbench.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned().into())
}
