//! The shell that a server belongs to.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::account::Account;
use crate::fault::Fault;

/// What the shell does.
const SCRIPT: &str = include_str!("keeper.sh");

/// A running server, as a shell that ends it when this value, or this process, is gone.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    orders: Mutex<Option<ChildStdin>>,
    ended: Mutex<Receiver<Infallible>>,
}

impl Keeper {
    /// Starts `postgres` over `data`; it logs to `log`. In the end `directory` is removed.
    pub(crate) fn start(
        account: Account,
        postgres: &Path,
        data: &Path,
        log: &Path,
        directory: &Path,
    ) -> Result<Self, Fault> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "keeper"]).arg(postgres).arg(data).arg(log).arg(directory);
        command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own: what ends the tests from the terminal must not end the shell before its work is done.
        command.process_group(0);
        account.assume(&mut command);
        let mut shell = command.spawn().map_err(Fault::io(Path::new("sh")))?;
        let (orders, ended) = (Mutex::new(shell.stdin.take()), Mutex::new(watch(shell.stdout.take())));
        Ok(Self { shell, orders, ended })
    }

    /// Has all processes of the server killed.
    pub(crate) fn crash(&self) -> Result<(), Fault> {
        let mut orders = self.orders.lock().map_err(|_| Fault::NotEnded("a test panicked while it gave an order"))?;
        let pipe = orders.as_mut().ok_or(Fault::NotEnded("its keeper is gone"))?;
        pipe.write_all(b"crash\n").map_err(Fault::io(Path::new("keeper")))
    }

    /// Whether all processes of the server have ended; waits for that as long as `patience`.
    pub(crate) fn has_ended(&self, patience: Duration) -> bool {
        let ended = self.ended.lock();
        ended.is_ok_and(|ended| ended.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected))
    }
}

/// A channel that is disconnected when nobody can write to `output` any more.
fn watch(output: Option<ChildStdout>) -> Receiver<Infallible> {
    let (alive, ended) = mpsc::channel();
    thread::spawn(move || {
        // The server writes nothing there; what matters is the end.
        output.map(|mut output| output.read_to_end(&mut Vec::new()));
        drop(alive);
    });
    ended
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Ok(orders) = self.orders.get_mut() {
            *orders = None;
            // The shell ends by itself, also if nobody waits for it.
            let _ended = self.shell.wait();
        }
    }
}
