use diesel::{
    deserialize::{self, FromSql},
    pg::{Pg, PgValue},
    sql_types::Json,
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Further topic on which an event is published.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TopicCopy {
    pub topic: String,
    pub record_key: String,
    pub data_schema: String,
    /// Number of bytes at the beginning of the event's payload that are the message of this topic.
    pub payload_length: usize,
}

/// A list of the values, which is shorter than an object and is read into the struct as well.
impl Serialize for TopicCopy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            topic,
            record_key,
            data_schema,
            payload_length,
        } = self;
        (topic, record_key, data_schema, payload_length).serialize(serializer)
    }
}

/// Column `copies` of an event that has some.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Copies(pub Vec<TopicCopy>);

impl FromSql<Json, Pg> for Copies {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let value = <Value as FromSql<Json, Pg>>::from_sql(value)?;
        Ok(serde_json::from_value(value)?)
    }
}
