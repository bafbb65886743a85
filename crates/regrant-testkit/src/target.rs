//! What the runner needs from a host under test.

use crate::exchange::{Answer, Request};
use crate::setup::Setup;

/// Why a target did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The target has no means for this step (a real process cannot move its clock). The vector is skipped.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// The host refused the setup, as some vectors expect. The text is for the reader of a report.
    #[error("setup refused: {0}")]
    Refused(String),
    /// Something broke. The vector fails.
    #[error("{0}")]
    Broken(String),
}

/// A grant that the host starts on behalf of a user it has authenticated itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueOrder {
    /// For which client.
    pub client: String,
    /// For which user; `None` for a grant of the client itself.
    pub subject: Option<String>,
    /// With which scope; empty for none.
    pub scope: String,
    /// The host's own members.
    pub attributes: Vec<(String, String)>,
}

/// The tokens of a grant that was just issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedTokens {
    /// The public id of the grant.
    pub grant_id: String,
    /// The first access token.
    pub access_token: String,
    /// The first refresh token; `None` if the client may not have one.
    pub refresh_token: Option<String>,
}

/// Something that can bring up a fresh host.
pub trait Target {
    /// A running host. Dropping it ends it.
    type Host: Host;

    /// Brings up a host with an empty store and this setup.
    ///
    /// # Errors
    ///
    /// [`Trouble::Refused`] if the host does not take the setup, else as [`Trouble`] says.
    fn start(&self, setup: &Setup) -> Result<Self::Host, Trouble>;
}

/// A running host. Each method may answer [`Trouble::Unsupported`].
pub trait Host {
    /// Starts a grant, as `regrant grant issue` does.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn issue(&mut self, order: &IssueOrder) -> Result<IssuedTokens, Trouble>;

    /// Sends one request and returns the answer. A connection that ends without an answer is status 0, not an error.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn send(&mut self, request: &Request) -> Result<Answer, Trouble>;

    /// Sends all requests at once, each from a thread or task of its own, and returns the answers in the order of the requests.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn send_parallel(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Trouble>;

    /// The host's time in whole seconds since 1970.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn now(&mut self) -> Result<u64, Trouble>;

    /// Moves the host's clock forward.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn advance(&mut self, seconds: u64) -> Result<(), Trouble>;

    /// Puts another setup in force over the same store: a client disabled, deleted, cut in scope, its epoch raised.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn reconfigure(&mut self, setup: &Setup) -> Result<(), Trouble>;

    /// Ends a grant from the host's side, as `regrant grant revoke --id` does.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn revoke_grant(&mut self, grant_id: &str) -> Result<(), Trouble>;

    /// Makes the store break down once: the next commit fails with nothing written, and so does every call after it until
    /// the request that met it is answered. (A single failure would not do: an engine looks again, and goes on.)
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn fail_store_once(&mut self) -> Result<(), Trouble>;

    /// Everything the host has logged so far, at its most talkative level.
    ///
    /// # Errors
    ///
    /// As [`Trouble`] says.
    fn log(&mut self) -> Result<String, Trouble>;
}
