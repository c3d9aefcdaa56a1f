//! Tokens that are sent to people: of sessions, invitations and the first start.

use switchboard_domain::account::GivenToken;
use switchboard_operation::Context;
pub use switchboard_vault::Token;

/// The token that somebody sent. What cannot be one is one that is not known, like any other.
pub fn parse(given: &GivenToken) -> Option<Token> {
    Token::parse(given.expose().trim())
}

/// A new one.
pub fn new(context: &Context) -> Token {
    Token::generate(&|buffer: &mut [u8]| context.fill(buffer))
}
