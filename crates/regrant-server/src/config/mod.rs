//! The configuration file: TOML in, a checked [`Config`] out.
//!
//! Reading has two halves. The first is the shape: keys, types, spans of time; an unknown key is an error. The second
//! is the meaning: what each value must be by itself, and what must hold between them. Both tell the file, the line,
//! the key and what was expected, and neither ever quotes a secret.

mod client;
mod file;
mod instant;
mod mount;
mod policy;
mod postgres;
mod problem;
mod resource_cache;
mod secret;
mod span;
mod store_url;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use regrant::{Policy, StaticClients};
use regrant_http::{CacheBounds, Dialect, InvalidMounts, Issuer, Limits, Mount, Realm, Service};
use toml::Spanned;

pub use mount::HEALTH_PATH;
pub use policy::PolicyKeys;
pub use postgres::PostgresKeys;
pub use problem::Problem;
pub use span::{InvalidSpan, Life, Span};
pub use store_url::{InvalidStoreUrl, PostgresUrl, StoreUrl};

use self::file::{File, LimitKeys};
use self::problem::Source;
use crate::fault::Fault;

/// Where the server listens unless the file says otherwise.
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// The largest body and the most parameters that a file may allow: what a request weighs is held in memory.
const LARGEST_LIMIT: i64 = 16 * 1024 * 1024;

/// A configuration that was read and checked.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether somebody else ends TLS in front of this server.
    pub behind_tls_proxy: bool,
    /// The store of grants.
    pub store: StoreUrl,
    /// How it is used, if it is a database server.
    pub postgres: PostgresKeys,
    /// The pepper, if the file names one.
    pub pepper_file: Option<PathBuf>,
    /// The pepper before that.
    pub pepper_file_previous: Option<PathBuf>,
    /// What a request may weigh.
    pub limits: Limits,
    /// What the page behind the bearer check remembers; `None` for nothing.
    pub resource_cache: Option<CacheBounds>,
    /// The policy of every client without overrides.
    pub policy: Policy,
    /// The endpoints.
    pub mounts: Vec<Mount>,
    /// The clients of the file.
    pub clients: StaticClients,
}

/// What the command line puts in place of the file's own.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--store`. A relative path is relative to the working directory.
    pub store: Option<String>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with the file, as a fault of usage.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Fault::usage(format_args!("{}: {}", path.display(), io_text(&error))))?;
        Self::parse(path, &text, overrides).map_err(Fault::usage)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`Problem`] says what is wrong, and where.
    pub fn parse(path: &Path, text: &str, overrides: &Overrides) -> Result<Self, Problem> {
        let source = Source { file: path, text };
        let file: File = toml::from_str(text).map_err(|error| source.parse_error(&error))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let policy = read_policy(&source, &file)?;
        let clients = file.client.iter().map(|entry| client::read_client(&source, entry, policy));
        let clients: Vec<_> = clients.collect::<Result<_, _>>()?;
        let issuer = file.issuer.as_ref().map(|text| mount::read_issuer(&source, text)).transpose()?;
        let mounts = mount::read_mounts(&source, &file.mount, issuer.as_ref(), &clients)?;
        let store = read_store(&source, &file, overrides, base)?;
        Ok(Self {
            listen: read_listen(&source, &file, overrides)?,
            behind_tls_proxy: file.behind_tls_proxy,
            resource_cache: read_resource_cache(&source, &file, &store)?,
            store,
            postgres: file.postgres.clone(),
            pepper_file: file.pepper_file.map(|path| base.join(path)),
            pepper_file_previous: file.pepper_file_previous.map(|path| base.join(path)),
            limits: read_limits(&source, &file.limits)?,
            policy,
            mounts,
            clients: StaticClients::new(clients).map_err(|error| source.problem(format_args!("client: {error}")))?,
        })
    }

    /// Whether any client of the file, or one of the table that lives by the defaults, may retry.
    pub fn retries(&self) -> bool {
        let windows = self.clients.iter().map(|client| client.policy().retry_window);
        windows.chain([self.policy.retry_window]).any(|window| !window.is_zero())
    }

    /// The endpoints as a service that is reached at `address`.
    ///
    /// A mount of the dialect `rfc6749` for which the file names no issuer is named after a loopback address; at any
    /// other it publishes no metadata, because only the operator knows the name that clients use.
    ///
    /// # Errors
    /// Endpoints that cannot stand together, or none at all: a server without an endpoint is a slip.
    pub fn service(&self, address: SocketAddr) -> Result<Service, Fault> {
        if self.mounts.is_empty() {
            return Err(Fault::usage("mount: missing, expected one [[mount]] or more"));
        }
        let realm = Realm::parse("regrant").map_err(Fault::running)?;
        let own_name = Issuer::parse(&format!("http://{address}")).ok();
        let named = |mount: &Mount| match &mount.dialect {
            Dialect::Rfc6749 { issuer: None } => {
                Mount { dialect: Dialect::Rfc6749 { issuer: own_name.clone() }, ..mount.clone() }
            }
            _ => mount.clone(),
        };
        let service = Service::new(realm, self.limits, self.mounts.iter().map(named).collect());
        service.map_err(|error: InvalidMounts| Fault::usage(format_args!("mount: {error}")))
    }
}

/// What the operating system says, in lower case and without its number.
pub(crate) fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn read_policy(source: &Source<'_>, file: &File) -> Result<Policy, Problem> {
    let Some(keys) = &file.policy else {
        return Ok(Policy::default());
    };
    let policy = keys.get_ref().over(Policy::default());
    policy.validate().map_err(|error| source.at(&keys.span(), format_args!("policy: {error}")))?;
    Ok(policy)
}

fn read_listen(source: &Source<'_>, file: &File, overrides: &Overrides) -> Result<SocketAddr, Problem> {
    let written = file.listen.as_ref();
    let text = written.map_or(DEFAULT_LISTEN, |text| text.get_ref().as_str());
    let span = written.map_or(0..0, Spanned::span);
    let expected = "listen: expected an ip address and a port, such as 127.0.0.1:8080";
    let own: SocketAddr = text.parse().map_err(|_| source.at(&span, expected))?;
    let address = overrides.listen.unwrap_or(own);
    // N-001, RFC 6749 §3.2: tokens and secrets never cross a network in clear.
    if !address.ip().is_loopback() && !file.behind_tls_proxy {
        let what = "listen: plain http on an address that is not loopback, expected behind_tls_proxy = true and a proxy \
                    that ends tls";
        return Err(match overrides.listen {
            Some(_) => source.problem(format_args!("--{what}")),
            None => source.at(&span, what),
        });
    }
    Ok(address)
}

fn read_store(source: &Source<'_>, file: &File, overrides: &Overrides, base: &Path) -> Result<StoreUrl, Problem> {
    if let Some(text) = &overrides.store {
        return StoreUrl::parse(text, Path::new("")).map_err(|error| source.problem(format_args!("--store: {error}")));
    }
    let Some(text) = &file.store else {
        return Err(source.problem("store: missing, expected memory:, sqlite:PATH or postgres://…"));
    };
    StoreUrl::parse(text.get_ref(), base).map_err(|error| source.at(&text.span(), format_args!("store: {error}")))
}

/// A cache that hears no news of revoked tokens is never used, so over any other store the key is a slip, and so it is where no
/// news comes in.
fn read_resource_cache(source: &Source<'_>, file: &File, store: &StoreUrl) -> Result<Option<CacheBounds>, Problem> {
    let Some(keys) = &file.resource_cache else {
        return Ok(None);
    };
    if !matches!(store, StoreUrl::Postgres(_)) {
        let what = "resource_cache: there is no such cache over memory: and sqlite:PATH, expected a store postgres://…";
        return Err(source.at(&keys.span(), what));
    }
    file.postgres.hears_news().map_err(|why| source.at(&keys.span(), format_args!("resource_cache: {why}")))?;
    Ok(Some(keys.get_ref().bounds()))
}

fn read_limits(source: &Source<'_>, keys: &LimitKeys) -> Result<Limits, Problem> {
    let read = |key: &str, value: &Option<Spanned<i64>>, default: usize| match value {
        None => Ok(default),
        Some(number) => {
            let number_read = usize::try_from(*number.get_ref()).ok().filter(|_| *number.get_ref() <= LARGEST_LIMIT);
            let expected = format!("{key}: expected a whole number from 1 to {LARGEST_LIMIT}");
            number_read.filter(|number| *number > 0).ok_or_else(|| source.at(&number.span(), expected))
        }
    };
    let default = Limits::default();
    Ok(Limits {
        body_bytes: read("body_bytes", &keys.body_bytes, default.body_bytes)?,
        parameters: read("parameters", &keys.parameters, default.parameters)?,
    })
}

#[cfg(test)]
mod tests;
