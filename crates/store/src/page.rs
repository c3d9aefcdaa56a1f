//! Pages of a list.

use crate::words::Search;

/// Which part of a list is asked for.
#[derive(Debug, Clone)]
pub struct Listing<Id> {
    /// What follows this one.
    pub after: Option<Id>,
    /// The most rows.
    pub limit: u32,
    /// Only what is found by this.
    pub search: Option<Search>,
    /// Only these.
    pub ids: Option<Vec<Id>>,
}

impl<Id> Listing<Id> {
    /// A page of the whole list.
    pub const fn page(after: Option<Id>, limit: u32) -> Self {
        Self {
            after,
            limit,
            search: None,
            ids: None,
        }
    }
}

/// One page, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in order.
    pub rows: Vec<T>,
    /// True when more rows follow the last of these.
    pub more: bool,
}

impl<T> Page<T> {
    /// Cuts a page out of a query that asked for one row more than the page holds.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32) -> Self {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, more }
    }

    /// The same page with its rows changed.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            rows: self
                .rows
                .into_iter()
                .map(change)
                .collect::<Result<_, _>>()?,
            more: self.more,
        })
    }
}
