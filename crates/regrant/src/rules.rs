//! What the whole engine is configured with.

use crate::client::{GrantType, GrantTypes};
use crate::token::Pepper;

/// The part of the configuration that decisions depend on. Everything else is the client's policy.
#[derive(Debug)]
pub struct Rules {
    pepper: Pepper,
    grants: GrantTypes,
}

impl Rules {
    /// Rules with a pepper, and every grant that the engine knows.
    pub const fn new(pepper: Pepper) -> Self {
        Self { pepper, grants: GrantTypes::ALL }
    }

    /// Offers only these grants; any other is an `unsupported_grant_type` (N-061).
    #[must_use]
    pub fn offering(self, grants: GrantTypes) -> Self {
        Self { grants, ..self }
    }

    /// Whether a grant is offered.
    pub const fn offers(&self, grant: GrantType) -> bool {
        self.grants.contains(grant)
    }

    /// The grants that are offered.
    pub const fn grants(&self) -> GrantTypes {
        self.grants
    }

    pub(crate) const fn pepper(&self) -> &Pepper {
        &self.pepper
    }
}
