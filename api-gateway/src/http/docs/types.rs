use std::{collections::HashSet, sync::Arc};

use super::{
    fields::{meaning, type_of},
    html::{code, escape, paragraphs, table},
};
use crate::catalog::{Catalog, EnumPlan, FieldPlan, Kind, MessagePlan, Plans, short_name};

/// Writes the section of all types that requests and answers are made of.
pub(super) fn types(catalog: &Catalog) -> String {
    let plans = &catalog.plans;
    let mut reached = Vec::new();
    for rpc in &catalog.rpcs {
        plans.reach(rpc.output, &mut reached);
        for field in &plans[rpc.input].fields {
            if let Kind::Message(message) = field.kind {
                plans.reach(message, &mut reached);
            }
        }
    }
    let messages = reached.iter().map(|message| &plans[*message]);
    let messages = messages.filter(|message| !message.is_file());
    let inputs = catalog.rpcs.iter().map(|rpc| &plans[rpc.input]);
    let fields = inputs.chain(messages.clone()).flat_map(|it| &it.fields);
    let mut known = HashSet::new();
    let enums = fields.filter_map(|field| match &field.kind {
        Kind::Enum(plan) => known.insert(&plan.full_name).then_some(plan),
        _ => None,
    });
    let enums = enums.map(|plan| (&plan.full_name, enum_section(plan)));
    let messages = messages.map(|plan| (&plan.full_name, message_section(plans, plan)));
    let mut sections: Vec<(&String, String)> = messages.chain(enums).collect();
    sections.sort_by_key(|(full_name, _)| short_name(full_name));
    sections.into_iter().map(|(_, section)| section).collect()
}

fn message_section(plans: &Plans, message: &MessagePlan) -> String {
    let row = |field: &Arc<FieldPlan>| [code(&field.name), type_of(plans, field), meaning(field)];
    let rows: Vec<[String; 3]> = message.fields.iter().map(row).collect();
    let table = table(["Field", "Type", "Meaning"], &rows);
    section(&message.full_name, &message.comment, &table)
}

fn enum_section(enumeration: &EnumPlan) -> String {
    let values = enumeration.values.iter();
    let rows: Vec<[String; 2]> = values
        .map(|value| [code(&value.name), escape(&value.comment)])
        .collect();
    let table = table(["Value", "Meaning"], &rows);
    section(&enumeration.full_name, &enumeration.comment, &table)
}

fn section(full_name: &str, comment: &str, table: &str) -> String {
    format!(
        "<section id=\"{full_name}\">\n<h3>{}</h3>\n{}{table}</section>\n",
        escape(short_name(full_name)),
        paragraphs(comment),
    )
}
