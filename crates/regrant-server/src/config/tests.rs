use std::path::Path;

use regrant::{ClientId, ClientStore as _, GrantType, Rotation};

use super::*;

const SMALL: &str = "store = 'memory:'\n";
/// The example of the documentation.
const EXAMPLE: &str = include_str!("example.toml");

fn parse(text: &str) -> Result<Config, Problem> {
    Config::parse(Path::new("/etc/regrant/r.toml"), text, &Overrides::default())
}

fn problem(text: &str) -> String {
    match parse(text) {
        Ok(config) => format!("accepted: {config:?}"),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn the_example_means_what_it_says() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.store, StoreUrl::Sqlite("/etc/regrant/regrant.db".into()));
    assert_eq!(config.pepper_file.as_deref(), Some(Path::new("/etc/regrant/regrant.pepper")));
    assert_eq!((config.policy, config.limits), (Policy::default(), Limits::default()));
    assert_eq!(config.mounts.len(), 4);
    let web = config.clients.client(&ClientId::parse("web").unwrap()).unwrap().unwrap();
    assert!(web.policy().retry_window.is_zero() && web.enabled && !web.is_public());
    assert_eq!(web.policy().rotation, Rotation::Always);
    assert!(web.grants.contains(GrantType::ClientCredentials));
    assert!(config.service(config.listen).is_ok());
}

#[test]
fn without_an_issuer_a_loopback_address_is_the_name() {
    let mount = "[[mount]]\ndialect = 'rfc6749'\ntoken = '/token'\n";
    let config = parse(&format!("{SMALL}{mount}")).unwrap();
    let publishes = |address: &str| {
        config.service(address.parse().unwrap()).unwrap().serves("/.well-known/oauth-authorization-server")
    };
    assert!(publishes("127.0.0.1:4711") && publishes("[::1]:4711"));
    assert!(!publishes("192.0.2.1:4711"));
}

#[test]
fn a_resource_cache_that_would_never_be_used_is_refused() {
    for store in ["memory:", "sqlite:regrant.db"] {
        let told = problem(&format!("store = '{store}'\n[resource_cache]\n"));
        assert!(told.starts_with("/etc/regrant/r.toml:2: resource_cache: "), "{told}");
    }
    let over_postgres = |keys: &str| format!("store = 'postgres://h/db'\n[resource_cache]\n[postgres]\n{keys}\n");
    for (keys, expected) in [("notify = false", "notify = true"), ("pooler = true", "listener")] {
        let told = problem(&over_postgres(keys));
        assert!(told.starts_with("/etc/regrant/r.toml:2: resource_cache: ") && told.contains(expected), "{told}");
    }
    assert!(parse(&over_postgres("pooler = true\nlistener = 'postgres://h/db'")).is_ok());
    // The store that counts is the one of the command line.
    let overrides = Overrides { store: Some("memory:".to_owned()), ..Overrides::default() };
    let text = "store = 'postgres://h/db'\n[resource_cache]\n";
    assert!(Config::parse(Path::new("r.toml"), text, &overrides).is_err());
}

#[test]
fn the_resource_cache_is_off_unless_it_is_there() {
    let cache = |text: &str| parse(&format!("store = 'postgres://h/db'\n{text}")).map(|config| config.resource_cache);
    assert_eq!(cache("").unwrap(), None);
    assert_eq!(cache("[resource_cache]").unwrap(), Some(CacheBounds::default()));
    let bounds = CacheBounds { entries: 9, max_age: std::time::Duration::from_secs(30) };
    assert_eq!(cache("[resource_cache]\nentries = 9\nmax_age = '30s'").unwrap(), Some(bounds));
    for wrong in ["entries = -1", "entries = 'x'", "max_age = 5", "size = 1"] {
        assert!(cache(&format!("[resource_cache]\n{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn defaults_are_enough_for_the_command_line() {
    let config = parse(SMALL).unwrap();
    assert_eq!(config.store, StoreUrl::Memory);
    assert!(config.service(config.listen).unwrap_err().to_string().starts_with("mount: missing"));
}

/// A file with one client of these keys, which begin on line 3.
fn client(keys: &str) -> String {
    problem(&format!("{SMALL}[[client]]\n{keys}"))
}

#[test]
fn bad_files_are_refused_with_line_and_key() {
    for (text, line, parts) in [
        ("store = 'memory:'\nlisten_on = 1", 2, &["listen_on", "unknown"][..]),
        ("store = 'memory:'\n[policy]\nretry_windows = '1s'", 3, &["retry_windows", "unknown"]),
        ("store = 'memory:'\n[policy]\nretry_window = '-1s'", 3, &["retry_window", "whole number"]),
        ("store = 'memory:'\n[policy]\nretry_window = 10", 3, &["retry_window", "whole number"]),
        ("store = 'memory:'\n[policy]\naccess_token_lifetime = '10'", 3, &["access_token_lifetime", "whole number"]),
        ("store = 'memory:'\n[policy]\naccess_token_lifetime = '0s'", 2, &["access_token_lifetime", "one second"]),
        ("store = 'memory:'\n[policy]\nmax_access_tokens = 0", 2, &["max_access_tokens", "between 1 and 1024"]),
        ("store = 'memory:'\n[policy]\nrotation = 'sometimes'", 3, &["rotation", "always", "never"]),
        ("store = 'memory:'\n[policy]\ngrant_lifetime = 'ever'", 3, &["grant_lifetime", "never"]),
        ("store = 'oracle:x'", 1, &["store", "sqlite:PATH"]),
        ("store = 'postgres://u:pw@h/d?sslmode=no'", 1, &["store", "sslmode"]),
        ("store = 'memory:'\nlisten = 'localhost'", 2, &["listen", "ip address and a port"]),
        // N-001
        ("store = 'memory:'\nlisten = '0.0.0.0:80'", 2, &["listen", "behind_tls_proxy"]),
        ("store = 'memory:'\nissuer = 'http://as.example'", 2, &["issuer", "https"]),
        ("store = 'memory:'\nissuer = 'https://as.example?x'", 2, &["issuer", "https"]),
        ("store = 'memory:'\n[limits]\nbody_bytes = -1", 3, &["body_bytes", "whole number"]),
        ("store = 'memory:'\n[limits]\nparameters = 0", 3, &["parameters", "whole number"]),
        ("store = 'memory:'\nlisten = ", 2, &[]),
        ("store = 'memory:'\nstore = 'memory:'", 2, &["duplicate"]),
    ] {
        let problem = problem(text);
        assert!(problem.starts_with(&format!("/etc/regrant/r.toml:{line}: ")), "{text}: {problem}");
        assert!(parts.iter().all(|part| problem.contains(part)), "{text}: {problem}");
        assert!(!problem.contains('\n') && !problem.contains("pw"), "{problem}");
    }
    assert_eq!(problem(""), "/etc/regrant/r.toml: store: missing, expected memory:, sqlite:PATH or postgres://…");
}

/// Found by the fuzz target `configuration`: the parser repeats an unknown word as it stands, its line feed included.
#[test]
fn a_problem_is_told_on_one_line() {
    let told = client("id = \"web\"\nauthentication = [\"cli\\nent\\u001b[2J\"]\n");
    assert!(told.contains("cli\\nent\\u{1b}[2J"), "{told}");
    assert!(!told.contains(char::is_control), "{told}");
}

#[test]
fn bad_clients_are_refused_with_line_and_key() {
    for (keys, line, parts) in [
        ("id = ''\nauthentication = ['none']", 3, &["client id"][..]),
        ("id = 'x'\nsecrets = ['hush']\nauthentication = ['none']", 4, &["\"x\"", "secrets", "public"]),
        ("id = 'x'\nsecrets = ['hush']\nauthentication = ['none', 'client_secret_post']", 5, &["never combined"]),
        ("id = 'x'\nauthentication = ['client_secret_basic']", 2, &["\"x\"", "secrets", "needs a secret"]),
        ("id = 'x'", 2, &["\"x\"", "authentication", "[\"none\"]"]),
        ("id = 'x'\nsecrets = ['hush']\nauthentication = []", 5, &["authentication"]),
        (
            "id = 'x'\nsecrets = ['hush']\nauthentication = ['private_key_jwt']",
            5,
            &["authentication", "client_secret_basic"],
        ),
        ("id = 'x'\nsecrets = 'hush'", 4, &["\"x\"", "secrets", "array"]),
        ("id = 'x'\nsecrets = ['']", 4, &["secrets: entry 1", "one or more characters"]),
        ("id = 'x'\nsecrets = [{ sha256 = 'hush' }]", 4, &["secrets: entry 1", "64 hex digits"]),
        ("id = 'x'\nsecret = 'hush'", 4, &["secret", "unknown"]),
        ("id = 'x'\nauthentication = ['none']\ngrants = ['password']", 5, &["\"x\"", "grants", "refresh_token"]),
        ("id = 'x'\nauthentication = ['none']\nscope = 'a  b'", 5, &["\"x\"", "scope"]),
        ("id = 'x'\nauthentication = ['none']\ngrant_epoch = -1", 5, &["\"x\"", "grant_epoch"]),
        ("id = 'x'\nauthentication = ['none']\nintrospect = 'all'", 5, &["introspect", "own"]),
        ("id = 'x'\nauthentication = ['none']\n[client.policy]\nrotation = 'never'", 5, &["\"x\"", "rotation"]),
    ] {
        let problem = client(keys);
        assert!(problem.starts_with(&format!("/etc/regrant/r.toml:{line}: ")), "{keys}: {problem}");
        assert!(parts.iter().all(|part| problem.contains(part)), "{keys}: {problem}");
        assert!(!problem.contains("hush"), "{problem}");
    }
    let twice = client("id = 'x'\nauthentication = ['none']\n[[client]]\nid = 'x'\nauthentication = ['none']");
    assert!(twice.contains("two clients have the id x"), "{twice}");
}

/// A file with these mounts and a client of each kind.
fn mounts(entries: &[&str]) -> String {
    let clients = "[[client]]\nid = 'web'\nsecrets = ['hush']\n[[client]]\nid = 'app'\nauthentication = ['none']\n";
    let entries = entries.join("\n[[mount]]\n");
    problem(&format!("{SMALL}issuer = 'https://as.example'\n{clients}[[mount]]\n{entries}"))
}

#[test]
fn bad_mounts_are_refused() {
    let rfc = "dialect = 'rfc6749'\ntoken = '/token'";
    for (entries, part) in [
        (&["dialect = 'soap'\ntoken = '/token'"][..], "partner_json"),
        (&["dialect = 'payu'"], "token"),
        (&["dialect = 'payu'\ntoken = 'token'"], "starts with a slash"),
        (&["dialect = 'payu'\ntoken = '/healthz'"], "health"),
        (&[rfc, "dialect = 'payu'\ntoken = '/token'"], "the path /token is taken"),
        (&["dialect = 'payu'\ntoken = '/a'\nrevoke = '/a'"], "revoke: the path /a is taken"),
        (&[rfc, "dialect = 'rfc6749'\ntoken = '/b'"], "an issuer of its own"),
        (&[rfc, "dialect = 'rfc6749'\ntoken = '/b'\nissuer = 'https://as.example'"], "stands where another"),
        (&["dialect = 'payu'\ntoken = '/a'\nissuer = 'https://as.example'"], "only a mount of the dialect rfc6749"),
        (&["dialect = 'payu'\ntoken = '/a'\npartners = { 1 = 'app' }"], "only a mount of the dialect partner_json"),
        (
            &["dialect = 'partner_json'\ntoken = '/a'\npartners = { 1 = 'web' }"],
            "expected a client with the method none",
        ),
        (&["dialect = 'partner_json'\ntoken = '/a'\npartners = { x = 'app' }"], "whole number of 32 bits"),
        (&["dialect = 'partner_json'\ntoken = '/a'\npartners = { 1 = 'app', 01 = 'app' }"], "twice"),
    ] {
        let problem = mounts(entries);
        assert!(problem.starts_with("/etc/regrant/r.toml:") && problem.contains(part), "{entries:?}: {problem}");
    }
    let second = "dialect = 'rfc6749'\ntoken = '/b'\nissuer = 'https://as.example/b'";
    assert!(mounts(&[rfc, second]).starts_with("accepted"));
    assert!(mounts(&["dialect = 'partner_json'\ntoken = '/a'\npartners = { 42 = 'app' }"]).starts_with("accepted"));
}

#[test]
fn the_command_line_comes_first() {
    let overrides = Overrides { listen: Some("127.0.0.1:0".parse().unwrap()), store: Some("sqlite:x.db".to_owned()) };
    let config = Config::parse(Path::new("/etc/r.toml"), "listen = '127.0.0.1:1'", &overrides).unwrap();
    assert_eq!((config.listen.port(), config.store), (0, StoreUrl::Sqlite("x.db".into())));
    let open = Overrides { listen: Some("0.0.0.0:0".parse().unwrap()), ..overrides };
    let problem = Config::parse(Path::new("/etc/r.toml"), "", &open).unwrap_err().to_string();
    assert!(problem.starts_with("/etc/r.toml: --listen: plain http"), "{problem}");
    assert!(Config::parse(Path::new("/etc/r.toml"), "behind_tls_proxy = true", &open).is_ok());
}
