//! Reading an answer to a cap.

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::error::OutboundError;

/// Reads a body until it ends or passes the cap. What it reads is counted after decompression.
pub async fn read<B>(mut body: B, limit: usize, status: u16) -> Result<Bytes, OutboundError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut first = Bytes::new();
    let mut more: Option<BytesMut> = None;
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > limit {
            return Err(OutboundError::TooLarge { limit, status });
        }
        // Most answers are one piece, which is then not copied.
        match (&mut more, first.is_empty()) {
            (None, true) => first = data,
            (None, false) => {
                let mut joined = BytesMut::from(&first[..]);
                joined.extend_from_slice(&data);
                more = Some(joined);
            }
            (Some(joined), _) => joined.extend_from_slice(&data),
        }
    }
    Ok(more.map_or(first, BytesMut::freeze))
}

fn broken(error: &dyn std::fmt::Display) -> OutboundError {
    let text = error.to_string();
    if text.contains("connection") || text.contains("body") || text.contains("reset") {
        OutboundError::ConnectionLost("it ended inside the answer".to_owned())
    } else {
        OutboundError::InvalidResponse(format!("its body does not decode ({text})"))
    }
}
