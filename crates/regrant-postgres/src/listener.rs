//! Hears what other nodes tell, and passes it on to the caches of this one.
//!
//! A connection that broke without a sign looks like one without news. So the listener asks its own connection again and
//! again whether it still listens. The answer comes after all the news that was published before the question, so it
//! tells the sinks that they have heard everything until then. Where it does not come in time, the connection is given
//! up. News is missed for less than twice [`LIMIT`] before that: at worst the connection breaks just after a question, whose
//! answer is still on its way, and the next question waits in vain.

mod hearing;

use std::sync::Arc;
use std::time::Duration;

use regrant::{Clock, RevocationSink};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::error::Error;
use crate::options::Options;
use hearing::Hearing;

/// How often the connection is asked.
pub(crate) const BEAT: Duration = Duration::from_millis(200);

/// How long it may take to answer. Twice this is less than the second within which a revoked token is refused on every node.
pub(crate) const LIMIT: Duration = Duration::from_millis(400);

/// The pause before the first attempt to connect anew. It is doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Listens on a connection of its own, and connects anew when it is lost. It stops when it is dropped.
#[derive(Debug)]
pub struct Listener {
    task: AbortHandle,
}

/// What a host may want to know of a listener.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenerEvent {
    /// The connection stands, and caches may be used.
    Connected,
    /// The connection is lost, or there is none; caches are not used before there is another one.
    Disconnected(Error),
    /// There was news that this release does not know: a later release runs beside it, or somebody else has spoken on
    /// the channel. The caches have forgotten everything, to be on the safe side.
    Unreadable,
}

impl Listener {
    /// Listens for news on the database of `options`, or where its listener is said to be, on the runtime that this is
    /// called in.
    ///
    /// Each of `sinks` is told what [`RevocationSink`] says. `clock` is the one that they are asked by. `tell` hears of
    /// every [`ListenerEvent`]; it must not block. `None` where [`Options::notify`] is off, or where [`Options::pooler`] is on
    /// and there is no way around it: then a cache stays as it began, unused.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(
        options: &Options,
        clock: impl Clock + 'static,
        sinks: Vec<Arc<dyn RevocationSink>>,
        tell: impl Fn(&ListenerEvent) + Send + Sync + 'static,
    ) -> Option<Self> {
        let hearing = Hearing {
            address: options.listening()?.clone(),
            connect_timeout: options.connect_timeout,
            clock: Box::new(clock),
            sinks,
            tell: Box::new(tell),
        };
        Some(Self { task: tokio::spawn(listen(hearing)).abort_handle() })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // What the task holds is dropped with it, and tells the sink that nobody listens any more.
        self.task.abort();
    }
}

/// One connection after the other, for ever.
async fn listen(hearing: Hearing) {
    let mut pause = FIRST_PAUSE;
    loop {
        let (was_connected, error) = hearing.hear().await;
        hearing.lost(error);
        if was_connected {
            pause = FIRST_PAUSE;
        }
        sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is promised: a revoked token is refused everywhere within a second, with a cache or without.
    #[test]
    fn a_broken_connection_is_given_up_within_a_second() {
        assert!(LIMIT + LIMIT.max(BEAT) < Duration::from_secs(1));
    }
}
