use super::*;
use crate::expectation::Expectation;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer { status, headers, body: body.into() }
}

const JSON: [(&str, &str); 3] =
    [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")];

const TOKENS: &str =
    r#"{"access_token":"at","token_type":"Bearer","expires_in":60,"refresh_token":"rt","scope":"b a"}"#;

fn tokens() -> Answer {
    answer(200, &JSON, TOKENS)
}

fn complaints(answer: &Answer, expectation: &str) -> Vec<String> {
    let expected: Expectation = toml::from_str(expectation).unwrap();
    let mut bindings = Bindings::default();
    bindings.bind("RT", "rt");
    bindings.bind("OLD", "old");
    let named = BTreeMap::from([("first".to_owned(), tokens())]);
    Checker { bindings: &bindings, now: Some(1_000), named: &named }.complaints(answer, &expected)
}

#[track_caller]
fn holds(answer: &Answer, expectation: &str) {
    assert_eq!(complaints(answer, expectation), Vec::<String>::new(), "{expectation}");
}

#[track_caller]
fn fails(answer: &Answer, expectation: &str) {
    assert_eq!(complaints(answer, expectation).len(), 1, "{expectation}: {:?}", complaints(answer, expectation));
}

#[test]
fn each_kind_of_expectation_holds_and_fails() {
    for (good, bad) in [
        ("status = 200", "status = 400"),
        ("status = [200, 400]", "status = [400, 401]"),
        ("members = [\"scope\"]", "members = [\"user_uuid\"]"),
        ("equals = { refresh_token = \"{RT}\" }", "equals = { refresh_token = \"{OLD}\" }"),
        ("equals = { expires_in = 60 }", "equals = { expires_in = 61 }"),
        ("equals = { expires_in = 60 }", "equals = { expires_in = \"60\" }"),
        ("lacks = [\"user_uuid\"]", "lacks = [\"scope\"]"),
        (
            "only = [\"scope\", \"access_token\", \"token_type\", \"expires_in\", \"refresh_token\"]",
            "only = [\"access_token\", \"token_type\", \"expires_in\", \"refresh_token\"]",
        ),
        (
            "order = [\"access_token\", \"token_type\", \"expires_in\", \"refresh_token\", \"scope\"]",
            "order = [\"token_type\", \"access_token\", \"expires_in\", \"refresh_token\", \"scope\"]",
        ),
        ("types = { expires_in = \"integer\" }", "types = { expires_in = \"string\" }"),
        ("types = { error = \"string?\" }", "types = { error = \"string\" }"),
        ("rules = { access_token = \"base64_url\" }", "rules = { access_token = \"hex\" }"),
        ("rules = { error_description = \"description\" }", "rules = { access_token = \"url_safe_27\" }"),
        ("within = { expires_in = [59, 60] }", "within = { expires_in = [61, 70] }"),
        ("differs = { refresh_token = \"{OLD}\" }", "differs = { refresh_token = \"{RT}\" }"),
        ("absent_or = { refresh_token = \"{RT}\" }", "absent_or = { refresh_token = \"{OLD}\" }"),
        ("absent_or = { user_uuid = \"{OLD}\" }", "differs = { user_uuid = \"{OLD}\" }"),
        ("scope = [\"a\", \"b\"]", "scope = [\"a\"]"),
        ("headers = { pragma = \"no-cache\" }", "headers = { Pragma = \"no-store\" }"),
        ("headers = { Pragma = \"*\" }", "headers = { Location = \"*\" }"),
        ("lacks_headers = [\"Location\"]", "lacks_headers = [\"pragma\"]"),
        ("once = [\"Pragma\"]", "once = [\"Location\"]"),
        ("empty = false", "empty = true"),
        ("nowhere = [\"{OLD}\"]", "nowhere = [\"{RT}\"]"),
        ("same_as = \"first\"", "same_as = \"second\""),
        ("is = \"tokens\"", "near_now = [\"expires_in\"]"),
    ] {
        holds(&tokens(), good);
        fails(&tokens(), bad);
    }
}

#[test]
fn a_placeholder_without_a_value_is_a_complaint() {
    fails(&tokens(), "equals = { refresh_token = \"{NOPE}\" }");
}

#[test]
fn times_are_compared_with_the_hosts_clock() {
    let near = |time: u64| answer(200, &JSON, &format!("{{\"created_at\":{time}}}"));
    holds(&near(995), "near_now = [\"created_at\"]");
    fails(&near(994), "near_now = [\"created_at\"]");
    fails(&near(1_000_000), "near_now = [\"created_at\"]");
}

#[test]
fn arrays_are_searched() {
    let metadata = answer(200, &JSON, r#"{"a":["x","y"]}"#);
    holds(&metadata, "contains = { a = [\"y\"] }\ntypes = { a = \"strings\" }");
    fails(&metadata, "contains = { a = [\"z\"] }");
}

#[test]
fn the_code_of_an_error_is_one_of_those_allowed() {
    let error = answer(400, &JSON, r#"{"error":"invalid_grant"}"#);
    holds(&error, "is = \"error\"\nstatus = 400\nerror = [\"invalid_grant\", \"invalid_request\"]");
    fails(&error, "error = \"invalid_request\"");
}

#[test]
fn a_body_that_is_no_object_fails_where_members_are_expected() {
    let page = answer(400, &[], "<html>");
    holds(&page, "status = 400\nlacks = [\"access_token\"]");
    fails(&page, "error = \"invalid_request\"");
}

#[test]
fn shapes_are_strict() {
    let inactive = answer(200, &JSON, r#"{"active":false}"#);
    holds(&inactive, "is = \"inactive\"");
    assert!(!complaints(&answer(200, &JSON, r#"{"active":false,"scope":"a"}"#), "is = \"inactive\"").is_empty());
    assert!(!complaints(&inactive, "is = \"active\"").is_empty());
    assert!(!complaints(&answer(200, &[], r#"{"active":false}"#), "is = \"inactive\"").is_empty());
    assert!(!complaints(&tokens(), "is = \"error\"").is_empty());
    let revoked = [("Content-Type", "application/json"), ("Content-Length", "0")];
    holds(&answer(200, &revoked, ""), "is = \"revoked\"");
    assert!(!complaints(&answer(200, &revoked, "{}"), "is = \"revoked\"").is_empty());
    let leaking = [revoked[0], revoked[1], ("RevokedAccessToken", "at")];
    assert!(!complaints(&answer(200, &leaking, ""), "is = \"revoked\"").is_empty());
}

#[test]
fn a_shapes_status_gives_way_to_the_one_written() {
    holds(&answer(201, &JSON, TOKENS), "is = \"tokens\"\nstatus = 201");
}

#[test]
fn what_holds_for_every_answer_is_always_checked() {
    for bad in [
        answer(401, &[], ""),
        answer(405, &[], ""),
        answer(200, &[("Set-Cookie", "a=b")], ""),
        answer(302, &[("Location", "/")], ""),
        answer(200, &JSON, r#"{"scope":null}"#),
        answer(200, &JSON, r#"{"a":1,"a":2}"#),
        answer(400, &JSON, r#"{"error":"x","error_description":"a \"quote\""}"#),
        answer(200, &[("Content-Type", "application/json")], TOKENS),
    ] {
        fails(&bad, "");
    }
}

#[test]
fn answers_are_compared_without_their_date() {
    let dated = |date, body| answer(200, &[JSON[0], JSON[1], JSON[2], ("Date", date)], body);
    holds(&dated("now", TOKENS), "same_as = \"first\"");
    fails(&dated("now", &TOKENS.replace("at", "ta")), "same_as = \"first\"");
}

#[test]
fn answers_together() {
    let other = answer(200, &JSON, &TOKENS.replace("\"rt\"", "\"other\""));
    let refused = answer(400, &JSON, r#"{"error":"invalid_grant"}"#);
    let expected: Expectation = toml::from_str("counts = { 200 = 2 }\nall_equal = [\"refresh_token\"]").unwrap();
    assert!(complaints_together(&[tokens(), tokens(), refused.clone()], &expected).is_empty());
    assert_eq!(complaints_together(&[tokens(), refused], &expected).len(), 1);
    assert_eq!(complaints_together(&[tokens(), other], &expected).len(), 1);
}

#[test]
fn a_log_is_searched_for_rendered_texts() {
    let mut bindings = Bindings::default();
    bindings.bind("RT", "secret-token");
    let forbidden = ["{RT}".to_owned(), "web-secret".to_owned()];
    assert!(complaints_about_log("a quiet log", &forbidden, &bindings).is_empty());
    let found = complaints_about_log("saw secret-token", &forbidden, &bindings);
    assert_eq!(found, ["the log holds {RT}"]);
}
