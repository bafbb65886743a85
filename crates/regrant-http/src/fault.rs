//! Writing a fault of the server. It is never told as the client's fault, and nothing about it is told at all (N-145,
//! N-202).

use http::{Response, StatusCode};
use regrant::EngineError;

use crate::answer::{JSON, uncacheable, with_retry_after};
use crate::refusal::{error_body, whole_seconds};

/// `503` with `Retry-After` where another try makes sense, `500` where only an operator can mend it.
pub(crate) fn write(error: &EngineError) -> Response<Vec<u8>> {
    let code = error.fault.code();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = uncacheable(status, JSON, error_body(code, code.description()));
    match error.fault.retry_after() {
        Some(wait) => with_retry_after(answer, whole_seconds(wait)),
        None => answer,
    }
}
