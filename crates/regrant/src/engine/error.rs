//! Faults: what went wrong with the server, and is never told as the client's fault.

use core::error::Error;
use core::time::Duration;

use thiserror::Error as ThisError;

use crate::answer::{Decision, ErrorCode};
use crate::decide::Fault;
use crate::port::BoxError;
use crate::token::EntropyError;

/// A request that was not decided, because the server failed. The client should be told to try again: its tokens are
/// as they were, or its next try finds the answer.
#[derive(Debug, ThisError)]
#[error("the server failed to decide a request")]
pub struct EngineError {
    /// What failed.
    #[source]
    pub fault: EngineFault,
    /// What is known of the request.
    pub decision: Decision,
}

/// What failed.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum EngineFault {
    /// The store of grants.
    #[error("the token store failed")]
    Store(#[source] BoxError),
    /// The store of clients.
    #[error("the client store failed")]
    Clients(#[source] BoxError),
    /// The random source.
    #[error("no randomness for this request")]
    Entropy(#[source] EntropyError),
    /// A retry matches under no accepted pepper: the pepper is not the one that the rotation was made under.
    #[error("the pepper does not match the record: was it changed without with_previous")]
    PepperMismatch,
    /// Other writers were faster too often.
    #[error("too many concurrent writers of one grant")]
    Contended {
        /// When another try makes sense.
        retry_after: Duration,
    },
}

impl EngineFault {
    pub(super) fn store(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Store(BoxError::new(error))
    }

    pub(super) fn clients(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Clients(BoxError::new(error))
    }

    /// After how long another try makes sense; `None` where only an operator can mend it.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Store(_) | Self::Clients(_) | Self::Entropy(_) => Some(Duration::from_secs(1)),
            Self::Contended { retry_after } => Some(*retry_after),
            Self::PepperMismatch => None,
        }
    }

    /// The code for the wire (N-145).
    pub const fn code(&self) -> ErrorCode {
        match self.retry_after() {
            Some(_) => ErrorCode::TemporarilyUnavailable,
            None => ErrorCode::ServerError,
        }
    }
}

impl From<Fault> for EngineFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::PepperMismatch => Self::PepperMismatch,
            Fault::Contended { retry_after } => Self::Contended { retry_after },
        }
    }
}
