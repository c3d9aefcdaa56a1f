//! What goes over the wire, once: the types that requests are read into and answers are written from,
//! and that the OpenAPI document is made of.

pub mod document;
