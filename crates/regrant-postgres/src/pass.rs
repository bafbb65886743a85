//! One pass of a lane: what it took, kind by kind, each kind in one statement. All are sent at once.

use std::collections::BTreeMap;

use futures_util::future::join4;
use regrant::{Change, ClientId, ClientRecord, CommitOutcome, GrantId};
use tokio_postgres::{Error as PgError, Row};

use crate::contest::Contests;
use crate::end::End;
use crate::error::{Error, is_lost_race};
use crate::grants::{LOAD, LOAD_MANY};
use crate::insertion::Insertion;
use crate::job::{Commit, Job, Load, Lookup, Reply, Work, tell};
use crate::replacement::Replacement;
use crate::session::Session;
use crate::{client_row, grant_row};

/// The jobs of a pass.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    loads: BTreeMap<GrantId, Vec<Load>>,
    lookups: BTreeMap<ClientId, Vec<Reply<Option<ClientRecord>>>>,
    insertions: Contests<Insertion>,
    replacements: Contests<Replacement>,
    ends: Vec<End>,
    work: Vec<Work>,
    later: Vec<Job>,
    /// Whether other nodes are told of what ends.
    notify: bool,
}

impl Pass {
    /// Sorts jobs by kind.
    pub(crate) fn of(jobs: Vec<Job>, notify: bool) -> Self {
        let mut pass = Self { notify, ..Self::default() };
        for job in jobs {
            match job {
                Job::Load(load) => pass.loads.entry(load.id).or_default().push(load),
                Job::Lookup(Lookup { id, reply }) => pass.lookups.entry(id).or_default().push(reply),
                Job::Commit(commit) => pass.take_up(commit),
                Job::Work(work) => pass.work.push(work),
            }
        }
        pass
    }

    fn take_up(&mut self, Commit { change, reply }: Commit) {
        let id = change.grant_id();
        // A change that cannot be written down is not written.
        match change {
            Change::Insert(grant) => match Insertion::of(&grant) {
                Ok(row) => {
                    let refused = self.insertions.add(id, None, row, reply);
                    self.postpone(Change::Insert(grant), refused);
                }
                Err(error) => tell(reply, Err(error)),
            },
            Change::Replace { expected, grant, revocation } => {
                match Replacement::of(expected, &grant, revocation.filter(|_| self.notify)) {
                    Ok(row) => {
                        let refused = self.replacements.add(id, Some(row.expected()), row, reply);
                        self.postpone(Change::Replace { expected, grant, revocation }, refused);
                    }
                    Err(error) => tell(reply, Err(error)),
                }
            }
            Change::End { id, at, reason } => self.ends.push(End { id, at, reason, reply }),
        }
    }

    /// A statement writes a row once: the second write to it waits for the next pass.
    fn postpone(&mut self, change: Change, refused: Option<Reply<CommitOutcome>>) {
        self.later.extend(refused.map(|reply| Job::Commit(Commit { change, reply })));
    }

    /// Has all of it done and answered; hands back what must wait for another pass.
    pub(crate) async fn run(self, session: &Session) -> Vec<Job> {
        let Self { loads, lookups, insertions, replacements, ends, work, later, notify } = self;
        let writes =
            join4(insertions.write(session), replacements.write(session), end_all(ends, session, notify), async {
                for work in work {
                    work.run(session).await;
                }
            });
        let reads = futures_util::future::join(load(loads, session), look_up(lookups, session));
        let ((lost, ()), _) = futures_util::future::join(reads, writes).await;
        lost.into_iter().map(Job::Load).chain(later).collect()
    }
}

async fn end_all(ends: Vec<End>, session: &Session, notify: bool) {
    for end in ends {
        end.write(session, notify).await;
    }
}

/// Loads; hands back what a lost connection left open, once. A load can be asked again without harm.
async fn load(wanted: BTreeMap<GrantId, Vec<Load>>, session: &Session) -> Vec<Load> {
    if wanted.is_empty() {
        return Vec::new();
    }
    match rows_of(&wanted, session).await {
        Ok(rows) => {
            answer_loads(wanted, &rows);
            Vec::new()
        }
        Err(error) => {
            let fault = Error::of_statement(&error);
            let open = fault.is_in_doubt() || is_lost_race(&error);
            let (again, done): (Vec<Load>, Vec<Load>) =
                wanted.into_values().flatten().partition(|load| open && !load.again);
            for load in done {
                tell(load.reply, Err(fault.clone()));
            }
            again.into_iter().map(|load| Load { again: true, ..load }).collect()
        }
    }
}

async fn rows_of(wanted: &BTreeMap<GrantId, Vec<Load>>, session: &Session) -> Result<Vec<Row>, PgError> {
    let ids: Vec<&[u8]> = wanted.keys().map(|id| id.as_bytes().as_slice()).collect();
    match ids.as_slice() {
        [id] => session.run(&LOAD, &[id]).await,
        ids => session.run(&LOAD_MANY, &[&ids]).await,
    }
}

fn answer_loads(mut wanted: BTreeMap<GrantId, Vec<Load>>, rows: &[Row]) {
    for row in rows {
        let Ok(id) = grant_row::id(row) else { continue };
        let grant = grant_row::read(row);
        for load in wanted.remove(&id).into_iter().flatten() {
            tell(load.reply, grant.clone().map(Some));
        }
    }
    for load in wanted.into_values().flatten() {
        tell(load.reply, Ok(None));
    }
}

/// Looks clients up, together: an unknown one is never cached, and many of those must not hold up the pass.
async fn look_up(wanted: BTreeMap<ClientId, Vec<Reply<Option<ClientRecord>>>>, session: &Session) {
    if wanted.is_empty() {
        return;
    }
    match clients_of(&wanted, session).await {
        Ok(rows) => answer_lookups(wanted, &rows),
        Err(error) => {
            let fault = Error::of_statement(&error);
            for reply in wanted.into_values().flatten() {
                tell(reply, Err(fault.clone()));
            }
        }
    }
}

async fn clients_of<T>(wanted: &BTreeMap<ClientId, T>, session: &Session) -> Result<Vec<Row>, PgError> {
    let ids: Vec<&str> = wanted.keys().map(ClientId::as_str).collect();
    match ids.as_slice() {
        [id] => session.run(&client_row::CLIENT, &[id]).await,
        ids => session.run(&client_row::CLIENTS, &[&ids]).await,
    }
}

fn answer_lookups(mut wanted: BTreeMap<ClientId, Vec<Reply<Option<ClientRecord>>>>, rows: &[Row]) {
    for row in rows {
        let Some(id) = row.try_get(0).ok().and_then(|id| ClientId::parse(id).ok()) else { continue };
        let record = client_row::read(row);
        for reply in wanted.remove(&id).into_iter().flatten() {
            tell(reply, record.clone().map(Some));
        }
    }
    for reply in wanted.into_values().flatten() {
        tell(reply, Ok(None));
    }
}
