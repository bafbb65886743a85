//! Management of the store with one fault.

use std::convert::Infallible;
use std::thread;

use regrant::{EndReason, Grant, GrantFilter, GrantId, GrantManagement, GrantState, Timestamp};

use super::store::altered;
use super::{Fault, Liar, Records};

/// How many records the store looks at in one page of its own.
const PAGE: usize = 256;

impl Liar {
    /// Whether a grant is meant.
    fn means(&self, filter: &GrantFilter, grant: &Grant) -> bool {
        match (filter, &grant.terms().subject) {
            (GrantFilter::Subject(wanted), Some(own)) if self.has(Fault::SubjectIgnoresCase) => {
                wanted.as_str().eq_ignore_ascii_case(own.as_str())
            }
            _ => filter.matches(grant),
        }
    }

    fn limit(&self, limit: usize) -> usize {
        if self.has(Fault::LimitIgnored) { usize::MAX } else { limit }
    }

    /// Whether a record may be deleted.
    fn is_dead(&self, grant: &Grant, before: Timestamp) -> bool {
        let refresh = grant.refresh().map(|family| family.expires_at);
        match (self.fault, refresh) {
            (Fault::PurgeIgnoresAccess, Some(at)) if !grant.is_ended() => at < before,
            (Fault::PurgeTooEarly, _) => grant.dead_from() <= before,
            (Fault::PurgeMissesExpired, _) => grant.is_ended() && grant.dead_from() < before,
            (Fault::PurgeGoesByTheFirst, _) => self.disk().first_death(grant) < before,
            _ => grant.dead_from() < before,
        }
    }

    /// Changes the records, and makes it durable in time or too late.
    fn in_bulk<T>(&self, change: impl FnOnce(&mut Records) -> T) -> T {
        self.disk().with(|records| {
            let answer = change(records);
            if !self.has(Fault::CountedEarly) {
                self.disk().sync(records);
            }
            answer
        })
    }

    fn end_one(&self, grant: &mut Grant, at: Timestamp, reason: EndReason) {
        let revision = grant.revision();
        match self.fault {
            Fault::BulkKeepsRevision => *grant = altered(grant, revision, GrantState::Ended { at, reason }),
            Fault::BulkEndsTheEnded => *grant = altered(grant, revision.next(), GrantState::Ended { at, reason }),
            _ => grant.end(at, reason),
        }
    }
}

impl GrantManagement for Liar {
    type Error = Infallible;

    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Infallible> {
        let skip = usize::from(self.has(Fault::ListSkips) && after.is_some());
        let is_next = |grant: &Grant| match after {
            Some(after) if self.has(Fault::ListRepeats) => grant.id() >= after,
            after => after.is_none_or(|after| grant.id() > after),
        };
        let hidden = |grant: &Grant| self.has(Fault::ListFiltersEnded) && grant.is_ended();
        Ok(self.disk().with(|records| {
            let meant = records.values().filter(|grant| is_next(grant) && self.means(filter, grant) && !hidden(grant));
            meant.skip(skip).take(self.limit(limit)).cloned().collect()
        }))
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Infallible> {
        let first = if self.has(Fault::EndMissesAPage) { PAGE } else { usize::MAX };
        let limit = self.limit(limit);
        Ok(self.in_bulk(|records| {
            let meant = records.values_mut().take(first).filter(|grant| self.means(filter, grant));
            let any = self.has(Fault::BulkEndsTheEnded);
            let mut ended = 0;
            for grant in meant.filter(|grant| any || !grant.is_ended()).take(limit) {
                ended += usize::from(!grant.is_ended());
                self.end_one(grant, at, reason);
            }
            ended
        }))
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Infallible> {
        let find = |records: &mut Records| -> Vec<GrantId> {
            let dead = records.values().filter(|grant| self.is_dead(grant, before));
            dead.map(Grant::id).take(self.limit(limit)).collect()
        };
        if self.has(Fault::PurgeNotAtomic) {
            let found = self.disk().with(find);
            (0..200).for_each(|_| thread::yield_now());
            return Ok(self.in_bulk(|records| found.iter().filter(|id| records.remove(id).is_some()).count()));
        }
        Ok(self.in_bulk(|records| {
            let found = find(records);
            found.iter().filter(|id| records.remove(id).is_some()).count()
        }))
    }
}
