//! Stand-ins for outside services, for the demo and for tests: real servers on loopback that behave
//! as the vendor says, fail when they are told to, and remember what they were asked.

pub mod telnyx;
