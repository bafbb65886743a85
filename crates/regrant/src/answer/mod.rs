//! What comes out of the engine: replies for the client, reasons and decisions for the host.

mod decision;
mod error_code;
mod reason;
mod reply;

pub use decision::{Decision, Event, Outcome, RequestKind};
pub use error_code::ErrorCode;
pub use reason::{Check, Reason};
pub use reply::{IntrospectedToken, Introspection, Refusal, Reply, ResourceAccess, Scheme, TokenReply};
