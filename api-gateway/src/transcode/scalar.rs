use std::ops::RangeInclusive;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost::encoding::encode_varint;

use super::{enumeration::enumeration, time, wire};
use crate::catalog::{Dialect, Kind};

/// JSON value, without what is in a list or an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Given<'g> {
    Null,
    Flag(bool),
    Whole(i128),
    Number(f64),
    Text(&'g str),
    List,
    Object,
}

/// Appends a value of a type to a message; the error is the cure.
pub(super) fn put_value(
    message: &mut Vec<u8>,
    kind: &Kind,
    given: Given<'_>,
    dialect: Dialect,
) -> Result<(), String> {
    if given == Given::Null {
        return Err("cannot be null here; leave it out".to_owned());
    }
    match kind {
        Kind::Bool => message.push(flag(given, dialect)?.into()),
        Kind::String => wire::put_length_delimited(message, text(given)?.as_bytes()),
        Kind::Bytes => wire::put_length_delimited(message, &bytes(given)?),
        Kind::Double => message.extend(number(given)?.to_le_bytes()),
        Kind::Enum(values) => {
            let number = enumeration(values, text(given).unwrap_or_default(), dialect)?;
            encode_varint(i64::from(number) as u64, message);
        }
        Kind::Timestamp => match given {
            Given::Text(text) => put_message(message, &time::timestamp(text)?),
            _ => return Err(time::FORM.to_owned()),
        },
        Kind::FieldMask => put_message(message, &field_mask(text(given)?)),
        Kind::Message(_) | Kind::Value | Kind::Unsupported => {
            return Err("must be an object, in {}".to_owned());
        }
        Kind::Int32 => {
            let number = whole(given, i32::MIN.into()..=i32::MAX.into())?;
            encode_varint(number as u64, message);
        }
        Kind::Int64 => {
            let number = whole(given, i64::MIN.into()..=i64::MAX.into())?;
            encode_varint(number as u64, message);
        }
    }
    Ok(())
}

fn put_message(message: &mut Vec<u8>, value: &impl prost::Message) {
    wire::put_length_delimited(message, &value.encode_to_vec());
}

/// Reads true or false; of tools as models write them, also in quotes and in any case.
fn flag(given: Given<'_>, dialect: Dialect) -> Result<bool, String> {
    let is = |text: &str, word| dialect == Dialect::Tool && text.eq_ignore_ascii_case(word);
    match given {
        Given::Flag(flag) => Ok(flag),
        Given::Text(text) if is(text, "true") => Ok(true),
        Given::Text(text) if is(text, "false") => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn text(given: Given<'_>) -> Result<&str, String> {
    match given {
        Given::Text(text) => Ok(text),
        _ => Err("must be a string, in quotes".to_owned()),
    }
}

/// Reads a whole number: a JSON number, also one written as 5.0 or 5e0, or a string, because 64 bits do not fit a JSON number.
fn whole(given: Given<'_>, range: RangeInclusive<i128>) -> Result<i128, String> {
    let number: Option<i128> = match given {
        Given::Whole(number) => Some(number),
        Given::Number(number) => without_fraction(number),
        Given::Text(text) => text.parse().ok(),
        _ => None,
    };
    let fits = number.filter(|number| range.contains(number));
    fits.ok_or_else(|| {
        let (from, to) = range.into_inner();
        format!("must be a whole number from {from} to {to}")
    })
}

fn without_fraction(number: f64) -> Option<i128> {
    // Beyond 2^53 a JSON number has already lost digits, so what arrived is not what was meant.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then_some(number as i128)
}

fn number(given: Given<'_>) -> Result<f64, String> {
    let number = match given {
        Given::Whole(number) => Some(number as f64),
        Given::Number(number) => Some(number),
        Given::Text("NaN") => Some(f64::NAN),
        Given::Text("Infinity") => Some(f64::INFINITY),
        Given::Text("-Infinity") => Some(f64::NEG_INFINITY),
        Given::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    };
    number.ok_or_else(|| "must be a number".to_owned())
}

fn bytes(given: Given<'_>) -> Result<Vec<u8>, String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = match given {
        Given::Text(text) => {
            let alphabet = if text.contains(['-', '_']) {
                &URL_SAFE
            } else {
                &STANDARD
            };
            GeneralPurpose::new(alphabet, config).decode(text).ok()
        }
        _ => None,
    };
    decoded.ok_or_else(|| "must be a string in base64".to_owned())
}

/// Reads `title,dueTime`; names may be in camelCase, as the JSON mapping has it, or as the contract writes them.
fn field_mask(text: &str) -> prost_types::FieldMask {
    let paths = text
        .split(',')
        .map(str::trim)
        .filter(|path| !path.is_empty());
    prost_types::FieldMask {
        paths: paths.map(snake_case).collect(),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(kind: &Kind, given: Given<'_>) -> Result<Vec<u8>, String> {
        let mut message = Vec::new();
        put_value(&mut message, kind, given, Dialect::Http)?;
        Ok(message)
    }

    #[test]
    fn whole_numbers_may_be_strings_and_have_no_fraction() {
        assert_eq!(wire(&Kind::Int32, Given::Whole(5)), Ok(vec![5]));
        assert_eq!(wire(&Kind::Int32, Given::Number(5.0)), Ok(vec![5]));
        let least = Given::Text("-9223372036854775808");
        let mut encoded = Vec::new();
        encode_varint(i64::MIN as u64, &mut encoded);
        assert_eq!(wire(&Kind::Int64, least), Ok(encoded));
        assert!(wire(&Kind::Int64, Given::Whole(u64::MAX.into())).is_err());
        for wrong in [
            Given::Number(5.5),
            Given::Whole(2_147_483_648),
            Given::Text("five"),
            Given::Flag(true),
            Given::Number(1e300),
        ] {
            let cure = wire(&Kind::Int32, wrong).unwrap_err();
            assert_eq!(
                cure,
                "must be a whole number from -2147483648 to 2147483647"
            );
        }
    }

    #[test]
    fn numbers_have_names_for_what_json_cannot_write() {
        assert_eq!(number(Given::Text("Infinity")), Ok(f64::INFINITY));
        let half = 0.5_f64.to_le_bytes().to_vec();
        assert_eq!(wire(&Kind::Double, Given::Number(0.5)), Ok(half));
        assert!(number(Given::Text("inf")).is_err());
    }

    #[test]
    fn base64_may_be_of_either_alphabet_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(bytes(Given::Text(text)), Ok(vec![0xfb, 0xff]));
        }
        assert!(bytes(Given::Text("not base64!")).is_err());
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        assert!(wire(&Kind::Bool, Given::Text("true")).is_err());
        assert!(wire(&Kind::String, Given::Whole(5)).is_err());
    }

    #[test]
    fn a_field_mask_is_a_list_of_names_with_commas() {
        assert_eq!(
            field_mask("title, dueTime,time_zone").paths,
            ["title", "due_time", "time_zone"]
        );
        assert!(field_mask("").paths.is_empty());
    }
}
