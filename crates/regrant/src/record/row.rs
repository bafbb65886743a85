//! A grant as a store with columns keeps it.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::{fmt, mem};

use thiserror::Error;

use super::{
    EndReason, Grant, GrantId, GrantState, InvalidRecord, RefreshFamily, Revision, Subject, Terms, TokenLists,
    check_of_terms, check_of_tokens, decode_attributes, decode_tokens,
};
use crate::client::ClientId;
use crate::digest::Digest;
use crate::scope::Scope;
use crate::time::Timestamp;

/// The columns of a grant, each as a database has it. A store reads them by their types; what they mean is told here.
#[derive(Clone, Copy)]
pub struct GrantRow<'a> {
    /// [`Grant::id`].
    pub id: GrantId,
    /// [`Grant::revision`].
    pub revision: Revision,
    /// When it ended. With `ended_reason` it is [`Grant::state`]; both are null for a grant that is alive.
    pub ended_at: Option<Timestamp>,
    /// [`EndReason::as_str`].
    pub ended_reason: Option<&'a str>,
    /// [`Terms::client_id`].
    pub client_id: &'a str,
    /// [`Terms::client_epoch`].
    pub client_epoch: u64,
    /// [`Terms::subject`].
    pub subject: Option<&'a str>,
    /// [`Terms::scope`].
    pub scope: &'a str,
    /// [`Terms::created_at`].
    pub created_at: Timestamp,
    /// [`Terms::expires_at`].
    pub expires_at: Option<Timestamp>,
    /// [`RefreshFamily::lineage`]. This and the next four are null together.
    pub lineage: Option<Digest>,
    /// [`RefreshFamily::current`].
    pub current_digest: Option<Digest>,
    /// [`RefreshFamily::issued_at`].
    pub refresh_issued_at: Option<Timestamp>,
    /// [`RefreshFamily::expires_at`].
    pub refresh_expires_at: Option<Timestamp>,
    /// [`RefreshFamily::generation`].
    pub generation: Option<u64>,
    /// [`encode_attributes`](super::encode_attributes).
    pub attributes: &'a [u8],
    /// [`encode_tokens`](super::encode_tokens).
    pub tokens: &'a [u8],
    /// [`check_of_terms`].
    pub terms_check: i64,
    /// [`check_of_tokens`].
    pub tokens_check: i64,
}

/// Without the lists: they hold the retry's salt.
impl fmt::Debug for GrantRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantRow").field("id", &self.id).field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// A column of a [`GrantRow`] that holds what no release writes, alone or beside the others. Its value is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {column}: {problem}")]
pub struct CorruptColumn {
    /// The column: the name of its field.
    pub column: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl CorruptColumn {
    fn new(column: &'static str, problem: &(impl ToString + ?Sized)) -> Self {
        Self { column, problem: problem.to_string() }
    }
}

impl GrantRow<'_> {
    /// The record.
    ///
    /// # Errors
    /// [`CorruptColumn`] for everything that no release writes.
    pub fn grant(&self) -> Result<Grant, CorruptColumn> {
        let mut lists = decode_tokens(self.tokens).map_err(|problem| CorruptColumn::new("tokens", &problem))?;
        let access = mem::take(&mut lists.access);
        let refresh = self.family(lists)?;
        let terms = Arc::new(self.terms()?);
        let grant = Grant::new(self.id, self.revision, self.state()?, terms, refresh, access)
            .map_err(|problem| CorruptColumn::new(column_of(problem), &problem))?;
        self.checked(grant)
    }

    /// A record whose check numbers are those of its row.
    ///
    /// They are looked at last, so that a column that cannot be read at all is named itself.
    fn checked(&self, grant: Grant) -> Result<Grant, CorruptColumn> {
        const PROBLEM: &str = "not the check number of the row";
        if self.terms_check != check_of_terms(&self.id, grant.terms(), self.attributes) {
            return Err(CorruptColumn::new("terms_check", PROBLEM));
        }
        if self.tokens_check != check_of_tokens(&self.id, grant.refresh(), self.tokens) {
            return Err(CorruptColumn::new("tokens_check", PROBLEM));
        }
        Ok(grant)
    }

    fn state(&self) -> Result<GrantState, CorruptColumn> {
        match (self.ended_at, self.ended_reason) {
            (None, None) => Ok(GrantState::Active),
            (Some(at), Some(reason)) => {
                let unknown = || CorruptColumn::new("ended_reason", "an unknown reason");
                Ok(GrantState::Ended { at, reason: EndReason::parse(reason).ok_or_else(unknown)? })
            }
            (Some(_), None) => Err(CorruptColumn::new("ended_reason", "null beside ended_at")),
            (None, Some(_)) => Err(CorruptColumn::new("ended_at", "null beside ended_reason")),
        }
    }

    fn terms(&self) -> Result<Terms, CorruptColumn> {
        let scope = Scope::parse(self.scope).map_err(|problem| CorruptColumn::new("scope", &problem))?;
        if scope.as_str() != self.scope {
            return Err(CorruptColumn::new("scope", "a token is repeated"));
        }
        let client_id = ClientId::parse(self.client_id);
        let subject = self.subject.map(Subject::parse).transpose();
        let attributes = decode_attributes(self.attributes);
        Ok(Terms {
            client_id: client_id.map_err(|problem| CorruptColumn::new("client_id", &problem))?,
            client_epoch: self.client_epoch,
            subject: subject.map_err(|problem| CorruptColumn::new("subject", &problem))?,
            scope,
            attributes: attributes.map_err(|problem| CorruptColumn::new("attributes", &problem))?,
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }

    fn family(&self, lists: TokenLists) -> Result<Option<RefreshFamily>, CorruptColumn> {
        let null = |column| Err(CorruptColumn::new(column, "null beside a refresh token"));
        let TokenLists { retry, spent, .. } = lists;
        let times = (self.refresh_issued_at, self.refresh_expires_at);
        match (self.lineage, self.current_digest, times, self.generation) {
            (None, None, (None, None), None) if retry.is_none() && spent.is_empty() => Ok(None),
            (None, None, (None, None), None) => {
                Err(CorruptColumn::new("tokens", "spent refresh tokens of a grant without any"))
            }
            (Some(lineage), Some(current), (Some(issued_at), Some(expires_at)), Some(generation)) => {
                Ok(Some(RefreshFamily { lineage, current, issued_at, expires_at, generation, retry, spent }))
            }
            (None, ..) => null("lineage"),
            (_, None, ..) => null("current_digest"),
            (_, _, (None, _), _) => null("refresh_issued_at"),
            (_, _, (_, None), _) => null("refresh_expires_at"),
            (.., None) => null("generation"),
        }
    }
}

/// The column that is most likely wrong where the columns do not fit together.
const fn column_of(problem: InvalidRecord) -> &'static str {
    match problem {
        InvalidRecord::OutlivesGrant => "expires_at",
        InvalidRecord::CurrentIsSpent => "current_digest",
        InvalidRecord::TooManyAccessTokens | InvalidRecord::TooManySpent | InvalidRecord::RetryWithoutSpent => "tokens",
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;
    use core::time::Duration;

    use super::*;
    use crate::record::{AccessEntry, Attributes, Retry, Spent, encode_attributes, encode_tokens};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn digest(fill: u8) -> Digest {
        Digest::from_bytes([fill; 32])
    }

    fn grant() -> Grant {
        let mut attributes = Attributes::new();
        attributes.insert("user_uuid", "a-uuid").unwrap();
        let end = NOW.after(Duration::from_hours(1));
        let terms = Terms {
            client_id: ClientId::parse("web").unwrap(),
            client_epoch: 3,
            subject: Some(Subject::parse("alice").unwrap()),
            scope: Scope::parse("read write").unwrap(),
            attributes,
            created_at: NOW,
            expires_at: Some(end),
        };
        let spent = vec![Spent { digest: digest(3), at: NOW }].into();
        let family = RefreshFamily {
            lineage: digest(1),
            current: digest(2),
            issued_at: NOW,
            expires_at: end,
            generation: 1,
            retry: Some(Retry { salt: [5; 32], intact: true }),
            spent,
        };
        let access = vec![AccessEntry { digest: digest(4), issued_at: NOW, expires_at: end, scope: None }];
        let (id, revision) = (GrantId::from_bytes([7; 16]), Revision::new(9));
        let state = GrantState::Ended { at: NOW, reason: EndReason::Revoked };
        Grant::new(id, revision, state, Arc::new(terms), Some(family), access).unwrap()
    }

    /// The row of [`grant`], after `change`.
    fn read(change: impl FnOnce(&mut GrantRow<'_>)) -> Result<Grant, CorruptColumn> {
        let grant = grant();
        let (terms, family) = (grant.terms(), grant.refresh().unwrap());
        let (attributes, tokens) = (encode_attributes(&terms.attributes), encode_tokens(Some(family), grant.access()));
        let mut row = GrantRow {
            id: grant.id(),
            revision: grant.revision(),
            ended_at: Some(NOW),
            ended_reason: Some("revoked"),
            client_id: "web",
            client_epoch: 3,
            subject: Some("alice"),
            scope: "read write",
            created_at: NOW,
            expires_at: terms.expires_at,
            lineage: Some(family.lineage),
            current_digest: Some(family.current),
            refresh_issued_at: Some(family.issued_at),
            refresh_expires_at: Some(family.expires_at),
            generation: Some(1),
            attributes: &attributes,
            tokens: &tokens,
            terms_check: check_of_terms(&grant.id(), terms, &attributes),
            tokens_check: check_of_tokens(&grant.id(), Some(family), &tokens),
        };
        change(&mut row);
        row.grant()
    }

    #[test]
    fn a_row_is_the_record_that_it_was_made_of() {
        assert_eq!(read(|_| ()), Ok(grant()));
    }

    type Harm = fn(&mut GrantRow<'_>);

    #[test]
    fn whatever_no_release_writes_is_named_by_its_column() {
        let harms: [(&str, Harm); 22] = [
            ("ended_reason", |row| row.ended_reason = None),
            ("ended_reason", |row| row.ended_reason = Some("bored")),
            ("ended_at", |row| row.ended_at = None),
            ("client_id", |row| row.client_id = ""),
            ("subject", |row| row.subject = Some("")),
            ("scope", |row| row.scope = "read  write"),
            ("scope", |row| row.scope = "read read"),
            ("attributes", |row| row.attributes = &[2]),
            ("tokens", |row| row.tokens = &[]),
            ("lineage", |row| row.lineage = None),
            ("current_digest", |row| row.current_digest = None),
            ("current_digest", |row| row.current_digest = Some(digest(3))),
            ("refresh_issued_at", |row| row.refresh_issued_at = None),
            ("refresh_expires_at", |row| row.refresh_expires_at = None),
            ("generation", |row| row.generation = None),
            ("expires_at", |row| row.expires_at = Some(NOW)),
            // Values that would do in another record.
            ("terms_check", |row| row.client_id = "app"),
            ("terms_check", |row| row.scope = "read"),
            ("terms_check", |row| row.id = GrantId::from_bytes([8; 16])),
            ("tokens_check", |row| row.current_digest = Some(digest(9))),
            ("tokens_check", |row| row.generation = Some(2)),
            ("tokens_check", |row| row.tokens_check ^= 1),
        ];
        for (place, (column, harm)) in harms.into_iter().enumerate() {
            let corrupt = read(harm).unwrap_err();
            assert_eq!(corrupt.column, column, "harm {place}: {corrupt}");
        }
    }

    #[test]
    fn a_grant_without_a_refresh_token_has_spent_none() {
        let bare: Harm = |row| {
            (row.lineage, row.current_digest, row.generation) = (None, None, None);
            (row.refresh_issued_at, row.refresh_expires_at) = (None, None);
        };
        assert_eq!(read(bare).unwrap_err().column, "tokens");
        let lists: Vec<u8> = encode_tokens(None, grant().access());
        let read = read(|row| {
            bare(row);
            let mut row = GrantRow { tokens: &lists, ..*row };
            row.tokens_check = check_of_tokens(&row.id, None, &lists);
            assert_eq!(row.grant().unwrap().refresh(), None);
        });
        assert!(read.is_err(), "the lists of the row are still those with a spent token");
    }
}
