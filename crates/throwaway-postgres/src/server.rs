//! A server of its own.

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::account::Account;
use crate::binaries;
use crate::fault::Fault;
use crate::keeper::Keeper;

/// What every server is given before its own settings. What is written survives the end of all its processes, but not
/// that of the machine.
const SETTINGS: [(&str, &str); 4] =
    [("listen_addresses", "127.0.0.1"), ("fsync", "off"), ("full_page_writes", "off"), ("max_connections", "200")];

/// How long a server may take to become ready, or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a server is started when somebody else was faster to take its port.
const ATTEMPTS: usize = 5;

/// The log of a server, in its directory.
const LOG: &str = "log";

/// A running `PostgreSQL` with its data in a temporary directory. It ends when it is dropped, or with this process.
#[derive(Debug)]
pub struct Server {
    keeper: Keeper,
    place: Place,
    port: u16,
    databases: AtomicU64,
}

/// Where a server lives, and with whose programs and rights.
#[derive(Debug)]
struct Place {
    directory: TempDir,
    account: Account,
    binaries: PathBuf,
}

impl Server {
    /// Starts a new server with these settings of `postgresql.conf`, each a name and a value without quotes.
    ///
    /// # Errors
    /// There are no binaries, or they do not work.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self, Fault> {
        start_on_a_free_port(|| {
            let place = Place::new()?;
            let mut initdb = place.tool("initdb");
            initdb.args(["-A", "trust", "--no-sync", "-N", "--locale=C", "-E", "UTF8", "-U", "postgres", "-D"]);
            run("initdb", initdb.arg(place.data()))?;
            place.configure(&SETTINGS)?;
            place.configure(settings)?;
            Ok(place)
        })
    }

    /// Starts a standby that follows this server, and is named `name` to it. It has the same settings, and these.
    ///
    /// # Errors
    /// The copy or its start failed.
    pub fn standby(&self, name: &str, settings: &[(&str, &str)]) -> Result<Self, Fault> {
        start_on_a_free_port(|| self.copy(name, settings))
    }

    /// A [`Server::standby`] in the place of a server that has crashed: it has the port of `fallen`, whose data is removed.
    ///
    /// # Errors
    /// The copy or its start failed.
    pub fn standby_in_place_of(&self, fallen: Self, name: &str, settings: &[(&str, &str)]) -> Result<Self, Fault> {
        let port = fallen.port;
        drop(fallen);
        self.copy(name, settings)?.serve(port)
    }

    fn copy(&self, name: &str, settings: &[(&str, &str)]) -> Result<Place, Fault> {
        let place = Place::new()?;
        let mut copy = place.tool("pg_basebackup");
        let source = format!("host=127.0.0.1 port={} user=postgres application_name={name}", self.port);
        copy.args(["--no-sync", "--write-recovery-conf", "--checkpoint=fast", "--dbname", &source, "--pgdata"]);
        run("pg_basebackup", copy.arg(place.data()))?;
        place.configure(settings)?;
        Ok(place)
    }

    /// Changes settings while the server runs; those that need a new start stay as they were.
    ///
    /// # Errors
    /// The file cannot be written, or the server cannot be reached.
    pub fn configure(&self, settings: &[(&str, &str)]) -> Result<(), Fault> {
        self.place.configure(settings)?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(drop)
    }

    /// Speaks TLS from now on to whoever asks for it, with a certificate and its key as PEM.
    ///
    /// # Errors
    /// The files cannot be written, or the server cannot use them.
    pub fn speak_tls(&self, certificate: &str, key: &str) -> Result<(), Fault> {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            self.place.write_secret(name, text)?;
        }
        self.configure(&[("ssl", "on")])?;
        let until = Instant::now() + PATIENCE;
        while self.sql("postgres", "SHOW ssl")? != "on" {
            if Instant::now() > until {
                return Err(Fault::NotStarted(one_line(&self.log()?)));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Makes a standby the primary, and returns when it takes writes.
    ///
    /// # Errors
    /// It is no standby, or did not obey.
    pub fn promote(&self) -> Result<(), Fault> {
        run("pg_ctl", self.place.tool("pg_ctl").args(["promote", "-w", "-s", "-D"]).arg(self.place.data())).map(drop)
    }

    /// Kills every process of the server with `SIGKILL`, and returns when all of them are gone.
    ///
    /// # Errors
    /// They do not go.
    pub fn crash(&self) -> Result<(), Fault> {
        self.keeper.crash()?;
        if self.keeper.has_ended(PATIENCE) { Ok(()) } else { Err(Fault::NotEnded("its processes are still there")) }
    }

    /// Makes a new, empty database, and answers its name.
    ///
    /// # Errors
    /// The server refused.
    pub fn database(&self) -> Result<String, Fault> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(name)
    }

    /// Runs statements as the superuser, and answers what they print: rows on lines, columns divided by `|`.
    ///
    /// # Errors
    /// The server refused, or cannot be reached.
    pub fn sql(&self, database: &str, statements: &str) -> Result<String, Fault> {
        let mut psql = self.place.tool("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h"]).arg(self.socket_directory());
        psql.args(["-p", &self.port.to_string(), "-U", "postgres", "-d", database, "-c", statements]);
        run("psql", &mut psql).map(|output| output.trim_end().to_owned())
    }

    /// The URL of one of its databases, for the superuser, without TLS.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where its socket is.
    pub fn socket_directory(&self) -> &Path {
        self.place.directory.path()
    }

    /// Where its programs are: other ones of the same version, such as `pgbench`, are beside them.
    pub fn binaries(&self) -> &Path {
        &self.place.binaries
    }

    /// What it has logged so far.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn log(&self) -> Result<String, Fault> {
        let path = self.place.directory.path().join(LOG);
        fs::read_to_string(&path).map_err(Fault::io(&path))
    }
}

impl Place {
    fn new() -> Result<Self, Fault> {
        let binaries = binaries::directory()?;
        let temporary = std::env::temp_dir();
        let directory = tempfile::Builder::new().prefix("regrant-pg-").tempdir().map_err(Fault::io(&temporary))?;
        let account = Account::owning(directory.path())?;
        Ok(Self { directory, account, binaries })
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A program, run as the right user and with nothing of our surroundings that it could heed.
    fn tool(&self, name: &str) -> Command {
        let mut tool = Command::new(self.binaries.join(name));
        tool.env_clear().env("LC_ALL", "C").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        tool.current_dir(self.directory.path()).stdin(Stdio::null());
        self.account.assume(&mut tool);
        tool
    }

    fn configure(&self, settings: &[(&str, &str)]) -> Result<(), Fault> {
        let path = self.data().join("postgresql.conf");
        let lines: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = '{value}'\n")).collect();
        let file = OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(lines.concat().as_bytes())).map_err(Fault::io(&path))
    }

    /// A file in the data directory that its owner alone can read: the server refuses any other key.
    fn write_secret(&self, name: &str, text: &str) -> Result<(), Fault> {
        let path = self.data().join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Fault::io(&path))?;
        self.account.take(&path)
    }

    /// Starts the server on this port.
    fn serve(self, port: u16) -> Result<Server, Fault> {
        let socket = self.directory.path().display().to_string();
        self.configure(&[("port", &port.to_string()), ("unix_socket_directories", &socket)])?;
        let log = self.directory.path().join(LOG);
        let postgres = self.binaries.join("postgres");
        let keeper = Keeper::start(self.account, &postgres, &self.data(), &log, self.directory.path())?;
        if self.becomes_ready(&keeper) {
            return Ok(Server { keeper, place: self, port, databases: AtomicU64::new(0) });
        }
        Err(Fault::NotStarted(one_line(&fs::read_to_string(&log).unwrap_or_default())))
    }

    /// Whether the server comes to say that it takes connections; not if it ends before.
    fn becomes_ready(&self, keeper: &Keeper) -> bool {
        let (file, until) = (self.data().join("postmaster.pid"), Instant::now() + PATIENCE);
        while Instant::now() < until && !keeper.has_ended(Duration::from_millis(5)) {
            let status = fs::read_to_string(&file).unwrap_or_default();
            if status.lines().nth(7).is_some_and(|status| ["ready", "standby"].contains(&status.trim())) {
                return true;
            }
        }
        false
    }
}

/// Starts a server in the place that `prepare` makes, and again in another one if somebody took its port meanwhile.
fn start_on_a_free_port(prepare: impl Fn() -> Result<Place, Fault>) -> Result<Server, Fault> {
    let mut attempts = 1;
    loop {
        match prepare()?.serve(free_port()?) {
            Err(Fault::NotStarted(said)) if attempts < ATTEMPTS && said.contains("could not create any TCP/IP") => {
                attempts += 1;
            }
            other => return other,
        }
    }
}

/// A port that nobody had a moment ago. It is below those that a system gives to outgoing connections: none of them takes
/// it while the server is away, and none connects to itself.
///
/// # Errors
/// None was found.
pub fn free_port() -> Result<u16, Fault> {
    let mut last = None;
    for _ in 0..100 {
        let chance = RandomState::new().build_hasher().finish();
        let port = 10_000 + u16::try_from(chance % 20_000).unwrap_or_default();
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = Some(error),
        }
    }
    Err(Fault::io(Path::new("127.0.0.1"))(last.unwrap_or_else(|| ErrorKind::AddrInUse.into())))
}

/// Runs a program to its end, and answers what it printed.
fn run(program: &'static str, command: &mut Command) -> Result<String, Fault> {
    let output = command.output().map_err(Fault::io(Path::new(program)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Fault::Failed { program, message: one_line(&String::from_utf8_lossy(&output.stderr)) })
}

/// The last lines of a text, as one.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines.iter().skip(lines.len().saturating_sub(4)).copied().collect::<Vec<_>>().join("; ")
}
