//! Bounds on what a stranger can make large. RFC 6749 §2.3.1, RFC 7009 §5 (N-020).

/// What one request may weigh before it is refused.
///
/// Both bounds are inclusive: a body of exactly [`body_bytes`](Self::body_bytes) octets is read, one more is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, in octets. A larger one is answered with `413`.
    pub body_bytes: usize,
    /// The largest number of form parameters, repeated and unknown ones counted. More are `invalid_request`.
    pub parameters: usize,
}

impl Default for Limits {
    /// 64 KiB and 100 parameters: a thousand times what a refresh needs, and nothing to a server.
    fn default() -> Self {
        Self { body_bytes: 65_536, parameters: 100 }
    }
}
