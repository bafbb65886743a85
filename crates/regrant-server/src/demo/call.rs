//! A request of the demonstration, and how it is written for a shell.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Call {
    /// A form, its fields percent-encoded.
    pub(super) fn form(path: &'static str, fields: &[(&str, &str)]) -> Self {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let kind = ("Content-Type", "application/x-www-form-urlencoded".to_owned());
        Self { method: "POST", path, headers: vec![kind], body: fields.join("&") }
    }

    /// A body of JSON.
    pub(super) fn json(path: &'static str, body: String) -> Self {
        Self { method: "POST", path, headers: vec![("Content-Type", "application/json".to_owned())], body }
    }

    /// A page.
    pub(super) const fn get(path: &'static str) -> Self {
        Self { method: "GET", path, headers: Vec::new(), body: String::new() }
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with Basic credentials. RFC 7617.
    pub(super) fn basic(self, id: &str, secret: &str) -> Self {
        let credentials = STANDARD.encode(format!("{id}:{secret}"));
        self.with("Authorization", format!("Basic {credentials}"))
    }

    /// The command that sends it.
    pub(super) fn curl(&self, host: &str) -> String {
        let mut text = String::from("curl -i");
        if self.method != "GET" {
            let _ = write!(text, " -X {}", self.method);
        }
        for (name, value) in &self.headers {
            let _ = write!(text, " -H {}", quoted(&format!("{name}: {value}")));
        }
        if !self.body.is_empty() {
            let _ = write!(text, " -d {}", quoted(&self.body));
        }
        let _ = write!(text, " {}", quoted(&format!("http://{host}{}", self.path)));
        text
    }
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The form encoding of a value.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curl_line_is_safe_to_paste() {
        let call = Call::form("/token", &[("a", "it's 1&2"), ("b", "x-y_z")]).with("Authorization", "Basic YTpi");
        assert_eq!(
            call.curl("127.0.0.1:80"),
            "curl -i -X POST -H 'Content-Type: application/x-www-form-urlencoded' -H 'Authorization: Basic YTpi' \
             -d 'a=it%27s%201%262&b=x-y_z' 'http://127.0.0.1:80/token'"
        );
        assert_eq!(Call::json("/t", "{'}".to_owned()).curl("h").matches(r"'{'\''}'").count(), 1);
    }
}
