//! Running the binary: a folder with a configuration, single commands, and a server that is ended when it is dropped.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use regrant_testkit::exchange::Framing;
use regrant_testkit::wire::Wire;
use regrant_testkit::{Answer, IssueOrder, IssuedTokens, Request, Setup, Trouble};
use serde_json::Value;
use tempfile::TempDir;

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the binary to its end.
pub(crate) fn regrant(arguments: &[&str]) -> Done {
    let output = Command::new(env!("CARGO_BIN_EXE_regrant")).args(arguments).output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with a configuration file over an SQLite database.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// With the clients, mounts and policy of a setup.
    pub(crate) fn new(setup: &Setup) -> Self {
        Self::with(&setup.to_config_toml("sqlite:grants.db").unwrap())
    }

    /// With this configuration.
    pub(crate) fn with(config: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.path("regrant.toml"), config).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> String {
        self.path("regrant.toml").display().to_string()
    }

    /// Runs a command on the configuration: `words` and then `--config FILE` and then `rest`.
    pub(crate) fn run(&self, words: &[&str], rest: &[&str]) -> Done {
        let config = self.config();
        regrant(&[words, &["--config", &config], rest].concat())
    }

    /// Starts a grant and answers what was printed.
    pub(crate) fn issue(&self, rest: &[&str]) -> Value {
        let done = self.run(&["grant", "issue"], rest);
        assert_eq!((done.code, done.out.lines().count()), (0, 1), "{done:?}");
        serde_json::from_str(&done.out).unwrap()
    }

    /// Starts the grant of a vector.
    pub(crate) fn issue_order(&self, order: &IssueOrder) -> Result<IssuedTokens, Trouble> {
        let mut rest = vec!["--client".to_owned(), order.client.clone(), "--scope".to_owned(), order.scope.clone()];
        if let Some(subject) = &order.subject {
            rest.extend(["--subject".to_owned(), subject.clone()]);
        }
        for (key, value) in &order.attributes {
            rest.extend(["--attribute".to_owned(), format!("{key}={value}")]);
        }
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let done = self.run(&["grant", "issue"], &rest);
        let issued: Value = serde_json::from_str(&done.out).map_err(|_| Trouble::Broken(done.err))?;
        let text = |name: &str| issued[name].as_str().map(str::to_owned);
        Ok(IssuedTokens {
            grant_id: text("grant_id").unwrap_or_default(),
            access_token: text("access_token").unwrap_or_default(),
            refresh_token: text("refresh_token"),
        })
    }

    /// Starts a server that logs at its most talkative level.
    pub(crate) fn serve(&self) -> Running {
        Running::start(&self.config()).unwrap()
    }
}

/// A server. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts the server of a configuration file; what it says instead, if it does not start.
    pub(crate) fn start(config: &str) -> Result<Self, Done> {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_regrant")).args(["serve", "--config", config]))
    }

    /// The same in a shell that first does something to itself.
    #[cfg(unix)]
    pub(crate) fn start_limited(config: &str, first: &str) -> Result<Self, Done> {
        let script = format!("{first}; exec \"$0\" serve --config \"$1\"");
        Self::spawn(Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_regrant"), config]))
    }

    fn spawn(command: &mut Command) -> Result<Self, Done> {
        let mut child = command.env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (log, reader) = gather(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix("listening on http://") else {
            let code = child.wait().unwrap().code().unwrap();
            reader.join().unwrap();
            let err = log.lock().unwrap().clone();
            return Err(Done { code, out: line, err });
        };
        Ok(Self { address: address.parse().unwrap(), child, log, reader: Some(reader) })
    }

    /// Sends one request over a connection of its own.
    pub(crate) fn send(&self, request: &Request) -> Answer {
        Wire::new(self.address).send(request).unwrap()
    }

    /// A refresh by `web`.
    pub(crate) fn refresh(&self, token: &str) -> Answer {
        self.send(&refresh(token))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let (method, path) = ("GET".to_owned(), path.to_owned());
        self.send(&Request { method, path, headers: Vec::new(), body: None, framing: Framing::Length })
    }

    /// Everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the server to end by itself; how it ended, and its whole log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        (status, self.log())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gathers what a process writes, so that it never waits for a reader.
fn gather(mut from: ChildStderr) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let log = Arc::new(Mutex::new(String::new()));
    let held = Arc::clone(&log);
    let reader = thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            held.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    });
    (log, reader)
}

/// The refresh of `web`, by Basic.
pub(crate) fn refresh(token: &str) -> Request {
    form("/token", &format!("grant_type=refresh_token&refresh_token={token}"))
}

/// A form of `web`, by Basic.
pub(crate) fn form(path: &str, body: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: vec![
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("Authorization".to_owned(), "Basic d2ViOndlYi1zZWNyZXQ=".to_owned()),
        ],
        body: Some(body.as_bytes().to_vec()),
        framing: Framing::Length,
    }
}

/// A member of an answer, as text.
pub(crate) fn member(answer: &Answer, name: &str) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body[name].as_str().unwrap().to_owned()
}

/// Tries again until something holds, for as long as a slow machine may need.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to this: {what}");
}
