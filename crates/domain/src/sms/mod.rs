//! Text messages: who sends, who receives, how many parts a text takes, what becomes of a message,
//! and what its errors mean.

pub mod advice;
mod error;
pub mod message;
mod phone;
mod segments;
mod sender;
pub mod status;

pub use advice::{Advice, advice};
pub use error::SmsError;
pub use phone::PhoneNumber;
pub use segments::{Encoding, MAX_PARTS, Segments, pieces};
pub use sender::{MessagingProfileId, Origin, Sender};
