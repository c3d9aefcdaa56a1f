//! Reading objects from objects alone.
//!
//! What is derived for a struct also reads it from a list, member by member. So `["k", "admin"]` would
//! do for `{"name": "k", "scope": "admin"}`, without the names that say what is meant. [`Strict`]
//! refuses a list wherever an object is expected, however deep.
//!
//! What is tagged, untagged or flattened is buffered on its way, and inside the buffer this does not
//! see what is expected. The types in it that are structs say so themselves, by
//! `strict_objects!`.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// A deserializer that takes no list for an object.
#[derive(Debug, Clone, Copy)]
pub struct Strict<T> {
    inner: T,
    /// Whether what is read must be an object, also where its type does not tell.
    object: bool,
}

impl<T> Strict<T> {
    /// Reads from `inner`.
    pub const fn new(inner: T) -> Self {
        Self {
            inner,
            object: false,
        }
    }

    /// Reads an object from `inner`, for types that are buffered before they are read.
    pub const fn object(inner: T) -> Self {
        Self {
            inner,
            object: true,
        }
    }
}

/// Implements `Deserialize` for types with `#[serde(remote = "Self")]` so that they are read from
/// objects alone, wherever they stand.
#[macro_export]
#[doc(hidden)]
macro_rules! __strict_objects {
    ($($name:ident),+ $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // The derived function of this name, which belongs to the type itself.
                Self::deserialize($crate::strict::Strict::object(deserializer))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }
    )+};
}
pub use __strict_objects as strict_objects;

/// Reads a value as strictly as a request's body.
pub fn from_value<T: serde::de::DeserializeOwned>(
    value: serde_json::Value,
) -> Result<T, serde_json::Error> {
    T::deserialize(Strict::new(value))
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*))*) => {$(
        fn $name<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = Strict { inner: visitor, object: self.object };
            self.inner.$name($($argument,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_char() deserialize_str()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_string() deserialize_bytes()
        deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner
            .deserialize_struct(name, fields, Strict::object(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visit {
    ($($name:ident: $kind:ty,)*) => {$(
        fn $name<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$name(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visit! {
        visit_bool: bool, visit_char: char,
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64, visit_u128: u128,
        visit_f32: f32, visit_f64: f64,
        visit_str: &str, visit_borrowed_str: &'de str, visit_string: String,
        visit_bytes: &[u8], visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Strict::new(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Strict::new(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        if self.object {
            return Err(Error::invalid_type(Unexpected::Seq, &self.inner));
        }
        self.inner.visit_seq(Strict::new(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Strict::new(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Strict::new(data))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Strict::new(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Strict::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Strict::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Strict::new(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Strict::new(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Strict::new(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Strict::object(visitor))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::auth::{Auth, SecretRef, ValueSource};
    use crate::own_action::AgentAction;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        text: String,
        #[serde(default)]
        list: Vec<u8>,
        #[serde(default)]
        free: Value,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        inner: Inner,
        #[serde(default)]
        maybe: Option<Inner>,
        #[serde(default)]
        many: Vec<Inner>,
        #[serde(default)]
        named: BTreeMap<String, Inner>,
        #[serde(default)]
        free: Map<String, Value>,
        #[serde(default)]
        raw: Option<Box<RawValue>>,
    }

    fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
        let text = value.to_string();
        let mut json = serde_json::Deserializer::from_str(&text);
        let read = T::deserialize(Strict::new(&mut json));
        assert_eq!(
            read.is_ok(),
            from_value::<T>(value.clone()).is_ok(),
            "{text}"
        );
        read
    }

    #[test]
    fn objects_and_lists_are_read_where_they_are_expected() {
        let outer: Outer = read(&json!({
            "inner": {"text": "a", "list": [1, 2], "free": [[1], {"b": [2]}]},
            "maybe": null, "many": [{"text": "b"}], "named": {"x": {"text": "c"}},
            "free": {"list": [1, [2]]},
        }))
        .unwrap();
        assert_eq!(outer.inner.list, [1, 2]);
        assert_eq!(outer.inner.free, json!([[1], {"b": [2]}]));
        assert_eq!(outer.maybe, None);
        assert_eq!((outer.many.len(), outer.named["x"].text.as_str()), (1, "c"));
        assert_eq!(outer.free["list"], json!([1, [2]]));
        let raw: Outer = serde_json::from_str(r#"{"raw": [1, 2]}"#).unwrap();
        assert_eq!(raw.raw.unwrap().get(), "[1, 2]");
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        for value in [
            json!([]),
            json!([{"text": "a"}]),
            json!({"inner": ["a"]}),
            json!({"maybe": ["a", [1]]}),
            json!({"many": [["a"]]}),
            json!({"named": {"x": ["a"]}}),
            json!({"free": []}),
        ] {
            let error = read::<Outer>(&value).unwrap_err().to_string();
            assert!(error.contains("sequence"), "{value}: {error}");
        }
    }

    #[test]
    fn what_is_buffered_is_as_strict() {
        for value in [
            json!(["none"]),
            json!(["bearer", {"secret": "s"}]),
            json!({"type": "bearer", "token": ["s"]}),
            json!({"type": "api_key", "in": "query", "name": "k", "value": ["s"]}),
            json!({"type": "basic", "username": ["s"], "password": {"secret": "s"}}),
        ] {
            assert!(read::<Auth>(&value).is_err(), "{value}");
        }
        assert!(read::<ValueSource>(&json!(["s"])).is_err());
        assert!(read::<SecretRef>(&json!(["s"])).is_err());
        let bearer = json!({"type": "bearer", "token": {"secret": "s"}});
        let auth: Auth = read(&bearer).unwrap();
        assert_eq!(serde_json::to_value(&auth).unwrap(), bearer);
        let call = |auth: Value, output: Value| {
            read::<AgentAction>(&json!({
                "kind": "api_call", "name": "n", "method": "GET", "url": "https://x.example",
                "auth": auth, "output_variables": [output],
            }))
        };
        let output = json!({"name": "v", "path": "$.a"});
        call(bearer.clone(), output.clone()).unwrap();
        assert!(call(json!(["bearer", {"secret": "s"}]), output).is_err());
        assert!(call(bearer, json!(["v", "$.a"])).is_err());
        for value in [
            json!(["end_call", "n"]),
            json!({"kind": "client_event", "name": ["n"]}),
        ] {
            assert!(read::<AgentAction>(&value).is_err(), "{value}");
        }
    }
}
