//! The body that comes back, decompressed.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyDataStream, BodyExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use crate::pool::Answer;

/// What is asked of services: what [`Payload`] decompresses.
pub const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// How much is decompressed at once.
const PIECE: usize = 16 * 1024;
/// The largest window of zstd in HTTP, 8 MiB (RFC 9659). Without it an answer could ask for 128 MiB
/// before its first byte.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Why a body cannot be read on.
#[derive(Debug)]
pub enum BodyError {
    /// The connection ended.
    Lost,
    /// It is not what it says it is.
    Invalid(String),
}

/// A body that comes back.
pub enum Payload {
    /// As it came: most answers, and nothing is allocated for them.
    Plain(Answer),
    /// Decompressed.
    Decoded(Pin<Box<dyn AsyncRead + Send + Sync>>),
}

impl Payload {
    /// The body of an answer with these headers. Those that speak of the compressed form go.
    pub fn new(headers: &mut HeaderMap, body: Answer) -> Result<Self, BodyError> {
        if !headers.contains_key(header::CONTENT_ENCODING) {
            return Ok(Self::Plain(body));
        }
        let mut codings = headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !coding.is_empty() && coding != "identity");
        let (coding, more) = (codings.next(), codings.next());
        // Nothing to decompress: an answer to HEAD, 204, 304.
        let Some(coding) = coding.filter(|_| !body.is_end_stream()) else {
            return Ok(Self::Plain(body));
        };
        if more.is_some() {
            return Err(BodyError::Invalid(
                "it is compressed more than once".to_owned(),
            ));
        }
        let bytes = StreamReader::new(BodyDataStream::new(body).map_err(io::Error::other));
        let decoded: Pin<Box<dyn AsyncRead + Send + Sync>> = match coding.as_str() {
            "gzip" | "x-gzip" => {
                let mut gzip = GzipDecoder::new(bytes);
                gzip.multiple_members(true);
                Box::pin(gzip)
            }
            "deflate" => Box::pin(ZlibDecoder::new(bytes)),
            "br" => Box::pin(BrotliDecoder::new(bytes)),
            "zstd" => {
                let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
                let mut zstd = ZstdDecoder::with_params(bytes, &[window]);
                zstd.multiple_members(true);
                Box::pin(zstd)
            }
            _ => {
                return Err(BodyError::Invalid(
                    "it is compressed in a way that was not asked for".to_owned(),
                ));
            }
        };
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
        Ok(Self::Decoded(decoded))
    }

    /// The least number of bytes that will come.
    pub fn announced(&self) -> u64 {
        match self {
            Self::Plain(body) => body.size_hint().lower(),
            Self::Decoded(_) => 0,
        }
    }

    /// The next piece, which is not empty; none at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        match self {
            Self::Plain(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(transport(&error)),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) if !data.is_empty() => return Ok(Some(data)),
                        _ => {}
                    },
                }
            },
            Self::Decoded(reader) => {
                let mut piece = BytesMut::with_capacity(PIECE);
                match reader.read_buf(&mut piece).await {
                    Ok(0) => Ok(None),
                    Ok(_) => Ok(Some(piece.freeze())),
                    Err(error) => Err(decoding(&error)),
                }
            }
        }
    }
}

/// An error of the connection. Bad framing of chunks is hyper's to find, and is told by its kind.
fn transport(error: &hyper::Error) -> BodyError {
    let framing = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|io| {
            matches!(
                io.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
            )
        });
    if framing || error.is_parse() {
        BodyError::Invalid("its body is framed wrongly".to_owned())
    } else {
        BodyError::Lost
    }
}

/// An error while decompressing: the connection's, or the decoder's own.
fn decoding(error: &io::Error) -> BodyError {
    let below = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<hyper::Error>());
    below.map_or_else(
        || BodyError::Invalid(format!("its body does not decompress ({error})")),
        transport,
    )
}
