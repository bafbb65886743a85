//! Rows that nobody wrote: each is named, and harms no other.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use common::{CLIENT, DAY, NOW, Place, client, full, id};
use regrant::{Change, ClientId, ClientStore, EndReason, GrantFilter, GrantManagement, Policy, TokenStore};
use regrant_sqlite::{ClientRecord, CorruptRecord, Error, RecordName};

/// A column, and a value for it that the engine never writes.
const GRANTS: [(&str, &str); 28] = [
    ("revision", "-1"),
    ("ended_at", "5"),
    ("ended_reason", "'revoked'"),
    ("client_id", "''"),
    ("client_id", "CAST(x'ff' AS TEXT)"),
    ("client_epoch", "-1"),
    ("subject", "''"),
    ("scope", "'a  b'"),
    ("scope", "'a a'"),
    ("created_at", "-1"),
    ("expires_at", "5"),
    ("lineage", "NULL"),
    ("lineage", "x'00'"),
    ("current_digest", "NULL"),
    ("current_digest", "zeroblob(33)"),
    ("refresh_issued_at", "NULL"),
    ("refresh_expires_at", "NULL"),
    ("generation", "NULL"),
    ("generation", "-1"),
    ("attributes", "x'02'"),
    ("tokens", "x''"),
    ("tokens", "x'010000ffff'"),
    // Values that it could have written, for another record.
    ("client_id", "'another'"),
    ("subject", "'mallory'"),
    ("scope", "'read write admin'"),
    ("current_digest", "zeroblob(32)"),
    ("refresh_expires_at", "refresh_expires_at + 1"),
    ("tokens_check", "tokens_check + 1"),
];

fn corrupt(error: Error) -> CorruptRecord {
    match error {
        Error::CorruptRecord(record) => record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_corrupt_grant_is_named_by_table_column_and_id() {
    for (column, value) in GRANTS {
        let place = Place::new();
        let store = place.open();
        for n in [1, 2] {
            let _ = TokenStore::commit(&store, Change::Insert(full(id(n), CLIENT, NOW.after(DAY)))).unwrap();
        }
        let sql = format!("UPDATE grants SET {column} = {value} WHERE id = ?1");
        assert_eq!(place.raw().execute(&sql, [id(1).as_bytes()]).unwrap(), 1);
        let record = corrupt(TokenStore::load(&store, &id(1)).unwrap_err());
        // An end without its other half: the half that is missing is named.
        let named = match (column, value) {
            ("ended_at", _) => "ended_reason",
            ("ended_reason", _) => "ended_at",
            // No column is wrong by itself; the number over them is.
            ("client_id", "'another'") | ("subject", "'mallory'") | ("scope", "'read write admin'") => "terms_check",
            ("current_digest", "zeroblob(32)") | ("refresh_expires_at", "refresh_expires_at + 1") => "tokens_check",
            (column, _) => column,
        };
        assert_eq!((record.table, record.column, &record.record), ("grants", named, &RecordName::Grant(id(1))));
        assert!(record.to_string().contains(&id(1).to_hex()), "{record}");
        assert!(TokenStore::load(&store, &id(2)).unwrap().is_some(), "{column}: no other grant suffers");
        let behind = GrantManagement::list(&store, &GrantFilter::All, Some(id(1)), 9).unwrap();
        assert_eq!(behind.len(), 1, "{column}: a list goes on behind it");
        let ended = GrantManagement::end(&store, &GrantFilter::All, NOW, EndReason::EndedByHost, 9).unwrap();
        assert!(ended >= 1, "{column}");
        let purged = GrantManagement::purge(&store, NOW.after(DAY * 9), 9).unwrap();
        assert!(TokenStore::load(&store, &id(2)).unwrap().is_none(), "{column}: purged {purged}");
    }
}

#[test]
fn a_grant_without_a_readable_id_spoils_no_purge() {
    let place = Place::new();
    let store = place.open();
    for n in [1, 2] {
        let _ = TokenStore::commit(&store, Change::Insert(full(id(n), CLIENT, NOW.after(DAY)))).unwrap();
    }
    place.raw().execute("UPDATE grants SET id = x'00' WHERE id = ?1", [id(1).as_bytes()]).unwrap();
    let record = corrupt(GrantManagement::list(&store, &GrantFilter::All, None, 9).unwrap_err());
    assert_eq!((record.column, record.record), ("id", RecordName::Nameless));
    assert_eq!(GrantManagement::purge(&store, NOW.after(DAY * 9), 9).unwrap(), 1);
}

#[test]
fn a_corrupt_client_is_named() {
    let cases = [
        ("basic", "2"),
        ("secrets", "x'00'"),
        ("secrets", "x''"),
        ("grants", "'password'"),
        ("scope", "'\"'"),
        ("introspection", "'all'"),
        ("enabled", "7"),
        ("grant_epoch", "-1"),
        ("rotation", "'sometimes'"),
        ("on_replay", "'shrug'"),
        ("previous_access_token", "''"),
        ("retry_window", "-1"),
        ("max_access_tokens", "70000"),
    ];
    for (column, value) in cases {
        let place = Place::new();
        let clients = place.open().clients(Policy::default());
        clients.add(&ClientRecord::new(client())).unwrap();
        place.raw().execute(&format!("UPDATE clients SET {column} = {value}"), []).unwrap();
        let web = ClientId::parse(CLIENT).unwrap();
        let record = corrupt(ClientStore::client(&clients, &web).unwrap_err());
        assert_eq!((record.table, record.column, record.record), ("clients", column, RecordName::Client(web)));
    }
}

/// A row that an index leads to under another id, as one bit on the disk can do, is nobody's record.
#[test]
fn a_row_under_the_id_of_another_grant_is_not_its_record() {
    let place = Place::new();
    let store = place.open();
    for n in [1, 2] {
        let _ = TokenStore::commit(&store, Change::Insert(full(id(n), CLIENT, NOW.after(DAY)))).unwrap();
    }
    let raw = place.raw();
    raw.execute("DELETE FROM grants WHERE id = ?1", [id(1).as_bytes()]).unwrap();
    raw.execute("UPDATE grants SET id = ?1", [id(1).as_bytes()]).unwrap();
    assert_eq!(corrupt(TokenStore::load(&store, &id(1)).unwrap_err()).column, "terms_check");
}
