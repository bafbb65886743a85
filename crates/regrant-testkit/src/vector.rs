//! The form of a vector file. `testdata/README.md` shows it by example.

use crate::client::ClientChange;
use crate::policy::Policy;
use crate::setup::Setup;
use crate::step::Step;
use crate::target::IssueOrder;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One file: the vectors of one area.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFile {
    /// The area, which is also the name of the file.
    pub area: String,
    /// The vectors, in the order they are run.
    #[serde(default)]
    pub vector: Vec<Vector>,
}

/// One case: a setup and a script of steps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// A short id, unique over all files.
    pub id: String,
    /// What it shows, in one line.
    pub title: String,
    /// The numbered requirements it belongs to.
    #[serde(default)]
    pub norms: Vec<String>,
    /// The document that demands it.
    #[serde(default)]
    pub source: String,
    /// What a reader should know beside that.
    #[serde(default)]
    pub note: String,
    /// Laid over the strict policy of the fixtures.
    #[serde(default)]
    pub policy: Policy,
    /// True: no policy key but those of `policy` is set, so that the host's own defaults show.
    #[serde(default)]
    pub host_defaults: bool,
    /// Replaces [`Setup::body_bytes`].
    pub body_bytes: Option<u64>,
    /// Replaces [`Setup::parameters`].
    pub parameters: Option<u64>,
    /// Replaces [`Setup::issuer`].
    pub issuer: Option<String>,
    /// Added to [`Setup::partners`].
    #[serde(default)]
    pub partners: BTreeMap<String, String>,
    /// Changes to the fixture clients, and further clients.
    #[serde(default)]
    pub clients: Vec<ClientChange>,
    /// The grants issued beforehand; one of `web` for `read write` if absent.
    pub grants: Option<Vec<GrantOrder>>,
    /// True: the host must refuse this setup, and nothing else happens.
    #[serde(default)]
    pub refused: bool,
    /// How often the script runs, each time with new grants. For races.
    #[serde(default = "one")]
    pub rounds: u32,
    /// The script.
    #[serde(default)]
    pub step: Vec<Step>,
}

/// A grant issued before the script runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrantOrder {
    /// Ends the names of its tokens: `2` gives `{RT2}` and `{AT2}`.
    pub suffix: String,
    /// The client.
    pub client: String,
    /// The user; empty for a grant without one.
    pub subject: String,
    /// The scope.
    pub scope: String,
    /// The host's own members.
    pub attributes: BTreeMap<String, String>,
}

impl Default for GrantOrder {
    fn default() -> Self {
        Self {
            suffix: String::new(),
            client: "web".to_owned(),
            subject: "alice".to_owned(),
            scope: "read write".to_owned(),
            attributes: BTreeMap::new(),
        }
    }
}

impl GrantOrder {
    /// The order as a host gets it.
    pub fn order(&self) -> IssueOrder {
        IssueOrder {
            client: self.client.clone(),
            subject: (!self.subject.is_empty()).then(|| self.subject.clone()),
            scope: self.scope.clone(),
            attributes: self.attributes.clone().into_iter().collect(),
        }
    }
}

impl Vector {
    /// The configuration of the host this vector runs on.
    pub fn setup(&self) -> Setup {
        let mut setup = Setup::fixtures();
        if self.host_defaults {
            setup.policy = Policy::default();
        }
        setup.policy = setup.policy.overlaid(&self.policy);
        setup.body_bytes = self.body_bytes.unwrap_or(setup.body_bytes);
        setup.parameters = self.parameters.unwrap_or(setup.parameters);
        setup.issuer = self.issuer.clone().unwrap_or(setup.issuer);
        setup.partners.extend(self.partners.iter().filter_map(|(number, id)| Some((number.parse().ok()?, id.clone()))));
        setup.change(&self.clients);
        setup
    }

    /// The grants issued beforehand.
    pub fn grants(&self) -> Vec<GrantOrder> {
        self.grants.clone().unwrap_or_else(|| vec![GrantOrder::default()])
    }
}

/// The listed cases that no vector carries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotApplicable {
    /// One entry a case.
    pub case: Vec<LeftOut>,
}

/// A listed case that no vector carries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its id in the list.
    pub id: String,
    /// Why it says nothing about this engine.
    pub reason: String,
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Span;
    use crate::setup::FIXTURE_SCOPE;

    fn parse(text: &str) -> Result<Vector, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn a_vector_starts_from_the_fixtures() {
        let vector = parse("id = \"X-1\"\ntitle = \"t\"\npolicy = { retry_window = \"30s\" }").unwrap();
        assert_eq!(vector.setup().policy.retry_window, Some(Span::seconds(30)));
        assert_eq!(vector.grants().len(), 1);
        assert_eq!(vector.setup().client("web").unwrap().scope, FIXTURE_SCOPE);
        assert_eq!(vector.rounds, 1);
    }

    #[test]
    fn the_hosts_own_defaults_can_be_asked_for() {
        let vector = parse("id = \"X-1\"\ntitle = \"t\"\nhost_defaults = true").unwrap();
        assert_eq!(vector.setup().policy, Policy::default());
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(parse("id = \"X-1\"\ntitle = \"t\"\ncolour = 1").is_err());
        assert!(parse("id = \"X-1\"\ntitle = \"t\"\n[[step]]\npost = \"/token\"\nexpect = { stats = 200 }").is_err());
    }
}
