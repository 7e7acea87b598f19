use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid},
};

use crate::domain::{KeyValue, Order, OrderField, Place, TaskId};

/// One task of a list, with the keys that the order has.
#[derive(Debug, QueryableByName)]
pub struct ListedRow {
    #[diesel(sql_type = Uuid)]
    id: TaskId,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    priority_rank: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    title_key: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    start_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    create_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    update_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    complete_time: Option<DateTime<Utc>>,
    /// Whether the filter matches it; if not, it only marks where a walk ended.
    #[diesel(sql_type = Nullable<Bool>)]
    pub matches: Option<bool>,
    /// A walk: which one it is, from 1. A gathering: how many were gathered.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
}

impl ListedRow {
    /// Returns its place in a list of this order.
    pub fn place(&self, order: &Order) -> Place {
        Place {
            keys: order
                .keys()
                .iter()
                .map(|key| self.value(key.field))
                .collect(),
            id: self.id,
        }
    }

    fn value(&self, field: OrderField) -> KeyValue {
        match field {
            OrderField::Due => KeyValue::of_time(self.due_time),
            OrderField::Start => KeyValue::of_time(self.start_time),
            OrderField::Create => KeyValue::of_time(self.create_time),
            OrderField::Update => KeyValue::of_time(self.update_time),
            OrderField::Complete => KeyValue::of_time(self.complete_time),
            OrderField::Priority => self
                .priority_rank
                .map_or(KeyValue::Absent(()), |rank| KeyValue::Number(rank.into())),
            OrderField::Title => self
                .title_key
                .clone()
                .map_or(KeyValue::Absent(()), KeyValue::Text),
        }
    }
}
