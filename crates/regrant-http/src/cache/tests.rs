//! The promises of the cache, one by one, on a clock that is set by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::{Scope, Subject};

use super::*;

/// A clock and the cache that reads it. It starts connected at the hundredth second.
struct World {
    clock: Arc<AtomicU64>,
    cache: IntrospectionCache,
}

const GRANT: GrantId = GrantId::from_bytes([7; 16]);
const TOKEN: (u8, u8) = (7, 1);

/// The access token of a grant: the number of the grant, and of the token.
fn token((grant, secret): (u8, u8)) -> String {
    format!("{}{}", format!("{grant:02x}").repeat(16), format!("{secret:02x}").repeat(32))
}

fn access(client: &str, expires_at: u64) -> ResourceAccess {
    ResourceAccess {
        subject: Some(Subject::parse("alice").unwrap()),
        client_id: ClientId::parse(client).unwrap(),
        scope: Scope::parse("read").unwrap(),
        expires_at: Timestamp::from_unix_millis(expires_at),
    }
}

fn web() -> ClientId {
    ClientId::parse("web").unwrap()
}

impl World {
    fn with(bounds: CacheBounds) -> Self {
        let clock = Arc::new(AtomicU64::new(100_000));
        let read = Arc::clone(&clock);
        let now = move || Timestamp::from_unix_millis(read.load(Ordering::SeqCst));
        let cache = IntrospectionCache::new(bounds, now, Secret::new([3; 32]));
        cache.connected(cache.clock.now());
        Self { clock, cache }
    }

    fn new() -> Self {
        Self::with(CacheBounds { entries: 640, max_age: Duration::from_mins(1) })
    }

    /// Time goes on, and the line proves itself.
    fn advance(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
        self.cache.current(self.cache.clock.now());
    }

    fn ticket(&self, which: (u8, u8)) -> Ticket<'_> {
        match self.cache.look_up(&token(which)) {
            LookUp::Miss(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    fn keep(&self, which: (u8, u8)) {
        self.ticket(which).keep(&access("web", 10_000_000));
    }

    fn hits(&self, which: (u8, u8)) -> bool {
        matches!(self.cache.look_up(&token(which)), LookUp::Hit(_))
    }

    fn is_unused(&self) -> bool {
        matches!(self.cache.look_up(&token(TOKEN)), LookUp::Unused)
    }

    fn held(&self) -> usize {
        self.cache.shards.iter().map(|shard| locked(shard).len()).sum()
    }
}

#[test]
fn what_was_kept_is_found_with_its_grant() {
    let world = World::new();
    world.keep(TOKEN);
    let LookUp::Hit(hit) = world.cache.look_up(&token(TOKEN)) else { panic!("not found") };
    assert_eq!((hit.grant_id, &*hit.access), (GRANT, &access("web", 10_000_000)));
    assert!(!world.hits((7, 2)), "another token of the same grant");
    assert!(!world.hits((8, 1)), "the same secret in another grant");
}

#[test]
fn only_access_tokens_are_looked_up() {
    let world = World::new();
    for text in ["", "x", &"A".repeat(86), &"a".repeat(128), &"!".repeat(64)] {
        assert!(matches!(world.cache.look_up(text), LookUp::Unused), "{text}");
    }
    assert!(matches!(world.cache.look_up(&"A".repeat(64)), LookUp::Miss(_)), "both encodings are read");
}

#[test]
fn it_is_not_used_before_it_is_connected() {
    let world = World::new();
    let quiet = IntrospectionCache::new(CacheBounds::default(), Timestamp::default, Secret::new([3; 32]));
    assert!(matches!(quiet.look_up(&token(TOKEN)), LookUp::Unused));
    quiet.current(Timestamp::EPOCH);
    assert!(matches!(quiet.look_up(&token(TOKEN)), LookUp::Unused), "a proof is no connection");
    quiet.connected(Timestamp::EPOCH);
    assert!(matches!(quiet.look_up(&token(TOKEN)), LookUp::Miss(_)));
    assert!(!world.is_unused());
}

#[test]
fn an_answer_ends_with_its_age_and_with_its_token() {
    let world = World::new();
    world.keep(TOKEN);
    world.ticket((7, 2)).keep(&access("web", 130_000));
    world.advance(29_999);
    assert!(world.hits(TOKEN) && world.hits((7, 2)));
    world.advance(1);
    assert!(world.hits(TOKEN) && !world.hits((7, 2)), "no answer outlives its token");
    world.advance(29_999);
    assert!(world.hits(TOKEN));
    world.advance(1);
    assert!(!world.hits(TOKEN), "the longest age is over");
}

#[test]
fn a_clock_that_is_set_back_makes_no_answer_younger() {
    let world = World::new();
    world.advance(50_000);
    world.keep(TOKEN);
    world.clock.store(100_000, Ordering::SeqCst);
    assert!(world.is_unused(), "the proof is from the future");
    world.cache.connected(world.cache.clock.now());
    world.keep(TOKEN);
    world.clock.store(99_999, Ordering::SeqCst);
    assert!(!world.hits(TOKEN));
}

#[test]
fn a_revoked_grant_a_revoked_token_and_a_refresh_that_revokes_are_forgotten_at_once() {
    let digest = Digest::from_bytes([0; 32]);
    let revocations =
        [Revocation::Grant(GRANT), Revocation::AccessToken { grant: GRANT, digest }, Revocation::AccessTokensOf(GRANT)];
    for revocation in revocations {
        for tell in [RevocationSink::revoked, RevocationFeed::publish] as [fn(&IntrospectionCache, Revocation); 2] {
            let world = World::new();
            for which in [TOKEN, (7, 2), (8, 1)] {
                world.keep(which);
            }
            tell(&world.cache, revocation);
            assert!(!world.hits(TOKEN) && !world.hits((7, 2)), "{revocation:?}");
            assert!(world.hits((8, 1)), "another grant is nobody's business");
            assert_eq!(world.held(), 1);
        }
    }
}

#[test]
fn a_changed_client_takes_its_answers_with_it() {
    let world = World::new();
    world.keep(TOKEN);
    world.ticket((8, 1)).keep(&access("other", 10_000_000));
    world.cache.client_changed(&web());
    assert!(!world.hits(TOKEN) && world.hits((8, 1)));
    assert_eq!(world.held(), 1);
}

#[test]
fn an_answer_that_was_asked_for_before_an_end_and_comes_after_it_is_not_kept() {
    type Tell = fn(&IntrospectionCache);
    let ends: [Tell; 5] = [
        |cache| cache.revoked(Revocation::Grant(GRANT)),
        |cache| cache.publish(Revocation::Grant(GRANT)),
        |cache| cache.client_changed(&web()),
        |cache| cache.disconnected(),
        |cache| cache.connected(cache.clock.now()),
    ];
    for end in ends {
        let world = World::new();
        let asked_before = world.ticket(TOKEN);
        end(&world.cache);
        asked_before.keep(&access("web", 10_000_000));
        assert_eq!(world.held(), 0, "the answer may be older than the end");
        world.cache.connected(world.cache.clock.now());
        world.keep(TOKEN);
        assert!(world.hits(TOKEN), "what is asked afterwards is kept again");
    }
}

#[test]
fn a_ticket_from_before_a_break_is_of_no_use_after_it() {
    let world = World::new();
    let ticket = world.ticket(TOKEN);
    world.cache.disconnected();
    world.cache.connected(world.cache.clock.now());
    ticket.keep(&access("web", 10_000_000));
    assert_eq!(world.held(), 0);
}

#[test]
fn a_broken_line_silences_the_cache_and_a_new_one_begins_empty() {
    let world = World::new();
    world.keep(TOKEN);
    world.cache.disconnected();
    assert!(world.is_unused());
    assert_eq!(world.held(), 0);
    world.advance(1);
    assert!(world.is_unused(), "a proof that comes late does not connect it");
    world.cache.connected(world.cache.clock.now());
    assert!(!world.hits(TOKEN));
}

#[test]
fn a_line_that_does_not_prove_itself_for_a_second_silences_the_cache() {
    let world = World::new();
    world.keep(TOKEN);
    let ticket = world.ticket((7, 2));
    world.clock.fetch_add(999, Ordering::SeqCst);
    assert!(world.hits(TOKEN));
    world.clock.fetch_add(1, Ordering::SeqCst);
    assert!(world.is_unused());
    ticket.keep(&access("web", 10_000_000));
    assert_eq!(world.held(), 1, "nothing is kept either");
    // The line was slow and not broken: everything before the proof has been passed on.
    world.advance(0);
    assert!(world.hits(TOKEN));
    world.cache.current(Timestamp::from_unix_millis(50_000));
    assert!(world.hits(TOKEN), "an old proof takes nothing back");
}

#[test]
fn the_number_of_answers_is_bounded_and_the_oldest_gives_way() {
    // Two a shard; all of these grants lie in one.
    let world = World::with(CacheBounds { entries: 128, ..CacheBounds::default() });
    for which in [(0, 1), (64, 1), (128, 1)] {
        world.keep(which);
    }
    assert_eq!(world.held(), 2);
    assert!(!world.hits((0, 1)) && world.hits((64, 1)) && world.hits((128, 1)));
    // A token of a grant that is there counts as well, and one that is kept again counts once.
    world.keep((64, 2));
    assert!(!world.hits((64, 1)) && world.hits((64, 2)) && world.hits((128, 1)));
    let (one, two) = (world.ticket((0, 1)), world.ticket((0, 1)));
    for ticket in [one, two] {
        ticket.keep(&access("web", 10_000_000));
    }
    assert_eq!(world.held(), 2);
}

#[test]
fn a_cache_without_room_holds_nothing() {
    let world = World::with(CacheBounds { entries: 0, ..CacheBounds::default() });
    world.keep(TOKEN);
    assert_eq!(world.held(), 0);
}

#[test]
fn what_was_revoked_takes_no_room_for_ever() {
    let world = World::with(CacheBounds { entries: 128, ..CacheBounds::default() });
    for _ in 0..1_000 {
        world.keep(TOKEN);
        world.cache.revoked(Revocation::Grant(GRANT));
    }
    let places = |shard: &Mutex<Shard>| locked(shard).places();
    assert!(world.cache.shards.iter().map(places).max().unwrap() <= 5);
    assert_eq!(world.held(), 0);
}

#[test]
fn debug_shows_neither_key_nor_answer() {
    let world = World::new();
    world.keep(TOKEN);
    let shown = format!("{:?} {:?}", world.cache, world.cache.look_up(&token((7, 2))));
    assert!(!shown.contains("alice") && !shown.contains("3, 3") && !shown.contains(&"01".repeat(8)), "{shown}");
}

/// Threads that ask, and one that revokes: once an end has been told, no thread finds what was true before it.
#[test]
fn no_thread_finds_an_answer_from_before_an_end() {
    const SINCE: u64 = 1_000_000;
    let world = World::new();
    // How many ends the store has seen, and how many of them the cache.
    let (committed, told) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let known = told.load(Ordering::SeqCst);
                    match world.cache.look_up(&token(TOKEN)) {
                        // The expiry says how many ends the store had seen when it answered.
                        LookUp::Hit(hit) => assert!(hit.access.expires_at.unix_millis() >= SINCE + known),
                        LookUp::Miss(ticket) => {
                            let answer = access("web", SINCE + committed.load(Ordering::SeqCst));
                            std::thread::yield_now();
                            ticket.keep(&answer);
                        }
                        LookUp::Unused => panic!("it is connected"),
                    }
                }
            });
        }
        scope.spawn(|| {
            for number in 1..=500 {
                committed.store(number, Ordering::SeqCst);
                std::thread::yield_now();
                world.cache.revoked(Revocation::Grant(GRANT));
                told.store(number, Ordering::SeqCst);
            }
        });
    });
}
