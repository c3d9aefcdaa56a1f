//! What a server says while it works on a call.

use serde::Deserialize;
use serde_json::Value;

/// A notification that belongs to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// How far the call is (`notifications/progress`).
    Progress {
        /// How much is done. It grows with each notice.
        progress: f64,
        /// How much there is to do, if the server knows.
        total: Option<f64>,
        /// What it is doing.
        message: Option<String>,
    },
    /// A line of the server's log (`notifications/message`).
    Log {
        /// `debug` to `emergency`, the levels of RFC 5424.
        level: String,
        /// Which part of the server says so.
        logger: Option<String>,
        /// What it says: any JSON.
        data: Value,
    },
}

/// Whoever wants to hear what the server says during a call. It is called on the way of the call,
/// so it must not take long. Credentials are cut out before.
pub trait Sink: Send + Sync {
    /// A notice has come.
    fn notice(&self, notice: Notice);
}

impl<F: Fn(Notice) + Send + Sync> Sink for F {
    fn notice(&self, notice: Notice) {
        self(notice);
    }
}

#[derive(Deserialize)]
struct Step {
    progress: f64,
    total: Option<f64>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Log {
    level: String,
    logger: Option<String>,
    #[serde(default)]
    data: Value,
}

/// Reads the parameters of a notification that can belong to a call; none for any other.
pub fn read(method: &str, params: &str) -> Option<Notice> {
    match method {
        "notifications/progress" => {
            let read: Step = serde_json::from_str(params).ok()?;
            Some(Notice::Progress {
                progress: read.progress,
                total: read.total,
                message: read.message,
            })
        }
        "notifications/message" => {
            let read: Log = serde_json::from_str(params).ok()?;
            Some(Notice::Log {
                level: read.level,
                logger: read.logger,
                data: read.data,
            })
        }
        _ => None,
    }
}
