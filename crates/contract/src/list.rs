//! Lists: a page of entries, and where the next one starts.

/// An answer that is a list.
pub trait List: serde::Serialize {
    /// What it lists.
    type Item;

    /// A page of it. `next` is where the next page starts.
    fn page(data: Vec<Self::Item>, next: Option<String>) -> Self;
}

macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// The entries.
            pub data: Vec<$item>,
            /// Where the next page starts: its `after`. Null at the end.
            #[schema(required = true)]
            pub next: Option<String>,
        }

        impl $crate::list::List for $name {
            type Item = $item;

            fn page(data: Vec<$item>, next: Option<String>) -> Self {
                Self { data, next }
            }
        }
    };
}
pub(crate) use list;

/// Each of them on the other side of the wire.
pub fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(Into::into).collect()
}
