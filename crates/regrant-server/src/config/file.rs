//! The configuration file as it is written. What it means is read elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::policy::PolicyKeys;
use super::postgres::PostgresKeys;
use super::resource_cache::ResourceCacheKeys;

/// The whole file. Unknown keys are errors, here and below.
#[expect(clippy::struct_field_names, reason = "the fields are named as the keys of the file are")]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) store: Option<Spanned<String>>,
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) pepper_file: Option<String>,
    pub(super) pepper_file_previous: Option<String>,
    #[serde(default)]
    pub(super) behind_tls_proxy: bool,
    #[serde(default)]
    pub(super) limits: LimitKeys,
    #[serde(default)]
    pub(super) postgres: PostgresKeys,
    pub(super) resource_cache: Option<Spanned<ResourceCacheKeys>>,
    #[serde(default)]
    pub(super) policy: Option<Spanned<PolicyKeys>>,
    #[serde(default)]
    pub(super) mount: Vec<Spanned<MountKeys>>,
    #[serde(default)]
    pub(super) client: Vec<Spanned<ClientKeys>>,
}

/// `[limits]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitKeys {
    pub(super) body_bytes: Option<Spanned<i64>>,
    pub(super) parameters: Option<Spanned<i64>>,
}

/// `[[mount]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MountKeys {
    pub(super) dialect: DialectName,
    pub(super) token: Spanned<String>,
    pub(super) revoke: Option<Spanned<String>>,
    pub(super) introspect: Option<Spanned<String>>,
    pub(super) resource: Option<Spanned<String>>,
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) partners: Option<Spanned<BTreeMap<String, String>>>,
}

/// The dialects by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DialectName {
    Rfc6749,
    Payu,
    PartnerJson,
    Wso2,
}

/// `[[client]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientKeys {
    pub(super) id: Spanned<String>,
    // Any value at all, so that no parser ever quotes a secret that has the wrong form.
    pub(super) secrets: Option<Spanned<Value>>,
    pub(super) authentication: Option<Spanned<Vec<Method>>>,
    pub(super) grants: Option<Spanned<Vec<String>>>,
    pub(super) scope: Option<Spanned<String>>,
    pub(super) introspect: Option<Introspect>,
    pub(super) enabled: Option<bool>,
    pub(super) grant_epoch: Option<Spanned<i64>>,
    pub(super) policy: Option<Spanned<PolicyKeys>>,
}

/// The methods of client authentication. RFC 7591 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

/// Whose tokens a client may introspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Introspect {
    Own,
    Any,
    None,
}
