//! The same work without a store: prepared statements over `tokio-postgres`, one row at a time or many.

use std::time::Instant;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio_postgres::{Client, NoTls, Statement};

use crate::{Done, Stand, rows};

const COLUMNS: &str = "id, revision, ended_at, ended_reason, client_id, client_epoch, subject, scope, created_at, \
    expires_at, lineage, current_digest, refresh_issued_at, refresh_expires_at, generation, attributes, tokens, \
    terms_check, tokens_check";

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Connections that each load a row and update it, again and again.
pub(crate) struct Loops(Vec<Loop>);

struct Loop {
    client: Client,
    load: Statement,
    update: Statement,
    pick: SmallRng,
}

impl Loops {
    pub(crate) async fn connect(url: &str, connections: usize) -> Done<Self> {
        let mut loops = Vec::new();
        for seed in 0..connections {
            let client = connect(url).await?;
            let load = client.prepare(&format!("SELECT {COLUMNS} FROM regrant.grants WHERE id = $1")).await?;
            let update = client
                .prepare(
                    "UPDATE regrant.grants SET revision = $3, lineage = $4, current_digest = $5, \
                     refresh_issued_at = $6, refresh_expires_at = $7, generation = $8, tokens = $9, \
                     tokens_check = $10 WHERE id = $1 AND revision = $2",
                )
                .await?;
            loops.push(Loop { client, load, update, pick: SmallRng::seed_from_u64(seed as u64) });
        }
        Ok(Self(loops))
    }

    /// How many loads and updates go through in a second.
    pub(crate) async fn rate(&mut self, stand: &Stand) -> Done<f64> {
        let begin = Instant::now();
        let end = begin + stand.span;
        let grants = stand.grants;
        let loops = self.0.drain(..).map(|mut one| {
            tokio::spawn(async move {
                let mut done = 0_u64;
                while Instant::now() < end {
                    let number = one.pick.random_range(0..grants);
                    done += one.turn(number).await?;
                }
                Ok::<_, tokio_postgres::Error>((one, done))
            })
        });
        let (mut all, mut back) = (0, Vec::new());
        for task in loops.collect::<Vec<_>>() {
            let (one, done) = task.await??;
            all += done;
            back.push(one);
        }
        self.0 = back;
        Ok(all as f64 / begin.elapsed().as_secs_f64())
    }
}

impl Loop {
    async fn turn(&mut self, number: u64) -> Result<u64, tokio_postgres::Error> {
        let id = rows::id(number);
        let row = self.client.query_one(&self.load, &[id.as_bytes()]).await?;
        let (revision, issued, expires): (i64, i64, i64) = (row.try_get(1)?, row.try_get(12)?, row.try_get(13)?);
        let (lineage, tokens, check): (&[u8], &[u8], i64) = (row.try_get(10)?, row.try_get(16)?, row.try_get(18)?);
        let (current, generation): (&[u8], i64) = (row.try_get(11)?, row.try_get(14)?);
        let next = revision + 1;
        // All but the revision is written as it was read: the store checks what it reads.
        self.client
            .execute(
                &self.update,
                &[id.as_bytes(), &revision, &next, &lineage, &current, &issued, &expires, &generation, &tokens, &check],
            )
            .await
    }
}

/// One connection that loads many rows and updates them, again and again.
pub(crate) struct Batches {
    client: Client,
    load: Statement,
    update: Statement,
    pick: SmallRng,
}

impl Batches {
    pub(crate) async fn connect(url: &str) -> Done<Self> {
        let client = connect(url).await?;
        let load = client.prepare(&format!("SELECT {COLUMNS} FROM regrant.grants WHERE id = ANY ($1)")).await?;
        let update = client
            .prepare(
                "UPDATE regrant.grants AS g SET revision = n.next, generation = g.generation, tokens = n.tokens \
                 FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[]) AS n (id, revision, next, tokens) \
                 WHERE g.id = n.id AND g.revision = n.revision",
            )
            .await?;
        Ok(Self { client, load, update, pick: SmallRng::seed_from_u64(1) })
    }

    /// How many loads and updates go through in a second.
    pub(crate) async fn rate(&mut self, stand: &Stand, batch: usize) -> Done<f64> {
        let begin = Instant::now();
        let mut done = 0;
        while begin.elapsed() < stand.span {
            let mut ids: Vec<_> = (0..batch).map(|_| rows::id(self.pick.random_range(0..stand.grants))).collect();
            ids.sort_unstable();
            ids.dedup();
            let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
            let rows = self.client.query(&self.load, &[&ids]).await?;
            let ids: Vec<&[u8]> = rows.iter().map(|row| row.get(0)).collect();
            let revisions: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
            let next: Vec<i64> = revisions.iter().map(|revision| revision + 1).collect();
            let tokens: Vec<&[u8]> = rows.iter().map(|row| row.get(16)).collect();
            done += self.client.execute(&self.update, &[&ids, &revisions, &next, &tokens]).await?;
        }
        Ok(done as f64 / begin.elapsed().as_secs_f64())
    }
}
