//! Callers that wait with futures, all of them on one thread.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use regrant::{AsyncEngine, Entropy, EntropyError, Host, StaticClients, TokenEncoding};
use regrant_benches::{Crowd, client, refreshing, rules};
use regrant_sqlite::SqliteStore;
use regrant_testkit::race::block_on;

use crate::Done;
use crate::callers::{Callers, Run};

/// An awaited engine over the store of other callers, with their grants.
pub(crate) struct Awaited<'a> {
    engine: AsyncEngine<SqliteStore, StaticClients>,
    callers: &'a mut Callers,
}

impl<'a> Awaited<'a> {
    pub(crate) fn over(callers: &'a mut Callers) -> Done<Self> {
        let (store, hands) = (callers.world.engine.store().clone(), callers.world.clock.clone());
        let entropy = || Entropy::draw(&mut rand::rng()).map_err(|_| EntropyError);
        let host = Host::new(move || hands.now(), entropy);
        Ok(Self { engine: AsyncEngine::new(store, StaticClients::new([client()?])?, rules()?, host), callers })
    }

    /// As [`Callers::refresh`].
    pub(crate) fn refresh(&mut self, callers: usize, count: usize) -> Done<Run> {
        let (engine, each) = (&self.engine, count.div_ceil(callers));
        let (clock, step) = (&self.callers.world.clock, self.callers.step);
        let run = async |crowd: &mut Crowd| {
            let mut latencies = Vec::new();
            for _ in 0..each {
                clock.advance(step);
                latencies.push(refresh(engine, crowd).await?);
            }
            Done::Ok(latencies)
        };
        let begin = Instant::now();
        let all = block_on(try_join_all(self.callers.crowds.iter_mut().take(callers).map(run)))?;
        Ok(Run::new(begin.elapsed(), all.into_iter().flatten()))
    }
}

async fn refresh(engine: &AsyncEngine<SqliteStore, StaticClients>, crowd: &mut Crowd) -> Done<Duration> {
    let at = crowd.pick();
    let token = crowd.token(at)?.to_owned();
    let begin = Instant::now();
    let reply = engine.token(refreshing(&token)).await?.success().ok_or("the refresh was refused")?;
    let took = begin.elapsed();
    let next = reply.refresh_token.ok_or("no refresh token")?.expose(TokenEncoding::Base64Url);
    crowd.replace(at, &next)?;
    Ok(took)
}
