//! Where a request came from, for whoever counts failed attempts. RFC 6749 §2.3.1 (N-039).

/// The sender of a request in the host's own terms, an address for instance.
///
/// A host puts it into the extensions of the request; the engine hands it to the host's throttle and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);
