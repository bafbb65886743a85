//! Who is told of what this node revokes.

use std::sync::Arc;

use regrant::{Revocation, RevocationFeed};
use regrant_http::IntrospectionCache;
use regrant_postgres::PostgresFeed;

/// The node's own cache, at once; and every other node, as soon as the database passes it on.
#[derive(Debug)]
pub(super) struct Feeds {
    pub(super) near: Option<Arc<IntrospectionCache>>,
    pub(super) far: PostgresFeed,
}

impl RevocationFeed for Feeds {
    fn publish(&self, revocation: Revocation) {
        if let Some(near) = &self.near {
            near.publish(revocation);
        }
        self.far.publish(revocation);
    }
}
