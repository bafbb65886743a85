//! A conversation over one mount, as text: a fuzzer mutates it, a person can read it.
//!
//! Requests stand one after the other, kept apart by the octet 1E. Each is a line `METHOD PATH`, header lines
//! `name: value`, an empty line, and the body. A piece that begins with `+` moves the clock by so many seconds instead.
//!
//! `{R0}` is the refresh token of the first grant, `{A0}` its access token, and so on for four grants; `{R9}` and `{A9}`
//! are those of the latest answer. In lower case, `{r0}`, the token is written in hex.

use http::{HeaderName, HeaderValue, Request, Response};
use regrant::{PresentedToken, TokenEncoding};
use regrant_http::{Dialect, EndpointPath, Limits, Mount, PartnerId, Partners, Realm, Service, json_body};

use crate::answer::check;
use crate::world::{World, id};

const SEPARATOR: u8 = 0x1E;
/// So that one input stays fast.
const MOST_REQUESTS: usize = 12;
/// The clients of the grants that are issued beforehand, in the order of their numbers.
const CLIENTS: [&str; 4] = ["web", "web2", "app", "p42"];

/// The tokens that a request can speak of, the latest last, in their default encoding.
struct Tokens {
    refresh: Vec<String>,
    access: Vec<String>,
}

impl Tokens {
    fn issued(world: &World) -> Self {
        let replies = CLIENTS.map(|client| world.issue(client, "read write"));
        let encoding = TokenEncoding::Base64Url;
        let refresh = replies.iter().filter_map(|reply| reply.refresh_token.as_ref());
        Self {
            refresh: refresh.map(|token| token.expose(encoding).to_string()).collect(),
            access: replies.iter().map(|reply| reply.access_token.expose(encoding).to_string()).collect(),
        }
    }

    /// Takes the tokens of an answer over.
    fn learn(&mut self, response: &Response<Vec<u8>>) {
        let member = |name| json_body::string_member(response.body(), name).ok().flatten();
        for (list, name) in [(&mut self.refresh, "refresh_token"), (&mut self.access, "access_token")] {
            list.extend(member(name).and_then(|text| written(&text, TokenEncoding::Base64Url)));
        }
    }

    /// What `{R0}` and its like stand for.
    fn value(&self, name: u8, digit: u8) -> Option<String> {
        let list = if name.eq_ignore_ascii_case(&b'r') { &self.refresh } else { &self.access };
        let encoding = if name.is_ascii_lowercase() { TokenEncoding::Hex } else { TokenEncoding::Base64Url };
        let number = usize::from(digit - b'0');
        written(if number < CLIENTS.len() { list.get(number)? } else { list.last()? }, encoding)
    }

    /// The text with every placeholder replaced.
    fn spell(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 128);
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            if let [b'{', name @ (b'R' | b'A' | b'r' | b'a'), digit @ b'0'..=b'9', b'}', tail @ ..] = rest {
                out.extend(self.value(*name, *digit).unwrap_or_default().bytes());
                rest = tail;
            } else {
                out.push(*first);
                rest = after;
            }
        }
        out
    }
}

fn written(token: &str, encoding: TokenEncoding) -> Option<String> {
    match PresentedToken::parse(token).ok()? {
        PresentedToken::Refresh(token) => Some(token.expose(encoding).to_string()),
        PresentedToken::Access(token) => Some(token.expose(encoding).to_string()),
    }
}

/// The request that a text spells; `None` where `http` has no such request.
fn request(text: &[u8], tokens: &Tokens) -> Option<Request<Vec<u8>>> {
    let (head, body) = match text.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = tokens.spell(lines.next()?);
    let (method, target) = std::str::from_utf8(&line).ok()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = tokens.spell(line[colon + 1..].trim_ascii());
        request = request.header(name, HeaderValue::from_bytes(&value).ok()?);
    }
    request.body(tokens.spell(body)).ok()
}

fn service(dialect: Dialect) -> Service {
    let path = |text| EndpointPath::parse(text).expect("a path");
    let (token, revoke) = match dialect {
        Dialect::Rfc6749 { .. } => ("/token", "/revoke"),
        Dialect::Payu => ("/oauth/token", "/oauth/revoke"),
        Dialect::PartnerJson(_) => ("/v1/auth/token", "/v1/auth/revoke"),
        _ => ("/wso2/token", "/wso2/revoke"),
    };
    let mut mount = Mount::new(dialect, path(token));
    mount.revoke = Some(path(revoke));
    mount.introspect = Some(path("/introspect"));
    mount.resource = Some(path("/resource"));
    let realm = Realm::parse("fuzz").expect("a realm");
    Service::new(realm, Limits::default(), vec![mount]).expect("distinct paths")
}

/// Partner 42 is a public client, partner 43 is mapped to a confidential one by mistake.
pub fn partners() -> Partners {
    [(PartnerId::new(42), id("p42")), (PartnerId::new(43), id("web"))].into_iter().collect()
}

/// Holds the conversation and checks every answer.
pub fn converse(dialect: Dialect, text: &[u8]) {
    let world = World::new();
    let service = service(dialect);
    let mut tokens = Tokens::issued(&world);
    for piece in text.split(|byte| *byte == SEPARATOR).take(MOST_REQUESTS) {
        if let [b'+', seconds @ ..] = piece {
            let seconds = std::str::from_utf8(seconds).ok().and_then(|text| text.trim().parse::<u32>().ok());
            world.advance(u64::from(seconds.unwrap_or(1)) * 1000);
        } else if let Some(request) = request(piece, &tokens) {
            let response = service.handle(&world.engine, &request);
            check(&response);
            tokens.learn(&response);
        }
    }
    world.check();
}
