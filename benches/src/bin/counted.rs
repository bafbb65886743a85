//! What `cargo xtask instructions` runs under callgrind: `counted OPERATION CALLS`.
//!
//! Only what happens inside [`counted_section`] is counted. Random bytes come from a seed, and the clock stands still
//! but for what the operation needs, so that the same program always takes the same instructions.

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use regrant::IntrospectionRequest;
use regrant_benches::{Crowd, World, credentials, wire};
use regrant_memory::MemoryStore;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Enough for maps to be maps, few enough to be issued quickly under callgrind.
const GRANTS: usize = 500;

fn main() -> Done {
    let [operation, calls] =
        env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "counted OPERATION CALLS")?;
    let calls: usize = calls.parse()?;
    let world = World::seeded(MemoryStore::new())?;
    let mut crowd = Crowd::issue(&world, GRANTS, 1)?;
    match operation.as_str() {
        "refresh" => refresh(&world, &mut crowd, calls),
        "introspect" => introspect(&world, &crowd, calls),
        "parse" => parse(&crowd, calls),
        "render" => render(&crowd, calls),
        _ => Err("refresh, introspect, parse or render".into()),
    }
}

/// The one function that callgrind looks for.
#[inline(never)]
fn counted_section(work: &mut dyn FnMut()) {
    work();
}

fn refresh(world: &World<MemoryStore>, crowd: &mut Crowd, calls: usize) -> Done {
    // Each grant has been refreshed before, so that each has a spent secret.
    for at in 0..calls + GRANTS {
        if at % GRANTS == 0 {
            world.clock.advance(Duration::from_hours(2));
        }
        let mut done = Ok(());
        if at < GRANTS {
            crowd.refresh(world, at)?;
        } else {
            counted_section(&mut || done = crowd.refresh(world, at % GRANTS));
        }
        done?;
    }
    Ok(())
}

fn introspect(world: &World<MemoryStore>, crowd: &Crowd, calls: usize) -> Done {
    for at in 0..calls {
        let request =
            IntrospectionRequest { credentials: credentials(), token: Some(crowd.access_token(at % GRANTS)?) };
        let mut reply = None;
        counted_section(&mut || reply = world.engine.introspect(request).ok());
        reply.and_then(regrant::Reply::success).ok_or("the introspection was refused")?;
    }
    Ok(())
}

fn parse(crowd: &Crowd, calls: usize) -> Done {
    for at in 0..calls {
        let request = wire::post("/token", wire::refresh_body(crowd.token(at % GRANTS)?))?;
        let mut read = None;
        counted_section(&mut || read = wire::parse(request.headers(), request.body()));
        read.ok_or("the request was not read")?;
    }
    Ok(())
}

fn render(crowd: &Crowd, calls: usize) -> Done {
    for at in 0..calls {
        let (access, refresh) = (crowd.access_token(at % GRANTS)?, crowd.token(at % GRANTS)?);
        counted_section(&mut || _ = black_box(wire::render(access, refresh)));
    }
    Ok(())
}
