//! What the examples share, and what has nothing to do with any framework: an engine over memory, the service in front
//! of it, and a page behind the bearer check.

use std::error::Error;
use std::net::SocketAddr;
use std::time::UNIX_EPOCH;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use regrant::{
    AsyncEngine, Client, ClientId, GrantTypes, Host, IssueRequest, Pepper, Reply, ResourceRequest, Rules, Scope,
    StaticClients, Subject, SystemEntropy, Timestamp, TokenEncoding,
};
use regrant_http::{Dialect, EndpointPath, Limits, Mount, Realm, Service, bearer};
use regrant_memory::MemoryStore;

/// Any error. An example only passes it on.
pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// The authorization server of the example.
pub(crate) struct App {
    /// Reads requests and writes answers.
    pub(crate) service: Service,
    /// Decides.
    pub(crate) engine: AsyncEngine<MemoryStore, StaticClients>,
}

impl App {
    /// One public client, one mount, and a store that forgets everything when the process ends.
    pub(crate) fn new() -> Result<Self, AnyError> {
        let mut client = Client::public(ClientId::parse("app")?);
        client.grants = GrantTypes::ALL;
        client.scope = Scope::parse("read write")?;
        let mount = Mount {
            revoke: Some(EndpointPath::parse("/revoke")?),
            ..Mount::new(Dialect::Rfc6749 { issuer: None }, EndpointPath::parse("/token")?)
        };
        let service = Service::new(Realm::parse("example")?, Limits::default(), vec![mount])?;
        let clock = || Timestamp::EPOCH.after(UNIX_EPOCH.elapsed().unwrap_or_default());
        let host = Host::new(clock, SystemEntropy);
        let engine = AsyncEngine::new(MemoryStore::new(), StaticClients::new([client])?, Rules::new(pepper()?), host);
        Ok(Self { service, engine })
    }

    /// What a login page does once it knows the user: it starts a grant. Answers the first refresh token.
    pub(crate) async fn log_in(&self, user: &str) -> Result<String, AnyError> {
        let issue = IssueRequest {
            subject: Some(Subject::parse(user)?),
            ..IssueRequest::new(ClientId::parse("app")?, Scope::parse("read write")?)
        };
        let tokens = self.engine.issue(issue).await?.success().ok_or("the grant was refused")?;
        let refresh_token = tokens.refresh_token.ok_or("the client has no refresh grant")?;
        Ok(refresh_token.expose(TokenEncoding::Base64Url).to_string())
    }

    /// A page of the host's own behind the bearer check: it says whose token was sent.
    pub(crate) async fn me(&self, headers: &HeaderMap) -> Response<Vec<u8>> {
        let realm = self.service.realm();
        let token = match bearer::read(headers, &[], self.service.limits()) {
            Ok(token) => token,
            Err(refusal) => return bearer::refuse(realm, &refusal),
        };
        match self.engine.resource(ResourceRequest { token: Some(token.expose_secret()) }).await {
            Ok(Reply::Success(access)) => page(access.subject.as_ref().map_or("nobody", Subject::as_str)),
            Ok(Reply::Refused(refusal)) => bearer::refuse(realm, &refusal),
            Err(_) => unavailable(),
        }
    }

    /// How to try the example by hand.
    pub(crate) async fn instructions(&self, address: SocketAddr) -> Result<String, AnyError> {
        let token = self.log_in("alice").await?;
        Ok(format!(
            "listening on http://{address}\ncurl -i http://{address}/token \
             -d client_id=app -d grant_type=refresh_token -d refresh_token={token}"
        ))
    }
}

/// Fresh at each start, because the store is. A host whose store outlives it keeps these bytes in a file.
fn pepper() -> Result<Pepper, AnyError> {
    let mut bytes = vec![0; Pepper::MIN_LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(Pepper::new(bytes)?)
}

fn page(text: &str) -> Response<Vec<u8>> {
    let mut answer = Response::new(text.as_bytes().to_vec());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// The engine could not decide, so the page is not served.
fn unavailable() -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// Speaks to the example as a client would, over a socket, and checks what it says.
#[cfg(test)]
pub(crate) fn walk(address: SocketAddr, refresh_token: &str) {
    let form = format!("client_id=app&grant_type=refresh_token&refresh_token={refresh_token}");
    let answer = post(address, "/token", &form);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.to_ascii_lowercase().matches("content-length:").count(), 1, "{answer}");
    assert!(answer.contains(r#""refresh_token":""#), "{answer}");

    let access_token = answer.split('"').nth(3).unwrap();
    let answer = get(address, "/me", &format!("authorization: Bearer {access_token}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nalice"), "{answer}");
    let answer = get(address, "/me", "");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("www-authenticate: bearer realm="), "{answer}");

    let limit = Limits::default().body_bytes;
    let answer = post(address, "/token?at=the_limit", &"x".repeat(limit));
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = post(address, "/token?one=more", &"x".repeat(limit + 1));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(get(address, "/elsewhere", "").starts_with("HTTP/1.1 404 "));
}

#[cfg(test)]
fn post(address: SocketAddr, target: &str, form: &str) -> String {
    let length = form.len();
    let media_type = "content-type: application/x-www-form-urlencoded";
    send(address, &format!("POST {target} HTTP/1.1\r\n{media_type}\r\ncontent-length: {length}\r\n"), form)
}

#[cfg(test)]
fn get(address: SocketAddr, target: &str, headers: &str) -> String {
    send(address, &format!("GET {target} HTTP/1.1\r\n{headers}"), "")
}

#[cfg(test)]
fn send(address: SocketAddr, head: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};

    let mut socket = std::net::TcpStream::connect(address).unwrap();
    write!(socket, "{head}host: localhost\r\nconnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}
