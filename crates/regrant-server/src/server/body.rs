//! Reading a body within bounds of size and time.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// How long a whole body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a body that is too large anyway is read and dropped. A client that is still sending when the answer
/// comes and the connection closes would otherwise see a reset and never the answer.
const DISCARDED: usize = 1 << 20;

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It took too long.
    Late,
    /// It ended too early, or its framing is broken.
    Broken,
}

/// Reads a body: all of it, or `bound + 1` octets where there are more, by which the reader can tell.
pub(super) async fn read(body: Body, bound: usize) -> Result<Vec<u8>, Unread> {
    timeout(PATIENCE, collect(body, bound)).await.unwrap_or(Err(Unread::Late))
}

async fn collect(mut body: Body, bound: usize) -> Result<Vec<u8>, Unread> {
    let kept = bound.saturating_add(1);
    let (mut bytes, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        let room = kept.saturating_sub(bytes.len());
        bytes.extend(data.iter().take(room));
        if seen > bound.saturating_add(DISCARDED) {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Bytes, HttpBody};
    use hyper::body::Frame;

    use super::*;

    /// A body that never comes.
    struct Silence;

    impl HttpBody for Silence {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_not_waited_for() {
        assert_eq!(read(Body::new(Silence), 10).await, Err(Unread::Late));
    }

    #[tokio::test]
    async fn one_octet_more_than_the_bound_is_kept() {
        for (sent, kept) in [(0, 0), (9, 9), (10, 10), (11, 11), (5_000, 11)] {
            assert_eq!(read(Body::from(vec![7; sent]), 10).await.unwrap().len(), kept, "{sent}");
        }
    }
}
