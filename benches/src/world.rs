//! An engine with one client, and a clock that a benchmark moves.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::{
    Client, ClientId, ClientSecretDigest, Engine, Entropy, EntropyError, EntropySource, GrantTypes, Host,
    IntrospectionRight, Pepper, Policy, Rules, Scope, SecretMethods, StaticClients, Timestamp, TokenStore,
};
use sha2::{Digest as _, Sha256};

/// The one client: its id.
pub const CLIENT: &str = "web";
/// The one client: its secret.
pub const SECRET: &str = "web-secret";
/// What it may ask for, and asks for.
pub const SCOPE: &str = "read write";

/// Longer than any benchmark moves its clock.
const FOREVER: Duration = Duration::from_hours(1_000 * 365 * 24);

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Hands(Arc<AtomicU64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_800_000_000_000)))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::Relaxed))
    }
}

/// An engine over a store, with a confidential client whose secret is kept as a digest, and a user-space random source.
///
/// The policy is the default one, but for the lifetimes of grant and refresh token: the clock of a benchmark moves by
/// hours between two refreshes of one grant, as it does for clients, and nothing but access tokens shall expire.
#[derive(Debug)]
pub struct World<S> {
    /// The engine.
    pub engine: Engine<S, StaticClients>,
    /// Its clock.
    pub clock: Hands,
}

impl<S: TokenStore> World<S> {
    /// An engine over this store.
    ///
    /// # Errors
    /// Never with the constants used here; they are checked like anybody's.
    pub fn over(store: S) -> Result<Self, Box<dyn Error>> {
        Self::drawing(store, || Entropy::draw(&mut rand::rng()).map_err(|_| EntropyError))
    }

    /// The same with a random source that always gives the same, and takes next to no instructions.
    ///
    /// # Errors
    /// As [`over`](Self::over).
    pub fn seeded(store: S) -> Result<Self, Box<dyn Error>> {
        let drawn = AtomicU64::new(1);
        Self::drawing(store, move || {
            let first = drawn.fetch_add(Entropy::LENGTH as u64 / 8, Ordering::Relaxed);
            let mut bytes = [0; Entropy::LENGTH];
            for (state, eight) in (first..).zip(bytes.as_chunks_mut::<8>().0) {
                *eight = mixed(state).to_le_bytes();
            }
            Ok(Entropy::from_bytes(&bytes))
        })
    }

    fn drawing(store: S, entropy: impl EntropySource + 'static) -> Result<Self, Box<dyn Error>> {
        let clock = Hands::new();
        let hands = clock.clone();
        let host = Host::new(move || hands.now(), entropy);
        let engine = Engine::new(store, StaticClients::new([client()?])?, rules()?, host);
        Ok(Self { engine, clock })
    }
}

/// The rules of every engine here.
///
/// # Errors
/// Never.
pub fn rules() -> Result<Rules, Box<dyn Error>> {
    Ok(Rules::new(Pepper::new(vec![7; 32])?))
}

/// The one client.
///
/// # Errors
/// Never.
pub fn client() -> Result<Client, Box<dyn Error>> {
    let secrets = vec![ClientSecretDigest::of(SECRET)];
    let mut client = Client::confidential(ClientId::parse(CLIENT)?, SecretMethods::ALL, secrets)?;
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse(SCOPE)?;
    client.introspection = IntrospectionRight::Own;
    let mut policy = Policy::default();
    policy.refresh_idle_lifetime = FOREVER;
    policy.grant_lifetime = Some(FOREVER);
    Ok(client.with_policy(policy)?)
}

/// The finish of `SplitMix64`: every state gives another number, without a pattern.
const fn mixed(state: u64) -> u64 {
    let state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The digest of [`SECRET`] in hexadecimal digits, as a configuration file has it.
pub fn secret_digest() -> String {
    Sha256::digest(SECRET).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
