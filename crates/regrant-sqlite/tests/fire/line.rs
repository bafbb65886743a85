//! One grant as its client knows it: every refresh token that was answered, in order.

use std::io::{BufRead, Write};

use regrant::{
    ClientId, Engine, EngineError, EngineFault, Grant, GrantId, Introspection, IntrospectionRequest, IssueRequest,
    PresentedToken, Reason, Scope, StaticClients, TokenEncoding, TokenReply, TokenStore,
};
use regrant_sqlite::SqliteStore;

use crate::common::{CLIENT, refresh};

pub(crate) type Server = Engine<SqliteStore, StaticClients>;

/// A grant and what its client was answered.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: GrantId,
    /// The refresh tokens, oldest first.
    pub(crate) tokens: Vec<String>,
    /// The access token of the last answer.
    pub(crate) access: String,
    /// How many of `tokens` were answered before the present round: their answers cannot be asked for again.
    pub(crate) old: usize,
}

impl Line {
    /// A new grant.
    pub(crate) fn issue(server: &Server) -> Self {
        let order = IssueRequest::new(ClientId::parse(CLIENT).unwrap(), Scope::parse("read write").unwrap());
        let reply = server.issue(order).unwrap().success().unwrap();
        let (token, access) = texts(&reply);
        Self { id: reply.access_token.grant_id(), tokens: vec![token], access, old: 1 }
    }

    /// A grant of which one answer is known.
    pub(crate) fn known(token: &str, access: &str) -> Self {
        let id = PresentedToken::parse(access).unwrap().grant_id();
        Self { id, tokens: vec![token.to_owned()], access: access.to_owned(), old: 1 }
    }

    pub(crate) fn last(&self) -> &str {
        self.tokens.last().unwrap()
    }

    /// The refresh token before the last one, if it was answered in this round.
    fn predecessor(&self) -> Option<&str> {
        let place = self.tokens.len().checked_sub(2).filter(|_| self.tokens.len() > self.old)?;
        self.tokens.get(place).map(String::as_str)
    }

    /// Takes one answer; it must be the answer to the last token.
    pub(crate) fn answered(&mut self, presented: &str, token: &str, access: &str) {
        assert_eq!(presented, self.last(), "an answer to another token than the last one");
        assert_ne!(presented, token, "a token is its own successor");
        self.tokens.push(token.to_owned());
        access.clone_into(&mut self.access);
    }

    /// The refresh token is presented, rotates, and its successor is the last one from now on.
    pub(crate) fn refresh(&mut self, server: &Server) {
        let presented = self.last().to_owned();
        let (token, access) = texts(&server.token(refresh(&presented)).unwrap().success().unwrap());
        self.answered(&presented, &token, &access);
    }

    /// Checks that everything that was answered holds, and answers whether the last commit was never answered.
    ///
    /// Afterwards there is one more answer.
    pub(crate) fn hold(&mut self, server: &Server, store: &SqliteStore) -> bool {
        let in_doubt = self.record(store);
        assert!(active(server, &self.access), "an access token that was answered is lost");
        let known = self.tokens.len();
        if let Some(predecessor) = self.predecessor() {
            match server.token(refresh(predecessor)).unwrap() {
                reply if in_doubt => assert_eq!(reply.refusal().unwrap().reason, Reason::SuccessorInUse),
                reply => assert_eq!(texts(&reply.success().unwrap()).0, self.last(), "a second successor"),
            }
        }
        assert_eq!(self.record(store), in_doubt, "the predecessor rotated");
        self.refresh(server);
        assert!(!self.record(store));
        let again = server.token(refresh(&self.tokens[known - 1])).unwrap().success().unwrap();
        assert_eq!(texts(&again).0, self.last(), "a retry forks");
        if let Some(used) = (known > self.old).then(|| &self.tokens[known - 2]) {
            assert_eq!(server.token(refresh(used)).unwrap().refusal().unwrap().reason, Reason::SuccessorInUse);
        }
        let living = self.tokens.iter().rev().take(8).filter(|token| active(server, token)).count();
        assert!(living == 1 && active(server, self.last()), "{living} living successors");
        self.old = self.tokens.len();
        in_doubt
    }

    /// Looks at the record: whether it is ahead of the answers, which it may be by one rotation and no more.
    fn record(&self, store: &SqliteStore) -> bool {
        let grant = TokenStore::load(store, &self.id).unwrap().unwrap();
        let (written, answered) = (rotations(&grant), self.tokens.len() - 1);
        assert!(written >= answered, "{answered} rotations were answered, and {written} are in the file");
        let ahead = written - answered;
        assert!(!grant.is_ended() && ahead <= 1, "{ahead} rotations ahead of the answers");
        ahead == 1
    }

    /// Of all tokens that were ever answered, the last one lives. A replay of the first one ends the grant.
    pub(crate) fn end(&self, server: &Server) {
        let (last, others) = self.tokens.split_last().unwrap();
        assert!(active(server, last) && !others.iter().any(|token| active(server, token)), "two living successors");
        let refusal = |token: &str| server.token(refresh(token)).unwrap().refusal().unwrap().reason;
        assert_eq!(refusal(&self.tokens[0]), Reason::Replay);
        assert_eq!(refusal(last), Reason::GrantEnded);
        assert!(!active(server, last) && !active(server, &self.access));
    }
}

/// How often the refresh token was rotated.
pub(crate) fn rotations(grant: &Grant) -> usize {
    usize::try_from(grant.refresh().unwrap().generation).unwrap()
}

/// The refresh token and the access token of an answer.
pub(crate) fn texts(reply: &TokenReply) -> (String, String) {
    let refresh = reply.refresh_token.as_ref().unwrap().expose(TokenEncoding::Base64Url).to_string();
    (refresh, reply.access_token.expose(TokenEncoding::Base64Url).to_string())
}

/// Whether introspection calls a token active.
pub(crate) fn active(server: &Server, token: &str) -> bool {
    let request = IntrospectionRequest { credentials: refresh("").credentials, token: Some(token) };
    matches!(server.introspect(request).unwrap().success().unwrap(), Introspection::Active(_))
}

/// Writes the last token of each line, for a child to go on with.
pub(crate) fn write_lasts(lines: &[(usize, String)], mut to: impl Write) {
    for (place, last) in lines {
        writeln!(to, "{place} {last}").unwrap();
    }
}

/// Reads what [`write_lasts`] wrote.
pub(crate) fn read_lasts(from: impl BufRead) -> Vec<(usize, String)> {
    let read = |line: String| {
        let (place, last) = line.split_once(' ').unwrap();
        (place.parse().unwrap(), last.to_owned())
    };
    from.lines().map(|line| read(line.unwrap())).collect()
}

/// What the store complained of.
pub(crate) fn store_fault(error: &EngineError) -> String {
    match &error.fault {
        EngineFault::Store(fault) => fault.to_string(),
        other => panic!("{other:?}"),
    }
}
