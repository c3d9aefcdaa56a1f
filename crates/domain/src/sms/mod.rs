//! Text messages: who sends, who receives, how many parts a text takes, what becomes of a message,
//! and what its errors mean.

pub mod advice;
mod error;
mod limits;
pub mod message;
mod phone;
mod segments;
mod sender;
pub mod status;

pub use advice::{Advice, advice};
pub use error::SmsError;
pub use limits::MAX_PARTS;
pub use phone::PhoneNumber;
pub use segments::{Encoding, Segments, pieces};
pub use sender::{MessagingProfileId, Origin, Sender};
