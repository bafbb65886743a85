//! `regrant client list`

use regrant::{Client, ClientAuthentication, GrantType};
use serde::Serialize;

use crate::cli::ClientListArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared};
use crate::{clock, output};

/// How many clients are read at once.
const PAGE: usize = 256;

/// A client as an operator sees it: no secret, no digest.
#[derive(Serialize)]
struct ClientView {
    client_id: String,
    authentication: Vec<&'static str>,
    live_secrets: usize,
    grants: Vec<&'static str>,
    scope: String,
    introspect: regrant::IntrospectionRight,
    enabled: bool,
    grant_epoch: u64,
}

/// Prints a line per client of the table, or one array.
pub(in crate::command) fn run(arguments: &ClientListArgs) -> Result<(), Fault> {
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    let clients = Shared::open(&config)?.clients(config.policy);
    let mut views = Vec::new();
    let mut after = None;
    loop {
        let page = clients.list(after.as_ref(), PAGE).map_err(|error| store::fault(&config, &error))?;
        views.extend(page.iter().map(|record| view(&record.client)));
        match page.last() {
            Some(last) => after = Some(last.client.id().clone()),
            None => break,
        }
    }
    if arguments.json {
        return output::json(&views);
    }
    views.iter().try_for_each(|view| output::line(line(view)))
}

fn view(client: &Client) -> ClientView {
    let (authentication, live_secrets) = match client.authentication() {
        ClientAuthentication::None => (vec!["none"], 0),
        ClientAuthentication::Secret { methods, secrets } => {
            let names = [(methods.basic, "client_secret_basic"), (methods.post, "client_secret_post")];
            let names = names.into_iter().filter_map(|(on, name)| on.then_some(name)).collect();
            let now = clock::now();
            (names, secrets.iter().filter(|secret| secret.is_live(now)).count())
        }
    };
    ClientView {
        client_id: client.id().as_str().to_owned(),
        authentication,
        live_secrets,
        grants: client.grants.iter().map(GrantType::as_str).collect(),
        scope: client.scope.as_str().to_owned(),
        introspect: client.introspection,
        enabled: client.enabled,
        grant_epoch: client.grant_epoch,
    }
}

fn line(view: &ClientView) -> String {
    let state = if view.enabled { "enabled" } else { "disabled" };
    format!(
        "{} {state} authentication={} live_secrets={} grants={} scope={:?} grant_epoch={}",
        view.client_id,
        view.authentication.join(","),
        view.live_secrets,
        view.grants.join(","),
        view.scope,
        view.grant_epoch
    )
}
