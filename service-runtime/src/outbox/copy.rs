use diesel::{
    deserialize::{self, FromSql},
    pg::{Pg, PgValue},
    sql_types::Jsonb,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Further topic on which an event is published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TopicCopy {
    pub topic: String,
    pub record_key: String,
    pub data_schema: String,
    /// Number of bytes at the beginning of the event's payload that are the message of this topic.
    pub payload_length: usize,
}

/// Column `copies` of an event that has some.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Copies(pub Vec<TopicCopy>);

impl FromSql<Jsonb, Pg> for Copies {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(serde_json::from_value(value)?)
    }
}
