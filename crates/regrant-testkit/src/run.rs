//! Running vectors against a target.

use crate::check::{Checker, complaints_about_log, complaints_together};
use crate::exchange::{Answer, Request};
use crate::expectation::Expectation;
use crate::members::Members;
use crate::report::{Outcome, Report};
use crate::setup::Setup;
use crate::step::{Repeat, Send, Step};
use crate::target::{Host, IssuedTokens, Target, Trouble};
use crate::template::Bindings;
use crate::vector::Vector;
use std::collections::{BTreeMap, BTreeSet};

/// Runs every vector, each on a fresh host, and reports what became of them.
pub fn run_all<'a, T: Target>(target: &T, vectors: impl IntoIterator<Item = &'a Vector>) -> Report {
    let mut report = Report::default();
    for vector in vectors {
        report.add(format!("{} {}", vector.id, vector.title), run_one(target, vector));
    }
    report
}

/// Runs one vector on a fresh host.
pub fn run_one<T: Target>(target: &T, vector: &Vector) -> Outcome {
    let setup = vector.setup();
    match target.start(&setup) {
        Ok(_) if vector.refused => Outcome::Failed(vec!["the host took a setup that it must refuse".to_owned()]),
        Err(Trouble::Refused(_)) if vector.refused => Outcome::Passed,
        Ok(host) => play(host, setup, vector),
        Err(Trouble::Unsupported(reason)) => Outcome::Skipped(reason.to_owned()),
        Err(trouble) => Outcome::Failed(vec![trouble.to_string()]),
    }
}

fn play<H: Host>(host: H, setup: Setup, vector: &Vector) -> Outcome {
    let mut run = Run {
        host,
        setup,
        bindings: Bindings::default(),
        grant_ids: BTreeMap::new(),
        named: BTreeMap::new(),
        complaints: Vec::new(),
    };
    match run.rounds(vector) {
        Err(Trouble::Unsupported(reason)) => Outcome::Skipped(reason.to_owned()),
        Err(trouble) => Outcome::Failed(vec![trouble.to_string()]),
        Ok(()) if run.complaints.is_empty() => Outcome::Passed,
        Ok(()) => Outcome::Failed(run.complaints),
    }
}

struct Run<H> {
    host: H,
    setup: Setup,
    bindings: Bindings,
    grant_ids: BTreeMap<String, String>,
    named: BTreeMap<String, Answer>,
    complaints: Vec<String>,
}

impl<H: Host> Run<H> {
    fn rounds(&mut self, vector: &Vector) -> Result<(), Trouble> {
        for _ in 0..vector.rounds {
            self.issue(vector)?;
            for (place, step) in (1..).zip(&vector.step) {
                let before = self.complaints.len();
                self.step(step)?;
                self.complaints.iter_mut().skip(before).for_each(|text| *text = format!("step {place}: {text}"));
            }
            // The first round that goes wrong says enough.
            if !self.complaints.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn issue(&mut self, vector: &Vector) -> Result<(), Trouble> {
        self.bindings = Bindings::default();
        for grant in vector.grants() {
            let IssuedTokens { grant_id, access_token, refresh_token } = self.host.issue(&grant.order())?;
            self.bindings.bind(&format!("AT{}", grant.suffix), &access_token);
            if let Some(token) = refresh_token {
                self.bindings.bind(&format!("RT{}", grant.suffix), &token);
            }
            self.grant_ids.insert(grant.suffix, grant_id);
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Advance(seconds) => self.host.advance(*seconds),
            Step::FailStoreOnce => self.host.fail_store_once(),
            Step::Change(changes) => {
                self.setup.change(changes);
                self.host.reconfigure(&self.setup)
            }
            Step::RevokeGrant(suffix) => {
                let unknown = || Trouble::Broken(format!("no grant with the suffix {suffix:?}"));
                self.host.revoke_grant(self.grant_ids.get(suffix).ok_or_else(unknown)?)
            }
            Step::Send(send) => self.send(send),
        }
    }

    fn send(&mut self, send: &Send) -> Result<(), Trouble> {
        if send.if_bound.as_ref().is_some_and(|name| self.bindings.value(name).is_none()) {
            return Ok(());
        }
        match &send.repeat {
            Repeat::Times(times) => (0..*times).try_for_each(|_| self.once(send).map(drop)),
            Repeat::Chain(times) => self.chain(send, *times),
            Repeat::Parallel(width) => self.parallel(send, *width),
            Repeat::Beside(other) => self.beside(send, other),
        }
    }

    fn once(&mut self, send: &Send) -> Result<Answer, Trouble> {
        let request = self.request(send)?;
        let answer = self.host.send(&request)?;
        self.judge(&answer, &send.expect)?;
        self.remember(send, &answer);
        self.search_log(&send.expect)?;
        Ok(answer)
    }

    fn chain(&mut self, send: &Send, times: u32) -> Result<(), Trouble> {
        let mut seen = BTreeSet::new();
        if let Some(first) = self.bindings.value("RT") {
            self.bindings.bind("RT_FIRST", &first);
        }
        for _ in 0..times {
            self.once(send)?;
            for name in ["RT_NEW", "AT_NEW"] {
                let token = self.bindings.value(name).unwrap_or_default();
                if !seen.insert(token) {
                    self.complaints.push(format!("{name} came twice"));
                }
            }
            if let Some(token) = self.bindings.value("RT_NEW") {
                self.bindings.bind("RT", &token);
            }
        }
        Ok(())
    }

    fn parallel(&mut self, send: &Send, width: usize) -> Result<(), Trouble> {
        let request = self.request(send)?;
        let answers = self.host.send_parallel(&vec![request; width])?;
        for answer in &answers {
            self.judge(answer, &send.expect)?;
        }
        self.complaints.extend(complaints_together(&answers, &send.expect));
        if let Some(answer) = answers.iter().find(|answer| answer.status == 200) {
            self.remember(send, answer);
        }
        Ok(())
    }

    fn beside(&mut self, send: &Send, other: &Send) -> Result<(), Trouble> {
        let requests = [self.request(send)?, self.request(other)?];
        let answers = self.host.send_parallel(&requests)?;
        for (answer, send) in answers.iter().zip([send, other]) {
            self.judge(answer, &send.expect)?;
        }
        for (answer, send) in answers.iter().zip([send, other]) {
            self.remember(send, answer);
        }
        Ok(())
    }

    fn request(&self, send: &Send) -> Result<Request, Trouble> {
        send.request.render(&self.bindings).map_err(|unbound| Trouble::Broken(unbound.to_string()))
    }

    fn judge(&mut self, answer: &Answer, expected: &Expectation) -> Result<(), Trouble> {
        let now = if expected.near_now.is_empty() { None } else { Some(self.host.now()?) };
        let checker = Checker { bindings: &self.bindings, now, named: &self.named };
        let found = checker.complaints(answer, expected);
        if !found.is_empty() {
            self.complaints.extend(found);
            self.complaints.push(format!("answer: {} {}", answer.status, answer.text()));
        }
        Ok(())
    }

    fn remember(&mut self, send: &Send, answer: &Answer) {
        if let Some(name) = &send.name {
            self.named.insert(name.clone(), answer.clone());
        }
        let Ok(members) = Members::parse(&answer.body) else {
            return;
        };
        for (member, token) in [("access_token", "AT"), ("refresh_token", "RT")] {
            if let Some(value) = members.text(member) {
                self.bindings.bind(&format!("{token}_NEW"), value);
                if let Some(suffix) = &send.save {
                    self.bindings.bind(&format!("{token}{suffix}"), value);
                }
            }
        }
    }

    fn search_log(&mut self, expected: &Expectation) -> Result<(), Trouble> {
        if !expected.not_logged.is_empty() {
            let log = self.host.log()?;
            self.complaints.extend(complaints_about_log(&log, &expected.not_logged, &self.bindings));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
