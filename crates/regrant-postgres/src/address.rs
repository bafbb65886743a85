//! Where the database is: an address as libpq writes it, and how its server is known.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};

use crate::error::Error;
use crate::tls;

/// Not what the parser says: it repeats a parameter that it does not know.
const UNREADABLE: &str = "it cannot be read, or has a parameter that is not known";

/// A parsed address. It may hold a password, so it is never shown.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Error::Address`] without a word of it, [`Error::Certificates`].
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let Parameters { rest, root_certificate, mode } = Parameters::of(url)?;
        let mut config: Config = rest.parse().map_err(|_| Error::Address(UNREADABLE.to_owned()))?;
        if config.get_hosts().is_empty() {
            return Err(Error::Address("no host is named".to_owned()));
        }
        let (hosts, ports, addresses) = (config.get_hosts(), config.get_ports(), config.get_hostaddrs());
        if ![0, 1, hosts.len()].contains(&ports.len()) || ![0, hosts.len()].contains(&addresses.len()) {
            return Err(Error::Address("expected as many ports as hosts, or one, and as many addresses".to_owned()));
        }
        config.ssl_mode(match mode {
            Some(mode) => mode,
            None if config.get_hosts().iter().all(is_near) => SslMode::Disable,
            None => SslMode::Require,
        });
        // A store that cannot write is none, whatever the address asks for.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite).load_balance_hosts(LoadBalanceHosts::Disable);
        if config.get_application_name().is_none() {
            config.application_name("regrant");
        }
        Ok(Self { config, tls: tls::client(root_certificate.as_deref())? })
    }

    /// The same, with the time limits of a store.
    pub(crate) fn limited(&self, connect: Duration, settings: Option<&str>) -> Config {
        let mut config = self.config.clone();
        // The system counts keepalives in whole seconds, and takes no zero.
        let interval = connect.max(Duration::from_secs(1));
        config.connect_timeout(connect).keepalives_idle(Duration::from_secs(10)).keepalives_interval(interval);
        config.tcp_user_timeout(connect.saturating_mul(2));
        if let Some(settings) = settings {
            let own = config.get_options().map_or_else(String::new, |own| format!("{own} "));
            config.options(format!("{own}{settings}"));
        }
        config
    }
}

/// Whether nobody is in between: a socket, or this machine.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The parameters that `tokio-postgres` does not know, taken out of an address.
struct Parameters {
    rest: String,
    root_certificate: Option<String>,
    mode: Option<SslMode>,
}

impl Parameters {
    fn of(url: &str) -> Result<Self, Error> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(Error::Address("expected postgres://…".to_owned()));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut found = Self { rest: base.to_owned(), root_certificate: None, mode: None };
        let mut kept = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslrootcert", path)) => found.root_certificate = Some(path.to_owned()),
                Some(("sslmode", mode)) => found.mode = Some(ssl_mode(mode)?),
                _ => kept.push(parameter),
            }
        }
        if !kept.is_empty() {
            found.rest = format!("{base}?{}", kept.join("&"));
        }
        Ok(found)
    }
}

/// What libpq asks for, at least: a certificate is always verified in full.
fn ssl_mode(text: &str) -> Result<SslMode, Error> {
    match text {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(Error::Address("sslmode: expected disable, prefer, require or verify-full".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        Address::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_the_address_says_otherwise() {
        for near in ["postgres://localhost/db", "postgres://127.0.0.1:5433/db", "postgres://[::1]/db"] {
            assert_eq!(mode(near), SslMode::Disable, "{near}");
        }
        assert_eq!(mode("postgres:///db?host=/run/postgresql"), SslMode::Disable);
        assert_eq!(mode("postgres://db.example/db"), SslMode::Require);
        assert_eq!(mode("postgres://localhost,db.example/db"), SslMode::Require);
        assert_eq!(mode("postgres://db.example/db?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgresql://db.example/db?connect_timeout=1&sslmode=verify-full"), SslMode::Require);
    }

    #[test]
    fn several_hosts_are_asked_for_the_one_that_can_write() {
        let address = Address::parse("postgres://a:1,b:2/db?sslmode=disable&target_session_attrs=any").unwrap();
        assert_eq!((address.config.get_hosts().len(), address.config.get_ports()), (2, &[1, 2][..]));
        assert_eq!(address.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    #[test]
    fn a_wrong_address_is_refused_without_its_password() {
        for url in [
            "mysql://u:pass@h/d",
            "postgres://u:pass@h/d?sslmode=maybe",
            "postgres://u:pass@h/d?pass=1",
            "pass",
            "postgres:///d",
        ] {
            let error = Address::parse(url).err().unwrap();
            assert!(matches!(error, Error::Address(_)), "{url}: {error}");
            assert!(!error.to_string().contains("pass"), "{error}");
        }
        let missing = Address::parse("postgres://h/d?sslrootcert=/nowhere.pem").err().unwrap();
        assert!(matches!(missing, Error::Certificates(_)), "{missing}");
    }
}
