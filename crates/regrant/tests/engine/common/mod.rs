//! The world in which the tests play.

mod clients;
mod forge;
mod log;
mod poll;
mod store;
mod world;

use std::time::Duration;

pub(crate) use clients::{TestClients, app, app2, basic, post, public, rs, web, web2};
pub(crate) use forge::{cut, flip, hex, lineage_flipped, moved_to, secret_flipped, secret_of};
pub(crate) use log::{Log, Spoken};
pub(crate) use poll::block_on;
pub(crate) use store::{Mishap, TestStore};
pub(crate) use world::{Kind, PEPPER, Tokens, World, answered, both, grant_id, pepper, refresh_request, tokens};

/// Milliseconds.
pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Seconds.
pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
