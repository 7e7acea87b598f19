use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{Kind, Value};
use serde_json::Value as Json;

/// Reads a value of a scalar type, enums excepted; the error is the cure.
pub(super) fn scalar(kind: &Kind, json: &Json) -> Result<Value, String> {
    match kind {
        Kind::Bool => json
            .as_bool()
            .map(Value::Bool)
            .ok_or_else(|| "must be true or false".into()),
        Kind::String => match json {
            Json::String(text) => Ok(Value::String(text.clone())),
            _ => Err("must be a string, in quotes".into()),
        },
        Kind::Bytes => bytes(json),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => whole(json, Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole(json, Value::I64),
        Kind::Uint32 | Kind::Fixed32 => whole(json, Value::U32),
        Kind::Uint64 | Kind::Fixed64 => whole(json, Value::U64),
        Kind::Double => Ok(Value::F64(number(json)?)),
        Kind::Float => {
            let wide = number(json)?;
            let narrow = wide as f32;
            match narrow.is_finite() == wide.is_finite() {
                true => Ok(Value::F32(narrow)),
                false => Err(format!(
                    "must be a number from {:e} to {:e}",
                    f32::MIN,
                    f32::MAX
                )),
            }
        }
        Kind::Enum(_) | Kind::Message(_) => Err("must be an object".into()),
    }
}

/// Reads true or false as models write them: also in quotes and in any case. Other words and numbers are refused.
pub(super) fn flag(json: &Json) -> Result<Value, String> {
    match json.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("true") => Ok(Value::Bool(true)),
        Some("false") => Ok(Value::Bool(false)),
        _ => scalar(&Kind::Bool, json),
    }
}

trait Whole: TryFrom<i128> {
    const FROM: i128;
    const TO: i128;
}

macro_rules! whole {
    ($($int:ty),*) => {$(
        impl Whole for $int {
            const FROM: i128 = <$int>::MIN as i128;
            const TO: i128 = <$int>::MAX as i128;
        }
    )*};
}

whole!(i32, i64, u32, u64);

/// Reads a whole number: a JSON number, also one written as 5.0 or 5e0, or a string, because 64 bits do not fit a JSON number.
fn whole<T: Whole>(json: &Json, value: impl Fn(T) -> Value) -> Result<Value, String> {
    let number: Option<i128> = match json {
        Json::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .or_else(|| number.as_f64().and_then(without_fraction)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    let fits = number.and_then(|number| T::try_from(number).ok());
    fits.map(value)
        .ok_or_else(|| format!("must be a whole number from {} to {}", T::FROM, T::TO))
}

fn without_fraction(number: f64) -> Option<i128> {
    // Beyond 2^53 a JSON number has already lost digits, so what arrived is not what was meant.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then_some(number as i128)
}

fn number(json: &Json) -> Result<f64, String> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|number: &f64| number.is_finite()),
        },
        _ => None,
    };
    number.ok_or_else(|| "must be a number".into())
}

fn bytes(json: &Json) -> Result<Value, String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |text: &str| {
        let alphabet = if text.contains(['-', '_']) {
            &URL_SAFE
        } else {
            &STANDARD
        };
        GeneralPurpose::new(alphabet, config).decode(text).ok()
    };
    let decoded = json.as_str().and_then(decode);
    decoded
        .map(|bytes| Value::Bytes(bytes.into()))
        .ok_or_else(|| "must be a string in base64".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_may_be_strings_and_have_no_fraction() {
        assert_eq!(scalar(&Kind::Int32, &json!(5)), Ok(Value::I32(5)));
        assert_eq!(scalar(&Kind::Int32, &json!(5.0)), Ok(Value::I32(5)));
        assert_eq!(
            scalar(&Kind::Int64, &json!("-9223372036854775808")),
            Ok(Value::I64(i64::MIN))
        );
        assert_eq!(
            scalar(&Kind::Uint64, &json!(u64::MAX)),
            Ok(Value::U64(u64::MAX))
        );
        for wrong in [
            json!(5.5),
            json!(2_147_483_648_u32),
            json!("five"),
            json!(true),
            json!(1e300),
        ] {
            let cure = scalar(&Kind::Int32, &wrong).unwrap_err();
            assert_eq!(
                cure,
                "must be a whole number from -2147483648 to 2147483647"
            );
        }
    }

    #[test]
    fn numbers_have_names_for_what_json_cannot_write() {
        assert_eq!(
            scalar(&Kind::Double, &json!("Infinity")),
            Ok(Value::F64(f64::INFINITY))
        );
        assert_eq!(scalar(&Kind::Float, &json!(0.5)), Ok(Value::F32(0.5)));
        assert!(scalar(&Kind::Float, &json!(1e39)).is_err());
        assert!(scalar(&Kind::Double, &json!("inf")).is_err());
    }

    #[test]
    fn base64_may_be_of_either_alphabet_and_without_padding() {
        let expected = Ok(Value::Bytes(vec![0xfb, 0xff].into()));
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(scalar(&Kind::Bytes, &json!(text)), expected);
        }
        assert!(scalar(&Kind::Bytes, &json!("not base64!")).is_err());
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        assert!(scalar(&Kind::Bool, &json!("true")).is_err());
        assert!(scalar(&Kind::String, &json!(5)).is_err());
    }
}
