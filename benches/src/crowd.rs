//! Grants in a world, and everything that can be asked of them, in batches.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use arrayvec::ArrayString;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use regrant::{
    AuthorizationHeader, ClientId, Credentials, GrantManagement, IntrospectionRequest, IssueRequest, Reply,
    RevocationRequest, Scope, TokenEncoding, TokenReply, TokenRequest, TokenStore,
};

use crate::world::{CLIENT, SCOPE, SECRET, World};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A refresh of a grant picked at random. Its earlier access token has expired, as it has for clients.
    Refresh,
    /// The request of a refresh again, inside the window, the successor unused.
    Retry,
    /// A spent refresh token after the window: the grant ends.
    Replay,
    /// An introspection of a live access token of a grant picked at random.
    Introspect,
    /// A revocation of a current refresh token: the grant ends.
    Revoke,
    /// A grant issued by the host.
    Issue,
    /// An access token for the client itself.
    ClientCredentials,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Refresh,
        Self::Retry,
        Self::Replay,
        Self::Introspect,
        Self::Revoke,
        Self::Issue,
        Self::ClientCredentials,
    ];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Retry => "retry",
            Self::Replay => "replay",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
            Self::Issue => "issue",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// Some grants of a world, with the texts of their current tokens. Each thread has a crowd of its own.
#[derive(Debug)]
pub struct Crowd {
    /// The texts in place, as the bare work has them: a client that comes back reads one place in memory, not two.
    refresh: Vec<ArrayString<86>>,
    access: Vec<ArrayString<64>>,
    /// The texts of the latest answer.
    answer: (String, String),
    /// The tokens that the next batch presents.
    queue: Vec<String>,
    pick: SmallRng,
}

/// The result of everything here.
type Done<T = ()> = Result<T, Box<dyn Error>>;

impl Crowd {
    /// Issues `count` grants. `seed` picks among them later.
    ///
    /// # Errors
    /// The store failed.
    pub fn issue<S: TokenStore>(world: &World<S>, count: usize, seed: u64) -> Done<Self> {
        let pick = SmallRng::seed_from_u64(seed);
        let (refresh, access) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut crowd = Self { refresh, access, answer: Default::default(), queue: Vec::new(), pick };
        (0..count).try_for_each(|_| crowd.issue_one(world))?;
        Ok(crowd)
    }

    /// Issues one grant more.
    ///
    /// # Errors
    /// The store failed.
    pub fn issue_one<S: TokenStore>(&mut self, world: &World<S>) -> Done {
        let (access, refresh) = issued(world)?;
        self.access.push(fixed(&access)?);
        self.refresh.push(fixed(&refresh)?);
        Ok(())
    }

    /// How many grants there are.
    pub const fn len(&self) -> usize {
        self.refresh.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.refresh.is_empty()
    }

    /// The text of one current refresh token.
    ///
    /// # Errors
    /// There are not as many grants.
    pub fn token(&self, at: usize) -> Done<&str> {
        Ok(self.refresh.get(at).ok_or("no such grant")?.as_str())
    }

    /// The text of one access token.
    ///
    /// # Errors
    /// There are not as many grants.
    pub fn access_token(&self, at: usize) -> Done<&str> {
        Ok(self.access.get(at).ok_or("no such grant")?.as_str())
    }

    /// Keeps the refresh token that came out of a refresh which was made elsewhere.
    ///
    /// # Errors
    /// There are not as many grants.
    pub fn replace(&mut self, at: usize, token: &str) -> Done {
        *self.refresh.get_mut(at).ok_or("no such grant")? = fixed(token)?;
        Ok(())
    }

    /// A grant at random.
    pub fn pick(&mut self) -> usize {
        self.pick.random_range(0..self.refresh.len())
    }

    /// Refreshes one grant, from the text of the old token to the texts of the new ones.
    ///
    /// # Errors
    /// The store failed, or a refresh was refused: the benchmark would measure something else.
    pub fn refresh<S: TokenStore>(&mut self, world: &World<S>, at: usize) -> Done {
        let token = self.refresh.get_mut(at).ok_or("no such grant")?;
        let reply = asked(world.engine.token(refreshing(token))?, "the refresh was refused")?;
        let (refresh, access) = &mut self.answer;
        refresh.clear();
        access.clear();
        reply.refresh_token.ok_or("no refresh token")?.expose_into(TokenEncoding::Base64Url, refresh);
        reply.access_token.expose_into(TokenEncoding::Base64Url, access);
        black_box(access);
        *token = fixed(refresh)?;
        Ok(())
    }

    fn prepare<S: TokenStore>(&mut self, world: &World<S>, operation: Operation, count: usize) -> Done {
        self.queue.clear();
        self.queue.reserve(count);
        match operation {
            Operation::Retry => {
                let first = self.pick();
                for at in (first..).step_by(7919).take(count) {
                    let at = at % self.refresh.len();
                    self.queue.push(self.token(at)?.to_owned());
                    self.refresh(world, at)?;
                }
            }
            Operation::Replay => {
                for _ in 0..count {
                    let (_, token) = issued(world)?;
                    asked(world.engine.token(refreshing(&token))?, "the refresh was refused")?;
                    self.queue.push(token);
                }
            }
            Operation::Revoke => {
                for _ in 0..count {
                    self.queue.push(issued(world)?.1);
                }
            }
            Operation::Refresh | Operation::Introspect | Operation::Issue | Operation::ClientCredentials => {}
        }
        Ok(())
    }

    /// How long `count` times take, all prepared.
    fn run<S: TokenStore>(&mut self, world: &World<S>, operation: Operation, count: usize) -> Done<Duration> {
        let start = Instant::now();
        (0..count).try_for_each(|_| self.once(world, operation))?;
        Ok(start.elapsed())
    }

    fn once<S: TokenStore>(&mut self, world: &World<S>, operation: Operation) -> Done {
        match operation {
            Operation::Refresh => {
                let at = self.pick();
                self.refresh(world, at)
            }
            Operation::Retry => {
                let token = self.queue.pop().ok_or("nothing to retry")?;
                let reply = asked(world.engine.token(refreshing(&token))?, "the retry was refused")?;
                black_box(reply.access_token.expose(TokenEncoding::Base64Url));
                black_box(reply.refresh_token.map(|token| token.expose(TokenEncoding::Base64Url)));
                Ok(())
            }
            Operation::Replay => {
                let token = self.queue.pop().ok_or("nothing to replay")?;
                let reply = world.engine.token(refreshing(&token))?;
                reply.refusal().map(|_| ()).ok_or_else(|| "the replay was answered".into())
            }
            Operation::Introspect => {
                let at = self.pick();
                let token = Some(self.access_token(at)?);
                let reply = world.engine.introspect(IntrospectionRequest { credentials: credentials(), token })?;
                black_box(asked(reply, "the introspection was refused")?);
                Ok(())
            }
            Operation::Revoke => {
                let token = self.queue.pop().ok_or("nothing to revoke")?;
                let token = Some(token.as_str());
                asked(world.engine.revoke(RevocationRequest { credentials: credentials(), token })?, "not revoked")
            }
            Operation::Issue => {
                let token = issued(world)?.1;
                self.queue.push(token);
                Ok(())
            }
            Operation::ClientCredentials => {
                let request = TokenRequest {
                    credentials: credentials(),
                    grant_type: Some("client_credentials"),
                    ..TokenRequest::default()
                };
                let reply = asked(world.engine.token(request)?, "no token for the client")?;
                black_box(reply.access_token.expose(TokenEncoding::Base64Url));
                Ok(())
            }
        }
    }

    /// Ends what was issued, so that it can be purged.
    fn tidy<S: TokenStore>(&mut self, world: &World<S>, operation: Operation) -> Done {
        if operation == Operation::Issue {
            for token in self.queue.drain(..) {
                let token = Some(token.as_str());
                asked(world.engine.revoke(RevocationRequest { credentials: credentials(), token })?, "not revoked")?;
            }
        }
        Ok(())
    }
}

/// Who asks: the one client, by Basic.
pub fn credentials() -> Credentials<'static> {
    Credentials { header: AuthorizationHeader::Basic { user: CLIENT, password: SECRET }, ..Credentials::default() }
}

/// The request to refresh with this token.
pub fn refreshing(token: &str) -> TokenRequest<'_> {
    TokenRequest {
        credentials: credentials(),
        grant_type: Some("refresh_token"),
        refresh_token: Some(token),
        scope: None,
    }
}

/// One grant by the host: its access token and its refresh token.
///
/// # Errors
/// The store failed.
pub fn issued<S: TokenStore>(world: &World<S>) -> Done<(String, String)> {
    let request = IssueRequest::new(ClientId::parse(CLIENT)?, Scope::parse(SCOPE)?);
    let TokenReply { access_token, refresh_token, .. } = asked(world.engine.issue(request)?, "no grant")?;
    let refresh = refresh_token.ok_or("the client has no refresh grant")?;
    let text = TokenEncoding::Base64Url;
    Ok((access_token.expose(text).to_string(), refresh.expose(text).to_string()))
}

/// The text of a token in place.
fn fixed<const N: usize>(token: &str) -> Done<ArrayString<N>> {
    Ok(ArrayString::from(token).map_err(|_| "a token of another length")?)
}

fn asked<T>(reply: Reply<T>, refused: &'static str) -> Done<T> {
    reply.success().ok_or_else(|| refused.into())
}

/// Several crowds, one a thread, that do the same at the same time.
#[derive(Debug)]
pub struct Crowds(Vec<Crowd>);

impl Crowds {
    /// Issues `count` grants for `threads` threads together.
    ///
    /// # Errors
    /// The store failed.
    pub fn issue<S: TokenStore>(world: &World<S>, count: usize, threads: usize) -> Done<Self> {
        let crowds = (0..threads).map(|at| Crowd::issue(world, count / threads, at as u64));
        Ok(Self(crowds.collect::<Done<_>>()?))
    }

    /// Does one thing `count` times in all, on as many threads as there are crowds, and answers how long the slowest
    /// took, without what had to be prepared. Before and after, the clock is moved and what has ended is purged, so that the number of grants and of
    /// live access tokens stays as it was.
    ///
    /// # Errors
    /// The store failed, or an answer was not the one that the operation is about.
    pub fn batch<S>(&mut self, world: &World<S>, operation: Operation, count: usize) -> Done<Duration>
    where
        S: TokenStore + GrantManagement + Sync,
    {
        let each = count.div_ceil(self.0.len());
        self.at_once(|crowd| crowd.prepare(world, operation, each))?;
        if operation == Operation::Replay {
            world.clock.advance(Duration::from_secs(20));
        }
        let took = self.at_once(|crowd| crowd.run(world, operation, each))?.into_iter().max().unwrap_or_default();
        self.at_once(|crowd| crowd.tidy(world, operation))?;
        match operation {
            Operation::Introspect => {}
            Operation::Refresh => world.clock.advance(self.stride(count)),
            Operation::Retry => world.clock.advance(HOURS),
            Operation::Replay | Operation::Revoke | Operation::Issue => {
                world.clock.advance(Duration::from_millis(1));
                purge(world)?;
            }
            Operation::ClientCredentials => {
                world.clock.advance(HOURS);
                purge(world)?;
            }
        }
        Ok(took)
    }

    /// How many requests of one kind should come between two purges: a tenth of the grants, and not too many.
    pub fn largest_batch(&self, operation: Operation) -> usize {
        let grants: usize = self.0.iter().map(Crowd::len).sum();
        match operation {
            Operation::Refresh => grants.clamp(64, 4_096),
            Operation::Introspect => 4_096,
            Operation::Retry => (grants / 4).clamp(16, 4_096),
            _ => (grants / 10).clamp(16, 20_000),
        }
    }

    /// Each grant is refreshed about every two hours: after its access token of one hour expired.
    fn stride(&self, count: usize) -> Duration {
        let grants: usize = self.0.iter().map(Crowd::len).sum();
        HOURS.mul_f64(count as f64 / grants.max(1) as f64)
    }

    /// The same on every crowd, each on a thread of its own.
    fn at_once<T: Send>(&mut self, work: impl Fn(&mut Crowd) -> Done<T> + Sync) -> Done<Vec<T>> {
        if let [only] = self.0.as_mut_slice() {
            return Ok(vec![work(only)?]);
        }
        let work = |crowd| work(crowd).map_err(|error| error.to_string());
        std::thread::scope(|scope| {
            let running: Vec<_> = self.0.iter_mut().map(|crowd| scope.spawn(move || work(crowd))).collect();
            let ended = running.into_iter().map(|thread| Ok(thread.join().map_err(|_| "a thread stopped")??));
            ended.collect()
        })
    }
}

const HOURS: Duration = Duration::from_hours(2);

fn purge<S: TokenStore + GrantManagement>(world: &World<S>) -> Done {
    while GrantManagement::purge(world.engine.store(), world.clock.now(), usize::MAX)? > 0 {}
    Ok(())
}
