//! The servers under load, each a process of its own.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Done;

/// How many grants each server holds.
const GRANTS: usize = 10_000;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// The name in results.
    pub(crate) name: &'static str,
    /// The port on the loopback.
    pub(crate) port: u16,
    /// The path of the token endpoint.
    pub(crate) path: String,
    /// What it says of its version.
    pub(crate) version: String,
    /// The current refresh token of each chain.
    pub(crate) chains: Vec<String>,
    worker: u32,
    child: Child,
}

impl Server {
    /// Starts a program, and reads the line in which it says where it is.
    pub(crate) fn start(name: &'static str, program: &Path, arguments: &[&str], chains: usize) -> Done<Self> {
        let mut command = on_a_core_of_its_own(program);
        command.args(arguments).env("NODE_ENV", "production").env_remove("RUST_LOG");
        command.env("BENCH_GRANTS", GRANTS.to_string()).env("BENCH_CHAINS", chains.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).map_err(|_| format!("{name} did not say where it is"))?;
        let number = |member: &str| said.get(member).and_then(Value::as_u64).ok_or("a number is missing");
        let text = |member: &str| said.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let tokens = said.get("tokens").and_then(Value::as_array).ok_or("no tokens")?;
        Ok(Self {
            name,
            port: u16::try_from(number("port")?)?,
            path: text("path"),
            version: text("version"),
            chains: tokens.iter().filter_map(Value::as_str).map(String::from).collect(),
            worker: u32::try_from(number("pid")?)?,
            child,
        })
    }

    /// The time that its process has spent on processors, in user and kernel mode.
    pub(crate) fn cpu(&self) -> Done<Duration> {
        cpu_of(&self.worker.to_string())
    }

    /// The bytes of its process that are in memory.
    pub(crate) fn resident(&self) -> Done<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.worker))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0)
    }
}

impl Drop for Server {
    /// Asks it to stop, and waits: a worker of a killed master would stay behind.
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            _ = self.child.wait();
        } else {
            _ = self.child.kill();
        }
    }
}

/// The processor time of a process: fields 14 and 15 of its `stat`, in hundredths of a second.
pub(crate) fn cpu_of(process: &str) -> Done<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ").ok_or("no such stat")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// The server on the second processor; `benches/run` has the generator on the first. Without `taskset`, or with one
/// processor, the system decides.
fn on_a_core_of_its_own(program: &Path) -> Command {
    let two = fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.matches("processor\t").count() > 1);
    let tool = Command::new("taskset").arg("--version").stdout(Stdio::null()).status();
    if two && tool.is_ok_and(|status| status.success()) {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "1"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Every server that can be started here, and the names of those that cannot.
pub(crate) fn all(folder: &Path, chains: usize) -> Done<(Vec<Server>, Vec<&'static str>)> {
    let host = env::current_exe()?.with_file_name("host");
    let memory = configured(folder, "memory", "memory:")?;
    let sqlite = configured(folder, "sqlite", "sqlite:grants.db")?;
    let mut servers = vec![
        Server::start("regrant", &host, &["regrant", &memory], chains)?,
        Server::start("axum", &host, &["axum"], chains)?,
        Server::start("regrant-sqlite", &host, &["regrant", &sqlite], chains)?,
    ];
    let node = env::var_os("BENCH_NODE").map(PathBuf::from);
    let python = env::var_os("BENCH_PYTHON").map(PathBuf::from);
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/python/authlib_server.py");
    let database = folder.join("authlib.db").to_string_lossy().into_owned();
    let mut missing = Vec::new();
    let mut peer = |name, program: Option<&Path>, arguments: &[&str]| {
        let started = program.map(|program| Server::start(name, program, arguments, chains));
        match started {
            Some(Ok(server)) => servers.push(server),
            Some(Err(_)) | None => missing.push(name),
        }
    };
    let node_file =
        |name: &str| node.as_deref().map(|at| at.join(name).to_string_lossy().into_owned()).unwrap_or_default();
    let runs = node.as_ref().map(|_| Path::new("node"));
    peer("oauth2-server", runs, &[&node_file("oauth2-server.mjs")]);
    peer("oidc-provider", runs, &[&node_file("oidc-provider.mjs")]);
    peer("authlib", python.as_deref(), &[program, "memory"]);
    peer("authlib-sqlite", python.as_deref(), &[program, "sqlite", &database]);
    Ok((servers, missing))
}

/// A configuration file. A refresh takes the former access token away, as it does at the peers: a chain that is refreshed
/// thousands of times a second would otherwise have all the live access tokens that a grant may have.
fn configured(folder: &Path, name: &str, store: &str) -> Done<String> {
    let file = folder.join(format!("{name}.toml"));
    let text = format!(
        r#"listen = "127.0.0.1:0"
store = "{store}"
issuer = "http://127.0.0.1:8080"

[policy]
previous_access_token = "revoke"

[[mount]]
dialect = "rfc6749"
token = "/token"

[[client]]
id = "web"
secrets = [{{ sha256 = "{digest}" }}]
authentication = ["client_secret_basic"]
grants = ["refresh_token"]
scope = "read write"
"#,
        digest = regrant_benches::secret_digest(),
    );
    fs::write(&file, text)?;
    Ok(file.to_string_lossy().into_owned())
}
