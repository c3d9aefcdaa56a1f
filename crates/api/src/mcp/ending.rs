//! How the answer to a call is written.

use switchboard_app::AppError;
use switchboard_app::call::CallAnswer;

use super::failure::Failure;
use super::message;
use super::text::Id;
use super::tools::{self, Frame};

/// What is needed to write down the answer once it is there.
#[derive(Debug)]
pub struct Ending {
    /// The request's id.
    pub id: Id,
    /// How the result is written.
    pub frame: Frame,
}

impl Ending {
    /// The answer's text.
    pub fn write(&self, answer: Result<CallAnswer, AppError>) -> Result<String, Failure> {
        let result = tools::outcome(answer, &self.frame)?;
        Ok(message::result(&self.id, &result))
    }
}
