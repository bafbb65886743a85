//! The steps of a vector's script.

use crate::client::ClientChange;
use crate::exchange::{Framing, Request};
use crate::expectation::{Expectation, OneOf, Shape};
use crate::policy::Span;
use crate::template::{Bindings, Unbound};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// One step of a script: something done to the host, or a request with the answer it must get.
#[derive(Debug, Clone)]
pub enum Step {
    /// Moves the clock forward by so many seconds.
    Advance(u64),
    /// Changes clients.
    Change(Vec<ClientChange>),
    /// Ends the grant with this suffix from the host's side.
    RevokeGrant(String),
    /// Lets the store break down at its next commit; see [`Host::fail_store_once`](crate::Host::fail_store_once).
    FailStoreOnce,
    /// Sends.
    Send(Box<Send>),
}

/// A request, how often and beside what it is sent, and what must come back.
#[derive(Debug, Clone)]
pub struct Send {
    /// Why this step is here.
    pub why: String,
    /// Names the answer for `same_as`.
    pub name: Option<String>,
    /// The request.
    pub request: Template,
    /// What must come back.
    pub expect: Expectation,
    /// How the request is repeated.
    pub repeat: Repeat,
    /// Leave the step out if this placeholder has no value.
    pub if_bound: Option<String>,
    /// Bind the tokens of the answer under this suffix as well.
    pub save: Option<String>,
}

/// How a request is repeated.
#[derive(Debug, Clone)]
pub enum Repeat {
    /// Sent so many times, one after the other; every answer must be the expected one.
    Times(u32),
    /// Sent so many times; each answer's refresh token becomes `{RT}` of the next, and the very first stays `{RT_FIRST}`.
    /// All tokens must differ.
    Chain(u32),
    /// Sent so many times at once.
    Parallel(usize),
    /// Sent once, at the same time as this other step's request.
    Beside(Box<Send>),
}

/// A request with placeholders.
#[derive(Debug, Clone)]
pub struct Template {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    framing: Framing,
}

impl Template {
    /// The request with its placeholders replaced.
    ///
    /// # Errors
    ///
    /// [`Unbound`] for a placeholder without a value.
    pub fn render(&self, bindings: &Bindings) -> Result<Request, Unbound> {
        let headers = self.headers.iter().map(|(name, value)| Ok((name.clone(), bindings.render(value)?)));
        Ok(Request {
            method: self.method.clone(),
            path: bindings.render(&self.path)?,
            headers: headers.collect::<Result<_, Unbound>>()?,
            body: self.body.as_deref().map(|body| bindings.render(body).map(String::into_bytes)).transpose()?,
            framing: self.framing,
        })
    }

    /// Every text in which a placeholder may stand.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let values = self.headers.iter().map(|(_, value)| value.as_str());
        values.chain([self.path.as_str()]).chain(self.body.as_deref())
    }
}

/// A step as the file writes it: flat, every key optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    why: String,
    advance: Option<Span>,
    change: Option<Vec<ClientChange>>,
    revoke_grant: Option<String>,
    fail_store_once: bool,
    name: Option<String>,
    refresh: Option<String>,
    revoke: Option<String>,
    introspect: Option<String>,
    resource: Option<String>,
    post: Option<String>,
    get: Option<String>,
    method: Option<String>,
    path: Option<String>,
    basic: Option<String>,
    client_id: Option<String>,
    headers: BTreeMap<String, OneOf<String>>,
    form: Option<String>,
    json: Option<String>,
    body: Option<String>,
    framing: Framing,
    times: Option<u32>,
    chain: Option<u32>,
    parallel: Option<usize>,
    beside: Option<Box<Written>>,
    if_bound: Option<String>,
    save: Option<String>,
    expect: Option<Expectation>,
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.step().map_err(serde::de::Error::custom)
    }
}

impl Written {
    fn step(self) -> Result<Step, &'static str> {
        if let Some(span) = &self.advance {
            return span.as_seconds().map(Step::Advance).ok_or("advance is no span of time");
        }
        if let Some(change) = self.change {
            return Ok(Step::Change(change));
        }
        if let Some(suffix) = self.revoke_grant {
            return Ok(Step::RevokeGrant(suffix));
        }
        if self.fail_store_once {
            return Ok(Step::FailStoreOnce);
        }
        self.send().map(|send| Step::Send(Box::new(send)))
    }

    fn send(mut self) -> Result<Send, &'static str> {
        let implied = self.expand();
        let repeat = self.repeat()?;
        Ok(Send {
            request: self.template()?,
            expect: self.expect.or(implied).ok_or("a request needs an expectation")?,
            why: self.why,
            name: self.name,
            repeat,
            if_bound: self.if_bound,
            save: self.save,
        })
    }

    /// Writes the short forms out; returns the expectation that a short form implies.
    fn expand(&mut self) -> Option<Expectation> {
        if let Some(token) = self.refresh.take() {
            self.short("/token", "web:web-secret", &format!("grant_type=refresh_token&refresh_token={{{token}}}"));
            return Some(Expectation { is: Some(Shape::Tokens), ..Expectation::default() });
        }
        if let Some(token) = self.revoke.take() {
            self.short("/revoke", "web:web-secret", &format!("token={{{token}}}"));
            return Some(Expectation { is: Some(Shape::Revoked), ..Expectation::default() });
        }
        if let Some(token) = self.introspect.take() {
            self.short("/introspect", "rs:rs-secret", &format!("token={{{token}}}"));
        }
        if let Some(token) = self.resource.take() {
            self.get = Some("/resource".to_owned());
            self.headers.insert("Authorization".to_owned(), OneOf::One(format!("Bearer {{{token}}}")));
        }
        None
    }

    fn short(&mut self, path: &str, basic: &str, form: &str) {
        self.post.get_or_insert_with(|| path.to_owned());
        if let Some(client) = self.client_id.take() {
            self.form = Some(format!("{form}&client_id={client}"));
        } else {
            self.basic.get_or_insert_with(|| basic.to_owned());
            self.form = Some(form.to_owned());
        }
    }

    fn repeat(&mut self) -> Result<Repeat, &'static str> {
        Ok(match (self.times, self.chain, self.parallel, self.beside.take()) {
            (Some(times), None, None, None) => Repeat::Times(times),
            (None, Some(times), None, None) => Repeat::Chain(times),
            (None, None, Some(width), None) => Repeat::Parallel(width),
            (None, None, None, Some(other)) => Repeat::Beside(Box::new(other.send()?)),
            (None, None, None, None) => Repeat::Times(1),
            _ => return Err("times, chain, parallel and beside exclude each other"),
        })
    }

    fn template(&mut self) -> Result<Template, &'static str> {
        let (method, path) = self.target()?;
        let mut headers = self.header_fields();
        let body = match (self.form.take(), self.json.take(), self.body.take()) {
            (Some(form), None, None) => Some((Some(FORM), form)),
            (None, Some(json), None) => Some((Some(JSON), json)),
            (None, None, Some(body)) => Some((None, body)),
            (None, None, None) => None,
            _ => return Err("form, json and body exclude each other"),
        };
        if let Some((Some(kind), _)) = &body {
            headers.push(("Content-Type".to_owned(), (*kind).to_owned()));
        }
        Ok(Template { method, path, headers, body: body.map(|(_, text)| text), framing: self.framing })
    }

    fn target(&mut self) -> Result<(String, String), &'static str> {
        match (self.post.take(), self.get.take(), self.method.take(), self.path.take()) {
            (Some(path), None, None, None) => Ok(("POST".to_owned(), path)),
            (None, Some(path), None, None) => Ok(("GET".to_owned(), path)),
            (None, None, Some(method), Some(path)) => Ok((method, path)),
            _ => Err(
                "a step is one of: advance, change, revoke_grant, fail_store_once, a short form, post, get, method with path",
            ),
        }
    }

    fn header_fields(&mut self) -> Vec<(String, String)> {
        let basic =
            self.basic.take().map(|pair| ("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        let written = std::mem::take(&mut self.headers).into_iter().flat_map(|(name, values)| {
            let values = match values {
                OneOf::One(value) => vec![value],
                OneOf::Any(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        });
        basic.into_iter().chain(written).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Step {
        toml::from_str(text).unwrap()
    }

    fn sent(text: &str) -> (Request, Send) {
        let Step::Send(send) = parse(text) else { panic!("not a request") };
        let mut bindings = Bindings::default();
        bindings.bind("RT", "token");
        (send.request.render(&bindings).unwrap(), *send)
    }

    #[test]
    fn a_short_form_is_written_out() {
        let (request, send) = sent("refresh = \"RT\"");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/token"));
        assert!(request.headers.contains(&("Authorization".into(), "Basic d2ViOndlYi1zZWNyZXQ=".into())));
        assert_eq!(request.body.as_deref(), Some(&b"grant_type=refresh_token&refresh_token=token"[..]));
        assert_eq!(send.expect.is, Some(Shape::Tokens));
    }

    #[test]
    fn a_public_client_names_itself_in_the_body() {
        let (request, _) = sent("refresh = \"RT\"\nclient_id = \"app\"");
        assert!(request.body.unwrap().ends_with(b"&client_id=app"));
        assert!(request.headers.iter().all(|(name, _)| name != "Authorization"));
    }

    #[test]
    fn a_repeated_field_is_sent_twice() {
        let (request, _) =
            sent("post = \"/token\"\nheaders = { A = [\"1\", \"2\"] }\nbody = \"\"\nexpect = { status = 400 }");
        assert_eq!(request.headers, [("A".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())]);
        assert_eq!(request.body.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            "post = \"/token\"",
            "post = \"/a\"\nget = \"/b\"\nexpect = {}",
            "refresh = \"RT\"\ntimes = 2\nparallel = 2",
            "post = \"/a\"\nform = \"\"\njson = \"\"\nexpect = {}",
            "advance = \"soon\"",
            "",
        ] {
            assert!(toml::from_str::<Step>(text).is_err(), "{text}");
        }
    }
}
