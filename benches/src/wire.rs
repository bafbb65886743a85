//! Refreshes from octets to octets: the requests are made before the clock runs, the answers are read after it.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, Response};
use regrant::TokenStore;
use regrant_http::{Authorization, Dialect, EndpointPath, Form, JsonObject, Limits, Mount, Realm, Service, media_type};

use crate::crowd::Crowd;
use crate::world::World;

/// What [`CLIENT`](crate::CLIENT) and [`SECRET`](crate::SECRET) are in a `Basic` header.
pub const BASIC: &str = "Basic d2ViOndlYi1zZWNyZXQ=";
/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The name of the parameters that a refresh has.
const PARAMETERS: [&str; 5] = ["grant_type", "refresh_token", "scope", "client_id", "client_secret"];

/// The result of everything here.
type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The service of an RFC 6749 mount, with all endpoints.
///
/// # Errors
/// Never with the constants used here.
pub fn service() -> Done<Service> {
    let mount = Mount {
        revoke: Some(EndpointPath::parse("/revoke")?),
        introspect: Some(EndpointPath::parse("/introspect")?),
        ..Mount::new(Dialect::Rfc6749 { issuer: None }, EndpointPath::parse("/token")?)
    };
    Ok(Service::new(Realm::parse("bench")?, Limits::default(), vec![mount])?)
}

/// The body of a refresh with this token.
pub fn refresh_body(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={token}")
}

/// A request to an endpoint, authenticated by Basic.
///
/// # Errors
/// Never with paths and bodies of these benchmarks.
pub fn post(path: &str, body: String) -> Done<Request<Vec<u8>>> {
    let request = Request::post(path).header(AUTHORIZATION, BASIC).header(CONTENT_TYPE, FORM);
    Ok(request.header("host", "127.0.0.1").body(body.into_bytes())?)
}

/// The refresh token of a JSON answer, as it stands there: tokens need no escapes.
pub fn refresh_token_of(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("\"refresh_token\"")?;
    let (_, rest) = rest.split_once('"')?;
    rest.split_once('"').map(|(token, _)| token)
}

/// Refreshes of `count` different grants through the whole service, and how long they took. Their tokens are replaced,
/// and the clock moves on as it should for as many.
///
/// # Errors
/// An answer that is no success.
pub fn refreshed<S: TokenStore>(
    world: &World<S>,
    service: &Service,
    crowd: &mut Crowd,
    count: usize,
) -> Done<Duration> {
    let first = crowd.pick();
    let picked: Vec<usize> = (first..).step_by(7919).take(count).map(|at| at % crowd.len()).collect();
    let requests = picked.iter().map(|at| post("/token", refresh_body(crowd.token(*at)?)));
    let requests = requests.collect::<Done<Vec<_>>>()?;
    let mut answers = Vec::with_capacity(count);
    let start = Instant::now();
    for request in &requests {
        answers.push(service.handle(&world.engine, request));
    }
    let took = start.elapsed();
    for (at, answer) in picked.iter().zip(&answers) {
        crowd.replace(*at, refresh_token_of(answer.body()).ok_or("the refresh was refused")?)?;
    }
    world.clock.advance(Duration::from_hours(2).mul_f64(count as f64 / crowd.len() as f64));
    Ok(took)
}

/// Reads a refresh as the service does, by the public parts: media type, header, form. `None` never happens here.
pub fn parse(headers: &HeaderMap, body: &[u8]) -> Option<usize> {
    let media = media_type::is_form(headers);
    let Authorization::Basic(basic) = Authorization::of(headers) else {
        return None;
    };
    let form = Form::parse(body, &PARAMETERS, &Limits::default()).ok()?;
    let length = form.value("refresh_token")?.len() + basic.client_id().len() + basic.expose_secret().len();
    Some(black_box(length + usize::from(media)))
}

/// Writes a token answer of the usual members.
pub fn render(access: &str, refresh: &str) -> Response<Vec<u8>> {
    let object = JsonObject::new().string("access_token", access).string("token_type", "Bearer");
    let object = object.integer("expires_in", 3_600).string("refresh_token", refresh).string("scope", "read write");
    Response::new(object.finish())
}

#[cfg(test)]
mod tests {
    use regrant_memory::MemoryStore;

    use super::*;

    #[test]
    fn a_refresh_goes_from_octets_to_octets() -> Done {
        let world = World::over(MemoryStore::new())?;
        let mut crowd = Crowd::issue(&world, 10, 1)?;
        let before: Vec<String> = (0..10).map(|at| crowd.token(at).map(String::from)).collect::<Done<_>>()?;
        refreshed(&world, &service()?, &mut crowd, 10)?;
        assert!((0..10).all(|at| crowd.token(at).is_ok_and(|token| token.len() == 86 && token != before[at])));
        Ok(())
    }

    #[test]
    fn what_is_measured_as_parsing_reads_all_three() -> Done {
        let request = post("/token", refresh_body("abc"))?;
        assert_eq!(parse(request.headers(), request.body()), Some(3 + 3 + 10 + 1));
        Ok(())
    }

    #[test]
    fn what_is_measured_as_rendering_can_be_read() {
        assert_eq!(refresh_token_of(render("a", "b").body()), Some("b"));
        assert_eq!(refresh_token_of(b"{}"), None);
    }
}
