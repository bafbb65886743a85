//! Writes that go together: many rows in one statement, and the truth about each.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use regrant::{CommitOutcome, GrantId};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error as PgError, Row};

use crate::error::{Error, ends_the_session, is_lost_race};
use crate::job::{Reply, tell};
use crate::session::{Parameter, Session, Sql};

/// A column of a batch: one value for each row.
pub(crate) type Column<'a> = Box<dyn ToSql + Send + Sync + 'a>;

/// A write that is guarded by its own row, so that any number of them can share a statement.
pub(crate) trait Write: Send + Sync + Sized {
    /// Whether other nodes are told of it by its own statement.
    fn has_news(&self) -> bool;

    /// The statement for one row; it answers with the id where it wrote.
    fn one(&self) -> &'static Sql;

    /// The statement for many rows, all of them with news or none; it answers with the ids that it wrote.
    fn many(rows: &[&Self]) -> &'static Sql;

    /// The parameters of [`Write::one`].
    fn parameters(&self) -> Vec<Parameter<'_>>;

    /// The parameters of [`Write::many`].
    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>>;
}

/// All writes to one grant of which at most one can win. The first is tried. The others have lost whatever becomes of
/// it: either it won, or the record is not what all of them expect, and never will be again.
#[derive(Debug)]
pub(crate) struct Contest<W> {
    row: W,
    expected: Option<i64>,
    first: Reply<CommitOutcome>,
    losers: Vec<Reply<CommitOutcome>>,
}

impl<W> Contest<W> {
    fn settle(self, outcome: Result<CommitOutcome, Error>) {
        let lost = outcome.clone().map(|_| CommitOutcome::Conflict);
        tell(self.first, outcome);
        for loser in self.losers {
            tell(loser, lost.clone());
        }
    }
}

/// The writes of one pass, by grant. In order of ids: two nodes then lock the rows of their batches in the same order.
#[derive(Debug)]
pub(crate) struct Contests<W>(BTreeMap<GrantId, Contest<W>>);

impl<W> Default for Contests<W> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<W: Write> Contests<W> {
    /// Takes a write up; hands it back where another write of the pass goes to the same grant and expects something else.
    pub(crate) fn add(
        &mut self,
        id: GrantId,
        expected: Option<i64>,
        row: W,
        reply: Reply<CommitOutcome>,
    ) -> Option<Reply<CommitOutcome>> {
        match self.0.get_mut(&id) {
            None => {
                self.0.insert(id, Contest { row, expected, first: reply, losers: Vec::new() });
                None
            }
            Some(contest) if contest.expected == expected => {
                contest.losers.push(reply);
                None
            }
            Some(_) => Some(reply),
        }
    }

    /// Writes all of them and tells each caller the outcome of their own. A transaction with news waits for all others with news
    /// of the whole server, so those without go before it, in a statement of their own.
    pub(crate) async fn write(self, session: &Session) {
        let (aloud, quiet): (Part<W>, Part<W>) = self.0.into_iter().partition(|(_, contest)| contest.row.has_news());
        join(write_part(quiet, session), write_part(aloud, session)).await;
    }
}

/// One row that is refused must not fail the others. So what was refused together is tried again in halves: of 128 rows
/// one bad one costs 14 statements more.
async fn write_part<W: Write>(part: Part<W>, session: &Session) {
    let mut open = vec![part];
    while let Some(mut part) = open.pop() {
        if part.len() < 2 {
            write_singly(part, session).await;
            continue;
        }
        let warned = session.warnings();
        match write_together(&part, session).await {
            Ok(written) => {
                for (id, contest) in part {
                    contest.settle(outcome(session, warned, written.contains(&id)));
                }
            }
            Err(error) if !is_of_one_row(&error) || waited_for_others_with_news(&part, &error) => {
                fail(part, &Error::of_statement(&error));
            }
            // Each half with the bad row would wait as long again, and time would run out for the others.
            Err(error) if came_after_a_wait(&error) => write_singly(part, session).await,
            Err(_) => {
                let rest = part.split_off(part.len() / 2);
                open.extend([rest, part]);
            }
        }
    }
}

/// Writes that share a statement, or are to.
type Part<W> = Vec<(GrantId, Contest<W>)>;

async fn write_together<W: Write>(
    part: &[(GrantId, Contest<W>)],
    session: &Session,
) -> Result<BTreeSet<GrantId>, PgError> {
    let rows: Vec<&W> = part.iter().map(|(_, contest)| &contest.row).collect();
    let columns = W::columns(&rows);
    let parameters: Vec<Parameter<'_>> = columns.iter().map(|column| &**column as Parameter<'_>).collect();
    let written = session.run(W::many(&rows), &parameters).await?;
    let id = |row: &Row| Ok(GrantId::from_bytes(row.try_get::<_, &[u8]>(0)?.try_into().unwrap_or_default()));
    written.iter().map(id).collect()
}

async fn write_singly<W: Write>(part: Part<W>, session: &Session) {
    let mut rest = part.into_iter();
    while let Some((_, contest)) = rest.next() {
        let warned = session.warnings();
        let written = session.run(contest.row.one(), &contest.row.parameters()).await;
        let in_vain = written.as_ref().is_err_and(|error| is_of_all_with_news(&contest.row, error));
        let outcome = written_or(written.map(|rows| !rows.is_empty()), |wrote| outcome(session, warned, wrote));
        let fault = outcome.clone().err().filter(|_| in_vain);
        contest.settle(outcome);
        if let Some(fault) = fault {
            return fail(rest, &fault);
        }
    }
}

fn fail<W>(part: impl IntoIterator<Item = (GrantId, Contest<W>)>, fault: &Error) {
    for (_, contest) in part {
        contest.settle(Err(fault.clone()));
    }
}

/// What a statement that wrote, or did not, comes to.
pub(crate) fn outcome(session: &Session, warned: u64, wrote: bool) -> Result<CommitOutcome, Error> {
    match (wrote, session.warnings() == warned) {
        (false, _) => Ok(CommitOutcome::Conflict),
        (true, true) => Ok(CommitOutcome::Committed),
        (true, false) => Err(Error::NotReplicated),
    }
}

/// The same for a statement that may have failed. A lost race is a conflict, however the server says it.
pub(crate) fn written_or(
    written: Result<bool, PgError>,
    outcome: impl FnOnce(bool) -> Result<CommitOutcome, Error>,
) -> Result<CommitOutcome, Error> {
    match written {
        Ok(wrote) => outcome(wrote),
        Err(error) if is_lost_race(&error) => Ok(CommitOutcome::Conflict),
        Err(error) => Err(Error::of_statement(&error)),
    }
}

/// Whether an error may be about one row of many. A statement that ran out of time would do so again, and so would one at a
/// server that cannot write, has no room left, not even for news, or has trouble with its disk.
fn is_of_one_row(error: &PgError) -> bool {
    error.as_db_error().is_some_and(|told| !ends_the_session(told) && may_be_of_one_row(told.code()))
}

fn may_be_of_one_row(code: &SqlState) -> bool {
    let of_all = [&SqlState::QUERY_CANCELED, &SqlState::READ_ONLY_SQL_TRANSACTION];
    let of_the_server = ["53", "54", "58"].iter().any(|class| code.code().starts_with(class));
    !of_all.contains(&code) && !of_the_server
}

/// Whether the statement waited for a row that somebody has locked, and was given up or undone for it.
fn came_after_a_wait(error: &PgError) -> bool {
    [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_DEADLOCK_DETECTED].into_iter().any(|code| error.code() == Some(code))
}

fn waited_for_others_with_news<W: Write>(part: &[(GrantId, Contest<W>)], error: &PgError) -> bool {
    part.first().is_some_and(|(_, contest)| is_of_all_with_news(&contest.row, error))
}

/// Whether a row with news waited in vain for others with news to commit, for which each of its part would wait as long again:
/// nothing was written, and that is what all of them are told. A wait for a row names the row in its context.
fn is_of_all_with_news<W: Write>(row: &W, error: &PgError) -> bool {
    let told = error.as_db_error().filter(|told| *told.code() == SqlState::LOCK_NOT_AVAILABLE);
    row.has_news() && told.is_some_and(|told| told.where_().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queue of notifications is full, for instance, which is `54000`.
    #[test]
    fn what_the_server_has_no_room_for_is_not_tried_row_by_row() {
        let one = |code| may_be_of_one_row(&SqlState::from_code(code));
        assert_eq!(["54000", "53100", "58030", "57014", "25006"].map(one), [false; 5]);
        assert_eq!(["23514", "22003", "55P03", "40001"].map(one), [true; 4]);
    }
}
