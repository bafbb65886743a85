//! One connection of a listener, from its beginning to its end.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use regrant::{Clock, RevocationSink};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};

use super::{BEAT, LIMIT, ListenerEvent};
use crate::address::Address;
use crate::dial::{Wire, dial};
use crate::error::{DatabaseFault, Error};
use crate::news::{CHANNEL, News};

/// What a connection brings its news to.
pub(super) struct Hearing {
    pub(super) address: Address,
    pub(super) connect_timeout: Duration,
    pub(super) clock: Box<dyn Clock>,
    pub(super) sinks: Vec<Arc<dyn RevocationSink>>,
    pub(super) tell: Box<dyn Fn(&ListenerEvent) + Send + Sync>,
}

impl Hearing {
    /// Connects and passes on what is heard, until the connection is lost. Answers whether there was one.
    pub(super) async fn hear(&self) -> (bool, Error) {
        let (client, mut wire) = match dial(&self.address, self.connect_timeout, None).await {
            Ok(connected) => connected,
            Err(error) => return (false, error),
        };
        let listen = format!("LISTEN {CHANNEL}");
        // What is heard before the caches are told that they are connected concerns nobody.
        let subscribing = pin!(timeout(LIMIT, client.batch_execute(&listen)));
        match select(subscribing, pin!(read(&mut wire, |_| {}))).await {
            Either::Left((Ok(Ok(())), _)) => {}
            Either::Left((Ok(Err(error)), _)) => return (false, Error::of_statement(&error)),
            Either::Left((Err(_), _)) => return (false, Error::NoAnswer),
            Either::Right((error, _)) => return (false, error),
        }
        self.connected();
        (self.tell)(&ListenerEvent::Connected);
        let reading = pin!(read(&mut wire, |line| self.pass_on(line)));
        match select(pin!(self.beat(&client)), reading).await {
            Either::Left((error, _)) | Either::Right((error, _)) => (true, error),
        }
    }

    /// What is lost is lost: no cache may be used before there is another connection.
    pub(super) fn lost(&self, error: Error) {
        self.disconnected();
        (self.tell)(&ListenerEvent::Disconnected(error));
    }

    fn connected(&self) {
        let at = self.clock.now();
        for sink in &self.sinks {
            sink.connected(at);
        }
    }

    fn disconnected(&self) {
        for sink in &self.sinks {
            sink.disconnected();
        }
    }

    /// Asks the connection again and again whether it still listens, until it does not say so in time.
    ///
    /// The server sends an answer after all the news that was published before the question, and `read` passes that
    /// on before it reads further. So with the answer everything has been heard.
    async fn beat(&self, client: &Client) -> Error {
        // No row where something in between has reset the session.
        let question = format!("SELECT 1 FROM pg_listening_channels() AS channel WHERE channel = '{CHANNEL}'");
        let mut ticks = interval(BEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let asked = self.clock.now();
            match timeout(LIMIT, client.simple_query(&question)).await {
                Ok(Ok(answer)) if says_yes(&answer) => self.sinks.iter().for_each(|sink| sink.current(asked)),
                Ok(Ok(_)) => return Error::Lost(DatabaseFault::text("the session no longer listens")),
                Ok(Err(error)) => return Error::of_statement(&error),
                Err(_) => return Error::NoAnswer,
            }
        }
    }

    /// Passes one piece of news on. Where it cannot be read, everything is forgotten: it may have been the end of a grant.
    fn pass_on(&self, line: &str) {
        match News::parse(line) {
            Some(News::Revoked(revocation)) => self.sinks.iter().for_each(|sink| sink.revoked(revocation)),
            Some(News::Client(id)) => self.sinks.iter().for_each(|sink| sink.client_changed(&id)),
            None => {
                self.disconnected();
                self.connected();
                (self.tell)(&ListenerEvent::Unreadable);
            }
        }
    }
}

impl Drop for Hearing {
    /// Nobody listens any more: the host has stopped it, or its runtime is gone.
    fn drop(&mut self) {
        self.disconnected();
    }
}

impl fmt::Debug for Hearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearing").finish_non_exhaustive()
    }
}

/// Reads what the server says until the connection ends, and hands over the payload of each notification.
async fn read(wire: &mut Wire, mut hear: impl FnMut(&str)) -> Error {
    loop {
        match poll_fn(|cx| wire.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(news))) => hear(news.payload()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Error::Lost(DatabaseFault::of(&error)),
            None => return Error::Lost(DatabaseFault::text("the connection was closed")),
        }
    }
}

/// Whether there is a row in an answer.
fn says_yes(answer: &[SimpleQueryMessage]) -> bool {
    answer.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_)))
}
