//! The small HTTP client of the demonstration: one connection a request, answers with a `Content-Length`.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::call::Call;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read.
const LONGEST: u64 = 1 << 20;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header field, if it is there just once.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// Sends a request and reads the answer to the end of the connection.
pub(super) fn send(address: SocketAddr, call: &Call) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&bytes(address, call))?;
    let mut read = Vec::new();
    stream.take(LONGEST).read_to_end(&mut read)?;
    parse(&read).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not http/1.1"))
}

fn bytes(address: SocketAddr, call: &Call) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", call.method, call.path);
    for (name, value) in &call.headers {
        head.extend([*name, ": ", value.as_str(), "\r\n"]);
    }
    if call.method != "GET" {
        head.extend(["Content-Length: ", &call.body.len().to_string(), "\r\n"]);
    }
    head.push_str("\r\n");
    head.push_str(&call.body);
    head.into_bytes()
}

/// Reads an answer whose body is just as long as it says.
fn parse(read: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(read).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    let answer = Answer { status, headers: headers.collect::<Option<_>>()?, body: body.to_owned() };
    let length: usize = answer.header("content-length")?.parse().ok()?;
    (length == answer.body.len()).then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let answer = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b \r\n\r\nhi").unwrap();
        assert_eq!((answer.status, answer.header("a"), answer.body.as_str()), (200, Some("b"), "hi"));
        for bad in ["", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "SMTP\r\n\r\n"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
