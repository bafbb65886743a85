//! `oxide-auth`, over its `ClientMap` and `TokenMap`, behind its refresh endpoint.
//!
//! Its own policy for client secrets is Argon2, made for passwords of people. Generated secrets need a digest only, and
//! everybody here is given one: a policy of SHA-256. A request is read as its own front end for axum does it, and an
//! answer is written into a response of the `http` crate.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use oxide_auth::endpoint::{NormalizedParameter, QueryParameter, WebRequest, WebResponse};
use oxide_auth::frontends::simple::endpoint::refresh_flow;
use oxide_auth::primitives::generator::RandomGenerator;
use oxide_auth::primitives::grant::{Extensions, Grant};
use oxide_auth::primitives::issuer::{Issuer, TokenMap};
use oxide_auth::primitives::registrar::{Client, ClientMap, PasswordPolicy, RegisteredUrl, RegistrarError};
use regrant_benches::{CLIENT, SCOPE, SECRET, wire};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{Done, Side};

/// `oxide-auth` with some grants. The token map is behind a lock, as every host has it.
pub struct Oxide {
    clients: ClientMap,
    issuer: Mutex<TokenMap<RandomGenerator>>,
    tokens: Vec<String>,
}

impl Oxide {
    /// Issues grants with tokens of 32 random bytes.
    ///
    /// # Errors
    /// Never with the constants used here.
    pub fn with(grants: usize) -> Done<Self> {
        let redirect: Url = "https://client.example.com/cb".parse()?;
        let scope = SCOPE.parse().map_err(|_| "no scope")?;
        let mut clients = ClientMap::new();
        clients.set_password_policy(Sha256Policy);
        let url = RegisteredUrl::Semantic(redirect.clone());
        clients.register_client(Client::confidential(CLIENT, url, scope, SECRET.as_bytes()));
        let mut issuer = TokenMap::new(RandomGenerator::new(32));
        issuer.valid_for(TimeDelta::hours(1));
        let mut tokens = Vec::new();
        for number in 0..grants {
            let grant = Grant {
                owner_id: format!("user-{number}"),
                client_id: CLIENT.into(),
                scope: SCOPE.parse().map_err(|_| "no scope")?,
                redirect_uri: redirect.clone(),
                until: Utc::now() + TimeDelta::hours(1),
                extensions: Extensions::new(),
            };
            let made = issuer.issue(grant).map_err(|()| "no grant")?;
            tokens.push(made.refresh.ok_or("no refresh token")?);
        }
        Ok(Self { clients, issuer: Mutex::new(issuer), tokens })
    }
}

impl Side for Oxide {
    fn refresh(&mut self, grants: &[usize]) -> Done<Duration> {
        let mut requests = Vec::with_capacity(grants.len());
        for at in grants {
            let token = self.tokens.get(*at).ok_or("no such grant")?;
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            requests.push(wire::post("/token", wire::refresh_body(&token))?);
        }
        let mut answers = Vec::with_capacity(grants.len());
        let start = Instant::now();
        for request in &requests {
            let mut issuer = self.issuer.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = refresh_flow(&self.clients, &mut *issuer).execute(Read(request));
            answers.push(answer.map_err(|_| "oxide-auth failed")?);
        }
        let took = start.elapsed();
        for (at, answer) in grants.iter().zip(&answers) {
            let token = wire::refresh_token_of(answer.0.body().as_bytes()).ok_or("oxide-auth refused a refresh")?;
            token.clone_into(self.tokens.get_mut(*at).ok_or("no such grant")?);
        }
        Ok(took)
    }

    /// Its clock is the system's, and a refresh takes the former access token away: there is nothing to do.
    fn hours_later(&mut self) -> Done {
        Ok(())
    }

    fn forget(self) -> Box<dyn Any> {
        Box::new(self.tokens)
    }
}

/// A secret as its digest.
struct Sha256Policy;

impl PasswordPolicy for Sha256Policy {
    fn store(&self, _: &str, passphrase: &[u8]) -> Vec<u8> {
        Sha256::digest(passphrase).to_vec()
    }

    fn check(&self, _: &str, passphrase: &[u8], stored: &[u8]) -> Result<(), RegistrarError> {
        // Compared plainly: a comparison in constant time would only cost the peer more.
        let same = Sha256::digest(passphrase).as_slice() == stored;
        if same { Ok(()) } else { Err(RegistrarError::Unspecified) }
    }
}

/// A request as the front end for axum reads it.
struct Read<'a>(&'a Request<Vec<u8>>);

/// The answer.
struct Written(Response<String>);

impl Default for Written {
    fn default() -> Self {
        Self(Response::new(String::new()))
    }
}

impl WebRequest for Read<'_> {
    type Error = ();
    type Response = Written;

    fn query(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, ()> {
        let query = self.0.uri().query().unwrap_or_default();
        Ok(Cow::Owned(serde_urlencoded::from_str::<NormalizedParameter>(query).map_err(|_| ())?))
    }

    fn urlbody(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, ()> {
        Ok(Cow::Owned(serde_urlencoded::from_bytes::<NormalizedParameter>(self.0.body()).map_err(|_| ())?))
    }

    fn authheader(&mut self) -> Result<Option<Cow<'_, str>>, ()> {
        let header = self.0.headers().get(AUTHORIZATION);
        header.map(|value| value.to_str().map(Cow::Borrowed).map_err(|_| ())).transpose()
    }
}

impl WebResponse for Written {
    type Error = ();

    fn ok(&mut self) -> Result<(), ()> {
        *self.0.status_mut() = StatusCode::OK;
        Ok(())
    }

    fn redirect(&mut self, _: Url) -> Result<(), ()> {
        Err(())
    }

    fn client_error(&mut self) -> Result<(), ()> {
        *self.0.status_mut() = StatusCode::BAD_REQUEST;
        Ok(())
    }

    fn unauthorized(&mut self, _: &str) -> Result<(), ()> {
        *self.0.status_mut() = StatusCode::UNAUTHORIZED;
        Ok(())
    }

    fn body_text(&mut self, _: &str) -> Result<(), ()> {
        Err(())
    }

    fn body_json(&mut self, data: &str) -> Result<(), ()> {
        self.0.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        data.clone_into(self.0.body_mut());
        Ok(())
    }
}
