//! The few patterns that header fields and members are compared with. Named checks instead of a regular expression engine.

use serde::Deserialize;

/// True if a header value is what a vector wrote: `~x` contains `x`, a text with `*` is a glob, anything else is exact.
pub fn header_matches(pattern: &str, value: &str) -> bool {
    if let Some(part) = pattern.strip_prefix('~') { value.contains(part) } else { glob(pattern, value) }
}

/// Matches `*` against any run of characters, everything else against itself.
fn glob(pattern: &str, value: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == value;
    };
    let Some(rest) = value.strip_prefix(head) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| rest.get(at..).is_some_and(|rest| glob(tail, rest)))
}

/// A named rule for the text of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// RFC 6749 appendix A.8: `%x20-21 / %x23-5B / %x5D-7E`, not empty.
    Description,
    /// At least 27 characters that need no escape in a form or a URL: 160 bits and more.
    #[serde(rename = "url_safe_27")]
    UrlSafe27,
    /// Unpadded base64url.
    Base64Url,
    /// Lower-case hex digits.
    Hex,
    /// An `https` URL without query and fragment (RFC 8414 §2).
    Issuer,
}

impl Rule {
    /// True if the text keeps the rule.
    pub fn holds(self, text: &str) -> bool {
        let all = |allowed: fn(char) -> bool| !text.is_empty() && text.chars().all(allowed);
        match self {
            Self::Description => all(is_description),
            Self::UrlSafe27 => text.len() >= 27 && all(is_unreserved),
            Self::Base64Url => all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
            Self::Hex => all(|c| matches!(c, '0'..='9' | 'a'..='f')),
            Self::Issuer => {
                text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#']))
            }
        }
    }
}

fn is_description(c: char) -> bool {
    matches!(c, '\x20'..='\x7e') && c != '"' && c != '\\'
}

fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_patterns() {
        assert!(header_matches("~no-store", "private, no-store"));
        assert!(!header_matches("~no-store", "private"));
        assert!(header_matches("application/json*", "application/json;charset=UTF-8"));
        assert!(header_matches("Basic *realm=*", "Basic realm=\"x\""));
        assert!(!header_matches("Basic *realm=*", "Bearer realm=\"x\""));
        assert!(header_matches("*", ""));
        assert!(!header_matches("POST", "POST, GET"));
    }

    #[test]
    fn rules() {
        assert!(Rule::Description.holds("a client text."));
        assert!(!Rule::Description.holds("a \"quoted\" text"));
        assert!(!Rule::Description.holds("back\\slash"));
        assert!(!Rule::Description.holds("é"));
        assert!(!Rule::Description.holds(""));
        assert!(Rule::UrlSafe27.holds(&"a".repeat(27)));
        assert!(!Rule::UrlSafe27.holds(&"a".repeat(26)));
        assert!(!Rule::UrlSafe27.holds(&"+".repeat(27)));
        assert!(Rule::Hex.holds("09af") && !Rule::Hex.holds("0A"));
        assert!(Rule::Base64Url.holds("a-_Z") && !Rule::Base64Url.holds("a="));
        assert!(Rule::Issuer.holds("https://a.example/x") && !Rule::Issuer.holds("https://a.example?x"));
        assert!(!Rule::Issuer.holds("http://a.example"));
    }
}
