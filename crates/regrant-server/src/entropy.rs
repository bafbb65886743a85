//! The random source of the server.

use std::cell::RefCell;
use std::convert::Infallible;

use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng as _, TryRng};
use regrant::{Entropy, EntropyError, EntropySource};

/// How many requests one seed serves.
///
/// It bounds what there is to lose where the memory of the process is copied, by a snapshot of a virtual machine for
/// instance: two copies draw the same bytes until each has a seed of its own. (A fork is no such case: the only child
/// processes that a program in Rust starts run another program at once.) The call of the system, about as long as
/// fifteen draws, is spread over as many requests.
const DRAWS_PER_SEED: u32 = 64;

thread_local! {
    static GENERATOR: RefCell<Generator> = const { RefCell::new(Generator::unseeded()) };
}

/// A `ChaCha12` generator per thread, seeded from the operating system again and again: an order of magnitude faster than
/// a call of the system for each request, and as hard to predict. Where the system has no seed to give, the draw fails;
/// nothing is drawn from an old seed in its place.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadEntropy;

impl EntropySource for ThreadEntropy {
    fn draw(&self) -> Result<Entropy, EntropyError> {
        GENERATOR.with(|generator| generator.try_borrow_mut().map_err(|_| EntropyError)?.draw(&mut SysRng))
    }
}

/// A generator and how many draws are left of its seed.
struct Generator {
    seeded: Option<StdRng>,
    left: u32,
}

impl Generator {
    const fn unseeded() -> Self {
        Self { seeded: None, left: 0 }
    }

    fn draw(&mut self, system: &mut impl TryRng) -> Result<Entropy, EntropyError> {
        if self.left == 0 {
            // Dropped first: a failure must not leave the old seed in use.
            self.seeded = None;
            self.seeded = Some(StdRng::try_from_rng(system).map_err(|_| EntropyError)?);
            self.left = DRAWS_PER_SEED;
        }
        self.left -= 1;
        let generator = self.seeded.as_mut().ok_or(EntropyError)?;
        let drawn: Result<Entropy, Infallible> = Entropy::draw(generator);
        drawn.map_err(|never| match never {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts how often it is asked for a seed, and fails when it is told to.
    #[derive(Default)]
    struct System {
        seeds: u8,
        broken: bool,
    }

    impl TryRng for System {
        type Error = EntropyError;

        fn try_next_u32(&mut self) -> Result<u32, EntropyError> {
            Err(EntropyError)
        }

        fn try_next_u64(&mut self) -> Result<u64, EntropyError> {
            Err(EntropyError)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            if self.broken {
                return Err(EntropyError);
            }
            self.seeds += 1;
            bytes.fill(self.seeds);
            Ok(())
        }
    }

    #[test]
    fn each_seed_serves_so_many_draws() {
        let (mut generator, mut system) = (Generator::unseeded(), System::default());
        for draw in 0..3 * DRAWS_PER_SEED {
            generator.draw(&mut system).unwrap();
            assert_eq!(u32::from(system.seeds), draw / DRAWS_PER_SEED + 1);
        }
    }

    #[test]
    fn without_a_seed_nothing_is_drawn_and_the_next_draw_tries_again() {
        let (mut generator, mut system) = (Generator::unseeded(), System { broken: true, ..System::default() });
        assert_eq!(generator.draw(&mut system).map(drop), Err(EntropyError));
        system.broken = false;
        for _ in 0..DRAWS_PER_SEED {
            generator.draw(&mut system).unwrap();
        }
        system.broken = true;
        for _ in 0..2 {
            assert_eq!(generator.draw(&mut system).map(drop), Err(EntropyError), "the old seed is used up");
        }
        assert!(generator.seeded.is_none());
        system.broken = false;
        generator.draw(&mut system).unwrap();
    }
}
