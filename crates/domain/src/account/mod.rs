//! People: who they are, what they may do in a workspace, and the rules of changing that.

mod email;
mod password;
mod role;
mod rules;

pub use email::{EmailAddress, InvalidEmail};
pub use password::{GivenPassword, GivenToken, Password, WeakPassword};
pub use role::{Role, UnknownRole};
pub use rules::{Denied, may_change, may_invite};
