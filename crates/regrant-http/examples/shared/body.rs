//! Reading a body, for the frameworks that stand on hyper.

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};

/// Reads a body up to the first frame that goes beyond `limit` octets. The service answers what is too long with `413`.
pub(crate) async fn read<B>(mut body: B, limit: usize) -> Result<Vec<u8>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut octets = Vec::new();
    while octets.len() <= limit
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            octets.extend_from_slice(&data);
        }
    }
    Ok(octets)
}
