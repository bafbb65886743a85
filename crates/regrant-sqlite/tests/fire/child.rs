//! The processes that the tests start: this test binary again, with one of its ignored tests.
//!
//! Such a test does nothing where the environment does not say that it is a child.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Where a child finds its database.
const FILE: &str = "REGRANT_FIRE_FILE";

/// What a child is given besides.
const EXTRA: &str = "REGRANT_FIRE_EXTRA";

/// The database of this process, if it is a child.
pub(crate) fn file() -> Option<PathBuf> {
    env::var_os(FILE).map(PathBuf::from)
}

/// The rest of what a child was told.
pub(crate) fn extra() -> String {
    env::var(EXTRA).unwrap()
}

/// The command that runs one test of this binary as a child, behind the words of `wrapper`.
pub(crate) fn command(wrapper: &[&str], test: &str, file: &Path, extra: &str) -> Command {
    let this = env::current_exe().unwrap();
    let command = match wrapper.split_first() {
        Some((program, words)) => {
            let mut command = Command::new(program);
            command.args(words).arg(this);
            command
        }
        None => Command::new(this),
    };
    told(command, test, file, extra)
}

/// The same for a process of the user nobody, who can do no more than the files say. Only the superuser can start it;
/// `room` is a directory for a copy of this binary, which may lie where nobody can reach it.
pub(crate) fn of_nobody(room: &Path, test: &str, file: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;

    let copy = room.join("child");
    fs::copy(env::current_exe().unwrap(), &copy).unwrap();
    let mut command = Command::new(copy);
    command.uid(NOBODY).gid(NOBODY).current_dir(room);
    told(command, test, file, "")
}

fn told(mut command: Command, test: &str, file: &Path, extra: &str) -> Command {
    command.args(["--exact", test, "--ignored", "--quiet", "--nocapture"]).env(FILE, file).env(EXTRA, extra);
    command
}

/// Prints a line that the parent reads, before anything else happens.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write, so that a kill leaves the whole line or nothing of it.
    out.write_all(format!("say {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A child and what it says.
pub(crate) struct Talking {
    pub(crate) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Talking {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The next line; none where the child has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        self.lines.by_ref().find_map(|line| line.unwrap().strip_prefix("say ").map(str::to_owned))
    }

    /// Kills the child with SIGKILL, and answers what it had said before.
    pub(crate) fn kill(mut self) -> Vec<String> {
        use std::os::unix::process::ExitStatusExt as _;
        self.process.kill().unwrap();
        let rest = std::iter::from_fn(|| self.hear()).collect();
        let status = self.process.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "the child ended by itself: {status}");
        rest
    }
}
