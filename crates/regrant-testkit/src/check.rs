//! Comparing an answer with an expectation.

use crate::exchange::Answer;
use crate::expectation::{Expectation, JsonType, OneOf};
use crate::members::Members;
use crate::pattern::{Rule, header_matches};
use crate::template::Bindings;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// What a comparison needs beside the answer and the expectation.
#[derive(Debug)]
pub struct Checker<'a> {
    /// The placeholders as they were when the request was sent.
    pub bindings: &'a Bindings,
    /// The host's time in seconds, where an expectation asks for it.
    pub now: Option<u64>,
    /// Earlier answers by the name of their step.
    pub named: &'a BTreeMap<String, Answer>,
}

impl Checker<'_> {
    /// What is wrong with one answer, in words; empty if nothing is.
    ///
    /// Beside the expectation these rules hold for every answer: a 401 has a challenge and a 405 an `Allow`; nothing sets a cookie
    /// or redirects; a JSON object repeats no member and holds no null; an `error_description` keeps RFC 6749's alphabet; whatever
    /// holds an access token is neither stored nor cached.
    pub fn complaints(&self, answer: &Answer, expected: &Expectation) -> Vec<String> {
        let mut found = Complaints::default();
        if let Some(shape) = expected.is {
            let mut implied = shape.expectation();
            if expected.status.is_some() {
                implied.status = None;
            }
            self.compare(answer, &implied, &mut found);
        }
        self.compare(answer, expected, &mut found);
        rules_for_all(answer, &mut found);
        found.0
    }

    fn compare(&self, answer: &Answer, expected: &Expectation, found: &mut Complaints) {
        status(answer, expected, found);
        headers(answer, expected, found);
        self.whole(answer, expected, found);
        match Members::parse(&answer.body) {
            Ok(members) => self.members(&members, expected, found),
            Err(_) => found.unless(!needs_members(expected), "the body is not one JSON object"),
        }
    }

    fn whole(&self, answer: &Answer, expected: &Expectation, found: &mut Complaints) {
        if expected.empty.is_some_and(|empty| empty != answer.body.is_empty()) {
            found.add(format!("the body has {} bytes", answer.body.len()));
        }
        for text in &expected.nowhere {
            self.with(text, found, |text, found| {
                found.unless(!occurs(answer, text), "a text that must not occur does");
            });
        }
        if let Some(name) = &expected.same_as {
            let same = self.named.get(name).is_some_and(|other| comparable(other) == comparable(answer));
            found.unless(same, format!("not the same answer as {name}"));
        }
    }

    fn members(&self, members: &Members, expected: &Expectation, found: &mut Complaints) {
        names(members, expected, found);
        values(members, expected, found);
        self.texts(members, expected, found);
        self.times(members, expected, found);
    }

    fn texts(&self, members: &Members, expected: &Expectation, found: &mut Complaints) {
        for (name, value) in &expected.equals {
            match value.as_str() {
                Some(text) => self.with(text, found, |text, found| {
                    found.unless(members.text(name) == Some(text), format!("{name} is not {text:?}"));
                }),
                None => found.unless(same_value(members.find(name), value), format!("{name} is not {value}")),
            }
        }
        for (name, text) in &expected.differs {
            self.with(text, found, |text, found| {
                let other = members.text(name).is_some_and(|value| value != text);
                found.unless(other, format!("{name} is absent or the text it must differ from"));
            });
        }
        for (name, text) in &expected.absent_or {
            self.with(text, found, |text, found| {
                let fine = members.find(name).is_none_or(|value| value.as_str() == Some(text));
                found.unless(fine, format!("{name} is neither absent nor {text:?}"));
            });
        }
    }

    fn times(&self, members: &Members, expected: &Expectation, found: &mut Complaints) {
        for name in &expected.near_now {
            let value = members.find(name).and_then(Value::as_u64);
            let near = value.zip(self.now).is_some_and(|(value, now)| value.abs_diff(now) <= 5);
            found.unless(near, format!("{name} is not the host's time in seconds"));
        }
    }

    /// Renders a text; one that cannot be rendered is a complaint itself.
    fn with(&self, text: &str, found: &mut Complaints, then: impl FnOnce(&str, &mut Complaints)) {
        match self.bindings.render(text) {
            Ok(text) => then(&text, found),
            Err(unbound) => found.add(unbound),
        }
    }
}

/// What is wrong with the answers to requests that were sent at once, taken together; empty if nothing is.
pub fn complaints_together(answers: &[Answer], expected: &Expectation) -> Vec<String> {
    let mut found = Complaints::default();
    for (status, count) in &expected.counts {
        let seen = answers.iter().filter(|answer| answer.status.to_string() == *status).count();
        found.unless(seen == *count, format!("{seen} answers of status {status}, not {count}"));
    }
    for name in &expected.all_equal {
        let successes = answers.iter().filter(|answer| answer.status == 200);
        let values: BTreeSet<_> = successes.map(|answer| member_text(answer, name)).collect();
        found.unless(values.len() == 1, format!("{} different values of {name}", values.len()));
    }
    found.0
}

/// The texts, with their placeholders replaced, that occur in a log.
pub fn complaints_about_log(log: &str, forbidden: &[String], bindings: &Bindings) -> Vec<String> {
    let occurs = |text: &&String| bindings.render(text).is_ok_and(|text| log.contains(&text));
    forbidden.iter().filter(occurs).map(|text| format!("the log holds {text}")).collect()
}

#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn add(&mut self, complaint: impl Display) {
        self.0.push(complaint.to_string());
    }

    fn unless(&mut self, fine: bool, complaint: impl Display) {
        if !fine {
            self.add(complaint);
        }
    }
}

fn status(answer: &Answer, expected: &Expectation, found: &mut Complaints) {
    if let Some(status) = &expected.status {
        found.unless(status.allows(&answer.status), format!("the status is {}, not {}", answer.status, listed(status)));
    }
}

fn listed<T: Display>(allowed: &OneOf<T>) -> String {
    match allowed {
        OneOf::One(one) => one.to_string(),
        OneOf::Any(any) => any.iter().map(T::to_string).collect::<Vec<_>>().join(" or "),
    }
}

fn headers(answer: &Answer, expected: &Expectation, found: &mut Complaints) {
    for (name, pattern) in &expected.headers {
        let fine = answer.header_values(name).any(|value| header_matches(pattern, value));
        let seen: Vec<_> = answer.header_values(name).collect();
        found.unless(fine, format!("{name} is {seen:?}, not {pattern:?}"));
    }
    for name in &expected.lacks_headers {
        found.unless(answer.header_values(name).next().is_none(), format!("{name} must be absent"));
    }
    for name in &expected.once {
        let count = answer.header_values(name).count();
        found.unless(count == 1, format!("{name} is there {count} times, not once"));
    }
}

fn needs_members(expected: &Expectation) -> bool {
    let Expectation { error, members, equals, only, order, types, within, near_now, differs, scope, contains, .. } =
        expected;
    let lists = [members, near_now].iter().any(|list| !list.is_empty());
    let maps =
        !(equals.is_empty() && types.is_empty() && within.is_empty() && differs.is_empty() && contains.is_empty());
    error.is_some() || only.is_some() || order.is_some() || scope.is_some() || lists || maps
}

fn names(members: &Members, expected: &Expectation, found: &mut Complaints) {
    let there = members.names();
    for name in &expected.members {
        found.unless(there.contains(&name.as_str()), format!("{name} is missing"));
    }
    for name in &expected.lacks {
        found.unless(!there.contains(&name.as_str()), format!("{name} must be absent"));
    }
    if let Some(only) = &expected.only {
        let allowed: BTreeSet<&str> = only.iter().map(String::as_str).collect();
        let seen: BTreeSet<&str> = there.iter().copied().collect();
        found.unless(seen == allowed, format!("the members are {there:?}, not {only:?}"));
    }
    if let Some(order) = &expected.order {
        found.unless(there == *order, format!("the members are {there:?}, not {order:?} in this order"));
    }
}

fn values(members: &Members, expected: &Expectation, found: &mut Complaints) {
    if let Some(allowed) = &expected.error {
        let fine = members.text("error").is_some_and(|error| allowed.allows(&error.to_owned()));
        found.unless(fine, format!("error is {:?}, not {}", members.find("error"), listed(allowed)));
    }
    for (name, kind) in &expected.types {
        found.unless(has_type(members.find(name), *kind), format!("{name} is not of type {kind:?}"));
    }
    for (name, rule) in &expected.rules {
        let fine = members.find(name).is_none_or(|value| value.as_str().is_some_and(|text| rule.holds(text)));
        found.unless(fine, format!("{name} breaks the rule {rule:?}"));
    }
    for (name, (low, high)) in &expected.within {
        let fine = members.find(name).and_then(Value::as_i64).is_some_and(|value| (*low..=*high).contains(&value));
        found.unless(fine, format!("{name} is {:?}, not within {low} and {high}", members.find(name)));
    }
    if let Some(scope) = &expected.scope {
        let seen: BTreeSet<_> = members.text("scope").into_iter().flat_map(|text| text.split(' ')).collect();
        let wanted: BTreeSet<_> = scope.iter().map(String::as_str).collect();
        found.unless(seen == wanted, format!("the scope is {seen:?}, not {wanted:?}"));
    }
    for (name, texts) in &expected.contains {
        for text in texts {
            let fine = members
                .find(name)
                .and_then(Value::as_array)
                .is_some_and(|array| array.iter().any(|value| value == text));
            found.unless(fine, format!("{name} does not contain {text}"));
        }
    }
}

fn has_type(value: Option<&Value>, kind: JsonType) -> bool {
    match (value, kind) {
        (None, JsonType::OptionalString) => true,
        (None, _) => false,
        (Some(value), JsonType::String | JsonType::OptionalString) => value.is_string(),
        (Some(value), JsonType::Integer) => value.is_u64() || value.is_i64(),
        (Some(value), JsonType::Boolean) => value.is_boolean(),
        (Some(value), JsonType::Strings) => value.as_array().is_some_and(|array| array.iter().all(Value::is_string)),
    }
}

fn same_value(seen: Option<&Value>, wanted: &toml::Value) -> bool {
    match wanted {
        toml::Value::Boolean(wanted) => seen.and_then(Value::as_bool) == Some(*wanted),
        toml::Value::Integer(wanted) => seen.and_then(Value::as_i64) == Some(*wanted),
        _ => false,
    }
}

fn rules_for_all(answer: &Answer, found: &mut Complaints) {
    let lacks = |name: &'static str| answer.header_values(name).next().is_none();
    // RFC 9110 §15.5.2 and §15.5.6.
    found.unless(answer.status != 401 || !lacks("WWW-Authenticate"), "a 401 without a challenge");
    found.unless(answer.status != 405 || !lacks("Allow"), "a 405 without Allow");
    found.unless(lacks("Set-Cookie") && lacks("Location"), "a cookie or a redirect");
    if let Ok(members) = Members::parse(&answer.body) {
        rules_for_objects(answer, &members, found);
    }
}

fn rules_for_objects(answer: &Answer, members: &Members, found: &mut Complaints) {
    let names = members.names();
    let distinct: BTreeSet<_> = names.iter().collect();
    found.unless(distinct.len() == names.len(), "a member is repeated"); // N-010
    found.unless(members.iter().all(|(_, value)| !value.is_null()), "a member is null"); // N-136
    let description = members.find("error_description");
    let fine = description.is_none_or(|value| value.as_str().is_some_and(|text| Rule::Description.holds(text)));
    found.unless(fine, "error_description leaves its alphabet"); // N-142
    if members.find("access_token").is_some() {
        let stored = !answer.header_values("Cache-Control").any(|value| value.contains("no-store"));
        let cached = !answer.header_values("Pragma").any(|value| value == "no-cache");
        found.unless(!stored && !cached, "an access token in an answer that may be cached"); // N-135
    }
}

fn occurs(answer: &Answer, text: &str) -> bool {
    answer.text().contains(text)
        || answer.headers.iter().any(|(name, value)| name.contains(text) || value.contains(text))
}

fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, &[u8]) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| name != "date")
        .collect();
    headers.sort();
    (answer.status, headers, &answer.body)
}

fn member_text(answer: &Answer, name: &str) -> Option<String> {
    Members::parse(&answer.body).ok()?.text(name).map(str::to_owned)
}

#[cfg(test)]
mod tests;
