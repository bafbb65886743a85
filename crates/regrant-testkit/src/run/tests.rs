use super::*;
use crate::target::IssueOrder;
use std::cell::RefCell;
use std::rc::Rc;

/// A host that answers from a list and writes down what it was asked to do.
#[derive(Clone, Default)]
struct Scripted {
    answers: Rc<RefCell<Vec<Answer>>>,
    journal: Rc<RefCell<Vec<String>>>,
    refuses: bool,
}

impl Scripted {
    fn answering(bodies: &[(u16, &str)]) -> Self {
        let headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer =
            |(status, body): &(u16, &str)| Answer { status: *status, headers: headers.clone(), body: (*body).into() };
        // Taken from the end.
        let answers = bodies.iter().rev().map(answer).collect();
        Self { answers: Rc::new(RefCell::new(answers)), ..Self::default() }
    }

    fn note(&self, line: String) {
        self.journal.borrow_mut().push(line);
    }

    fn journal(&self) -> Vec<String> {
        self.journal.borrow().clone()
    }
}

impl Target for Scripted {
    type Host = Self;

    fn start(&self, _: &Setup) -> Result<Self, Trouble> {
        if self.refuses { Err(Trouble::Refused("no".into())) } else { Ok(self.clone()) }
    }
}

impl Host for Scripted {
    fn issue(&mut self, order: &IssueOrder) -> Result<IssuedTokens, Trouble> {
        self.note(format!("issue {} {}", order.client, order.scope));
        Ok(IssuedTokens { grant_id: "g1".into(), access_token: "at0".into(), refresh_token: Some("rt0".into()) })
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Trouble> {
        self.note(String::from_utf8(request.body.clone().unwrap_or_default()).unwrap());
        self.answers.borrow_mut().pop().ok_or_else(|| Trouble::Broken("no more answers".into()))
    }

    fn send_parallel(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Trouble> {
        requests.iter().map(|request| self.send(request)).collect()
    }

    fn now(&mut self) -> Result<u64, Trouble> {
        Ok(1_000)
    }

    fn advance(&mut self, _: u64) -> Result<(), Trouble> {
        Err(Trouble::Unsupported("the clock stands still"))
    }

    fn reconfigure(&mut self, setup: &Setup) -> Result<(), Trouble> {
        self.note(format!("web enabled: {:?}", setup.client("web").map(|client| client.enabled)));
        Ok(())
    }

    fn revoke_grant(&mut self, grant_id: &str) -> Result<(), Trouble> {
        self.note(format!("revoke {grant_id}"));
        Ok(())
    }

    fn fail_store_once(&mut self) -> Result<(), Trouble> {
        self.note("fail once".into());
        Ok(())
    }

    fn log(&mut self) -> Result<String, Trouble> {
        Ok("rt1 was here".into())
    }
}

const FIRST: &str =
    r#"{"access_token":"at1","token_type":"Bearer","expires_in":60,"refresh_token":"rt1","scope":"read"}"#;
const SECOND: &str =
    r#"{"access_token":"at2","token_type":"Bearer","expires_in":60,"refresh_token":"rt2","scope":"read"}"#;
const REFUSED: &str = r#"{"error":"invalid_grant"}"#;

fn vector(steps: &str) -> Vector {
    toml::from_str(&format!("id = \"X-1\"\ntitle = \"t\"\n{steps}")).unwrap()
}

fn run(host: &Scripted, steps: &str) -> Outcome {
    run_one(host, &vector(steps))
}

fn failed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(_))
}

#[test]
fn tokens_travel_from_answer_to_request() {
    let host = Scripted::answering(&[(200, FIRST), (200, SECOND), (400, REFUSED)]);
    let steps = "[[step]]\nrefresh = \"RT\"\nsave = \"1\"\n[[step]]\nrefresh = \"RT_NEW\"\n\
                 [[step]]\nrefresh = \"RT1\"\nexpect = { is = \"error\", status = 400, error = \"invalid_grant\" }";
    assert_eq!(run(&host, steps), Outcome::Passed);
    let tokens: Vec<_> = host
        .journal()
        .iter()
        .filter_map(|line| Some(line.split_once("refresh_token&refresh_token=")?.1.to_owned()))
        .collect();
    assert_eq!(tokens, ["rt0", "rt1", "rt1"]);
}

#[test]
fn a_wrong_answer_fails_and_names_its_step() {
    let host = Scripted::answering(&[(200, FIRST), (400, REFUSED)]);
    let Outcome::Failed(details) = run(&host, "[[step]]\nrefresh = \"RT\"\n[[step]]\nrefresh = \"RT_NEW\"") else {
        panic!("not failed");
    };
    assert!(details.iter().all(|detail| detail.starts_with("step 2: ")), "{details:?}");
}

#[test]
fn an_expectation_sees_the_tokens_from_before_the_answer() {
    let steps = "[[step]]\nrefresh = \"RT\"\n[[step]]\nrefresh = \"RT\"\nexpect = { equals = { refresh_token = \"{RT_NEW}\" } }";
    assert_eq!(run(&Scripted::answering(&[(200, FIRST), (200, FIRST)]), steps), Outcome::Passed);
    assert!(failed(&run(&Scripted::answering(&[(200, FIRST), (200, SECOND)]), steps)));
}

#[test]
fn what_a_target_cannot_do_skips_the_vector() {
    let outcome = run(&Scripted::default(), "[[step]]\nadvance = \"1s\"");
    assert_eq!(outcome, Outcome::Skipped("the clock stands still".into()));
}

#[test]
fn a_broken_target_fails_the_vector() {
    assert!(failed(&run(&Scripted::default(), "[[step]]\nrefresh = \"RT\"")));
    assert!(failed(&run(&Scripted::default(), "[[step]]\nrefresh = \"RT_NEW\"")));
    assert!(failed(&run(&Scripted::default(), "[[step]]\nrevoke_grant = \"9\"")));
}

#[test]
fn a_refusal_is_expected_or_it_fails() {
    let refusing = Scripted { refuses: true, ..Scripted::default() };
    assert_eq!(run(&refusing, "refused = true"), Outcome::Passed);
    assert!(failed(&run(&refusing, "")));
    assert!(failed(&run(&Scripted::default(), "refused = true")));
}

#[test]
fn the_other_steps_reach_the_host() {
    let host = Scripted::default();
    let steps = "[[step]]\nchange = [{ id = \"web\", enabled = false }]\n[[step]]\nrevoke_grant = \"\"\n[[step]]\nfail_store_once = true";
    assert_eq!(run(&host, steps), Outcome::Passed);
    assert_eq!(host.journal(), ["issue web read write", "web enabled: Some(false)", "revoke g1", "fail once"]);
}

#[test]
fn a_chain_hands_each_token_on_and_notices_a_repeat() {
    let chain = "[[step]]\nrefresh = \"RT\"\nchain = 2\n[[step]]\nrefresh = \"RT_FIRST\"\nexpect = { status = 400 }";
    let host = Scripted::answering(&[(200, FIRST), (200, SECOND), (400, REFUSED)]);
    assert_eq!(run(&host, chain), Outcome::Passed);
    assert!(host.journal().last().unwrap().ends_with("rt0"));
    assert!(failed(&run(&Scripted::answering(&[(200, FIRST), (200, FIRST), (400, REFUSED)]), chain)));
}

#[test]
fn parallel_answers_are_judged_one_by_one_and_together() {
    let steps = "[[step]]\nrefresh = \"RT\"\nparallel = 2\nexpect = { status = [200, 400], counts = { 200 = 1 } }";
    assert_eq!(run(&Scripted::answering(&[(400, REFUSED), (200, FIRST)]), steps), Outcome::Passed);
    assert!(failed(&run(&Scripted::answering(&[(200, FIRST), (200, FIRST)]), steps)));
    assert!(failed(&run(&Scripted::answering(&[(503, ""), (200, FIRST)]), steps)));
}

#[test]
fn both_of_two_racing_requests_are_judged() {
    let steps = "[[step]]\nrefresh = \"RT\"\nbeside = { introspect = \"RT\", expect = { is = \"active\" } }\n\
                 [[step]]\nif_bound = \"RT9\"\nrefresh = \"RT9\"";
    assert_eq!(run(&Scripted::answering(&[(200, FIRST), (200, r#"{"active":true}"#)]), steps), Outcome::Passed);
    assert!(failed(&run(&Scripted::answering(&[(200, FIRST), (200, r#"{"active":false}"#)]), steps)));
}

#[test]
fn repeats_and_rounds_send_again() {
    let host = Scripted::answering(&[(400, REFUSED); 6]);
    let steps = "rounds = 2\n[[step]]\nrefresh = \"RT\"\ntimes = 3\nexpect = { status = 400 }";
    assert_eq!(run(&host, steps), Outcome::Passed);
    assert_eq!(host.journal().len(), 8, "two issues and six requests");
}

#[test]
fn the_log_is_searched_after_the_answer() {
    let steps = "[[step]]\nrefresh = \"RT\"\nexpect = { not_logged = [\"{RT_NEW}\"] }";
    assert!(failed(&run(&Scripted::answering(&[(200, FIRST)]), steps)));
    assert_eq!(run(&Scripted::answering(&[(200, SECOND)]), steps), Outcome::Passed);
}

#[test]
fn the_report_counts_and_tells() {
    let vectors = [vector("[[step]]\nadvance = \"1s\""), vector("refused = true"), vector("grants = []")];
    let report = run_all(&Scripted::default(), &vectors);
    assert_eq!((report.passed(), report.failed(), report.skipped()), (1, 1, 1));
    let text = report.to_string();
    assert!(text.starts_with("1 passed, 1 failed, 1 skipped\n"));
    assert!(text.contains("SKIPPED X-1 t: the clock stands still\n"));
    assert!(text.contains("FAILED X-1 t\n"));
}
