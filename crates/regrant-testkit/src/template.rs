//! Placeholders in requests and expectations.
//!
//! | placeholder | becomes |
//! |---|---|
//! | `{RT}`, `{AT}` | the tokens of the grant issued beforehand; a grant with `suffix = "2"` gives `{RT2}` and `{AT2}` |
//! | `{RT_NEW}`, `{AT_NEW}` | the tokens of the latest successful answer |
//! | `{RT_FIRST}` | the token that a chain of refreshes began with |
//! | `{X_FLIP}`, `{X_FLIP_ID}`, `{X_FLIP_LINEAGE}` | token `X` with one character changed: in its secret, its grant id, its lineage |
//! | `{X_CASE}` | upper and lower case exchanged |
//! | `{X_HEX}`, `{X_BASE64}` | the token in the other of its two encodings |
//! | `{X_LOOSE}` | another base64url text of the same bytes: the unused bits of the last character are set |
//! | `{X_PCT}` | every character percent-encoded |
//! | `{repeat:TEXT:N}` | `TEXT`, `N` times |
//!
//! The endings combine: `{RT_HEX_CASE}`. A brace that starts none of these stands for itself, so that a JSON body needs no escapes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The values of the placeholders, by name without braces.
#[derive(Debug, Clone, Default)]
pub struct Bindings(BTreeMap<String, String>);

/// A placeholder that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the placeholder {0} has no value")]
pub struct Unbound(pub String);

impl Bindings {
    /// Gives a placeholder its value, or a new one.
    pub fn bind(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the value of a placeholder away.
    pub fn unbind(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The value of a name or of a name with one of the endings above.
    pub fn value(&self, name: &str) -> Option<String> {
        if let Some(value) = self.0.get(name) {
            return Some(value.clone());
        }
        ENDINGS.iter().find_map(|(ending, derive)| derive(&self.value(name.strip_suffix(ending)?)?))
    }

    /// The text with every placeholder replaced.
    ///
    /// # Errors
    ///
    /// [`Unbound`] for the first placeholder without a value.
    pub fn render(&self, text: &str) -> Result<String, Unbound> {
        pieces(text).into_iter().try_fold(String::new(), |mut out, piece| {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Repeat(text, times) => out.push_str(&text.repeat(times)),
                Piece::Name(name) => out.push_str(&self.value(name).ok_or_else(|| Unbound(name.to_owned()))?),
            }
            Ok(out)
        })
    }
}

/// The names of the placeholders in a text.
pub fn names(text: &str) -> Vec<&str> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None }).collect()
}

enum Piece<'a> {
    Literal(&'a str),
    Name(&'a str),
    Repeat(&'a str, usize),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let placeholder = after.split_once('}').and_then(|(inside, tail)| Some((placeholder(inside)?, tail)));
        found.push(Piece::Literal(before));
        if let Some((piece, tail)) = placeholder {
            found.push(piece);
            rest = tail;
        } else {
            found.push(Piece::Literal("{"));
            rest = after;
        }
    }
    found.push(Piece::Literal(rest));
    found
}

fn placeholder(inside: &str) -> Option<Piece<'_>> {
    if let Some(repeat) = inside.strip_prefix("repeat:") {
        let (text, times) = repeat.rsplit_once(':')?;
        return Some(Piece::Repeat(text, times.parse().ok()?));
    }
    let name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (inside.starts_with(|c: char| c.is_ascii_uppercase()) && inside.chars().all(name)).then_some(Piece::Name(inside))
}

type Derive = fn(&String) -> Option<String>;

const ENDINGS: [(&str, Derive); 8] = [
    ("_FLIP", |token| flip(token, token.len().checked_sub(5)?)),
    ("_FLIP_ID", |token| flip(token, 3)),
    ("_FLIP_LINEAGE", |token| flip(token, 30)),
    ("_CASE", |token| Some(token.chars().map(swap_case).collect())),
    ("_HEX", |token| Some(to_hex(&URL_SAFE_NO_PAD.decode(token).ok()?))),
    ("_BASE64", |token| Some(URL_SAFE_NO_PAD.encode(from_hex(token)?))),
    ("_LOOSE", |token| loosen(token)),
    ("_PCT", |token| Some(percent(token))),
];

/// Another character at `at`: one that both alphabets of a token know.
fn flip(token: &str, at: usize) -> Option<String> {
    let old = token.chars().nth(at)?;
    let new = if old == '0' { '1' } else { '0' };
    Some(token.chars().enumerate().map(|(place, c)| if place == at { new } else { c }).collect())
}

fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

fn loosen(token: &str) -> Option<String> {
    // The last character of a canonical text has its unused low bits at zero; its successor in the alphabet differs in these bits only.
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().next_back()?;
    let next = ALPHABET.chars().skip_while(|c| *c != last).nth(1)?;
    Some(format!("{}{next}", token.strip_suffix(last)?))
}

fn percent(token: &str) -> String {
    token.bytes().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(value: &str) -> Bindings {
        let mut bindings = Bindings::default();
        bindings.bind("RT", value);
        bindings
    }

    #[test]
    fn names_and_repeats_are_replaced_and_json_is_left_alone() {
        let bindings = bound("abc");
        assert_eq!(bindings.render("x={RT}&y={repeat:ab:3}").unwrap(), "x=abc&y=ababab");
        assert_eq!(bindings.render("{repeat:&a=1:2}").unwrap(), "&a=1&a=1");
        assert_eq!(bindings.render(r#"{"refreshToken":"{RT}"}"#).unwrap(), r#"{"refreshToken":"abc"}"#);
        assert_eq!(bindings.render("{").unwrap(), "{");
    }

    #[test]
    fn a_name_without_a_value_is_an_error() {
        assert_eq!(bound("abc").render("{AT}"), Err(Unbound("AT".into())));
        assert_eq!(names("{RT} {AT_NEW} {\"x\"} {repeat:a:2}"), ["RT", "AT_NEW"]);
    }

    #[test]
    fn derived_tokens() {
        let token = URL_SAFE_NO_PAD.encode([7_u8; 64]);
        let bindings = bound(&token);
        let derived = |name: &str| bindings.value(name).unwrap();
        for name in ["RT_FLIP", "RT_FLIP_ID", "RT_FLIP_LINEAGE"] {
            let differing = derived(name).chars().zip(token.chars()).filter(|(a, b)| a != b).count();
            assert_eq!((differing, derived(name).len()), (1, token.len()), "{name}");
        }
        assert_ne!(derived("RT_CASE"), token);
        assert_eq!(derived("RT_HEX"), "07".repeat(64));
        assert!(derived("RT_PCT").starts_with('%'));
        let loose = derived("RT_LOOSE");
        assert_ne!(loose, token);
        assert!(URL_SAFE_NO_PAD.decode(&loose).is_err(), "strict decoders refuse it");
    }

    #[test]
    fn hex_goes_back_to_base64() {
        assert_eq!(bound(&"07".repeat(48)).value("RT_BASE64").unwrap(), URL_SAFE_NO_PAD.encode([7_u8; 48]));
    }
}
