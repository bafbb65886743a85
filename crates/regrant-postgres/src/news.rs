//! What nodes tell each other over the channel `regrant`: one line of text for each piece of news.
//!
//! ```text
//! grant 0f0e…                 that grant has ended
//! token 0f0e… 3a9b…           that access token, by its digest, of that grant was revoked
//! tokens 0f0e…                all access tokens that the grant had were revoked
//! client web                  the registration of that client is another, or is gone; its id is the rest of the line
//! ```
//!
//! Ids and digests are lower-case hex. Nothing in it is a secret, and no line is longer than 300 bytes; Postgres allows
//! 8000. Whoever reads a line that it does not know must act as if it had missed some.

use regrant::{ClientId, Digest, GrantId, Revocation};

/// The channel.
pub(crate) const CHANNEL: &str = "regrant";

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Something has ended.
    Revoked(Revocation),
    /// A client is another now.
    Client(ClientId),
}

impl News {
    /// Its line.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::Revoked(Revocation::Grant(id)) => format!("grant {id}"),
            Self::Revoked(Revocation::AccessToken { grant, digest }) => format!("token {grant} {}", hex(digest)),
            Self::Revoked(Revocation::AccessTokensOf(id)) => format!("tokens {id}"),
            Self::Client(id) => format!("client {}", id.as_str()),
        }
    }

    /// Reads a line; `None` for one that this release does not know.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (kind, rest) = line.split_once(' ')?;
        Some(match kind {
            "grant" => Self::Revoked(Revocation::Grant(GrantId::parse(rest).ok()?)),
            "token" => {
                let (grant, digest) = rest.split_once(' ')?;
                Self::Revoked(Revocation::AccessToken { grant: GrantId::parse(grant).ok()?, digest: unhex(digest)? })
            }
            "tokens" => Self::Revoked(Revocation::AccessTokensOf(GrantId::parse(rest).ok()?)),
            "client" => Self::Client(ClientId::parse(rest).ok()?),
            _ => return None,
        })
    }
}

fn hex(digest: &Digest) -> String {
    let halves = digest.as_bytes().as_chunks::<16>().0;
    halves.iter().map(|half| GrantId::from_bytes(*half).to_hex()).collect()
}

fn unhex(text: &str) -> Option<Digest> {
    let (first, second) = text.split_at_checked(32)?;
    let mut bytes = [0; 32];
    let (left, right) = bytes.split_at_mut(16);
    left.copy_from_slice(GrantId::parse(first).ok()?.as_bytes());
    right.copy_from_slice(GrantId::parse(second).ok()?.as_bytes());
    Some(Digest::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_as_it_was_meant() {
        let id = GrantId::from_bytes([0xa7; 16]);
        let mut digest = [0x5c; 32];
        digest[31] = 1;
        let token = Revocation::AccessToken { grant: id, digest: Digest::from_bytes(digest) };
        let client = News::Client(ClientId::parse("a client of spaces").unwrap());
        let revoked = [Revocation::Grant(id), token, Revocation::AccessTokensOf(id)].map(News::Revoked);
        for news in revoked.into_iter().chain([client]) {
            assert_eq!(News::parse(&news.to_line()), Some(news));
        }
    }

    #[test]
    fn the_lines_are_those_of_every_release() {
        let id = GrantId::from_bytes([0xa7; 16]);
        let token = Revocation::AccessToken { grant: id, digest: Digest::from_bytes([0x5c; 32]) };
        let hex = id.to_hex();
        assert_eq!(News::Revoked(Revocation::Grant(id)).to_line(), format!("grant {hex}"));
        assert_eq!(News::Revoked(token).to_line(), format!("token {hex} {}", "5c".repeat(32)));
        assert_eq!(News::Revoked(Revocation::AccessTokensOf(id)).to_line(), format!("tokens {hex}"));
    }

    #[test]
    fn what_is_not_known_is_not_guessed_at() {
        for line in ["", "grant", "grant x", "token 00", "quake 7", "client ", "tokens A7"] {
            assert_eq!(News::parse(line), None, "{line}");
        }
    }
}
