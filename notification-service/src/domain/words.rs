//! Enums whose values have a word, in columns and in the labels of metrics.

/// A word that this version of the service does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownWord(pub(super) String);

/// Gives each value of an enum its word: `words! { State { Sent = "sent" } }`.
macro_rules! words {
    ($name:ident { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$value),)+
                    _ => Err($crate::domain::words::UnknownWord(word.to_owned())),
                }
            }
        }
    };
}

pub(super) use words;
