//! Many grants, each with the refresh token that is current.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, ClientStore, Credentials, Engine, Entropy, EntropyError,
    GrantTypes, Host, IssueRequest, Pepper, Rules, Scope, SecretMethods, StaticClients, Timestamp, TokenEncoding,
    TokenRequest, TokenStore,
};

/// An engine with one confidential client under the default policy and a user-space random source.
///
/// Its clock moves with each look, so that each of `grants` grants is refreshed about every two hours: after its access
/// token of one hour expired, as clients do. With the system's clock, records would fill up with access tokens that nobody
/// waits for to expire.
///
/// # Errors
/// Never with the constants used here; they are checked like anybody's.
pub fn engine<S: TokenStore>(store: S, grants: u32) -> Result<Engine<S, StaticClients>, Box<dyn Error>> {
    let secrets = vec![ClientSecretDigest::of("web-secret")];
    let mut client = Client::confidential(ClientId::parse("web")?, SecretMethods::ALL, secrets)?;
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write")?;
    let rules = Rules::new(Pepper::new(vec![7; 32])?);
    let entropy = || Entropy::draw(&mut rand::rng()).map_err(|_| EntropyError);
    // A refresh looks at the clock twice.
    let step = u64::from(2 * 60 * 60 * 1000 / 2 / grants.max(1)).max(1);
    let millis = AtomicU64::new(1_800_000_000_000);
    let clock = move || Timestamp::from_unix_millis(millis.fetch_add(step, Ordering::Relaxed));
    Ok(Engine::new(store, StaticClients::new([client])?, rules, Host::new(clock, entropy)))
}

/// Grants to refresh, picked at random.
#[derive(Debug)]
pub struct Chains {
    current: Vec<String>,
    pick: SmallRng,
}

impl Chains {
    /// Issues `count` grants.
    ///
    /// # Errors
    /// The store failed.
    pub fn issue<S: TokenStore, C: ClientStore>(engine: &Engine<S, C>, count: u32) -> Result<Self, Box<dyn Error>> {
        let request = IssueRequest::new(ClientId::parse("web")?, Scope::parse("read write")?);
        let mut current = Vec::new();
        for _ in 0..count {
            let reply = engine.issue(request.clone())?.success().ok_or("the grant was refused")?;
            let token = reply.refresh_token.ok_or("the client has no refresh grant")?;
            current.push(token.expose(TokenEncoding::Base64Url).to_string());
        }
        Ok(Self { current, pick: SmallRng::seed_from_u64(1) })
    }

    /// Refreshes one grant, from the text of the old token to the texts of the new ones. The length of both is the
    /// result, so that nothing is optimised away.
    ///
    /// # Errors
    /// The store failed, or a refresh was refused: the benchmark would measure something else.
    pub fn refresh<S: TokenStore, C: ClientStore>(&mut self, engine: &Engine<S, C>) -> Result<usize, Box<dyn Error>> {
        let at = self.pick.random_range(0..self.current.len());
        let token = self.current.get_mut(at).ok_or("no grant")?;
        let request = TokenRequest {
            credentials: Credentials {
                header: AuthorizationHeader::Basic { user: "web", password: "web-secret" },
                ..Credentials::default()
            },
            grant_type: Some("refresh_token"),
            refresh_token: Some(token),
            scope: None,
        };
        let reply = engine.token(request)?.success().ok_or("the refresh was refused")?;
        let refresh = reply.refresh_token.ok_or("no refresh token")?;
        token.clear();
        refresh.expose_into(TokenEncoding::Base64Url, token);
        Ok(token.len() + reply.access_token.expose(TokenEncoding::Base64Url).len())
    }
}
