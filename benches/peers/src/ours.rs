//! regrant, over `regrant-memory`, behind `regrant-http`.

use std::any::Any;
use std::time::{Duration, Instant};

use regrant_benches::{Crowd, World, wire};
use regrant_http::Service;
use regrant_memory::MemoryStore;

use crate::{Done, Side};

/// regrant with some grants.
#[derive(Debug)]
pub struct Regrant {
    world: World<MemoryStore>,
    service: Service,
    crowd: Crowd,
}

impl Regrant {
    /// Issues grants.
    ///
    /// # Errors
    /// Never with the constants used here.
    pub fn with(grants: usize) -> Done<Self> {
        let world = World::over(MemoryStore::new())?;
        let crowd = Crowd::issue(&world, grants, 1)?;
        Ok(Self { world, service: wire::service()?, crowd })
    }
}

impl Side for Regrant {
    fn refresh(&mut self, grants: &[usize]) -> Done<Duration> {
        let requests = grants.iter().map(|at| wire::post("/token", wire::refresh_body(self.crowd.token(*at)?)));
        let requests = requests.collect::<Done<Vec<_>>>()?;
        let mut answers = Vec::with_capacity(requests.len());
        let start = Instant::now();
        for request in &requests {
            answers.push(self.service.handle(&self.world.engine, request));
        }
        let took = start.elapsed();
        for (at, answer) in grants.iter().zip(&answers) {
            let token = wire::refresh_token_of(answer.body()).ok_or("regrant refused a refresh")?;
            self.crowd.replace(*at, token)?;
        }
        Ok(took)
    }

    fn hours_later(&mut self) -> Done {
        self.world.clock.advance(Duration::from_hours(2));
        Ok(())
    }

    fn forget(self) -> Box<dyn Any> {
        Box::new(self.crowd)
    }
}
