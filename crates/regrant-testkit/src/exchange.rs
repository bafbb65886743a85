//! One request on the wire and the answer to it.

use serde::Deserialize;

/// How the body of a request is put on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// With its true `Content-Length`.
    #[default]
    Length,
    /// `Transfer-Encoding: chunked`, in several small chunks.
    Chunked,
    /// A `Content-Length` that is ten too large, then the end of the stream.
    Short,
    /// With its true length; the connection is closed without reading the answer.
    Abort,
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header fields in order, names as written, repeats kept. Without `Host` and without the fields of the framing.
    pub headers: Vec<(String, String)>,
    /// The body, or `None` where the request has none (then no `Content-Length` either).
    pub body: Option<Vec<u8>>,
    /// How the body is sent.
    pub framing: Framing,
}

/// An answer, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 if the connection ended without an answer.
    pub status: u16,
    /// The header fields in order, repeats kept.
    pub headers: Vec<(String, String)>,
    /// The body, decoded from its transfer encoding.
    pub body: Vec<u8>,
}

impl Answer {
    /// Every value of a header field. Names compare without regard to case.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text, with U+FFFD for what is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
