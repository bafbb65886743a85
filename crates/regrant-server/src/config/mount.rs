//! `[[mount]]`: which dialect stands where.

use std::collections::BTreeMap;

use regrant::{Client, ClientId};
use regrant_http::{Dialect, EndpointPath, Issuer, Mount, PartnerId, Partners};
use toml::Spanned;

use super::file::{DialectName, MountKeys};
use super::problem::{Problem, Source};

/// Where the health of the server stands; no endpoint can stand there.
pub const HEALTH_PATH: &str = "/healthz";

/// Reads all mounts. `issuer` is the server's: the one `rfc6749` mount without an issuer of its own takes it.
pub(super) fn read_mounts(
    source: &Source<'_>,
    entries: &[Spanned<MountKeys>],
    issuer: Option<&Issuer>,
    clients: &[Client],
) -> Result<Vec<Mount>, Problem> {
    let mut reader = Reader { source, issuer, clients, taken: BTreeMap::new(), without_issuer: 0 };
    entries.iter().map(|entry| reader.mount(entry)).collect()
}

struct Reader<'a> {
    source: &'a Source<'a>,
    issuer: Option<&'a Issuer>,
    clients: &'a [Client],
    /// Each path so far, and the key that took it.
    taken: BTreeMap<String, &'static str>,
    without_issuer: usize,
}

impl Reader<'_> {
    fn mount(&mut self, entry: &Spanned<MountKeys>) -> Result<Mount, Problem> {
        let keys = entry.get_ref();
        let dialect = self.dialect(entry)?;
        let mut mount = Mount::new(dialect, self.path("token", &keys.token)?);
        mount.revoke = self.optional_path("revoke", keys.revoke.as_ref())?;
        mount.introspect = self.optional_path("introspect", keys.introspect.as_ref())?;
        mount.resource = self.optional_path("resource", keys.resource.as_ref())?;
        Ok(mount)
    }

    fn dialect(&mut self, entry: &Spanned<MountKeys>) -> Result<Dialect, Problem> {
        let keys = entry.get_ref();
        if let (Some(issuer), true) = (&keys.issuer, keys.dialect != DialectName::Rfc6749) {
            return Err(self.source.at(&issuer.span(), "issuer: only a mount of the dialect rfc6749 has one"));
        }
        if let (Some(partners), true) = (&keys.partners, keys.dialect != DialectName::PartnerJson) {
            return Err(self
                .source
                .at(&partners.span(), "partners: only a mount of the dialect partner_json has them"));
        }
        Ok(match keys.dialect {
            DialectName::Rfc6749 => Dialect::Rfc6749 { issuer: self.mount_issuer(entry)? },
            DialectName::Payu => Dialect::Payu,
            DialectName::PartnerJson => Dialect::PartnerJson(self.partners(keys)?),
            DialectName::Wso2 => Dialect::Wso2,
        })
    }

    fn mount_issuer(&mut self, entry: &Spanned<MountKeys>) -> Result<Option<Issuer>, Problem> {
        let issuer = if let Some(text) = &entry.get_ref().issuer {
            Some(read_issuer(self.source, text)?)
        } else {
            self.without_issuer += 1;
            self.issuer.cloned()
        };
        if self.without_issuer > 1 {
            let what = "mount: a second mount of the dialect rfc6749 needs an issuer of its own";
            return Err(self.source.at(&entry.span(), what));
        }
        let taken = issuer.as_ref().and_then(|issuer| self.taken.insert(issuer.metadata_path(), "metadata"));
        if taken.is_some() {
            let what = "issuer: the metadata document of this mount stands where another endpoint does";
            return Err(self.source.at(&entry.span(), what));
        }
        Ok(issuer)
    }

    /// N-022: a partner number is no proof, so only a client that needs none may stand behind it. A client that the
    /// file does not have may be in the table of the store; there the engine refuses a confidential one.
    fn partners(&self, keys: &MountKeys) -> Result<Partners, Problem> {
        let Some(entries) = &keys.partners else {
            return Ok(Partners::new());
        };
        let span = entries.span();
        let refused = |what: &dyn std::fmt::Display| self.source.at(&span, format_args!("partners: {what}"));
        let mut partners = Partners::new();
        for (number, id) in entries.get_ref() {
            let partner = PartnerId::parse(number).map_err(|error| refused(&error))?;
            let id = ClientId::parse(id).map_err(|error| refused(&error))?;
            if self.clients.iter().any(|client| *client.id() == id && !client.is_public()) {
                let what =
                    format_args!("client {:?} has a secret, expected a client with the method none", id.as_str());
                return Err(refused(&what));
            }
            if partners.insert(partner, id).is_some() {
                return Err(refused(&format_args!("the number {number} is there twice")));
            }
        }
        Ok(partners)
    }

    fn optional_path(
        &mut self,
        key: &'static str,
        text: Option<&Spanned<String>>,
    ) -> Result<Option<EndpointPath>, Problem> {
        text.map(|text| self.path(key, text)).transpose()
    }

    fn path(&mut self, key: &'static str, text: &Spanned<String>) -> Result<EndpointPath, Problem> {
        let refused = |what: &dyn std::fmt::Display| self.source.at(&text.span(), format_args!("{key}: {what}"));
        let path = EndpointPath::parse(text.get_ref()).map_err(|error| refused(&error))?;
        if path.as_str() == HEALTH_PATH {
            return Err(refused(&format_args!("{HEALTH_PATH} tells the health of the server, expected another path")));
        }
        match self.taken.insert(path.as_str().to_owned(), key) {
            None => Ok(path),
            Some(other) => {
                Err(refused(&format_args!("the path {} is taken by an endpoint of the kind {other}", path.as_str())))
            }
        }
    }
}

/// Reads an issuer. N-170
pub(super) fn read_issuer(source: &Source<'_>, text: &Spanned<String>) -> Result<Issuer, Problem> {
    Issuer::parse(text.get_ref()).map_err(|error| source.at(&text.span(), format_args!("issuer: {error}")))
}
