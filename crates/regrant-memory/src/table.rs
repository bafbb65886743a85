//! An index of grants in which a lookup reads one cache line, and then the record.
//!
//! A table that keeps its tags apart from its pointers reads two lines before it is at the record, and among many grants
//! neither is in a cache. Here seven pointers and their tags share a line. A grant belongs in the line that its hash names,
//! or in the next one with room; a line counts those that passed it, so that a lookup knows whether to look further.
//!
//! The hash must be uniform, and nobody who could choose it may insert: see [`hash_of`].

use regrant::{Grant, GrantId};

use crate::hash::hash_of;

/// How many grants lie in one line: seven pointers, seven tags and the count are 64 bytes.
const SLOTS: usize = 7;

/// Of all slots, how many are filled at the most: three quarters. Of a hundred grants, five then lie outside their own
/// line.
const FILLED: (usize, usize) = (3, 4);

/// A share of the grants, on one cache line.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Line {
    grants: [Option<Grant>; SLOTS],
    tags: [u8; SLOTS],
    /// How many grants passed this line because it was full. It stays at 255 once it was there, for whoever passed then
    /// was not counted.
    passed: u8,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Line>() == 64, "a line of the table is one cache line");

impl Line {
    /// The slots whose tag is this one, as the highest bits of their bytes. Beside a match, a slot that is none may be
    /// among them.
    fn candidates(&self, tag: u8) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const TAGS: u64 = 0x0080_8080_8080_8080;
        let mut tags = [self.passed; SLOTS + 1];
        tags.iter_mut().zip(self.tags).for_each(|(to, own)| *to = own);
        let differing = u64::from_le_bytes(tags) ^ (ONES * u64::from(tag));
        differing.wrapping_sub(ONES) & !differing & TAGS
    }

    /// The slot of a grant.
    fn slot(&self, id: &GrantId, tag: u8) -> Option<usize> {
        let mut candidates = self.candidates(tag);
        while candidates != 0 {
            let slot = (candidates.trailing_zeros() / u8::BITS) as usize;
            if matches!(self.grants.get(slot), Some(Some(grant)) if grant.id() == *id) {
                return Some(slot);
            }
            candidates &= candidates - 1;
        }
        None
    }

    /// Puts a grant into a free slot; gives it back where there is none.
    fn put(&mut self, grant: Grant, tag: u8) -> Result<(), Grant> {
        let mut slots = self.grants.iter_mut().zip(&mut self.tags);
        match slots.find(|(slot, _)| slot.is_none()) {
            Some((slot, own)) => {
                (*slot, *own) = (Some(grant), tag);
                Ok(())
            }
            None => Err(grant),
        }
    }

    const fn one_more_passed(&mut self) {
        self.passed = self.passed.saturating_add(1);
    }

    const fn one_less_passed(&mut self) {
        if self.passed < u8::MAX {
            self.passed = self.passed.saturating_sub(1);
        }
    }
}

/// The grants of one shard, by id.
#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
    len: usize,
}

impl Table {
    /// How many grants it holds.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// All grants, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.lines.iter().flat_map(|line| &line.grants).flatten()
    }

    /// The grant of an id.
    pub(crate) fn find(&self, id: &GrantId) -> Option<&Grant> {
        let (line, slot) = self.place(id)?;
        self.lines.get(line)?.grants.get(slot)?.as_ref()
    }

    /// The grant of an id, to be replaced by another version of itself or ended.
    pub(crate) fn find_mut(&mut self, id: &GrantId) -> Option<&mut Grant> {
        let (line, slot) = self.place(id)?;
        self.lines.get_mut(line)?.grants.get_mut(slot)?.as_mut()
    }

    /// Adds a grant whose id is not there yet.
    pub(crate) fn insert(&mut self, grant: Grant) {
        if self.len >= self.room() {
            self.grow();
        }
        self.put(grant);
        self.len += 1;
    }

    /// Takes out the first `limit` grants of which `dead` is true, and looks at no more than it must.
    pub(crate) fn take_dead(&mut self, limit: usize, mut dead: impl FnMut(&Grant) -> bool) -> Vec<Grant> {
        let mut taken = Vec::new();
        for line in 0..self.lines.len() {
            for slot in 0..SLOTS {
                if taken.len() >= limit {
                    return taken;
                }
                taken.extend(self.take_if(line, slot, &mut dead));
            }
        }
        taken
    }

    fn take_if(&mut self, line: usize, slot: usize, dead: impl FnOnce(&Grant) -> bool) -> Option<Grant> {
        let held = self.lines.get_mut(line)?.grants.get_mut(slot)?;
        let taken = held.take_if(|grant| dead(grant))?;
        self.len -= 1;
        // It has passed the lines from its own to this one, and does so no longer.
        let mut at = self.home(hash_of(&taken.id()));
        while at != line {
            self.lines.get_mut(at)?.one_less_passed();
            at = self.after(at);
        }
        Some(taken)
    }

    /// Where a grant lies.
    fn place(&self, id: &GrantId) -> Option<(usize, usize)> {
        let hash = hash_of(id);
        let mut at = self.home(hash);
        // No further than once around; a line that nobody passed ends it, and almost always the first does.
        for _ in 0..self.lines.len() {
            let line = self.lines.get(at)?;
            if let Some(slot) = line.slot(id, tag_of(hash)) {
                return Some((at, slot));
            }
            if line.passed == 0 {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    fn put(&mut self, mut grant: Grant) {
        let hash = hash_of(&grant.id());
        let mut at = self.home(hash);
        // There is always room: not all slots are ever filled.
        while let Some(line) = self.lines.get_mut(at) {
            match line.put(grant, tag_of(hash)) {
                Ok(()) => return,
                Err(back) => grant = back,
            }
            line.one_more_passed();
            at = self.after(at);
        }
    }

    fn room(&self) -> usize {
        let (filled, of) = FILLED;
        self.lines.len() * SLOTS * filled / of
    }

    /// Half as many lines more, and everything put anew.
    fn grow(&mut self) {
        let lines = self.lines.len() + self.lines.len() / 2 + 1;
        let old = std::mem::replace(&mut self.lines, std::iter::repeat_with(Line::default).take(lines).collect());
        old.into_iter().flat_map(|line| line.grants).flatten().for_each(|grant| self.put(grant));
    }

    /// The line that a hash names: as far into the table as the hash is into all hashes.
    fn home(&self, hash: u64) -> usize {
        let lines = u128::try_from(self.lines.len()).unwrap_or(0);
        usize::try_from((u128::from(hash) * lines) >> u64::BITS).unwrap_or(0)
    }

    const fn after(&self, line: usize) -> usize {
        if line + 1 < self.lines.len() { line + 1 } else { 0 }
    }
}

/// Of the bits that least choose the line.
const fn tag_of(hash: u64) -> u8 {
    let [tag, ..] = hash.to_le_bytes();
    tag
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

    use std::collections::BTreeSet;
    use std::sync::Arc;

    use regrant::{Attributes, ClientId, GrantState, Revision, Scope, Terms, Timestamp};

    use super::*;

    fn grant(id: GrantId) -> Grant {
        let terms = Terms {
            client_id: ClientId::parse("app").unwrap(),
            client_epoch: 0,
            subject: None,
            scope: Scope::empty(),
            attributes: Attributes::new(),
            created_at: Timestamp::EPOCH,
            expires_at: None,
        };
        Grant::new(id, Revision::FIRST, GrantState::Active, Arc::new(terms), None, Vec::new()).unwrap()
    }

    /// The id of a number, with the hash that is wanted.
    fn numbered(number: u64, hash: u64) -> GrantId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        id[8..].copy_from_slice(&hash.to_le_bytes());
        GrantId::from_bytes(id)
    }

    /// The finish of `SplitMix64`: numbers without a pattern.
    const fn mixed(state: u64) -> u64 {
        let state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^ (state >> 31)
    }

    /// Whether the table holds these and nothing else.
    fn holds(table: &Table, ids: &BTreeSet<GrantId>) -> bool {
        let found: BTreeSet<GrantId> = table.iter().map(Grant::id).collect();
        found == *ids && table.len() == ids.len() && ids.iter().all(|id| table.find(id).is_some_and(|g| g.id() == *id))
    }

    /// Inserts and takes out at random, with so few hashes that lines run over into the next, and over the end.
    fn against_a_set(hashes: &[u64], steps: u64) {
        let (mut table, mut ids) = (Table::default(), BTreeSet::new());
        for step in 0..steps {
            let random = mixed(step);
            let id = numbered(random % 400, hashes[usize::try_from(random >> 32).unwrap() % hashes.len()]);
            if ids.remove(&id) {
                let taken = table.take_dead(usize::MAX, |grant| grant.id() == id);
                assert_eq!(taken.iter().map(Grant::id).collect::<Vec<_>>(), [id]);
                assert!(table.find(&id).is_none() && table.find_mut(&id).is_none());
            } else {
                assert!(table.find(&id).is_none());
                table.insert(grant(id));
                ids.insert(id);
            }
            assert!(step % 16 != 0 || holds(&table, &ids), "step {step}");
        }
        assert!(holds(&table, &ids) && !ids.is_empty());
    }

    #[test]
    fn it_holds_what_a_set_would() {
        against_a_set(&[0, u64::MAX, 1 << 63], 3_000);
        against_a_set(&(0..50).map(mixed).collect::<Vec<_>>(), 3_000);
    }

    #[test]
    fn an_empty_table_has_nothing() {
        let mut table = Table::default();
        let id = numbered(1, 1);
        assert!(table.find(&id).is_none() && table.find_mut(&id).is_none());
        assert_eq!((table.len(), table.iter().count(), table.take_dead(1, |_| true).len()), (0, 0, 0));
    }

    /// A count of those that passed has an end. Beyond it, too, nobody is lost.
    #[test]
    fn a_line_that_many_have_passed_goes_on_leading_to_them() {
        let (mut table, ids) = (Table::default(), (0..600).map(|number| numbered(number, 7)).collect::<BTreeSet<_>>());
        for id in &ids {
            table.insert(grant(*id));
        }
        let (stay, go): (BTreeSet<_>, BTreeSet<_>) = ids.iter().partition(|id| id.as_bytes()[7] % 7 == 0);
        assert_eq!(table.take_dead(usize::MAX, |grant| go.contains(&grant.id())).len(), go.len());
        assert!(holds(&table, &stay) && go.iter().all(|id| table.find(id).is_none()));
        for id in &go {
            table.insert(grant(*id));
        }
        assert!(holds(&table, &ids));
    }

    /// A lookup of what is not there stops at the first line that nobody passed.
    #[test]
    fn what_has_left_is_not_waited_for() {
        let mut table = Table::default();
        (0..8).for_each(|number| table.insert(grant(numbered(number, 0))));
        assert_eq!(table.lines.iter().map(|line| line.passed).sum::<u8>(), 1, "the eighth passed one full line");
        let eighth = numbered(7, 0);
        assert_eq!(table.take_dead(usize::MAX, |grant| grant.id() == eighth).len(), 1);
        assert!(table.lines.iter().all(|line| line.passed == 0));
    }

    #[test]
    fn no_more_are_taken_than_asked_for() {
        let mut table = Table::default();
        (0..20).for_each(|number| table.insert(grant(numbered(number, mixed(number)))));
        let mut asked = 0;
        let taken = table.take_dead(5, |_| {
            asked += 1;
            true
        });
        assert_eq!((taken.len(), asked, table.len()), (5, 5, 15));
    }

    /// Whatever the tags are, a slot that has the tag is among the candidates.
    #[test]
    fn no_slot_with_the_tag_is_passed_over() {
        for tag in 0..=u8::MAX {
            for slot in 0..SLOTS {
                let mut line = Line { tags: [tag.wrapping_add(1); SLOTS], passed: tag, ..Line::default() };
                line.tags[slot] = tag;
                assert_ne!(line.candidates(tag) & (0x80 << (8 * slot)), 0, "tag {tag}, slot {slot}");
            }
        }
    }
}
