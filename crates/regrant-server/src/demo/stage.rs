//! Where the demonstration is played: shows each request and its answer, and counts what is not as expected.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regrant::{Attributes, ClientId, IssueRequest, Scope, Subject};
use serde::Deserialize;

use super::call::Call;
use super::expect::Expected;
use super::wire;
use crate::command::grant::issue::{self, Issued};
use crate::config::{Config, Overrides};
use crate::fault::Fault;

/// The tokens of an answer; empty where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
}

impl From<&Issued> for Tokens {
    fn from(issued: &Issued) -> Self {
        let refresh_token = issued.refresh_token.clone().unwrap_or_default();
        Self { access_token: issued.access_token.clone(), refresh_token }
    }
}

/// Headers that say something; the others are noise to a reader.
const SHOWN: [&str; 6] =
    ["content-type", "content-length", "cache-control", "www-authenticate", "retry-after", "allow"];

/// The stage of one demonstration.
pub(super) struct Stage<'a> {
    out: Box<dyn Write + 'a>,
    address: SocketAddr,
    file: PathBuf,
    checks: usize,
    wrong: usize,
}

impl<'a> Stage<'a> {
    pub(super) fn new(out: impl Write + 'a, address: SocketAddr, file: &Path) -> Self {
        Self { out: Box::new(out), address, file: file.to_owned(), checks: 0, wrong: 0 }
    }

    /// The beginning of a dialect.
    pub(super) fn chapter(&mut self, title: &str) -> Result<(), Fault> {
        self.print(&format!("\n===== {title}\n"))
    }

    /// A remark.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Fault> {
        self.print(&format!("\n# {text}\n"))
    }

    /// Starts a grant, as `regrant grant issue` does beside a running server.
    pub(super) fn issue(
        &mut self,
        client: &str,
        subject: Option<&str>,
        scope: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Tokens, Fault> {
        let mut shown = format!("regrant grant issue --config demo.toml --client '{client}' --scope '{scope}'");
        if let Some(subject) = subject {
            shown.extend([" --subject '", subject, "'"]);
        }
        let mut held = Attributes::new();
        for (key, value) in attributes {
            shown.extend([" --attribute '", key, "=", value, "'"]);
            held.insert(key, value).map_err(Fault::usage)?;
        }
        let id = ClientId::parse(client).map_err(Fault::usage)?;
        let scope = Scope::parse(scope).map_err(Fault::usage)?;
        let subject = subject.map(Subject::parse).transpose().map_err(Fault::usage)?;
        let config = Config::load(&self.file, &Overrides::default())?;
        let issued = issue::issue(config, IssueRequest { subject, attributes: held, ..IssueRequest::new(id, scope) })?;
        let json = serde_json::to_string(&issued).map_err(Fault::running)?;
        self.print(&format!("\n$ {shown}\n{json}\n"))?;
        Ok(Tokens::from(&issued))
    }

    /// Sends a request, shows it with its answer, and checks the answer.
    pub(super) fn call(&mut self, why: &str, call: &Call, expected: &Expected) -> Result<Tokens, Fault> {
        self.say(why)?;
        self.print(&format!("$ {}\n", call.curl(&self.address.to_string())))?;
        let answer =
            wire::send(self.address, call).map_err(|error| Fault::caused("the server gave no answer", &error))?;
        self.print(&format!("HTTP/1.1 {}\n", answer.status))?;
        for name in SHOWN {
            if let Some(value) = answer.header(name) {
                self.print(&format!("{name}: {value}\n"))?;
            }
        }
        if !answer.body.is_empty() {
            self.print(&format!("\n{}\n", answer.body))?;
        }
        self.judge("as expected", &expected.complaints(&answer))?;
        // An answer without tokens, an empty one for instance, has empty ones.
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    }

    /// A request whose answer is lost, and sent again: the same tokens come back, and nothing forks.
    pub(super) fn lost_and_retried(&mut self, why: &str, call: &Call, expected: &Expected) -> Result<Tokens, Fault> {
        let first = self.call(why, call, expected)?;
        self.say(
            "say that this answer was lost on its way: the client never saw it, and sends the same request again",
        )?;
        let again = self.call("the retry, inside the window: the same tokens again, not a replay", call, expected)?;
        let same = if first == again { Vec::new() } else { vec!["the retry gave other tokens".to_owned()] };
        self.judge("the tokens of the first answer", &same)?;
        Ok(again)
    }

    /// The last word.
    pub(super) fn finish(mut self, took: Duration) -> Result<(), Fault> {
        let (checks, wrong) = (self.checks, self.wrong);
        let right = checks.saturating_sub(wrong);
        self.print(&format!("\n{right} of {checks} checks as expected, in {} ms\n", took.as_millis()))?;
        self.out.flush().map_err(silent)?;
        if wrong == 0 { Ok(()) } else { Err(Fault::running(format_args!("{wrong} checks were not as expected"))) }
    }

    fn judge(&mut self, praise: &str, complaints: &[String]) -> Result<(), Fault> {
        self.checks += 1;
        if complaints.is_empty() {
            return self.print(&format!("-> {praise}\n"));
        }
        self.wrong += 1;
        complaints.iter().try_for_each(|complaint| self.print(&format!("-> WRONG: {complaint}\n")))
    }

    fn print(&mut self, text: &str) -> Result<(), Fault> {
        self.out.write_all(text.as_bytes()).map_err(silent)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn silent(error: io::Error) -> Fault {
    Fault::caused("standard output", &error)
}
