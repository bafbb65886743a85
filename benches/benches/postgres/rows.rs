//! The grants of the table: all alike but for their ids and digests.

use std::sync::Arc;
use std::time::Duration;

use regrant::{
    AccessEntry, AsyncTokenStore as _, Attributes, Change, ClientId, CommitOutcome, Digest, Grant, GrantId, GrantState,
    RefreshFamily, Retry, Revision, Scope, Spent, Subject, Terms, Timestamp,
};
use regrant_benches::Results;
use regrant_postgres::PostgresStore;

use crate::{Done, Stand};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// The id of a grant: a number that SQL can make as well. Which one is asked for is drawn, so that no page is near.
pub(crate) fn id(number: u64) -> GrantId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    GrantId::from_bytes(bytes)
}

/// A digest that differs.
pub(crate) fn digest(number: u64) -> Digest {
    let mut bytes = [0; 32];
    for (place, eight) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *eight = (number + place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
    }
    Digest::from_bytes(bytes)
}

/// A grant in the middle of its life: one spent token, two access tokens.
fn grant(number: u64) -> Result<Grant, Box<dyn std::error::Error>> {
    let terms = Terms {
        client_id: ClientId::parse("web")?,
        client_epoch: 0,
        subject: Some(Subject::parse(&format!("user-{number}"))?),
        scope: Scope::parse("read write")?,
        attributes: Attributes::new(),
        created_at: NOW,
        expires_at: Some(NOW.after(Duration::from_hours(24 * 365))),
    };
    let access = |salt| AccessEntry {
        digest: digest(number ^ salt),
        issued_at: NOW,
        expires_at: NOW.after(Duration::from_hours(1)),
        scope: None,
    };
    let revision = Revision::FIRST;
    let access = vec![access(1 << 40), access(1 << 41)];
    Ok(Grant::new(id(number), revision, GrantState::Active, Arc::new(terms), Some(family(number, revision)), access)?)
}

fn family(number: u64, revision: Revision) -> RefreshFamily {
    let salt = revision.get() << 42;
    RefreshFamily {
        lineage: digest(number),
        current: digest(number ^ salt ^ (1 << 62)),
        issued_at: NOW,
        expires_at: NOW.after(Duration::from_hours(24 * 30)),
        generation: revision.get(),
        retry: Some(Retry { salt: [7; 32], intact: true }),
        spent: vec![Spent { digest: digest(number ^ salt ^ (1 << 63)), at: NOW }].into(),
    }
}

/// The next version of a grant, as large as it was.
pub(crate) fn next(number: u64, grant: &Grant) -> Result<Grant, Box<dyn std::error::Error + Send + Sync>> {
    let revision = grant.revision().next();
    let access = grant.access().to_vec();
    let family = family(number, revision);
    Ok(Grant::new(grant.id(), revision, grant.state(), Arc::clone(grant.terms()), Some(family), access)?)
}

/// Fills the table, and says how large it is.
pub(crate) async fn fill(stand: &Stand, results: &mut Results) -> Done {
    const LINES: u16 = 256;
    let store = PostgresStore::open(stand.options(2, 512)?).await?;
    let lines = (0..LINES).map(|line| {
        let (store, grants) = (store.clone(), stand.grants);
        tokio::spawn(async move {
            for number in (u64::from(line)..grants).step_by(usize::from(LINES)) {
                let grant = grant(number).map_err(|error| error.to_string())?;
                let outcome = store.commit(Change::Insert(grant)).await.map_err(|error| error.to_string())?;
                if outcome != CommitOutcome::Committed {
                    return Err("it is there".to_owned());
                }
            }
            Ok(())
        })
    });
    for line in lines.collect::<Vec<_>>() {
        line.await??;
    }
    stand.server.sql(&stand.database, "VACUUM ANALYZE regrant.grants")?;
    let size = |what: &str| -> Done<f64> {
        let bytes: f64 = stand.server.sql(&stand.database, &format!("SELECT {what}('regrant.grants')"))?.parse()?;
        Ok(bytes / stand.grants as f64)
    };
    results.figure("postgres/bytes/heap", "B", size("pg_table_size")?)?;
    results.figure("postgres/bytes/all", "B", size("pg_total_relation_size")?)
}
