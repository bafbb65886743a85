//! The record: one grant, with every credential that flows from it.

mod attributes;
mod check;
mod codec;
mod few;
mod grant;
mod id;
mod row;
mod subject;
mod tokens;

pub use attributes::{Attributes, InvalidAttribute};
pub use check::{check_of_terms, check_of_tokens};
pub use codec::{MalformedList, decode_attributes, decode_tokens, encode_attributes, encode_tokens};
pub use few::Few;
pub use grant::{EndReason, Grant, GrantState, InvalidRecord, Terms};
pub use id::{GrantId, MalformedGrantId, Revision};
pub use row::{CorruptColumn, GrantRow};
pub use subject::{InvalidSubject, Subject};
pub use tokens::{AccessEntry, RefreshFamily, Retry, Spent, TokenLists};
