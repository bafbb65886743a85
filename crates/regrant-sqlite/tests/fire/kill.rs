//! Processes that are killed while they refresh, again and again on one file.

use std::io::BufReader;
use std::ops::AddAssign;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use regrant_sqlite::{Options, SqliteStore};

use crate::chance::Chance;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, Server, read_lasts, texts, write_lasts};
use crate::{child, integrity, report};

const GRANTS: usize = 8;

/// Refreshes until it is killed. Two threads, and each answer is printed before the next request.
#[test]
#[ignore = "started by the tests below"]
fn refreshes_until_killed() {
    let Some(file) = child::file() else { return };
    let (seed, now) = child::extra().split_once(' ').map(|(seed, now)| (seed.to_owned(), now.to_owned())).unwrap();
    let lasts = read_lasts(BufReader::new(std::io::stdin()));
    let server = engine(SqliteStore::open(&Options::new(file)).unwrap(), &Hands::at(now.parse().unwrap()));
    let halves: Vec<Vec<_>> = (0..2).map(|half| lasts.iter().skip(half).step_by(2).cloned().collect()).collect();
    thread::scope(|scope| {
        for (half, lasts) in halves.into_iter().enumerate().filter(|(_, lasts)| !lasts.is_empty()) {
            let chance = Chance::new(seed.parse::<u64>().unwrap() ^ half as u64);
            let server = &server;
            scope.spawn(move || refresh_on(server, lasts, chance));
        }
    });
}

fn refresh_on(server: &Server, mut lasts: Vec<(usize, String)>, mut chance: Chance) {
    loop {
        let turn = chance.below(lasts.len());
        let (place, last) = &mut lasts[turn];
        let (token, access) = texts(&server.token(refresh(last)).unwrap().success().unwrap());
        child::say(&format!("{place} {last} {token} {access}"));
        if chance.percent(10) {
            // The request of a client that did not hear the answer.
            let again = texts(&server.token(refresh(last)).unwrap().success().unwrap());
            assert_eq!(again, (token.clone(), access));
        }
        *last = token;
    }
}

/// What a run was.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    answers: usize,
    in_doubt: usize,
    silent: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.answers += other.answers;
        self.in_doubt += other.in_doubt;
        self.silent += other.silent;
    }
}

/// Starts a child on some of the lines, and kills it after some answers and some microseconds more.
fn shoot(file: &Path, hands: &Hands, lasts: &[(usize, String)], mut chance: Chance) -> Vec<String> {
    let extra = format!("{} {}", chance.draw(), hands.now().unix_millis());
    let mut child = child::Talking::start(&mut child::command(&[], "kill::refreshes_until_killed", file, &extra));
    write_lasts(lasts, child.process.stdin.take().unwrap());
    // Some are killed before the file is open, or while it is opened.
    let (answers, more) = if chance.percent(10) { (0, 12_000) } else { (1 + chance.below(40), 1_500) };
    let mut said: Vec<String> = (0..answers).map_while(|_| child.hear()).collect();
    thread::sleep(Duration::from_micros(chance.below(more) as u64));
    said.extend(child.kill());
    said
}

/// One round: one or two processes on one file, both killed; then everything that was answered must hold.
fn round(place: &Place, hands: &Hands, lines: &mut [Line], chance: &mut Chance) -> Tally {
    // Some processes die while another one has the file open.
    let survivor = chance.percent(30).then(|| place.open());
    let processes = 1 + usize::from(chance.percent(30));
    let lasts: Vec<_> = lines.iter().map(|line| line.last().to_owned()).enumerate().collect();
    let said: Vec<Vec<String>> = thread::scope(|scope| {
        let (file, hands, lasts) = (place.path(), &*hands, &lasts);
        let shots: Vec<_> = (0..processes)
            .map(|process| {
                let (file, chance) = (file.clone(), Chance::new(chance.draw()));
                let share: Vec<_> = lasts.iter().filter(|(place, _)| place % processes == process).cloned().collect();
                scope.spawn(move || shoot(&file, hands, &share, chance))
            })
            .collect();
        shots.into_iter().map(|shot| shot.join().unwrap()).collect()
    });
    for answer in said.iter().flatten() {
        let words: Vec<_> = answer.split(' ').collect();
        lines[words[0].parse::<usize>().unwrap()].answered(words[1], words[2], words[3]);
    }
    let store = survivor.unwrap_or_else(|| place.open());
    assert_eq!(integrity(&place.path()), "ok");
    let server = engine(store.clone(), hands);
    let in_doubt = lines.iter_mut().map(|line| usize::from(line.hold(&server, &store))).sum();
    hands.move_by(Duration::from_mins(1));
    let silent = said.iter().filter(|said| said.is_empty()).count();
    Tally { kills: processes, answers: said.iter().map(Vec::len).sum(), in_doubt, silent }
}

fn run(kills: usize) {
    let (place, hands, begin) = (Place::new(), Hands::new(), Instant::now());
    let mut chance = Chance::announced("kill");
    let server = engine(place.open(), &hands);
    let mut lines: Vec<_> = (0..GRANTS).map(|_| Line::issue(&server)).collect();
    drop(server);
    let mut tally = Tally::default();
    while tally.kills < kills {
        tally += round(&place, &hands, &mut lines, &mut chance);
    }
    let server = engine(place.open(), &hands);
    for line in &lines {
        line.end(&server);
    }
    assert_eq!(integrity(&place.path()), "ok");
    let Tally { kills, answers, in_doubt, silent } = tally;
    report(&format!(
        "kill: {kills} kills ({silent} before the first answer), {answers} answers held, {in_doubt} commits that were \
         never answered, {:.1?}",
        begin.elapsed()
    ));
    assert!(answers > kills, "too few answers to prove anything");
}

#[test]
fn what_was_answered_before_a_kill_holds_after_it() {
    run(40);
}

#[test]
#[ignore = "long: 500 kills"]
fn what_was_answered_before_each_of_500_kills_holds_after_it() {
    run(500);
}
