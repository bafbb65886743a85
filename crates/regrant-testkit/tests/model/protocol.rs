//! The protocol: what may happen next, and what becomes of the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use regrant::exchange::begin;
use regrant::{
    Change, Client, ClientId, ClientSecretDigest, Credentials, EndReason, Entropy, Grant, GrantTypes, IssueRequest,
    Pepper, Policy, PresentedToken, Reply, Rules, Scope, SecretMethods, Step, Terms, Timestamp, TokenEncoding,
    TokenReply,
};
use stateright::{Model, Property};

use crate::state::{Broken, Happened, Late, Link, Presenter, State};
use crate::steps::{Exchange, Name, Record, Seen, Setting};

/// A tick: two of them are longer than the window, one is not, whichever nodes' clocks are compared.
const TICK: u64 = 6_000;
/// How far the clock of the second node is ahead.
const SKEW: u64 = 2_000;
const BEGINNING: u64 = 1_700_000_000_000;

/// A rule that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// The store writes whatever the revision is.
    Guard,
    /// The steps are shown every record in the name of whoever asks.
    OwnerCheck,
    /// A spent token is answered inside the window although its successor was used: its exchange is shown the version
    /// of the record from before that use.
    WindowCloses,
    /// A commit of unknown outcome is taken for a conflict.
    Doubt,
}

/// Who presents tokens, in the order of the presenters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A client of the owner that keeps its latest token and uses nothing else.
    Innocent,
    /// Somebody with the owner's credentials, who knows every token that was ever answered.
    Thief,
    /// The same with the credentials of another client.
    Stranger,
}

/// The bounds of the exploration, and the rule that is missing.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub(crate) presenters: Vec<(Who, u8)>,
    pub(crate) ticks: u8,
    pub(crate) faults: u8,
    pub(crate) copies: u8,
    pub(crate) ends: u8,
    pub(crate) nodes: u8,
    pub(crate) removed: Option<Removed>,
    /// What these bounds leave room for.
    pub(crate) expected: Vec<Happened>,
    rules: Rules,
    owner: Arc<Client>,
    stranger: Arc<Client>,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Send {
        who: u8,
        token: u8,
    },
    /// A request reaches a node; it stays on its way if it is going to arrive once more.
    Arrive {
        name: Name,
        token: u8,
        node: u8,
        again: bool,
    },
    /// The record is loaded and decided upon.
    Look(Name),
    Commit(Name),
    FailBeforeCommit(Name),
    FailAfterCommit(Name),
    FailAndCommitLate(Name),
    LateCommit,
    /// An answer arrives. That it is lost is that this never happens.
    Deliver {
        name: Name,
        token: u8,
    },
    EndByHost,
    Tick,
}

impl Protocol {
    /// A protocol with these presenters, each with the number of its requests.
    pub(crate) fn new(window: Duration, presenters: &[(Who, u8)]) -> Self {
        Self {
            presenters: presenters.to_vec(),
            ticks: 2,
            faults: 1,
            copies: 1,
            ends: 0,
            nodes: 2,
            removed: None,
            expected: vec![],
            rules: Rules::new(Pepper::new(vec![7; 32]).unwrap()),
            owner: Arc::new(client("owner", window)),
            stranger: Arc::new(client("stranger", window)),
        }
    }

    /// The bounds in one line.
    pub(crate) fn bounds(&self) -> String {
        let Self { presenters, ticks, faults, copies, ends, nodes, .. } = self;
        let window = self.window().as_secs();
        format!(
            "window {window} s, requests {presenters:?}, {ticks} ticks, {faults} faults, {copies} copies, {ends} ends, {nodes} nodes"
        )
    }

    pub(crate) fn window(&self) -> Duration {
        self.owner.policy().retry_window
    }

    pub(crate) fn who(&self, name: Name) -> Who {
        self.presenters[usize::from(name.0)].0
    }

    pub(crate) fn setting<'s>(&'s self, name: Name, text: &'s str) -> Setting<'s> {
        let client = if self.who(name) == Who::Stranger { &self.stranger } else { &self.owner };
        let credentials = Credentials {
            client_id: Some(client.id().as_str()),
            client_secret: Some(client.id().as_str()),
            ..Credentials::default()
        };
        Setting { rules: &self.rules, client, credentials, token: text }
    }

    /// Begins the one grant by the engine's own request.
    fn issue(&self) -> (Grant, Arc<str>) {
        let request = IssueRequest::new(self.owner.id().clone(), Scope::parse("read").unwrap());
        let Step::NeedsClient(exchange) = begin(&self.rules, &request) else { panic!("a client is needed") };
        let entropy = Entropy::from_bytes(&[9; Entropy::LENGTH]);
        let step = exchange.with_client(Some(Arc::clone(&self.owner)), entropy, time(0, 0), None);
        let Step::Committing(committing) = step else { panic!("a new grant is committed") };
        let (Change::Insert(grant), settling) = committing.split() else { panic!("it is inserted") };
        let step: Step<'_, IssueRequest> = settling.settle(regrant::CommitOutcome::Committed);
        let Step::Done(settled) = step else { panic!("it is done") };
        (grant, refresh_token(settled.reply).unwrap())
    }

    fn look(&self, state: &State, name: Name) -> State {
        let mut next = state.clone();
        let exchange = next.exchanges.get_mut(&name).unwrap();
        exchange.current = u8::try_from(state.links.len() - 1).unwrap();
        exchange.loaded_at = state.now;
        let shown = self.shown(state, name, exchange);
        exchange.seen.push(Seen::Loaded(Some(shown), time(state.now, exchange.node).unix_millis()));
        self.conclude(&mut next, name);
        next
    }

    /// The record that an exchange is shown: the present one, unless a rule was taken away.
    fn shown(&self, state: &State, name: Name, exchange: &Exchange) -> Record {
        match self.removed {
            Some(Removed::OwnerCheck) => owned_by(&state.record, self.setting(name, "").client.id()),
            Some(Removed::WindowCloses) => {
                let successor = usize::from(exchange.token) + 1;
                let fresh = state.links.get(successor).is_some_and(|link| link.spent_at.is_some());
                let version = state.versions.get(successor);
                version.filter(|_| fresh && !state.record.0.is_ended()).unwrap_or(&state.record).clone()
            }
            _ => state.record.clone(),
        }
    }

    /// Applies the commit that an exchange waits for. Answers whether it took place.
    fn apply(&self, state: &mut State, name: Name, exchange: &Exchange) -> bool {
        let text = Arc::clone(&state.links[usize::from(exchange.token)].text);
        let setting = self.setting(name, &text);
        let change = setting.walk(name, &exchange.seen, |step| match step {
            Step::Committing(committing) => committing.split().0,
            step => panic!("no commit: {step:?}"),
        });
        let before = state.record.clone();
        match change.unwrap() {
            Change::Replace { expected, grant, .. } => {
                if before.0.revision() != expected && self.removed != Some(Removed::Guard) {
                    return false;
                }
                state.record = owned_by(&Record(Arc::new(grant)), &before.0.terms().client_id);
            }
            Change::End { at, reason, .. } => {
                let mut grant = Grant::clone(&before.0);
                grant.end(at, reason);
                state.record = Record(Arc::new(grant));
            }
            Change::Insert(_) => panic!("nothing is inserted"),
        }
        let seen: Vec<Seen> = exchange.seen.iter().cloned().chain([Seen::Committed]).collect();
        let reply = setting.walk(name, &seen, |step| match step {
            Step::Done(settled) => refresh_token(settled.reply),
            step => panic!("not done: {step:?}"),
        });
        self.judge_write(state, name, exchange, &before, reply.unwrap());
        true
    }

    fn commit(&self, state: &State, name: Name) -> State {
        let mut next = state.clone();
        let exchange = next.exchanges[&name].clone();
        let committed = self.apply(&mut next, name, &exchange);
        let exchange = next.exchanges.get_mut(&name).unwrap();
        exchange.seen.push(if committed { Seen::Committed } else { Seen::Conflict });
        if !committed {
            next.happened.insert(Happened::ConflictMet);
        }
        self.conclude(&mut next, name);
        next
    }

    /// The caller is told of a failure, whatever became of the commit.
    fn fail(&self, state: &State, name: Name, action: &Action) -> State {
        let mut next = state.clone();
        next.faults_left -= 1;
        let before = next.exchanges[&name].clone();
        match action {
            Action::FailAfterCommit(_) => _ = self.apply(&mut next, name, &before),
            Action::FailAndCommitLate(_) => next.late.push(Late { name, exchange: before.clone() }),
            _ => {}
        }
        let replaces = self.waits_to_replace(state, name);
        let exchange = next.exchanges.get_mut(&name).unwrap();
        exchange.in_doubt |= replaces;
        let taken_for = if self.removed == Some(Removed::Doubt) { Seen::Conflict } else { Seen::Doubt };
        exchange.seen.push(taken_for);
        self.conclude(&mut next, name);
        next
    }

    fn waits_to_replace(&self, state: &State, name: Name) -> bool {
        let exchange = &state.exchanges[&name];
        let text = &state.links[usize::from(exchange.token)].text;
        let replaces = self.setting(name, text).walk(name, &exchange.seen, |step| match step {
            Step::Committing(committing) => matches!(committing.foretell().1, Change::Replace { .. }),
            _ => false,
        });
        replaces.unwrap_or(false)
    }

    fn late_commit(&self, state: &State) -> State {
        let mut next = state.clone();
        next.happened.insert(Happened::LateCommit);
        let Late { name, exchange } = next.late.remove(0);
        self.apply(&mut next, name, &exchange);
        next
    }

    /// Takes an exchange off that has its answer.
    fn conclude(&self, state: &mut State, name: Name) {
        let exchange = state.exchanges[&name].clone();
        let text = Arc::clone(&state.links[usize::from(exchange.token)].text);
        let setting = self.setting(name, &text);
        let done = setting.walk(name, &exchange.seen, |step| match step {
            Step::Done(settled) => Some(Ok(settled.reply)),
            Step::Failed(fault, _) => Some(Err(fault)),
            _ => None,
        });
        let outcome = match done {
            Some(None) => return,
            Some(Some(outcome)) => outcome,
            None => {
                // It gave up: the store failed too often. Its client hears nothing of use.
                state.exchanges.remove(&name);
                return;
            }
        };
        state.exchanges.remove(&name);
        match outcome {
            Err(_) => _ = state.broken.insert(Broken::NoFault),
            Ok(reply) => self.judge_answer(state, name, &exchange, reply),
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let (grant, text) = self.issue();
        let record = Record(Arc::new(grant));
        let presenters = self.presenters.iter().map(|(_, left)| Presenter { held: 0, left: *left, sent: 0 });
        vec![State {
            now: 0,
            versions: if self.removed == Some(Removed::WindowCloses) { vec![record.clone()] } else { vec![] },
            record,
            links: vec![Link { text, spent_at: None, answered: true }],
            presenters: presenters.collect(),
            requests: BTreeSet::new(),
            exchanges: BTreeMap::new(),
            answers: BTreeSet::new(),
            late: vec![],
            successors: BTreeMap::new(),
            faults_left: self.faults,
            copies_left: self.copies,
            ends_left: self.ends,
            happened: BTreeSet::new(),
            broken: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, presenter) in (0..).zip(&state.presenters).filter(|(_, presenter)| presenter.left > 0) {
            if self.presenters[usize::from(who)].0 == Who::Innocent {
                actions.push(Action::Send { who, token: presenter.held });
            } else {
                let known = (0..).zip(&state.links).filter(|(_, link)| link.answered);
                actions.extend(known.map(|(token, _)| Action::Send { who, token }));
            }
        }
        for (name, token) in state.requests.iter().copied() {
            for node in 0..self.nodes {
                actions.push(Action::Arrive { name, token, node, again: false });
                if state.copies_left > 0 {
                    actions.push(Action::Arrive { name, token, node, again: true });
                }
            }
        }
        for (name, exchange) in &state.exchanges {
            let text = &state.links[usize::from(exchange.token)].text;
            let commits =
                self.setting(*name, text).walk(*name, &exchange.seen, |step| matches!(step, Step::Committing(_)));
            if commits != Some(true) {
                actions.push(Action::Look(*name));
                continue;
            }
            actions.push(Action::Commit(*name));
            if state.faults_left > 0 {
                actions.push(Action::FailBeforeCommit(*name));
                actions.push(Action::FailAfterCommit(*name));
                actions.push(Action::FailAndCommitLate(*name));
            }
        }
        if !state.late.is_empty() {
            actions.push(Action::LateCommit);
        }
        actions.extend(state.answers.iter().map(|(name, token)| Action::Deliver { name: *name, token: *token }));
        if state.ends_left > 0 {
            actions.push(Action::EndByHost);
        }
        if state.now < self.ticks {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Send { who, token } => {
                let presenter = &mut next.presenters[usize::from(who)];
                presenter.left -= 1;
                presenter.sent += 1;
                next.requests.insert(((who, presenter.sent, 0), token));
            }
            Action::Arrive { name, token, node, again } => return Some(arrive(state, name, token, node, again)),
            Action::Look(name) => return Some(self.look(state, name)),
            Action::Commit(name) => return Some(self.commit(state, name)),
            Action::FailBeforeCommit(name) | Action::FailAfterCommit(name) | Action::FailAndCommitLate(name) => {
                return Some(self.fail(state, name, &action));
            }
            Action::LateCommit => return Some(self.late_commit(state)),
            Action::Deliver { name, token } => {
                next.answers.remove(&(name, token));
                next.presenters[usize::from(name.0)].held = token;
            }
            Action::EndByHost => {
                let mut grant = Grant::clone(&state.record.0);
                grant.end(time(state.now, 0), EndReason::EndedByHost);
                next.record = Record(Arc::new(grant));
                next.ends_left -= 1;
                next.happened.insert(Happened::EndedByHost);
            }
            Action::Tick => next.now += 1,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::properties::all(self)
    }
}

fn arrive(state: &State, name: Name, token: u8, node: u8, again: bool) -> State {
    let mut next = state.clone();
    next.requests.remove(&(name, token));
    if again {
        next.copies_left -= 1;
        next.requests.insert(((name.0, name.1, name.2 + 1), token));
    }
    let exchange = Exchange { node, token, seen: vec![], current: 0, loaded_at: 0, in_doubt: false, installed: None };
    next.exchanges.insert(name, exchange);
    next
}

/// What the clock of a node shows at a tick.
fn time(tick: u8, node: u8) -> Timestamp {
    Timestamp::from_unix_millis(BEGINNING + u64::from(tick) * TICK + u64::from(node) * SKEW)
}

fn client(name: &str, window: Duration) -> Client {
    let mut policy = Policy::default();
    policy.retry_window = window;
    policy.max_access_tokens = 1;
    let id = ClientId::parse(name).unwrap();
    let mut client = Client::confidential(id, SecretMethods::ALL, vec![ClientSecretDigest::of(name)]).unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read").unwrap();
    client.with_policy(policy).unwrap()
}

/// The refresh token of an answer, as it is written.
pub(crate) fn refresh_token(reply: Reply<TokenReply>) -> Option<Arc<str>> {
    let token = reply.success()?.refresh_token?;
    let text = token.expose(TokenEncoding::Base64Url);
    assert!(PresentedToken::parse(&text).is_ok());
    Some(Arc::from(text.as_str()))
}

/// The same record in the name of another client.
fn owned_by(record: &Record, owner: &ClientId) -> Record {
    if record.0.terms().client_id == *owner {
        return record.clone();
    }
    let grant = &record.0;
    let terms = Arc::new(Terms { client_id: owner.clone(), ..Terms::clone(grant.terms()) });
    let (refresh, access) = (grant.refresh().cloned(), grant.access().to_vec());
    Record(Arc::new(Grant::new(grant.id(), grant.revision(), grant.state(), terms, refresh, access).unwrap()))
}
