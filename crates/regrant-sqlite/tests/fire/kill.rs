//! Processes that are killed while they refresh, again and again on one file.

use std::collections::HashMap;
use std::io::BufReader;
use std::ops::AddAssign;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use regrant::Reason;
use regrant_sqlite::{Options, SqliteStore};

use crate::chance::Chance;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, Server, read_lasts, texts, write_lasts};
use crate::{child, integrity, report};

/// How a run goes about it.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The threads of each process that refresh at the same time, each on grants of its own.
    callers: usize,
    grants: usize,
    /// The most answers before a shot.
    answers: usize,
}

const FEW: Plan = Plan { callers: 2, grants: 8, answers: 40 };
/// So many that most commits share a transaction.
const CROWD: Plan = Plan { callers: 32, grants: 64, answers: 300 };

/// Refreshes until it is killed, with some threads. Each answer is printed before the next request of its thread.
#[test]
#[ignore = "started by the tests below"]
fn refreshes_until_killed() {
    let Some(file) = child::file() else { return };
    let orders: Vec<u64> = child::extra().split(' ').map(|number| number.parse().unwrap()).collect();
    let [seed, now, limit, callers] = orders[..] else { panic!("{orders:?}") };
    let lasts = read_lasts(BufReader::new(std::io::stdin()));
    let mut options = Options::new(file);
    // So that a kill meets a log that is being moved, too.
    options.log_pages = 16;
    let server = engine(SqliteStore::open(&options).unwrap(), &Hands::at(now));
    let callers = usize::try_from(callers).unwrap();
    thread::scope(|scope| {
        for caller in 0..callers {
            let mine = lasts.iter().skip(caller).step_by(callers);
            let lines = mine.map(|(place, last)| (*place, last.clone(), limit)).collect();
            let server = &server;
            scope.spawn(move || refresh_on(server, lines, Chance::new(seed ^ caller as u64)));
        }
    });
}

/// Refreshes each line as often as its limit says, then waits for its end.
fn refresh_on(server: &Server, mut lines: Vec<(usize, String, u64)>, mut chance: Chance) {
    while !lines.is_empty() {
        let turn = chance.below(lines.len());
        let (place, last, left) = &mut lines[turn];
        let reply = server.token(refresh(last)).unwrap();
        if let Some(refusal) = reply.refusal() {
            // Only where another process is ahead with the same token, and has used the successor.
            assert!(*left <= CONTESTED && refusal.reason == Reason::SuccessorInUse, "{:?}", refusal.reason);
            lines.swap_remove(turn);
            continue;
        }
        let (token, access) = texts(&reply.success().unwrap());
        child::say(&format!("{place} {last} {token} {access}"));
        if chance.percent(10) {
            // The request of a client that did not hear the answer.
            if let Some(again) = server.token(refresh(last)).unwrap().success() {
                assert_eq!(texts(&again).0, token);
            }
        }
        (*last, *left) = (token, *left - 1);
        if *left == 0 {
            lines.swap_remove(turn);
        }
    }
    child::say(OUT);
    loop {
        thread::park();
    }
}

/// What a child says that has nothing left to do.
const OUT: &str = "out";

/// How often each of two processes may refresh a grant that they share: so that the one that is behind presents a
/// token that the record remembers.
const CONTESTED: u64 = 3;

/// What a run was.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    answers: usize,
    twice: usize,
    in_doubt: usize,
    silent: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.answers += other.answers;
        self.twice += other.twice;
        self.in_doubt += other.in_doubt;
        self.silent += other.silent;
    }
}

/// Starts a child on some of the lines, and kills it after some answers and some microseconds more.
fn shoot(
    file: &Path,
    hands: &Hands,
    lasts: &[(usize, String)],
    (plan, limit): (Plan, u64),
    mut chance: Chance,
) -> Vec<String> {
    let extra = format!("{} {} {limit} {}", chance.draw(), hands.now().unix_millis(), plan.callers);
    let mut child = child::Talking::start(&mut child::command(&[], "kill::refreshes_until_killed", file, &extra));
    write_lasts(lasts, child.process.stdin.take().unwrap());
    // Some are killed before the file is open, or while it is opened.
    let (answers, more) = if chance.percent(10) { (0, 12_000) } else { (1 + chance.below(plan.answers), 1_500) };
    let heard = (0..answers).map_while(|_| child.hear().filter(|line| line != OUT));
    let mut said: Vec<String> = heard.collect();
    thread::sleep(Duration::from_micros(chance.below(more) as u64));
    said.extend(child.kill().into_iter().filter(|line| line != OUT));
    said
}

/// One round: one or two processes on one file, both killed; then everything that was answered must hold.
fn round(plan: Plan, place: &Place, hands: &Hands, lines: &mut [Line], chance: &mut Chance) -> Tally {
    // Some processes die while another one has the file open.
    let survivor = chance.percent(30).then(|| place.open());
    let processes = 1 + usize::from(chance.percent(40));
    // Two processes have grants of their own, or both have all of them, and the same tokens.
    let shared = processes == 2 && chance.percent(50);
    let lasts: Vec<_> = lines.iter().map(|line| line.last().to_owned()).enumerate().collect();
    let said: Vec<Vec<String>> = thread::scope(|scope| {
        let (file, hands, lasts) = (place.path(), &*hands, &lasts);
        let shots: Vec<_> = (0..processes)
            .map(|process| {
                let (file, chance) = (file.clone(), Chance::new(chance.draw()));
                let mine = |place: usize| shared || place % processes == process;
                let share: Vec<_> = lasts.iter().filter(|(place, _)| mine(*place)).cloned().collect();
                let limit = if shared { CONTESTED } else { u64::MAX };
                scope.spawn(move || shoot(&file, hands, &share, (plan, limit), chance))
            })
            .collect();
        shots.into_iter().map(|shot| shot.join().unwrap()).collect()
    });
    let twice = merge(lines, said.iter().flatten());
    let store = survivor.unwrap_or_else(|| place.open());
    assert_eq!(integrity(&place.path()), "ok");
    let server = engine(store.clone(), hands);
    let in_doubt = lines.iter_mut().map(|line| usize::from(line.hold(&server, &store))).sum();
    hands.move_by(Duration::from_mins(1));
    let silent = said.iter().filter(|said| said.is_empty()).count();
    Tally { kills: processes, answers: said.iter().map(Vec::len).sum(), twice, in_doubt, silent }
}

/// Adds the answers to their lines, and says how many were given to two processes.
///
/// However many processes answered: one token has one successor, and each answer follows from another one.
fn merge<'a>(lines: &mut [Line], said: impl Iterator<Item = &'a String>) -> usize {
    let (mut answers, mut twice) = (HashMap::new(), 0);
    for answer in said {
        let words: Vec<_> = answer.split(' ').collect();
        let (token, _) = answers.entry(words[1]).or_insert((words[2], words[3]));
        assert_eq!(*token, words[2], "two successors of one token");
        twice += 1;
    }
    twice -= answers.len();
    for line in lines {
        while let Some((token, access)) = answers.remove(line.last()) {
            let presented = line.last().to_owned();
            line.answered(&presented, token, access);
        }
    }
    assert!(answers.is_empty(), "an answer to a token that nobody had been answered");
    twice
}

fn run(name: &str, plan: Plan, kills: usize) {
    let (place, hands, begin) = (Place::new(), Hands::new(), Instant::now());
    let mut chance = Chance::announced(name);
    let server = engine(place.open(), &hands);
    let mut lines: Vec<_> = (0..plan.grants).map(|_| Line::issue(&server)).collect();
    drop(server);
    let mut tally = Tally::default();
    while tally.kills < kills {
        tally += round(plan, &place, &hands, &mut lines, &mut chance);
    }
    let server = engine(place.open(), &hands);
    for line in &lines {
        line.end(&server);
    }
    assert_eq!(integrity(&place.path()), "ok");
    let Tally { kills, answers, twice, in_doubt, silent } = tally;
    report(&format!(
        "{name}: {kills} kills ({silent} before the first answer), {answers} answers held ({twice} of them the same \
         answer of two processes), {in_doubt} commits that were never answered, {:.1?}",
        begin.elapsed()
    ));
    assert!(answers > kills, "too few answers to prove anything");
}

#[test]
fn what_was_answered_before_a_kill_holds_after_it() {
    run("kill", FEW, 40);
}

#[test]
fn what_was_answered_to_32_callers_at_once_holds_after_a_kill() {
    run("kill in groups", CROWD, 16);
}

#[test]
#[ignore = "long: 500 kills"]
fn what_was_answered_before_each_of_500_kills_holds_after_it() {
    run("kill", FEW, 500);
}

#[test]
#[ignore = "long: 300 kills"]
fn what_was_answered_to_32_callers_at_once_holds_after_each_of_300_kills() {
    run("kill in groups", CROWD, 300);
}
