//! The application in process: on real databases, with a real service to call, and a clock that tests
//! move. What is done to it goes through its public operations, and what is looked at is what a user sees.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod model;
mod time;
mod world;
