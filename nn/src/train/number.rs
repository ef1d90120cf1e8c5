//! Numbers in JSON, which has none that are not finite: those are texts, `inf`, `-inf`, `NaN` and `-NaN`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number as it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or one of \"inf\", \"-inf\", \"NaN\"")]
enum Written {
    Number(f64),
    Text(String),
}

impl From<f64> for Written {
    fn from(x: f64) -> Self {
        let minus = if x.is_nan() && x.is_sign_negative() { "-" } else { "" };
        if x.is_finite() { Self::Number(x) } else { Self::Text(format!("{minus}{x}")) }
    }
}

impl Written {
    fn number<E: de::Error>(self) -> Result<f64, E> {
        match self {
            Self::Number(x) => Ok(x),
            Self::Text(text) => match text.parse() {
                Ok(x) if !f64::is_finite(x) => Ok(x),
                _ => Err(E::custom(format!("{text:?} is no number"))),
            },
        }
    }
}

/// The number as a value of JSON.
pub(super) fn value(x: f64) -> serde_json::Value {
    match Written::from(x) {
        Written::Number(x) => x.into(),
        Written::Text(text) => text.into(),
    }
}

/// For fields of numbers; formats that are no text take them as they are.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as `serde` calls it")]
pub(super) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { Written::from(*x).serialize(serializer) } else { x.serialize(serializer) }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    if deserializer.is_human_readable() {
        Written::deserialize(deserializer)?.number()
    } else {
        f64::deserialize(deserializer)
    }
}

/// The same for lists.
pub(super) mod list {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Number(#[serde(with = "super")] f64);

    pub(in super::super) fn serialize<S: Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|&x| Number(x)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Number>::deserialize(deserializer)?.into_iter().map(|Number(x)| x).collect())
    }
}
