//! Nothing secret is at rest or in sight.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use regrant::exchange::begin;
use regrant::{
    ClientSecret, ClientSecretDigest, IntrospectionRequest, PresentedToken, ResourceRequest, RevocationRequest, Rules,
    Secret, Step, encode_attributes, encode_tokens,
};

use crate::common::{
    Kind, Mishap, PEPPER, World, app, basic, both, grant_id, pepper, post, refresh_request, secret_of, secs, web,
};

/// Every written form of some bytes, and of any 8 of them in a row as hex. Base64 of a part depends on where it begins,
/// so a run of the text is looked for in each of the three phases.
fn written_forms(bytes: &[u8]) -> Vec<String> {
    let mut forms = vec![hex::encode(bytes), hex::encode_upper(bytes), format!("{bytes:?}"), format!("{bytes:x?}")];
    forms.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().map(|form| form.encode(bytes)));
    forms.extend(bytes.windows(8).map(hex::encode));
    forms.extend(bytes.windows(8).map(|part| {
        let inner = format!("{part:?}");
        inner[1..inner.len() - 1].to_owned()
    }));
    for phase in 0..3 {
        let whole = &bytes[phase..phase + (bytes.len() - phase) / 3 * 3];
        forms.extend(whole.chunks_exact(9).map(|part| URL_SAFE_NO_PAD.encode(part)));
        forms.extend(whole.chunks_exact(9).map(|part| STANDARD_NO_PAD.encode(part)));
    }
    forms
}

fn assert_hidden(shown: &str, secrets: &[Vec<u8>]) {
    for secret in secrets {
        for form in written_forms(secret) {
            assert!(!shown.contains(&form), "{form} in {shown}");
        }
        let raw = String::from_utf8_lossy(secret);
        assert!(!shown.contains(&*raw), "raw {raw:?} in {shown}");
    }
}

fn secrets(tokens: &[&str]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = tokens.iter().map(|token| secret_of(token).to_vec()).collect();
    all.push(b"web-secret".to_vec());
    all.push(vec![PEPPER; 32]);
    all
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let secret: Vec<u8> = (40..72).collect();
    for shown in [hex::encode(&secret), URL_SAFE_NO_PAD.encode(&secret), format!("{secret:?}")] {
        let found =
            std::panic::catch_unwind(|| assert_hidden(&format!("before {shown} after"), std::slice::from_ref(&secret)));
        assert!(found.is_err(), "{shown}");
    }
}

#[test]
fn n_094_no_debug_form_of_an_answer_a_record_or_a_decision_shows_a_secret() {
    both(|world| {
        let first = world.issue("web", "read write");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let request = refresh_request(web(), &second.refresh, None);
        let explained = world.explain(&request);
        let reply = world.token(request).unwrap();
        let shown = [
            format!("{reply:?} {explained:?} {:?}", world.log().decisions()),
            format!("{:?}", world.snapshot()),
            format!("{:?}", world.try_introspect(web(), Some(&second.access)).unwrap()),
            format!("{:?}", world.try_resource(Some(&second.access)).unwrap()),
            format!("{:?}", world.try_revoke(web(), Some(&second.access)).unwrap()),
            format!("{:?}", world.log().revocations()),
        ];
        let refresh = explained.change.map(|change| format!("{change:?}")).unwrap();
        let salt = world.record(&first.refresh).refresh().unwrap().retry.as_ref().unwrap().salt.to_vec();
        let mut hidden = secrets(&[&first.refresh, &first.access, &second.refresh, &second.access]);
        hidden.push(salt);
        assert_hidden(&(shown.concat() + &refresh), &hidden);
    });
}

#[test]
fn n_094_no_debug_form_of_a_request_or_of_a_step_shows_a_secret() {
    let world = World::new(Kind::Blocking);
    let first = world.issue("web", "read");
    let rules = Rules::new(pepper(PEPPER));
    let token = Some(first.refresh.as_str());
    let mut shown = Vec::new();
    for who in [web(), post("web", "web-secret")] {
        let refresh = refresh_request(who, &first.refresh, None);
        let revocation = RevocationRequest { credentials: who, token };
        let introspection = IntrospectionRequest { credentials: who, token };
        shown.push(format!("{who:?} {:?} {refresh:?} {revocation:?} {introspection:?} {rules:?}", who.header));
        shown.push(format!("{:?} {:?}", begin(&rules, &revocation), begin(&rules, &introspection)));
        shown.extend(steps(&world, &rules, &refresh));
    }
    let resource = ResourceRequest { token: Some(&first.access) };
    shown.push(format!("{resource:?} {:?}", begin(&rules, &resource)));
    let shown = shown.concat();
    assert_hidden(&shown, &secrets(&[&first.refresh, &first.access]));
    assert!(!shown.contains(&first.refresh) && !shown.contains(&first.access));
}

/// Every step of a refresh, formatted.
fn steps(world: &World, rules: &Rules, request: &regrant::TokenRequest<'_>) -> Vec<String> {
    use regrant::ClientStore as _;
    let step = begin(rules, request);
    let mut shown = vec![format!("{step:?}")];
    let Step::NeedsClient(exchange) = step else { panic!("a client is needed") };
    let client = world.clients().client(exchange.client_id().unwrap()).unwrap();
    let entropy = regrant::Entropy::from_bytes(&[7; 96]);
    shown.push(format!("{entropy:?}"));
    let step = exchange.with_client(client, entropy, world.now(), None);
    shown.push(format!("{step:?}"));
    let Step::NeedsGrant(exchange) = step else { panic!("the grant is needed") };
    let found = world.store().grant(*exchange.grant_id());
    let step: Step<'_, regrant::TokenRequest<'_>> = exchange.with_grant(Some(found), world.now());
    shown.push(format!("{step:?}"));
    shown
}

#[test]
fn no_debug_form_of_a_secret_type_shows_its_bytes() {
    let bytes: Vec<u8> = (40..72).collect();
    let secret = Secret::<32>::new(bytes.clone().try_into().unwrap());
    let peppers = regrant::Pepper::new(bytes.clone()).unwrap().with_previous(bytes.clone()).unwrap();
    let world = World::new(Kind::Blocking);
    let first = world.issue("web", "read");
    let tokens = [&first.refresh, &first.access].map(|text| PresentedToken::parse(text).unwrap());
    let generated = ClientSecret::generate(&mut Counting(0)).unwrap();
    let shown = format!("{secret:?} {peppers:?} {tokens:?} {generated:?} {:?}", generated.digest());
    assert_hidden(&shown, &[bytes, secret_of(&first.refresh).to_vec(), secret_of(&first.access).to_vec()]);
    assert!(!shown.contains(generated.expose_secret()));
    assert!(!format!("{:?}", ClientSecretDigest::of("web-secret")).contains("web-secret"));
}

#[test]
fn a_generated_client_secret_is_the_same_however_it_is_sent() {
    let generated = ClientSecret::generate(&mut Counting(0)).unwrap();
    let text = generated.expose_secret();
    assert_eq!(text.len(), 43, "256 bits");
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "no escape changes it");
    assert_eq!(generated.digest(), ClientSecretDigest::of(text));
}

#[test]
fn no_debug_form_of_a_registration_shows_a_digest_that_could_be_searched_for() {
    use regrant::ClientStore as _;
    let world = World::new(Kind::Blocking);
    let client = world.clients().client(&regrant::ClientId::parse("web").unwrap()).unwrap().unwrap();
    let fixed = regrant::StaticClients::new([(*client).clone()]).unwrap();
    let digest = ClientSecretDigest::of("web-secret").digest;
    assert_hidden(&format!("{client:?} {fixed:?} {digest:?}"), &[b"web-secret".to_vec(), digest.as_bytes().to_vec()]);
}

#[test]
fn what_is_stored_holds_no_secret_and_no_lineage() {
    both(|world| {
        let first = world.issue("web", "read write");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        let record = world.record(&first.refresh);
        let family = record.refresh().unwrap();
        let mut stored = encode_tokens(record.refresh(), record.access());
        stored.extend(encode_attributes(&record.terms().attributes));
        stored.extend(family.lineage.as_bytes().iter().chain(family.current.as_bytes()));
        let lineage = URL_SAFE_NO_PAD.decode(&first.refresh).unwrap()[16..32].to_vec();
        let mut hidden: Vec<Vec<u8>> = [&first.refresh, &first.access, &second.refresh, &second.access, &narrow.access]
            .map(|t| secret_of(t).to_vec())
            .into();
        hidden.push(lineage);
        for secret in hidden {
            assert!(!stored.windows(8).any(|part| secret.windows(8).any(|run| run == part)));
        }
    });
}

#[test]
fn an_access_token_carries_no_lineage_so_nobody_forges_a_replay_from_it() {
    both(|world| {
        world.policy("app", |policy| policy.retry_window = secs(0));
        let first = world.issue("app", "read");
        world.refresh(app(), &first.refresh).unwrap();
        let access = URL_SAFE_NO_PAD.decode(&first.access).unwrap();
        let before = world.snapshot();
        for guess in [[0; 16].as_slice(), &access[..16], &access[16..32], &access[32..48]] {
            let forged = [&access[..16], guess, &access[16..48]].concat();
            let refused = world.refresh(app(), &URL_SAFE_NO_PAD.encode(forged));
            assert_eq!(refused, Err(regrant::Reason::ForgedToken));
        }
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn no_error_tells_a_secret() {
    both(|world| {
        let first = world.issue("web", "read");
        world.store().always(Mishap::fail_before);
        let error = world.failed_refresh(web(), &first.refresh);
        world.store().recover();
        let unknown = world.refresh(basic("web-secret", &first.refresh), &first.access).unwrap_err();
        let malformed = PresentedToken::parse(&first.refresh[1..]).unwrap_err();
        let shown = format!("{error:?} {error} {} {unknown:?} {malformed} {malformed:?}", error.fault);
        assert_hidden(&shown, &secrets(&[&first.refresh, &first.access]));
        assert_eq!(error.decision.grant_id, Some(grant_id(&first.refresh)));
    });
}

/// A random source that counts.
struct Counting(u8);

impl rand_core::TryRng for Counting {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0 = self.0.wrapping_add(1);
        Ok(u32::from(self.0))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.try_next_u32().map(u64::from)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}
