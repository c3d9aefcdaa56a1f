//! The store on both databases. One program of tests, so that it is linked once.

mod accounts;
mod checkpoint;
mod disk;
mod engines;
mod forget;
mod opened;
mod stats;
