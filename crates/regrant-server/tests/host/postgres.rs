//! Two processes over one Postgres database are one service: the vectors, the race and the commands.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread;
use std::time::SystemTime;

use regrant_testkit::policy::Span;
use regrant_testkit::wire::Wire;
use regrant_testkit::{
    Answer, Host, IssueOrder, IssuedTokens, Outcome, Request, Setup, Target, Trouble, corpus, run_all,
};
use throwaway_postgres::Server;

use crate::process::{Place, Running, eventually, form, member};

/// The database server of these tests: many nodes at once need many connections.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[("max_connections", "500")]).unwrap())
}

/// A new, empty database.
fn database() -> String {
    server().url(&server().database().unwrap())
}

/// A folder with the configuration of a node over a database, and the pepper that all nodes have.
fn place(setup: &Setup, url: &str) -> Place {
    let place = Place::with(&config(setup, url));
    std::fs::write(place.path("pepper"), [7; 32]).unwrap();
    place
}

fn config(setup: &Setup, url: &str) -> String {
    // Few connections each: dozens of nodes share the server.
    format!("{}\n[postgres]\nconnections = 1\n", base(setup, url))
}

/// A configuration that says nothing yet of how the database is used.
pub(crate) fn base(setup: &Setup, url: &str) -> String {
    format!("pepper_file = \"pepper\"\n{}", setup.to_config_toml(url).unwrap())
}

/// Two nodes for each setup.
struct Nodes {
    url: String,
    running: RefCell<HashMap<String, Rc<Pair>>>,
}

struct Pair {
    place: Place,
    nodes: [Running; 2],
}

/// The nodes of one vector: every request goes to another one than the request before.
struct Played {
    url: String,
    pair: Rc<Pair>,
    own: Option<[Running; 2]>,
    turn: Cell<usize>,
}

impl Target for Nodes {
    type Host = Played;

    fn start(&self, setup: &Setup) -> Result<Played, Trouble> {
        let config = config(setup, &self.url);
        let known = self.running.borrow().get(&config).cloned();
        let pair = if let Some(pair) = known {
            pair
        } else {
            let place = place(setup, &self.url);
            let pair = Rc::new(Pair { nodes: [node(&place.config())?, node(&place.config())?], place });
            self.running.borrow_mut().insert(config, Rc::clone(&pair));
            pair
        };
        Ok(Played { url: self.url.clone(), pair, own: None, turn: Cell::new(0) })
    }
}

fn node(config: &str) -> Result<Running, Trouble> {
    Running::start(config).map_err(|done| match done.code {
        2 => Trouble::Refused(done.err),
        _ => Trouble::Broken(done.err),
    })
}

impl Played {
    fn nodes(&self) -> &[Running; 2] {
        self.own.as_ref().unwrap_or(&self.pair.nodes)
    }

    /// The node whose turn it is.
    fn next(&self) -> &Running {
        self.turn.set(self.turn.get() + 1);
        &self.nodes()[self.turn.get() % 2]
    }
}

impl Host for Played {
    fn issue(&mut self, order: &IssueOrder) -> Result<IssuedTokens, Trouble> {
        self.pair.place.issue_order(order)
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Trouble> {
        Ok(Wire::new(self.next().address).send(request)?)
    }

    /// Half of them to each node, all at once.
    fn send_parallel(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Trouble> {
        let (left, right) = requests.split_at(requests.len() / 2);
        let [here, there] = self.nodes().each_ref().map(|node| node.address);
        let (left, right) = thread::scope(|scope| {
            let other = scope.spawn(|| Wire::new(there).send_parallel(right));
            (Wire::new(here).send_parallel(left), other.join().unwrap())
        });
        Ok([left?, right?].concat())
    }

    fn now(&mut self) -> Result<u64, Trouble> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|error| Trouble::Broken(error.to_string()))
    }

    fn advance(&mut self, _: u64) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("a process cannot move its clock"))
    }

    fn reconfigure(&mut self, setup: &Setup) -> Result<(), Trouble> {
        let file = self.pair.place.path("changed.toml");
        std::fs::write(&file, config(setup, &self.url)).map_err(|error| Trouble::Broken(error.to_string()))?;
        let file = file.display().to_string();
        self.own = Some([node(&file)?, node(&file)?]);
        Ok(())
    }

    fn revoke_grant(&mut self, grant_id: &str) -> Result<(), Trouble> {
        let done = self.pair.place.run(&["grant", "revoke"], &["--id", grant_id]);
        if done.out.trim() == r#"{"revoked":1}"# { Ok(()) } else { Err(Trouble::Broken(done.err)) }
    }

    fn fail_store_once(&mut self) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("a process cannot be told that its store fails"))
    }

    fn log(&mut self) -> Result<String, Trouble> {
        Ok(self.nodes().iter().map(Running::log).collect())
    }
}

#[test]
fn every_vector_holds_on_two_nodes_over_postgres() {
    let vectors = corpus::vectors().unwrap();
    let nodes = || Nodes { url: database(), running: RefCell::default() };
    // In two halves at once: most of the time goes by waiting for processes to start.
    let halves = vectors.split_at(vectors.len() / 2);
    let reports = thread::scope(|scope| {
        let other = scope.spawn(|| run_all(&nodes(), halves.1));
        [run_all(&nodes(), halves.0), other.join().unwrap()]
    });
    for report in &reports {
        assert_eq!(report.failed(), 0, "{report}");
        for (label, outcome) in report.entries() {
            if let Outcome::Skipped(reason) = outcome {
                assert!(reason.starts_with("a process cannot"), "{label}: {reason}");
            }
        }
        assert!(report.passed() > 9 * report.skipped(), "{report}");
    }
}

/// How many present one token at once.
const PRESENTERS: usize = 64;

/// Half of them at each node. With a window all get the same answer, and its refresh token goes on.
#[test]
fn sixty_four_presenters_at_two_nodes_get_one_successor() {
    let mut setup = Setup::fixtures();
    setup.policy.retry_window = Some(Span::seconds(60));
    let place = place(&setup, &database());
    let nodes = [place.serve(), place.serve()];
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let mut token = issued["refresh_token"].as_str().unwrap().to_owned();
    for round in 0..10 {
        let answers: Vec<Answer> = thread::scope(|scope| {
            let (nodes, token) = (&nodes, &token);
            let present = |n: usize| scope.spawn(move || nodes[n % 2].refresh(token));
            let racers: Vec<_> = (0..PRESENTERS).map(present).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let successors: Vec<String> = answers.iter().map(|answer| member(answer, "refresh_token")).collect();
        assert!(answers.iter().all(|answer| answer.status == 200), "round {round}");
        assert!(successors.iter().all(|successor| *successor == successors[0]), "round {round}");
        token.clone_from(&successors[0]);
    }
}

/// Without a window one of them is answered, the rest are replays, and those end the grant on both nodes.
#[test]
fn a_replay_at_one_node_ends_the_grant_at_the_other() {
    let place = place(&Setup::fixtures(), &database());
    let (here, there) = (place.serve(), place.serve());
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let first = issued["refresh_token"].as_str().unwrap();
    let second = member(&here.refresh(first), "refresh_token");
    assert_eq!(there.refresh(first).status, 400);
    assert_eq!(here.refresh(&second).status, 400);
    let id = issued["grant_id"].as_str().unwrap();
    assert!(place.run(&["grant", "show"], &[id, "--json"]).out.contains("\"end_reason\":\"replayed\""));
}

/// A database, and the place of nodes over it that remember tokens.
fn remembering() -> (String, Place) {
    let database = server().database().unwrap();
    let place = Place::with(&format!("{}[resource_cache]\n", config(&Setup::fixtures(), &server().url(&database))));
    std::fs::write(place.path("pepper"), [7; 32]).unwrap();
    (database, place)
}

/// The request for a protected page.
fn page(access_token: &str) -> Request {
    let mut page = form("/resource", "");
    (page.method, page.body) = ("GET".to_owned(), None);
    page.headers = vec![("Authorization".to_owned(), format!("Bearer {access_token}"))];
    page
}

/// Has a node answer until it needs no table for it.
fn remember(node: &Running, page: &Request, database: &str) {
    let rename =
        |from: &str, to: &str| server().sql(database, &format!("ALTER TABLE regrant.{from} RENAME TO {to}")).unwrap();
    eventually("the token is remembered", || {
        node.send(page);
        rename("grants", "hidden");
        let status = node.send(page).status;
        rename("hidden", "grants");
        status == 200
    });
}

/// No way over the database: what a node has answered holds from its own next answer on.
#[test]
fn a_node_that_remembers_tokens_refuses_what_it_has_revoked_itself() {
    let (database, place) = remembering();
    let node = place.serve();
    for word in ["access_token", "refresh_token"] {
        let issued = place.issue(&["--client", "web", "--scope", "read"]);
        let page = page(issued["access_token"].as_str().unwrap());
        remember(&node, &page, &database);
        let revocation = form("/revoke", &format!("token={}", issued[word].as_str().unwrap()));
        assert_eq!(node.send(&revocation).status, 200);
        assert_eq!(node.send(&page).status, 401, "{word}");
    }
}

/// It asks nobody about a token that it remembers: not even where the table is out of reach.
#[test]
fn a_node_that_remembers_tokens_hears_when_another_ends_them() {
    let (database, place) = remembering();
    let (here, there) = (place.serve(), place.serve());
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let page = page(issued["access_token"].as_str().unwrap());
    remember(&here, &page, &database);
    let revocation = form("/revoke", &format!("token={}", issued["refresh_token"].as_str().unwrap()));
    assert_eq!(there.send(&revocation).status, 200);
    eventually("the token is refused", || here.send(&page).status == 401);
    assert_eq!(there.send(&page).status, 401);
}

#[test]
fn every_command_works_beside_two_servers() {
    let place = place(&Setup::fixtures(), &database());
    let (here, there) = (place.serve(), place.serve());
    let added = place.run(&["client", "add"], &["--id", "shop", "--grant", "refresh_token", "--scope", "read"]);
    assert_eq!((added.code, added.out.contains("client_secret")), (0, true), "{added:?}");
    assert_eq!(place.run(&["client", "add"], &["--id", "shop"]).code, 1, "it exists");
    let issued = place.issue(&["--client", "web", "--subject", "alice", "--scope", "read"]);
    place.issue(&["--client", "shop", "--subject", "alice", "--scope", "read"]);
    let listed = place.run(&["grant", "list"], &["--subject", "alice", "--json"]);
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&listed.out).unwrap().len(), 2);
    assert_eq!(place.run(&["client", "rotate-secret"], &["--id", "shop"]).code, 0);
    assert_eq!(
        place.run(&["client", "raise-epoch"], &["--id", "shop"]).out.trim(),
        r#"{"client_id":"shop","grant_epoch":1}"#
    );
    assert_eq!(place.run(&["client", "disable"], &["--id", "shop"]).code, 0);
    assert!(place.run(&["client", "list"], &[]).out.starts_with("shop disabled"));
    let revoked = place.run(&["grant", "revoke"], &["--subject", "alice"]);
    assert_eq!(revoked.out.trim(), r#"{"revoked":2}"#);
    for node in [&here, &there] {
        assert_eq!(node.refresh(issued["refresh_token"].as_str().unwrap()).status, 400);
        assert_eq!(node.get("/healthz").status, 200);
    }
    assert_eq!(place.run(&["purge"], &["--margin", "0s"]).out.trim(), r#"{"purged":2}"#);
}

#[test]
fn a_database_that_is_not_there_and_a_pepper_that_is_missing_are_told_without_a_password() {
    let mut setup = Setup::fixtures();
    let gone = place(&setup, "postgres://root:hunter2@127.0.0.1:1/none").run(&["grant", "list"], &[]);
    assert_eq!((gone.code, gone.err.contains("hunter2")), (1, false), "{gone:?}");
    setup.policy.retry_window = Some(Span::seconds(10));
    let config = setup.to_config_toml(&database()).unwrap();
    let bare = Place::with(&config).run(&["grant", "issue"], &["--client", "web"]);
    assert_eq!((bare.code, bare.err.contains("pepper_file")), (2, true), "{bare:?}");
}

/// It is slower than one that hears them, and an operator may not have meant it.
#[test]
fn a_node_that_hears_no_news_says_so_at_its_start() {
    let url = database();
    let quiet =
        Place::with(&format!("{}\n[postgres]\nconnections = 1\nnotify = false\n", base(&Setup::fixtures(), &url)));
    std::fs::write(quiet.path("pepper"), [7; 32]).unwrap();
    let (quiet, hearing) = (quiet.serve(), place(&Setup::fixtures(), &url).serve());
    eventually("it says so", || quiet.log().contains("no news of other nodes is heard"));
    eventually("the other one hears", || hearing.log().contains("news of other nodes is heard"));
    assert!(!hearing.log().contains("no news"));
}
