//! The black-box vectors, played against the binary over a socket, on SQLite. What needs another clock is skipped.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::thread;
use std::time::SystemTime;

use regrant_testkit::wire::Wire;
use regrant_testkit::{
    Answer, Host, IssueOrder, IssuedTokens, Outcome, Request, Setup, Target, Trouble, corpus, run_all,
};

use crate::process::{Place, Running};

/// Starts the binary, once for all vectors with one setup: none of them needs to be alone in the store.
#[derive(Default)]
struct Binary {
    running: RefCell<HashMap<String, Rc<Shared>>>,
}

struct Shared {
    place: Place,
    server: Running,
}

/// The server of one vector: the shared one, until the vector changes its configuration.
struct Played {
    shared: Rc<Shared>,
    own: Option<Running>,
}

impl Target for Binary {
    type Host = Played;

    fn start(&self, setup: &Setup) -> Result<Played, Trouble> {
        let config = setup.to_config_toml("sqlite:grants.db").map_err(|error| Trouble::Broken(error.to_string()))?;
        if let Some(shared) = self.running.borrow().get(&config) {
            return Ok(Played { shared: Rc::clone(shared), own: None });
        }
        let place = Place::with(&config);
        let server = start(&place)?;
        let shared = Rc::new(Shared { place, server });
        self.running.borrow_mut().insert(config, Rc::clone(&shared));
        Ok(Played { shared, own: None })
    }
}

fn start(place: &Place) -> Result<Running, Trouble> {
    Running::start(&place.config()).map_err(|done| match done.code {
        2 => Trouble::Refused(done.err),
        _ => Trouble::Broken(done.err),
    })
}

impl Played {
    fn wire(&self) -> Wire {
        Wire::new(self.own.as_ref().unwrap_or(&self.shared.server).address)
    }
}

impl Host for Played {
    fn issue(&mut self, order: &IssueOrder) -> Result<IssuedTokens, Trouble> {
        self.shared.place.issue_order(order)
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Trouble> {
        Ok(self.wire().send(request)?)
    }

    fn send_parallel(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Trouble> {
        Ok(self.wire().send_parallel(requests)?)
    }

    fn now(&mut self) -> Result<u64, Trouble> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|error| Trouble::Broken(error.to_string()))
    }

    fn advance(&mut self, _: u64) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("a process cannot move its clock"))
    }

    /// A second server over the same file, beside the one that the other vectors share.
    fn reconfigure(&mut self, setup: &Setup) -> Result<(), Trouble> {
        let config = setup.to_config_toml("sqlite:grants.db").map_err(|error| Trouble::Broken(error.to_string()))?;
        let file = self.shared.place.path("changed.toml");
        std::fs::write(&file, config).map_err(|error| Trouble::Broken(error.to_string()))?;
        let file = file.display().to_string();
        self.own = Some(Running::start(&file).map_err(|done| Trouble::Broken(done.err))?);
        Ok(())
    }

    fn revoke_grant(&mut self, grant_id: &str) -> Result<(), Trouble> {
        let done = self.shared.place.run(&["grant", "revoke"], &["--id", grant_id]);
        if done.out.trim() == r#"{"revoked":1}"# { Ok(()) } else { Err(Trouble::Broken(done.err)) }
    }

    fn fail_store_once(&mut self) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("a process cannot be told that its store fails"))
    }

    fn log(&mut self) -> Result<String, Trouble> {
        Ok(self.own.as_ref().unwrap_or(&self.shared.server).log())
    }
}

#[test]
fn every_vector_holds_over_a_socket() {
    let vectors = corpus::vectors().unwrap();
    // In two halves at once: most of the time goes by waiting for processes to start.
    let halves = vectors.split_at(vectors.len() / 2);
    let reports = thread::scope(|scope| {
        let other = scope.spawn(|| run_all(&Binary::default(), halves.1));
        [run_all(&Binary::default(), halves.0), other.join().unwrap()]
    });
    for report in &reports {
        assert_eq!(report.failed(), 0, "{report}");
        // Only what needs another clock or a broken store is skipped.
        for (label, outcome) in report.entries() {
            if let Outcome::Skipped(reason) = outcome {
                assert!(reason.starts_with("a process cannot"), "{label}: {reason}");
            }
        }
        assert!(report.passed() > 9 * report.skipped(), "{report}");
    }
}
