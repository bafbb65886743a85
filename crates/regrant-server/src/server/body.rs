//! Reading a body within bounds of size and time.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
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

/// Reads a body: all of it, or `bound + 1` octets where there are more, by which the reader can tell. What came in one
/// piece is not copied.
pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(body: B, bound: usize) -> Result<Bytes, Unread> {
    timeout(PATIENCE, collect(body, bound)).await.unwrap_or(Err(Unread::Late))
}

async fn collect<B: Body<Data = Bytes> + Unpin>(mut body: B, bound: usize) -> Result<Bytes, Unread> {
    let kept = bound.saturating_add(1);
    let Some(mut first) = piece(&mut body).await? else {
        return Ok(Bytes::new());
    };
    let mut seen = first.len();
    if body.is_end_stream() {
        first.truncate(kept);
        return Ok(first);
    }
    let mut bytes = Vec::from(first);
    while let Some(data) = piece(&mut body).await? {
        seen = seen.saturating_add(data.len());
        let room = kept.saturating_sub(bytes.len()).min(data.len());
        bytes.extend_from_slice(data.get(..room).unwrap_or_default());
        if seen > bound.saturating_add(DISCARDED) {
            break;
        }
    }
    bytes.truncate(kept);
    Ok(Bytes::from(bytes))
}

/// The next piece of a body; trailers are none.
async fn piece<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, Unread> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    /// A body that never comes.
    struct Silence;

    impl Body for Silence {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
            Poll::Pending
        }
    }

    /// A body that comes in pieces.
    struct Pieces(Vec<Bytes>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
            Poll::Ready(self.0.pop().map(|piece| Ok(Frame::data(piece))))
        }
    }

    #[tokio::test]
    async fn pieces_are_put_together_and_one_piece_is_not_copied() {
        let pieces = |sizes: &[usize]| Pieces(sizes.iter().map(|size| Bytes::from(vec![7; *size])).collect());
        for (sizes, kept) in [(&[3, 4][..], 7), (&[5, 0, 5], 10), (&[5, 6], 11), (&[500, 400], 11), (&[], 0)] {
            assert_eq!(read(pieces(sizes), 10).await.unwrap().len(), kept, "{sizes:?}");
        }
        let whole = Bytes::from(vec![7; 9]);
        assert_eq!(read(Full::new(whole.clone()), 10).await.unwrap().as_ptr(), whole.as_ptr());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_not_waited_for() {
        assert_eq!(read(Silence, 10).await, Err(Unread::Late));
    }

    #[tokio::test]
    async fn one_octet_more_than_the_bound_is_kept() {
        for (sent, kept) in [(0, 0), (9, 9), (10, 10), (11, 11), (5_000, 11)] {
            assert_eq!(read(Full::new(Bytes::from(vec![7; sent])), 10).await.unwrap().len(), kept, "{sent}");
        }
    }
}
