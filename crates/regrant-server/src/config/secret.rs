//! Client secrets as the configuration file writes them. No error here ever quotes a value.

use regrant::{ClientSecretDigest, Digest, Timestamp};
use toml::{Table, Value};

use super::instant::timestamp;

/// Reads the value of `secrets`: an array, each entry a text, `{ plain = "…" }` or `{ sha256 = "…hex…" }`, the tables
/// with an optional `expires_at`.
///
/// # Errors
/// What is wrong with the first bad entry, counted from 1.
pub(super) fn read_secrets(value: &Value) -> Result<Vec<ClientSecretDigest>, String> {
    let entries = value.as_array().ok_or("secrets: expected an array")?;
    let numbered = (1..).zip(entries);
    numbered.map(|(n, entry)| read_secret(entry).map_err(|what| format!("secrets: entry {n}: {what}"))).collect()
}

fn read_secret(entry: &Value) -> Result<ClientSecretDigest, &'static str> {
    match entry {
        Value::String(text) => plain(text),
        Value::Table(table) => from_table(table),
        _ => Err(FORMS),
    }
}

const FORMS: &str = "expected a text, { plain = \"…\" } or { sha256 = \"…\" }, the tables with an optional expires_at";

fn from_table(table: &Table) -> Result<ClientSecretDigest, &'static str> {
    let known = ["plain", "sha256", "expires_at"];
    if table.keys().any(|key| !known.contains(&key.as_str())) {
        return Err("unknown key: expected plain or sha256, and expires_at");
    }
    let secret = match (table.get("plain"), table.get("sha256")) {
        (Some(Value::String(text)), None) => plain(text)?,
        (None, Some(Value::String(digits))) => digest(digits)?,
        _ => return Err(FORMS),
    };
    match table.get("expires_at") {
        None => Ok(secret),
        Some(value) => Ok(secret.expiring_at(expiry(value)?)),
    }
}

/// N-029, N-034: a secret is any text without control characters. An empty one authenticates nobody (N-031).
fn plain(text: &str) -> Result<ClientSecretDigest, &'static str> {
    if text.is_empty() || text.contains(char::is_control) {
        return Err("expected one or more characters, and no control character");
    }
    Ok(ClientSecretDigest::of(text))
}

fn digest(digits: &str) -> Result<ClientSecretDigest, &'static str> {
    let mut bytes = [0; Digest::LENGTH];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| "sha256: expected 64 hex digits")?;
    Ok(ClientSecretDigest { digest: Digest::from_bytes(bytes), expires_at: None })
}

fn expiry(value: &Value) -> Result<Timestamp, &'static str> {
    let written = value.as_datetime().and_then(timestamp);
    written.ok_or("expires_at: expected a date and time with an offset, such as 2027-01-01T00:00:00Z, without quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ClientSecretDigest>, String> {
        read_secrets(&toml::from_str::<Table>(&format!("secrets = {text}")).unwrap()["secrets"])
    }

    #[test]
    fn the_forms_of_a_secret_mean_the_same() {
        let digits = hex::encode(Digest::sha256(b"s3cret").as_bytes());
        let all = read(&format!("['s3cret', {{ plain = 's3cret' }}, {{ sha256 = '{digits}' }}]")).unwrap();
        assert_eq!(all, vec![ClientSecretDigest::of("s3cret"); 3]);
        let upper = digits.to_uppercase();
        assert_eq!(read(&format!("[{{ sha256 = '{upper}' }}]")).unwrap(), [ClientSecretDigest::of("s3cret")]);
        let ends = read("[{ plain = 's3cret', expires_at = 2027-01-01T00:00:00Z }]").unwrap();
        assert_eq!(ends[0].expires_at, Some(Timestamp::from_unix_seconds(1_798_761_600)));
    }

    #[test]
    fn no_error_quotes_a_value() {
        for bad in [
            "'s3cret'",
            "[1234567]",
            "[\"s3cret\\u0007\"]",
            "['']",
            "[['s3cret']]",
            "[{ plain = 's3cret', sha256 = 's3cret' }]",
            "[{ sha256 = 's3cret' }]",
            "[{ sha265 = 's3cret' }]",
            "[{ plain = 's3cret', expires_at = 's3cret' }]",
            "[{ plain = 's3cret', expires_at = 2027-01-01 }]",
            "[{ expires_at = 2027-01-01T00:00:00Z }]",
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.starts_with("secrets: "), "{error}");
            assert!(!error.contains("s3cr") && !error.contains("1234567"), "{error}");
        }
    }
}
