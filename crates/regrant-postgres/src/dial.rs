//! How a connection is made: each host has its turn, and no longer than it is given.
//!
//! The driver limits how long a socket may take to connect, and nothing after that. A server that hangs still has its
//! sockets connected by the kernel; whoever waited for its greeting would wait for ever, and never ask the next host.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Connection, Socket};

use crate::address::Address;
use crate::error::{DatabaseFault, Error};
use crate::tls::{Rustls, Session};

/// What drives a connection.
pub(crate) type Wire = Connection<Socket, Session<Socket>>;

/// Connects to the first host that can write; each is given `patience`.
///
/// # Errors
/// [`Error::Unreachable`] with what the last host said.
pub(crate) async fn dial(
    address: &Address,
    patience: Duration,
    settings: Option<&str>,
) -> Result<(Client, Wire), Error> {
    let all = address.limited(patience, settings);
    let mut problem = DatabaseFault::text("no host is named");
    for place in 0..all.get_hosts().len() {
        let config = alone(&all, place);
        problem = match timeout(patience, config.connect(Rustls(Arc::clone(&address.tls)))).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => DatabaseFault::of(&error),
            Err(_) => DatabaseFault::text("no answer in time"),
        };
    }
    Err(Error::Unreachable(problem))
}

/// The same with one of the hosts alone.
fn alone(all: &Config, place: usize) -> Config {
    let mut one = Config::new();
    match all.get_hosts().get(place) {
        Some(Host::Tcp(name)) => drop(one.host(name.as_str())),
        #[cfg(unix)]
        Some(Host::Unix(path)) => drop(one.host_path(path)),
        None => {}
    }
    if let Some(address) = all.get_hostaddrs().get(place) {
        one.hostaddr(*address);
    }
    if let Some(port) = all.get_ports().get(place).or_else(|| all.get_ports().first()) {
        one.port(*port);
    }
    who(all, &mut one);
    one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
    one.channel_binding(all.get_channel_binding()).target_session_attrs(all.get_target_session_attrs());
    one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
    if let Some(interval) = all.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = all.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    if let Some(limit) = all.get_tcp_user_timeout() {
        one.tcp_user_timeout(*limit);
    }
    if let Some(limit) = all.get_connect_timeout() {
        one.connect_timeout(*limit);
    }
    one
}

/// Who asks, for which database, and with which settings.
fn who(all: &Config, one: &mut Config) {
    if let Some(user) = all.get_user() {
        one.user(user);
    }
    if let Some(password) = all.get_password() {
        one.password(password);
    }
    if let Some(name) = all.get_dbname() {
        one.dbname(name);
    }
    if let Some(settings) = all.get_options() {
        one.options(settings);
    }
    if let Some(name) = all.get_application_name() {
        one.application_name(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_has_everything_but_the_other_hosts() {
        let url = "postgres://u:p@a:1,b:2/d?application_name=x&options=-c%20a%3Db&channel_binding=disable&keepalives=1\
                   &keepalives_retries=7&sslmode=require&sslnegotiation=direct&hostaddr=127.0.0.1,127.0.0.2";
        let all = Address::parse(url).unwrap().limited(Duration::from_secs(3), Some("-c c=d"));
        let wanted = url.replace("a:1,b:2", "b:2").replace("127.0.0.1,127.0.0.2", "127.0.0.2");
        let wanted = Address::parse(&wanted).unwrap().limited(Duration::from_secs(3), Some("-c c=d"));
        let mut alone = alone(&all, 1);
        alone.load_balance_hosts(wanted.get_load_balance_hosts());
        assert_eq!(alone, wanted);
    }

    #[test]
    fn one_port_serves_all_hosts() {
        let all = Address::parse("postgres:///d?host=a,b&port=7&sslmode=disable").unwrap().config;
        assert_eq!(alone(&all, 1).get_ports(), [7]);
    }
}
