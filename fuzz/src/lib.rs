//! What the fuzz targets share: a small world with known clients and tokens, and a naive model of a grant.

pub mod answer;
pub mod reference;
pub mod wire;
pub mod world;
