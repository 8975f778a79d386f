//! A strict reader of JSON objects (RFC 8259) on top of `serde_json`.
//!
//! Stricter than RFC 7519 §4 asks: duplicate member names are refused at every level, so that no two readers can see
//! two different claims, and nesting is limited, so that no input can exhaust the stack.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Deepest nesting that is read; the outermost object is level 1.
pub const MAX_DEPTH: u8 = 16;

/// Up to this many members, comparing every pair is faster than hashing the names.
const FEW_MEMBERS: usize = 24;

/// Members of a usual license: room for them is made at once. Objects inside it get theirs as they grow: a text of many
/// small ones must not take more memory than it earns.
const USUAL_MEMBERS: usize = 16;

/// A JSON value that borrows from the text it was read from where it can.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number written without fraction or exponent that fits 64 signed bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string, its escapes resolved.
    Str(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON object: its members in the order of the text, each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Object<'a> {
    /// The value of member `name`, compared byte by byte (RFC 8259 §8.3).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// All members in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), value))
    }

    fn has_duplicate_names(&self) -> bool {
        if self.members.len() <= FEW_MEMBERS {
            let mut rest = self.members.as_slice();
            while let Some(((name, _), tail)) = rest.split_first() {
                if tail.iter().any(|(other, _)| other == name) {
                    return true;
                }
                rest = tail;
            }
            return false;
        }
        let mut seen = HashSet::with_capacity(self.members.len());
        !self.iter().all(|(name, _)| seen.insert(name))
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    /// An object of these members, whose names have to differ.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(members: I) -> Self {
        Self { members: members.into_iter().collect() }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Str(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(object) => serializer.collect_map(object.iter()),
        }
    }
}

impl fmt::Display for Json<'_> {
    /// As JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Reads `bytes` as exactly one JSON object in UTF-8, with nothing but white space around it.
///
/// # Errors
/// [`NotAnObject`] when the bytes are not UTF-8, not JSON, not an object, hold a name twice in one object, or nest
/// deeper than [`MAX_DEPTH`]. The error says nothing of the content, which is not trusted.
pub fn parse_object(bytes: &[u8]) -> Result<Object<'_>, NotAnObject> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotAnObject)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value =
        Value { depth: MAX_DEPTH, room: USUAL_MEMBERS }.deserialize(&mut deserializer).map_err(|_| NotAnObject)?;
    deserializer.end().map_err(|_| NotAnObject)?;
    match value {
        Json::Object(object) => Ok(object),
        _ => Err(NotAnObject),
    }
}

/// The bytes are not one JSON object as [`parse_object`] reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// Reads one value, at most `depth` levels deep; for the members of an object, `room` is made at once.
#[derive(Clone, Copy)]
struct Value {
    depth: u8,
    room: usize,
}

impl Value {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth, room: 0 })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Int(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "an integer this large is no time; only its being a number matters")]
    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut object = Object { members: Vec::with_capacity(self.room) };
        while let Some(name) = access.next_key_seed(Name)? {
            object.members.push((name, access.next_value_seed(inner)?));
        }
        if object.has_duplicate_names() {
            return Err(A::Error::custom("a name occurs twice"));
        }
        Ok(Json::Object(object))
    }
}

/// Reads a member name without copying it where the text allows.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_repeated_name_is_refused_among_few_and_among_many_members() {
        use std::fmt::Write as _;
        let mut many = String::from("{");
        for index in 0..100 {
            write!(many, "\"member{index}\":0,").unwrap();
        }
        let distinct = format!("{many}\"member100\":0}}");
        let repeated = format!("{many}\"member0\":0}}");
        assert!(parse_object(distinct.as_bytes()).is_ok());
        assert_eq!(parse_object(repeated.as_bytes()), Err(NotAnObject));
        assert_eq!(parse_object(br#"{"a":1,"b":2,"a":3}"#), Err(NotAnObject));
        assert_eq!(parse_object(br#"{"a":1,"b":2,"b":3}"#), Err(NotAnObject));
    }

    #[test]
    fn a_name_is_the_same_however_it_is_escaped() {
        assert_eq!(parse_object(br#"{"ab":1,"\u0061b":2}"#), Err(NotAnObject));
        let object = parse_object(br#"{"\u0061b":"x\ty"}"#).unwrap();
        assert_eq!(object.get("ab"), Some(&Json::Str("x\ty".into())));
    }

    #[test]
    fn values_keep_their_types() {
        let object =
            parse_object(br#"{"n":null,"t":true,"i":-7,"f":1.0,"big":18446744073709551615,"a":["s"]}"#).unwrap();
        assert_eq!(object.get("n"), Some(&Json::Null));
        assert_eq!(object.get("t"), Some(&Json::Bool(true)));
        assert_eq!(object.get("i"), Some(&Json::Int(-7)));
        assert_eq!(object.get("f"), Some(&Json::Float(1.0)));
        assert_eq!(object.get("big"), Some(&Json::Float(18_446_744_073_709_551_615.0)));
        assert_eq!(object.get("a"), Some(&Json::Array(vec![Json::Str("s".into())])));
        assert_eq!(object.get("absent"), None);
    }

    #[test]
    fn only_one_object_and_only_so_deep() {
        for text in [
            "",
            "[]",
            "1",
            "null",
            "\"a\"",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            "{",
            "{\"a\":}",
            "{1:2}",
            "{\"a\":\"\\ud800\"}",
        ] {
            assert_eq!(parse_object(text.as_bytes()), Err(NotAnObject), "{text}");
        }
        assert_eq!(parse_object(b"{\"a\":\"\xff\"}"), Err(NotAnObject));
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(parse_object(nested(16).as_bytes()).is_ok());
        assert_eq!(parse_object(nested(17).as_bytes()), Err(NotAnObject));
        assert_eq!(parse_object(nested(100_000).as_bytes()), Err(NotAnObject));
    }

    #[test]
    fn an_object_of_very_many_members_takes_no_more_than_a_few_passes() {
        use std::fmt::Write as _;
        // Comparing every pair of these names would take minutes.
        let mut text = String::from("{");
        for index in 0..200_000 {
            write!(text, "\"{index:06}\":0,").unwrap();
        }
        let distinct = format!("{text}\"x\":0}}");
        let repeated = format!("{text}\"199999\":0}}");
        assert_eq!(parse_object(distinct.as_bytes()).unwrap().iter().count(), 200_001);
        assert_eq!(parse_object(repeated.as_bytes()), Err(NotAnObject));
    }

    #[test]
    fn what_json_does_not_have_is_no_value_and_no_name() {
        use serde::de::IntoDeserializer as _;
        use serde::de::value::{BytesDeserializer, Error, U8Deserializer};
        let value = Value { depth: 1, room: 0 }.deserialize(BytesDeserializer::<Error>::new(b"x")).unwrap_err();
        assert_eq!(value.to_string(), "invalid type: byte array, expected a JSON value");
        let number: U8Deserializer<Error> = 7_u8.into_deserializer();
        assert_eq!(
            Name.deserialize(number).unwrap_err().to_string(),
            "invalid type: integer `7`, expected a member name"
        );
    }
}
