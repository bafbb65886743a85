//! A small blocking HTTP/1.1 client (RFC 9112) that sends what it is told, also what it should not.
//!
//! An ordinary client mends requests: it joins repeated fields, sets the content type, refuses a wrong length. This one does not.
//! One connection a request, no TLS, no redirects, everything bounded in size and time.

use crate::exchange::{Answer, Framing, Request};
use crate::target::Trouble;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// Largest answer that is read, in bytes, and most header fields.
const LARGEST_ANSWER: u64 = 1 << 20;
const MOST_FIELDS: usize = 100;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The socket failed or ran out of time.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// What came back is not HTTP/1.1.
    #[error("the answer is malformed: {0}")]
    Malformed(&'static str),
}

/// For targets that are a process of their own.
impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The address of a server and the time it has for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    address: SocketAddr,
    timeout: Duration,
}

impl Wire {
    /// A client for one server, with ten seconds for each read and each write.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, timeout: Duration::from_secs(10) }
    }

    /// Sends one request over a connection of its own. Status 0 if the server closed the connection without an answer.
    ///
    /// # Errors
    ///
    /// [`WireError`] if there is no connection, no answer in time, or none that can be read.
    pub fn send(&self, request: &Request) -> Result<Answer, WireError> {
        converse(self.connect()?, request)
    }

    /// Opens one connection a request, then sends all requests at the same moment. Answers come in the order of the requests.
    ///
    /// # Errors
    ///
    /// As [`Wire::send`], for the first request that failed.
    pub fn send_parallel(&self, requests: &[Request]) -> Result<Vec<Answer>, WireError> {
        let connections: Vec<_> = requests.iter().map(|_| self.connect()).collect::<Result<_, _>>()?;
        let barrier = &Barrier::new(requests.len());
        thread::scope(|scope| {
            let pairs = connections.into_iter().zip(requests);
            let threads: Vec<_> = pairs
                .map(|(stream, request)| {
                    scope.spawn(move || {
                        barrier.wait();
                        converse(stream, request)
                    })
                })
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or(Err(WireError::Malformed("a thread gave up")))
            };
            threads.into_iter().map(join).collect()
        })
    }

    fn connect(&self) -> Result<TcpStream, WireError> {
        let stream = TcpStream::connect_timeout(&self.address, self.timeout)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

fn converse(mut stream: TcpStream, request: &Request) -> Result<Answer, WireError> {
    // A server that refuses a request early may close before it has read all of it: its answer counts, not the broken pipe.
    let sent = stream.write_all(&bytes_of(request, stream.peer_addr()?)).and_then(|()| stream.flush());
    match request.framing {
        Framing::Abort => return Ok(Answer::default()),
        Framing::Short => stream.shutdown(Shutdown::Write)?,
        Framing::Length | Framing::Chunked => {}
    }
    let answer = read_answer(&mut BufReader::new(stream.take(LARGEST_ANSWER)), request.method == "HEAD");
    match (answer, sent) {
        (Err(WireError::Io(error)), _) if ended(&error) => Ok(Answer::default()),
        (Ok(None), Err(error)) if !ended(&error) => Err(error.into()),
        (Ok(answer), _) => Ok(answer.unwrap_or_default()),
        (Err(error), _) => Err(error),
    }
}

fn ended(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    )
}

/// The request as bytes: the fields as written, then those of the framing.
fn bytes_of(request: &Request, host: SocketAddr) -> Vec<u8> {
    let first = format!("{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", request.method, request.path);
    let mut out = first.into_bytes();
    for (name, value) in &request.headers {
        out.extend(format!("{name}: {value}\r\n").bytes());
    }
    match (&request.body, request.framing) {
        (None, _) => out.extend(b"\r\n"),
        (Some(body), Framing::Chunked) => chunk(&mut out, body),
        (Some(body), framing) => {
            let surplus = if framing == Framing::Short { 10 } else { 0 };
            out.extend(format!("Content-Length: {}\r\n\r\n", body.len() + surplus).bytes());
            out.extend(body);
        }
    }
    out
}

fn chunk(out: &mut Vec<u8>, body: &[u8]) {
    out.extend(b"Transfer-Encoding: chunked\r\n\r\n");
    for part in body.chunks(16) {
        out.extend(format!("{:x}\r\n", part.len()).bytes());
        out.extend(part);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n\r\n");
}

/// Reads one final answer; `None` if the stream ends before its first byte.
fn read_answer(reader: &mut impl BufRead, headless: bool) -> Result<Option<Answer>, WireError> {
    loop {
        let Some(mut answer) = read_head(reader)? else {
            return Ok(None);
        };
        // RFC 9110 §15.2: interim answers come before the final one.
        if (100..200).contains(&answer.status) {
            continue;
        }
        if !headless && !matches!(answer.status, 204 | 304) {
            answer.body = read_body(reader, &answer)?;
        }
        return Ok(Some(answer));
    }
}

fn read_head(reader: &mut impl BufRead) -> Result<Option<Answer>, WireError> {
    let first = line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut words = first.split(' ');
    if !words.next().is_some_and(|version| version.starts_with("HTTP/1.")) {
        return Err(WireError::Malformed("no HTTP version"));
    }
    let status = words.next().and_then(|code| code.parse().ok()).ok_or(WireError::Malformed("no status"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(Some(Answer { status, headers, body: Vec::new() }));
        }
        let (name, value) = line.split_once(':').ok_or(WireError::Malformed("a field without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
        if headers.len() > MOST_FIELDS {
            return Err(WireError::Malformed("too many fields"));
        }
    }
}

fn read_body(reader: &mut impl BufRead, answer: &Answer) -> Result<Vec<u8>, WireError> {
    let chunked = answer.header_values("Transfer-Encoding").any(|value| value.eq_ignore_ascii_case("chunked"));
    if chunked {
        return read_chunks(reader);
    }
    if let Some(length) = answer.header_values("Content-Length").next() {
        return exactly(reader, length.parse().map_err(|_| WireError::Malformed("no length"))?);
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, WireError> {
    let mut body = Vec::new();
    loop {
        let line = line(reader)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16).map_err(|_| WireError::Malformed("no size of a chunk"))?;
        if size == 0 {
            return Ok(body);
        }
        body.extend(exactly(reader, size)?);
        exactly(reader, 2)?;
    }
}

fn exactly(reader: &mut impl BufRead, length: u64) -> Result<Vec<u8>, WireError> {
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    // A cut-off body must not pass for a short one.
    if body.len() as u64 == length { Ok(body) } else { Err(WireError::Malformed("the body ends too early")) }
}

/// One line without its end; empty at the end of the head and at the end of the stream.
fn line(reader: &mut impl BufRead) -> Result<String, WireError> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| WireError::Malformed("a field that is not UTF-8"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn request(body: &str, framing: Framing) -> Request {
        Request {
            method: "POST".into(),
            path: "/token".into(),
            headers: vec![("partnerId".into(), "42".into()), ("PARTNERID".into(), "43".into())],
            body: Some(body.into()),
            framing,
        }
    }

    fn read(text: &str) -> Result<Option<Answer>, WireError> {
        read_answer(&mut text.as_bytes(), false)
    }

    #[test]
    fn a_request_goes_out_as_written() {
        let host = "127.0.0.1:80".parse().unwrap();
        let text = |framing| String::from_utf8(bytes_of(&request("a=1", framing), host)).unwrap();
        let length = text(Framing::Length);
        assert!(length.starts_with("POST /token HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"));
        assert!(length.contains("partnerId: 42\r\nPARTNERID: 43\r\n"));
        assert!(length.ends_with("Content-Length: 3\r\n\r\na=1"));
        assert!(text(Framing::Short).ends_with("Content-Length: 13\r\n\r\na=1"));
        assert!(text(Framing::Chunked).ends_with("Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n"));
    }

    #[test]
    fn answers_of_every_framing_are_read() {
        let sized = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\na: 2\r\n\r\nhi more").unwrap().unwrap();
        assert_eq!((sized.status, sized.text().as_str()), (200, "hi"));
        assert_eq!(sized.header_values("A").collect::<Vec<_>>(), ["1", "2"]);
        let chunked = read("HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n1;x\r\ny\r\n0\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!(chunked.text(), "hey");
        let closing = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 x\r\n\r\nall of it").unwrap().unwrap();
        assert_eq!((closing.status, closing.text().as_str()), (503, "all of it"));
        assert_eq!(read("").unwrap(), None);
    }

    #[test]
    fn a_broken_answer_is_an_error() {
        for text in [
            "SMTP\r\n\r\n",
            "HTTP/1.1 ok\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn requests_sent_at_once_are_answered_in_order() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire::new(listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            for _ in 0..4 {
                let (mut stream, _) = listener.accept().unwrap();
                thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while !line(&mut reader).unwrap().is_empty() {}
                    let body = String::from_utf8(exactly(&mut reader, 1).unwrap()).unwrap();
                    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{body}").unwrap();
                });
            }
        });
        let requests: Vec<_> = ["0", "1", "2", "3"].iter().map(|body| request(body, Framing::Length)).collect();
        let answers = wire.send_parallel(&requests).unwrap();
        assert_eq!(answers.iter().map(Answer::text).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        server.join().unwrap();
    }

    #[test]
    fn a_server_that_hangs_up_gives_status_zero() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire::new(listener.local_addr().unwrap());
        let server = thread::spawn(move || drop(listener.accept().unwrap()));
        assert_eq!(wire.send(&request("", Framing::Length)).unwrap().status, 0);
        server.join().unwrap();
    }
}
