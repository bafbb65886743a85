//! Rows that nobody wrote: each is named, and harms no other, not even in its batch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use common::{DAY, NOW, beside, id, insert, options};
use regrant::{AsyncGrantManagement as _, AsyncTokenStore as _, CommitOutcome, EndReason, GrantFilter};
use regrant_postgres::{CorruptRecord, Error, PostgresStore, RecordName};

/// A column, a value for it that the engine never writes there, and the column that is named.
const ROWS: [(&str, &str, &str); 14] = [
    ("client_id", "E'\\x07'", "client_id"),
    ("subject", "E'\\x07'", "subject"),
    ("scope", "'a  b'", "scope"),
    ("scope", "'a a'", "scope"),
    ("expires_at", "5", "expires_at"),
    ("attributes", "'\\x02'", "attributes"),
    ("tokens", "''", "tokens"),
    ("tokens", "'\\x010000ffff'", "tokens"),
    // Values that it could have written, for another record.
    ("client_id", "'another'", "terms_check"),
    ("scope", "'read write admin'", "terms_check"),
    ("created_at", "created_at + 1", "terms_check"),
    ("current_digest", "lineage", "tokens_check"),
    ("refresh_expires_at", "refresh_expires_at + 1", "tokens_check"),
    ("tokens_check", "tokens_check + 1", "tokens_check"),
];

fn corrupt(error: Error) -> CorruptRecord {
    match error {
        Error::CorruptRecord(record) => record,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_corrupt_grant_is_named_by_table_column_and_id() {
    let url = throwaway_postgres::fresh_database();
    let store = PostgresStore::open(options(&url)).await.unwrap();
    let beside = beside(&url).await;
    for (column, value, named) in ROWS {
        for n in [1, 2] {
            assert_eq!(store.commit(insert(id(n))).await.unwrap(), CommitOutcome::Committed);
        }
        let sql = format!("UPDATE regrant.grants SET {column} = {value} WHERE id = $1");
        assert_eq!(beside.execute(&sql, &[id(1).as_bytes()]).await.unwrap(), 1);
        // Both at once, so that they share a statement.
        let (one, two) = (id(1), id(2));
        let (first, second) = tokio::join!(store.load(&one), store.load(&two));
        let record = corrupt(first.unwrap_err());
        assert_eq!((record.table, record.column, &record.record), ("grants", named, &RecordName::Grant(id(1))));
        assert!(record.to_string().contains(&id(1).to_hex()), "{record}");
        assert!(second.unwrap().is_some(), "{column}: no other grant suffers");
        let behind = store.list(&GrantFilter::All, Some(id(1)), 9).await.unwrap();
        assert_eq!(behind.len(), 1, "{column}: a list goes on behind it");
        assert_eq!(store.end(&GrantFilter::All, NOW, EndReason::EndedByHost, 9).await.unwrap(), 2, "{column}");
        assert_eq!(store.purge(NOW.after(DAY * 9), 9).await.unwrap(), 1, "{column}: what is not understood stays");
        beside.batch_execute("TRUNCATE regrant.grants").await.unwrap();
    }
}
