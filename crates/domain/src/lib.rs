//! The words and the rules of Switchboard.
//!
//! Everything here is pure: functions over values, with no clock, randomness, network, files or
//! database. Rules that are prepared when configuration changes (schemas, templates, paths) have a
//! `parse` or `compile` step that may fail with a sentence for the user, and an apply step for the
//! call path that parses nothing.

pub mod account;
pub mod action;
pub mod admission;
pub mod agent;
pub mod auth;
pub mod budget;
pub mod canonical;
pub mod conversation;
pub mod difference;
pub mod discovery;
pub mod drift;
pub mod durations;
pub mod effect;
pub mod environment;
pub mod error_code;
pub mod event;
pub mod handover;
pub mod id;
pub mod input;
pub mod integration;
mod jsonpath;
pub mod limits;
pub mod link;
pub mod mention;
pub mod name;
pub mod output;
pub mod own_action;
pub mod phase;
pub mod publish;
pub mod request;
pub mod response;
pub mod retention;
pub mod rule;
pub mod schema;
pub mod scope;
pub mod secret_use;
pub mod sms;
pub mod state_graph;
pub mod strict;
pub mod template;
pub mod text_message;
pub mod tool_format;
pub mod variable_caps;
