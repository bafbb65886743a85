//! A part of the cache, behind one lock.

use std::collections::hash_map::Entry as Place;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use regrant::{ClientId, Digest, GrantId, ResourceAccess, Timestamp};

/// The answers about some grants.
///
/// All answers of one cache live equally long at most, so the one that was kept first is the next to end: where there
/// is no room, it gives way. That needs a queue, and no note of who was asked for when.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// How many ends this shard has heard of: an answer that was asked for before one of them is not kept.
    pub(super) generation: u64,
    answers: HashMap<GrantId, Vec<Answer>>,
    /// In the order in which they were kept; those that were dropped since stand in it too.
    queue: VecDeque<Kept>,
    /// How many are held.
    held: usize,
    serial: u64,
}

/// What is held about one access token.
#[derive(Debug)]
struct Answer {
    token: Digest,
    access: Arc<ResourceAccess>,
    kept: Timestamp,
    until: Timestamp,
    serial: u64,
}

/// A place in the queue.
#[derive(Debug)]
struct Kept {
    grant: GrantId,
    serial: u64,
}

impl Shard {
    /// What is held about a token and still holds.
    pub(super) fn find(&self, grant: GrantId, token: &Digest, now: Timestamp) -> Option<Arc<ResourceAccess>> {
        let answers = self.answers.get(&grant)?;
        // An answer from the future was kept before the clock was set back: how old it is, nobody knows.
        let holds = |answer: &&Answer| answer.token == *token && answer.kept <= now && now < answer.until;
        answers.iter().find(holds).map(|answer| Arc::clone(&answer.access))
    }

    /// Keeps an answer from `kept` `until` then, among at most `room` others.
    pub(super) fn keep(
        &mut self,
        grant: GrantId,
        token: Digest,
        access: Arc<ResourceAccess>,
        (kept, until): (Timestamp, Timestamp),
        room: usize,
    ) {
        self.remove(grant, |answer| answer.token == token);
        while self.held >= room {
            let Some(Kept { grant, serial }) = self.queue.pop_front() else {
                return;
            };
            self.remove(grant, |answer| answer.serial == serial);
        }
        self.serial += 1;
        self.held += 1;
        self.answers.entry(grant).or_default().push(Answer { token, access, kept, until, serial: self.serial });
        self.queue.push_back(Kept { grant, serial: self.serial });
        if self.queue.len() > room.saturating_mul(2) {
            self.tidy();
        }
    }

    /// Forgets a grant, and every answer about it that is still on its way.
    pub(super) fn forget(&mut self, grant: GrantId) {
        self.generation += 1;
        self.remove(grant, |_| true);
    }

    /// The same for all grants of a client.
    pub(super) fn forget_client(&mut self, client: &ClientId) {
        self.generation += 1;
        self.answers.retain(|_, answers| {
            answers.retain(|answer| answer.access.client_id != *client);
            !answers.is_empty()
        });
        self.held = self.answers.values().map(Vec::len).sum();
    }

    /// The same for everything.
    pub(super) fn forget_all(&mut self) {
        *self = Self { generation: self.generation + 1, ..Self::default() };
    }

    /// How many answers are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.held, self.answers.values().map(Vec::len).sum::<usize>());
        self.held
    }

    /// How long the queue is.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.queue.len()
    }

    fn remove(&mut self, grant: GrantId, is_gone: impl Fn(&Answer) -> bool) {
        let Place::Occupied(mut place) = self.answers.entry(grant) else {
            return;
        };
        let before = place.get().len();
        place.get_mut().retain(|answer| !is_gone(answer));
        self.held -= before - place.get().len();
        if place.get().is_empty() {
            place.remove();
        }
    }

    /// Takes out of the queue what is no longer held.
    fn tidy(&mut self) {
        let answers = &self.answers;
        self.queue.retain(|kept| {
            answers.get(&kept.grant).is_some_and(|held| held.iter().any(|answer| answer.serial == kept.serial))
        });
    }
}
