//! Writes the vectors as seeds for the fuzz targets: a folder a target, a file an input.
//!
//! ```text
//! cargo run -p regrant-testkit --example seeds -- fuzz/corpus
//! ```
//!
//! A script becomes one conversation in the form that `fuzz/src/wire.rs` reads, with a mark where a token stands. Bodies
//! and header fields become seeds of their own for the readers of bodies and of headers, setups for the reader of
//! configuration files. The name of a file is the number of its content, so that a second run adds nothing.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks on its terminal")]

use std::collections::{BTreeSet, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, error, fs};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regrant::{
    AccessEntry, Attributes, Digest, RefreshFamily, Retry, Scope, Spent, Timestamp, encode_attributes, encode_tokens,
};
use regrant_testkit::step::{Send, Step};
use regrant_testkit::template::{Bindings, names};
use regrant_testkit::{Request, Vector, corpus};

/// A seed that is larger than this teaches a fuzzer nothing but length.
const LARGEST: usize = 4096;
/// The clients of the grants that the targets issue beforehand, in their order.
const CLIENTS: [&str; 4] = ["web", "web2", "app", "p42"];

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: seeds FOLDER");
        return ExitCode::FAILURE;
    };
    match Seeds::new(folder.into()).all() {
        Ok(count) => {
            println!("{count} seeds");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("seeds: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Seeds {
    folder: PathBuf,
    written: BTreeSet<PathBuf>,
}

impl Seeds {
    fn new(folder: PathBuf) -> Self {
        Self { folder, written: BTreeSet::new() }
    }

    fn all(mut self) -> Result<usize> {
        for vector in corpus::vectors()? {
            self.conversations(&vector)?;
            self.write("configuration", vector.setup().to_config_toml("sqlite:regrant.db")?.as_bytes())?;
        }
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../regrant-server/src/config/example.toml");
        if let Ok(text) = fs::read(example) {
            self.write("configuration", &text)?;
        }
        self.tokens()?;
        self.records()?;
        Ok(self.written.len())
    }

    /// The script of a vector, once for each target that it speaks to.
    fn conversations(&mut self, vector: &Vector) -> Result<()> {
        for (target, prefix) in
            [("payu", "/oauth/"), ("partner_json", "/v1/auth/"), ("wso2", "/wso2/"), ("rfc6749", "/")]
        {
            let pieces: Vec<Vec<u8>> =
                vector.step.iter().filter_map(|step| piece(step, vector, target, prefix)).collect();
            if pieces.iter().any(|piece| !piece.starts_with(b"+")) {
                self.write(target, &pieces.join(&0x1E))?;
            }
        }
        for send in vector.step.iter().filter_map(sent) {
            if let Some(request) = spelled(send, vector) {
                self.parts(&request)?;
            }
        }
        Ok(())
    }

    fn parts(&mut self, request: &Request) -> Result<()> {
        for (_, value) in request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Authorization")) {
            self.write("basic_header", value.as_bytes())?;
        }
        let Some(body) = &request.body else { return Ok(()) };
        self.write(if request.path.starts_with("/v1/auth/") { "json_body" } else { "form_body" }, body)
    }

    /// Both kinds of token in both encodings, and one of each length that is none.
    fn tokens(&mut self) -> Result<()> {
        for length in [48, 64] {
            self.write("token", URL_SAFE_NO_PAD.encode(vec![7_u8; length]).as_bytes())?;
            self.write("token", "07".repeat(length).as_bytes())?;
            self.write("token", "Z".repeat(length).as_bytes())?;
        }
        Ok(())
    }

    /// Stored lists of every length that differs in kind.
    fn records(&mut self) -> Result<()> {
        let at = Timestamp::from_unix_seconds(1_700_000_000);
        let digest = |text: &str| Digest::sha256(text.as_bytes());
        for count in 0..=3_usize {
            let spent = (0..count).map(|number| Spent { digest: digest(&number.to_string()), at });
            let entry = |number: usize| AccessEntry {
                digest: digest(&format!("access {number}")),
                issued_at: at,
                expires_at: at,
                scope: if number == 1 { Scope::parse("read").ok() } else { None },
            };
            let family = RefreshFamily {
                lineage: digest("lineage"),
                current: digest("current"),
                issued_at: at,
                expires_at: at,
                generation: 3,
                retry: (count > 1).then_some(Retry { salt: [7; 32], intact: count == 2 }),
                spent: spent.collect(),
            };
            let access: Vec<AccessEntry> = (0..count).map(entry).collect();
            self.write("record", &encode_tokens(Some(&family), &access))?;
            self.write("record", &encode_tokens(None, &access))?;
        }
        let mut attributes = Attributes::new();
        self.write("record", &encode_attributes(&attributes))?;
        attributes.insert("user_uuid", "0b5e")?;
        attributes.insert("device", "phone")?;
        self.write("record", &encode_attributes(&attributes))
    }

    fn write(&mut self, target: &str, content: &[u8]) -> Result<()> {
        if content.len() > LARGEST {
            return Ok(());
        }
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder)?;
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let path = folder.join(format!("seed-{:016x}", hasher.finish()));
        fs::write(&path, content)?;
        self.written.insert(path);
        Ok(())
    }
}

fn sent(step: &Step) -> Option<&Send> {
    if let Step::Send(send) = step { Some(send) } else { None }
}

/// One step as the targets read it.
fn piece(step: &Step, vector: &Vector, target: &str, prefix: &str) -> Option<Vec<u8>> {
    if let Step::Advance(seconds) = step {
        return Some(format!("+{seconds}").into_bytes());
    }
    let request = spelled(sent(step)?, vector)?;
    let foreign =
        target == "rfc6749" && ["/oauth/", "/v1/", "/wso2/"].iter().any(|path| request.path.starts_with(path));
    if foreign || !request.path.starts_with(prefix) {
        return None;
    }
    let mut lines = vec![format!("{} {}", request.method, request.path)];
    lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    let mut bytes = format!("{}\n\n", lines.join("\n")).into_bytes();
    bytes.extend(request.body.unwrap_or_default());
    Some(bytes)
}

/// The request with a mark in the place of each token; `None` where it has a token that no mark can stand for.
fn spelled(send: &Send, vector: &Vector) -> Option<Request> {
    let mut bindings = Bindings::default();
    for name in send.request.texts().flat_map(names) {
        bindings.bind(name, &mark(name, vector)?);
    }
    send.request.render(&bindings).ok()
}

/// `{RT}` is `{R0}`, `{AT_NEW}` is `{A9}`, `{RT_HEX}` is `{r0}`.
fn mark(name: &str, vector: &Vector) -> Option<String> {
    let (plain, hex) = name.strip_suffix("_HEX").map_or((name, false), |plain| (plain, true));
    let (kind, suffix) = plain.split_at_checked(2)?;
    let kind = match (kind, hex) {
        ("RT", false) => 'R',
        ("RT", true) => 'r',
        ("AT", false) => 'A',
        ("AT", true) => 'a',
        _ => return None,
    };
    let number = match suffix {
        "_NEW" => 9,
        suffix => {
            let suffix = suffix.strip_suffix("_FIRST").unwrap_or(suffix);
            let grants = vector.grants();
            let grant = grants.iter().find(|grant| grant.suffix == suffix)?;
            CLIENTS.iter().position(|client| *client == grant.client)?
        }
    };
    Some(format!("{{{kind}{number}}}"))
}
