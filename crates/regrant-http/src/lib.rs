//! The wire of regrant in http types: parsing, rendering and the dialects of real vendor APIs. No framework, no runtime.

mod authorization;
mod basic;
mod challenge;
mod form;
mod json;
pub mod json_body;
mod limits;
pub mod media_type;
mod percent;

pub use authorization::{Authorization, BearerToken};
pub use basic::BasicCredentials;
pub use challenge::{InvalidRealm, Realm};
pub use form::{Form, FormError};
pub use json::JsonObject;
pub use limits::Limits;
